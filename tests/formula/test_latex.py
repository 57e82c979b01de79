"""Expressions as LaTeX: what each looks like, and that it is set without an error."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from composer.formula.latex import TooLongError, condition, decimal, latex, operator, roman
from composer.language import tree as t
from composer.language.expression import parse
from tests.formula.setting import set_in_type
from tests.language import strategies


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("y_true", "y"),
        ("y_pred", r"\hat{y}"),
        ("y_pred.depth", r"\hat{y}_{\mathrm{depth}}"),
        ("y_true.head.has_pose", r"y_{\mathrm{head.has\_pose}}"),
        ("class_weights", r"\mathrm{class\_weights}"),
        ("step", r"\mathrm{step}"),
        ("0.5", "0.5"),
        ("-1.5e-07", r"-1.5 \cdot 10^{-7}"),
        ("1e30", "10^{30}"),
        ("a + b - -2", r"\mathrm{a} + \mathrm{b} - \left(-2\right)"),
        ("a - (b - c)", r"\mathrm{a} - \left(\mathrm{b} - \mathrm{c}\right)"),
        ("(a + b) * c", r"\left(\mathrm{a} + \mathrm{b}\right) \cdot \mathrm{c}"),
        ("a * (b * c)", r"\mathrm{a} \cdot \left(\mathrm{b} \cdot \mathrm{c}\right)"),
        ("a * 1e-7", r"\mathrm{a} \cdot 10^{-7}"),
        ("a * 2e-7", r"\mathrm{a} \cdot \left(2 \cdot 10^{-7}\right)"),
        ("a / b / c", r"\frac{\frac{\mathrm{a}}{\mathrm{b}}}{\mathrm{c}}"),
        ("(a / b) ** 2", r"{\left(\frac{\mathrm{a}}{\mathrm{b}}\right)}^{2}"),
        ("a ** (b + 1)", r"{\mathrm{a}}^{\mathrm{b} + 1}"),
        ("-(a + b)", r"-\left(\mathrm{a} + \mathrm{b}\right)"),
        ("a // 2", r"\left\lfloor \frac{\mathrm{a}}{2} \right\rfloor"),
        ("a % 2", r"\mathrm{a} \operatorname{mod} 2"),
        ("1 + 4 * (a == 3)", r"1 + 4 \cdot \mathbb{1}\left[\mathrm{a} = 3\right]"),
        ("0 < a <= 80", r"\mathbb{1}\left[0 < \mathrm{a} \leq 80\right]"),
        ("a[..., 0, 1:, None]", r"\mathrm{a}\left[\ldots,\, 0,\, 1{:},\, \mathrm{new}\right]"),
        ("abs(a)", r"\left|\mathrm{a}\right|"),
        ("sqrt(a + 1)", r"\sqrt{\mathrm{a} + 1}"),
        ("square(a + 1)", r"{\left(\mathrm{a} + 1\right)}^{2}"),
        ("take(w, a)", r"\mathrm{w}\left[\mathrm{a}\right]"),
        ("sigmoid(a)", r"\sigma\left(\mathrm{a}\right)"),
        ("maximum(a, 0)", r"\max\left(\mathrm{a},\, 0\right)"),
        ("sum(a > 0, axis=[1, -1])",
         r"\operatorname{sum}_{1, -1}\left(\mathbb{1}\left[\mathrm{a} > 0\right]\right)"),
        ("where(a > 0, b, c)",
         r"\operatorname{where}\left(\mathrm{a} > 0,\, \mathrm{b},\, \mathrm{c}\right)"),
        ("one_hot(a, 3)", r"\operatorname{one\_hot}\left(\mathrm{a},\, 3\right)"),
        ("ramp(step, 0, 9)", r"\operatorname{ramp}\left(\mathrm{step},\, 0,\, 9\right)"),
        ("piecewise(step, [1], [2, 3])",
         r"\operatorname{piecewise}\left(\mathrm{step},\, \left[1\right],\, \left[2, 3\right]\right)"),
    ],
)  # fmt: skip
def test_numbers(text, expected):
    assert latex(parse(text).tree) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a > 0 and not b", r"\mathrm{a} > 0 \wedge \neg \mathrm{b}"),
        ("not (a or b)", r"\neg \left(\mathrm{a} \vee \mathrm{b}\right)"),
        ("a and (b or c)", r"\mathrm{a} \wedge \left(\mathrm{b} \vee \mathrm{c}\right)"),
        ("a != 0 or b >= 1", r"\mathrm{a} \neq 0 \vee \mathrm{b} \geq 1"),
        ("a in [0, 1]", r"\mathrm{a} \in \left\{0,\, 1\right\}"),
        ("a not in [0]", r"\mathrm{a} \notin \left\{0\right\}"),
        ("(a > 0) == b", r"\mathbb{1}\left[\mathrm{a} > 0\right] = \mathrm{b}"),
        ("any(a > 0, axis=-1)", r"\operatorname{any}_{-1}\left(\mathrm{a} > 0\right)"),
    ],
)
def test_conditions(text, expected):
    assert condition(parse(text).tree) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a_b", r"\mathrm{a\_b}"),
        ("scene logits", r"\mathrm{scene\ logits}"),
        ("50%", r"\mathrm{50\%}"),
        ("a-b", r"\mathrm{a{-}b}"),
        (r"\input{x}", r"\mathrm{\backslash input\{x\}}"),
        ("$x^2~#&", r"\mathrm{\$x\wedge 2\sim \#\&}"),
        ("Tiefe für x", r"\mathrm{Tiefe\ f\text{ü}r\ x}"),
        ("a\u202eb", r"\mathrm{a\backslash u\{202e\}b}"),
    ],
)
def test_names_do_nothing(name, expected):
    assert roman(name) == expected
    set_in_type(roman(name))
    set_in_type(operator(name))


def test_booleans_are_words():
    assert (decimal(True), decimal(3)) == (r"\mathrm{true}", "3")


@settings(max_examples=15)
@given(strategies.any_trees().filter(lambda tree: all(map(_is_set, t.walk(tree)))))
def test_whatever_is_written_can_be_set(tree):
    try:
        text = latex(tree)
    except TooLongError:
        return
    set_in_type(text)


def _is_set(node):
    """Matplotlib's font lacks many letters, and warns."""
    return not isinstance(node, t.Tensor) or "".join(node.path).isascii()


def test_what_is_copied_over_and_over_is_stopped():
    tree = parse("y_true.a").tree
    for _ in range(64):
        tree = t.Binary(0, 0, "+", tree, tree)
    with pytest.raises(TooLongError):
        latex(tree)
