"""A tree to text and back: the same tree, and no bracket too many."""

from __future__ import annotations

import pytest
from hypothesis import given

from composer.formula.written import AND, OR, PRODUCT, SIGN, TooLongError, written
from composer.language import tree as t
from composer.language.expression import parse
from tests.language import strategies


def exactly(value):
    """A tree as nested tuples in which 1, 1.0 and True are three things."""
    if isinstance(value, t.Tree):
        fields = [name for name in value.__dataclass_fields__ if name not in ("start", "end")]
        return type(value), [exactly(getattr(value, name)) for name in fields]
    if isinstance(value, tuple):
        return [exactly(each) for each in value]
    return type(value), repr(value)


@given(strategies.any_trees())
def test_it_reads_as_the_same_tree(tree):
    try:
        text = written(tree)
    except TooLongError:
        return
    assert exactly(parse(text).tree) == exactly(tree)


@pytest.mark.parametrize(
    "text",
    [
        "a + b + c", "a + (b + c)", "a - (b - c)", "a - b + c", "(a + b) * c", "a + b * c",
        "a / b * c", "a / (b * c)", "-a ** 2", "(-a) ** 2", "2 ** -a", "(a ** b) ** c",
        "a ** b ** c", "-(a + b)", "a - -2", "-2 * a", "(-2) ** a", "not a", "not (a and b)",
        "not a and b", "a and b or c", "a and (b or c)", "(a and b) and c", "a == (b == c)",
        "0 < a < 80", "(a > 0) + 1", "(not a) + 1", "a in [1, -2.5, True]", "a not in [0]",
        "(a + b)[..., 0]", "a[1:, ::2, None, -1]", "y_true", "y_true.head.boxes",
        'y_true["class"]', 'y_pred["scene logits"].out', 'y_true["\\"\\\\"]', 'y_true["深度"]',
        "any(a > 0, axis=[1, -1])", "sum(a, axis=-1)", "one_hot(a, 3)", "take(w, a + 1)",
        "ramp(step, 0, 1000)", "ramp(step, 0, 1000, 0.5)", "cosine(step, 0, 9, 1.0, 0.5)",
        "piecewise(step, [1], [2, 3])", "1e-07", "where(a > 0, b, c)",
    ],
)  # fmt: skip
def test_what_is_written_with_no_bracket_too_many_stays(text):
    assert written(parse(text).tree) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("((a))+b", "a + b"),
        ("a*(b/c)", "a * (b / c)"),
        ("(a*b)/c", "a * b / c"),
        ("5e-1", "0.5"),
        ("2 * 3 * a", "6 * a"),
        ("ramp(step, start=0, end=10, low=0.0, high=1.0)", "ramp(step, 0, 10)"),
        ("ramp(step, 0, 10, 0, 1)", "ramp(step, 0, 10, 0, 1)"),
        ("y_true['depth']", "y_true.depth"),
        ("y_true['\\u202e']", 'y_true["\\U0000202e"]'),
        ("a in (1, 2)", "a in [1, 2]"),
    ],
)
def test_one_spelling_for_all(text, expected):
    assert written(parse(text).tree) == expected


@pytest.mark.parametrize(
    ("text", "level", "expected"),
    [
        ("a or b", OR, "a or b"),
        ("a or b", AND, "(a or b)"),
        ("a * b", PRODUCT, "a * b"),
        ("a * b", SIGN, "(a * b)"),
        ("-a", SIGN, "-a"),
    ],
)
def test_an_operand_is_kept_together(text, level, expected):
    assert written(parse(text).tree, level) == expected


def test_what_is_copied_over_and_over_is_stopped():
    tree = parse("y_true.a").tree
    for _ in range(64):
        tree = t.Binary(0, 0, "+", tree, tree)
    with pytest.raises(TooLongError):
        written(tree)
