"""What computes the same has one number, and what does not has another."""

from __future__ import annotations

import itertools
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given

from composer.data.evaluate import Evaluator
from composer.formula.meaning import Meanings, exact
from composer.language import tree as t
from composer.language.expression import parse
from tests.language import strategies

CONSTANTS = {
    "alpha": 0.25,
    "beta": 0.25,
    "quarter": 1,
    "table": (1, 2),
    "same": (1, 2),
    "other": (2, 1),
}


def meaning(meanings, text):
    return meanings.of(parse(text).tree, CONSTANTS)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("y_true.a+y_pred.b", "y_pred.b  +  y_true.a"),
        ("y_true.a * 0.5", "5e-1 * y_true.a"),
        ("y_true.a > 0", "0 < y_true.a"),
        ("0 < y_true.a <= 8", "8 >= y_true.a > 0"),
        ("y_true.a == 1", "1 == y_true.a"),
        ("y_true.a > 0 and y_true.b", "y_true.b and y_true.a > 0"),
        ("y_true.a or y_true.b or y_true.a", "y_true.b or y_true.a"),
        ("y_true.a in [1, 2]", "y_true.a in [2, 1, 2]"),
        ("maximum(y_true.a, 0)", "maximum(0, y_true.a)"),
        ("sum(y_true.a, axis=[1, 2])", "sum(y_true.a, axis=[2, 1])"),
        ("ramp(step, 0, 10)", "ramp(step, 0.0, 1e1, low=0, high=1)"),
        ("2", "2.0"),
        ("y_true.a * alpha", "0.25 * y_true.a"),
        ("y_true.a * alpha", "y_true.a * beta"),
        ("take(table, y_true.a)", "take(same, y_true.a)"),
        ('y_true["a"]', "y_true.a"),
    ],
)
def test_the_same(one, other):
    meanings = Meanings()
    assert meaning(meanings, one) == meaning(meanings, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("y_true.a - y_pred.b", "y_pred.b - y_true.a"),
        ("y_true.a / 2", "2 / y_true.a"),
        ("y_true.a > 0", "y_true.a >= 0"),
        ("y_true.a > 0", "0 > y_true.a"),
        ("0 < y_true.a <= 8", "0 <= y_true.a < 8"),
        ("y_true.a and y_true.b", "y_true.a or y_true.b"),
        ("y_true.a in [1]", "y_true.a not in [1]"),
        ("y_true.a in [1]", "y_true.a in [1, 2]"),
        ("y_true.a", "y_pred.a"),
        ("y_true.a", "y_true.a.b"),
        ("y_true.a[0]", "y_true.a[..., 0]"),
        ("sum(y_true.a, axis=1)", "sum(y_true.a)"),
        ("sum(y_true.a)", "mean(y_true.a)"),
        ("one_hot(y_true.a, 2)", "one_hot(y_true.a, 3)"),
        ("clip(y_true.a, 0, 1)", "clip(y_true.a, 1, 0)"),
        ("ramp(step, 0, 10)", "ramp(step, 0, 11)"),
        ("piecewise(step, [1, 2], [0, 1, 2])", "piecewise(step, [1, 2], [0, 2, 1])"),
        ("y_true.a * 2", "y_true.a * 2.0"),
        ("y_true.a * quarter", "y_true.a * alpha"),
        ("take(table, y_true.a)", "take(other, y_true.a)"),
        ("-y_true.a", "y_true.a"),
        ("step", "2"),
    ],
)
def test_not_the_same(one, other):
    meanings = Meanings()
    assert meaning(meanings, one) != meaning(meanings, other)


def test_numbers_are_what_is_written():
    assert exact(0.1) * 3 == exact(0.3)
    assert exact(1) == exact(1.0) == exact(True)


def mirrored(tree):
    """A tree that computes the same, its operands the other way round."""
    match tree:
        case t.Binary(op="+" | "*"):
            return t.Binary(0, 0, tree.op, mirrored(tree.right), mirrored(tree.left))
        case t.Binary():
            return t.Binary(0, 0, tree.op, mirrored(tree.left), mirrored(tree.right))
        case t.Logic():
            return t.Logic(0, 0, tree.op, tuple(map(mirrored, reversed(tree.operands))))
        case t.Compare():
            turned = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
            ops = tuple(turned.get(op, op) for op in reversed(tree.ops))
            return t.Compare(0, 0, ops, tuple(map(mirrored, reversed(tree.operands))))
        case t.Unary():
            return t.Unary(0, 0, tree.op, mirrored(tree.operand))
    return tree


@given(strategies.any_trees())
def test_the_order_of_operands_means_nothing(tree):
    constants = {**strategies.SCALARS, **{name: name for name in strategies.TABLES}}
    meanings = Meanings()
    assert meanings.of(tree, constants) == meanings.of(mirrored(tree), constants)


OPERANDS = ("y_true.a", "y_true.b", "2", "-1")
OPERATORS = ("+", "-", "*", "/", "<", ">", "<=", ">=", "==", "!=")


def test_one_number_means_one_value():
    """Of all expressions of two operands, those with one number compute the same, bit for bit."""
    meanings = Meanings()
    arrays = {"a": np.array([-3.0, 0.0, 0.5, 2.0]), "b": np.array([0.1, -0.0, np.inf, 2.0])}
    evaluator = Evaluator(lambda _, path: arrays[path[0]], {})
    values = defaultdict(list)
    for one, op, other in itertools.product(OPERANDS, OPERATORS, OPERANDS):
        tree = parse(f"where({one} {op} {other}, 1, {one} {op} {other})").tree
        if not isinstance(tree.args[2], t.Number):
            values[meanings.of(tree, {})].append(evaluator(tree).array)
    assert 0 < len(values) < sum(map(len, values.values()))
    for first, *others in values.values():
        for each in others:
            np.testing.assert_array_equal(first, each)
