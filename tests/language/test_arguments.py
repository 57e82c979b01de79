"""Function calls: arguments by place and by name, defaults, and what is wrong with them."""

from __future__ import annotations

import pytest

from composer.language import tree as t
from composer.language.errors import ExpressionError
from composer.language.expression import parse
from composer.language.functions import (
    ELSEWHERE,
    FUNCTIONS,
    PARAMETERS_ELSEWHERE,
    REDUCTIONS,
    SCHEDULES,
)


def refused(text):
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    return caught.value


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("clip(a, 0, 1)", "clip(x=a, low=0, high=1)"),
        ("clip(a, 0, 1)", "clip(a, high=1, low=0)"),
        ("where(a, 1, 2)", "where(condition=a, b=2, a=1)"),
        ("one_hot(a, 3)", "one_hot(a, n=3)"),
        ("sum(a, axis=-1)", "sum(axis=-1, x=a)"),
        ("sum(a, axis=[1])", "sum(a, axis=1)"),
        ("ramp(step, 0, 10)", "ramp(step, 0, 10, 0.0, 1.0)"),
        ("ramp(step, 0, 10, high=5)", "ramp(step, 0, 10, 0.0, 5)"),
        ("ramp(step, 0, 10, low=0.5)", "ramp(step, 0, 10, 0.5, 1.0)"),
        ("cosine(step, 0, 10)", "cosine(step, 0, 10, 1.0, 0.0)"),
        ("cosine(step, 0, 10, low=0.1)", "cosine(step, 0, 10, 1.0, 0.1)"),
        ("piecewise(step, [1], [2, 3])", "piecewise(step, values=(2, 3), boundaries=[1])"),
        ("cycle(step, 4, [0, 1])", "cycle(step, period=4, values=[0, 1])"),
        ("take(table, y_true)", "take(index=y_true, table=table)"),
    ],
)
def test_arguments_by_place_and_by_name(text, same):
    assert parse(text) == parse(same)


def test_a_call_holds_its_arguments_in_the_order_of_its_parameters():
    a, step = t.Constant(0, 0, "a"), t.Step(0, 0)
    one, two = t.Number(0, 0, 1), t.Number(0, 0, 2)
    assert parse("sum(a, axis=[1, -1])").tree == t.Call(0, 0, "sum", (a,), (), (1, -1))
    assert parse("one_hot(a, 2)").tree == t.Call(0, 0, "one_hot", (a,), (), None, 2)
    assert parse("any(a)").tree == t.Call(0, 0, "any", (a,), (), None)
    assert parse("piecewise(step, [1], [2, 1])").tree == t.Call(
        0, 0, "piecewise", (step,), ((one,), (two, one))
    )
    assert parse("cycle(step, 2, [1])").tree.children == (step, two, one)


@pytest.mark.parametrize(
    ("text", "message", "marked", "help"),
    [
        ("sigmod(a)", "there is no function `sigmod`", "sigmod", "did you mean `sigmoid`?"),
        ("max(a, b)", "there is no function `max`", "max", "write `maximum(a, b)`"),
        ("tf.abs(a)", "a function stands by itself", "tf.abs(a)", "write `abs(a)`"),
        ("y_true.mean()", "a function stands by itself", "y_true.mean()", "write `mean(y_true)`"),
        ("y_true.a.sum(axis=-1)", "a function stands by itself", "y_true.a.sum(axis=-1)",
         "write `sum(y_true.a, axis=-1)`"),
        ("(y_true > 0).any()", "a function stands by itself", "(y_true > 0).any()",
         "write `any(y_true > 0)`"),
        ("alpha.exp()", "a function stands by itself", "alpha.exp()", "write `exp(alpha)`"),
        ("y_true(1)", "there is no function `y_true`", "y_true", "functions: "),
        ("tf.math.is_finite(a)", "only functions of the language are called, "
         "found `tf.math.is_finite`", "tf.math.is_finite", "write `isfinite(x)`"),
        ("a.f(1)", "only functions of the language are called, found `a.f`", "a.f", None),
        ("a[0](1)", "only functions of the language are called, found `a[0]`", "a[0]", None),
        ("clip(a, 0)", "`clip(x, low, high)` lacks `high`", "clip(a, 0)", None),
        ("1 + exp()", "`exp(x)` lacks `x`", "exp()", None),
        ("ramp(step, 0)", "`ramp(step, start, end, low, high)` lacks `end`", "ramp(step, 0)", None),
        ("exp(a, b)", "`exp(x)` takes no more arguments", "b", None),
        ("any(a, 1)", "`any(x, axis=…)` takes no more arguments", "1", "write `axis=1`"),
        ("softmax(a, axis=1)", "`softmax(x)` has no parameter `axis`", "axis=1",
         "leave it out; `softmax` gives: softmax over the last axis"),
        ("any(a, dim=-1)", "`any(x, axis=…)` has no parameter `dim`", "dim=-1", "write `axis=-1`"),
        ("any(a, dim=-1, axis=1)", "`any(x, axis=…)` has no parameter `dim`", "dim=-1",
         "leave it out; `any` gives: true where any is, over the axes"),
        ("any(a, keepdims=True)", "`any(x, axis=…)` has no parameter `keepdims`", "keepdims=True",
         "parameters: `axis`"),
        ("ramp(step, start=0, stop=9)", "`ramp(step, start, end, low, high)` has no parameter "
         "`stop`", "stop=9", "write `end=9`"),
        ("ramp(step, start=0, ends=9)", "`ramp(step, start, end, low, high)` has no parameter "
         "`ends`", "ends=9", "did you mean `end`?"),
        ("clip(a, lo=0, high=1)", "`clip(x, low, high)` has no parameter `lo`", "lo=0",
         "did you mean `low`?"),
        ("exp(a, x=b)", "`exp(x)` was given `x` twice", "x=b", None),
        ("clip(a, low=1, low=2, high=3)", "`clip(x, low, high)` was given `low` twice", "low=2",
         None),
        ("mean(a, axis=0)", "axis 0 is the batch, which no expression reduces", "0",
         "a value over the whole batch would change with how the batch is split"),
        ("mean(a, axis=[1, 0])", "axis 0 is the batch, which no expression reduces", "[1, 0]",
         "a value over the whole batch would change with how the batch is split"),
        ("mean(a, axis=-0)", "axis 0 is the batch, which no expression reduces", "-0",
         "a value over the whole batch would change with how the batch is split"),
        ("mean(a, axis=1.0)", "an axis is a whole number, or a list of them, found `1.0`", "1.0",
         None),
        ("mean(a, axis=True)", "an axis is a whole number, or a list of them, found `True`", "True",
         None),
        ("mean(a, axis=None)", "an axis is a whole number, or a list of them, found `None`", "None",
         None),
        ("mean(a, axis=[])", "an axis is a whole number, or a list of them, found `[]`", "[]", None),
        ("mean(a, axis=[1, b])", "an axis is a whole number, or a list of them, found `[1, b]`",
         "[1, b]", None),
        ("mean(a, axis=33)", "an axis is a whole number, or a list of them, found `33`", "33", None),
        ("one_hot(a)", "`one_hot(x, n)` lacks `n`, a whole number from 1 to 65536", "one_hot(a)",
         None),
        ("one_hot(a, 0)", "`one_hot(x, n)` takes a whole number from 1 to 65536, found `0`", "0",
         None),
        ("one_hot(a, 65537)", "`one_hot(x, n)` takes a whole number from 1 to 65536, found `65537`",
         "65537", None),
        ("one_hot(a, n)", "`one_hot(x, n)` takes a whole number from 1 to 65536, found `n`", "n",
         None),
        ("cycle(step, 3, 1)", "`cycle(step, period, [values])` takes a list for `values`, found `1`",
         "1", "write `[1]`"),
        ("cycle(step, 3)", "`cycle(step, period, [values])` takes a list for `values`",
         "cycle(step, 3)", "write a list like `[1, 2]`"),
        ("cycle(step, 3, [])", "`values` holds one value or more, found none", "[]", None),
    ],
)  # fmt: skip
def test_refusals(text, message, marked, help):
    error = refused(text)
    assert error.message == message
    assert text[error.start : error.end] == marked
    assert error.help == help or (help and error.help and error.help.startswith(help))
    assert error.code == "unknown-function" if "no function" in message else "invalid-expression"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_can_be_called_with_its_parameters(name):
    function = FUNCTIONS[name]
    arguments = ["a"] * len(function.values) + ["[1, 2]"] * len(function.lists)
    arguments += ["n=2"] if function.size else []
    arguments += ["axis=1"] if function.axis else []
    tree = parse(f"{name}({', '.join(arguments)})").tree
    assert isinstance(tree, t.Call)
    assert len(tree.args) == len(function.values)
    assert len(tree.lists) == len(function.lists)
    assert function.summary


def test_the_tables_of_functions_agree():
    assert set(FUNCTIONS) >= SCHEDULES | REDUCTIONS
    assert {name for name, function in FUNCTIONS.items() if function.axis} == REDUCTIONS
    assert not set(ELSEWHERE) & set(FUNCTIONS)
    parameters = {name for function in FUNCTIONS.values() for name in function.parameters}
    assert set(PARAMETERS_ELSEWHERE.values()) <= parameters
    assert not set(PARAMETERS_ELSEWHERE) & parameters
    for written in ELSEWHERE.values():
        parse(written.replace(", n)", ", 3)"))
