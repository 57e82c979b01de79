"""The expression language: what it reads, what it refuses, and where it says so."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from composer.language import tree as t
from composer.language.errors import ExpressionError
from composer.language.expression import literal, parse
from tests.language.strategies import any_trees, written

QUICK = settings(max_examples=150, deadline=None)
FULL = settings(max_examples=5_000, deadline=None)


def n(value):
    return t.Number(0, 0, value)


def true(*path):
    return t.Tensor(0, 0, "y_true", path)


def pred(*path):
    return t.Tensor(0, 0, "y_pred", path)


def c(name):
    return t.Constant(0, 0, name)


STEP = t.Step(0, 0)


def binary(op, left, right):
    return t.Binary(0, 0, op, left, right)


def unary(op, operand):
    return t.Unary(0, 0, op, operand)


def compare(*parts):
    return t.Compare(0, 0, parts[1::2], parts[::2])


def index(operand, *items):
    return t.Index(0, 0, operand, items)


def call(name, *args, **named):
    return t.Call(0, 0, name, args, **named)


def refused(text):
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    return caught.value


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("y_true", true()),
        ("y_pred", pred()),
        ("step", STEP),
        ("alpha", c("alpha")),
        ("y_true.depth", true("depth")),
        ("y_true.head.boxes", true("head", "boxes")),
        ('y_true["scene logits"]', true("scene logits")),
        ('y_true["a b"].c["d"]', true("a b", "c", "d")),
        ("y_pred['class']", pred("class")),
        ("(y_true).depth", true("depth")),
        ('y_true["größe"].höhe'.replace(".höhe", '["höhe"]'), true("größe", "höhe")),
        ('y_true["#no comment && [("]', true("#no comment && [(")),
        (r'y_true["tab\tquote\"end"]', true('tab\tquote"end')),
        ("y_true.y_true", true("y_true")),
        ("y_true.match", true("match")),
    ],
)
def test_names(text, tree):
    assert parse(text).tree == tree


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0), ("12", 12), ("-12", -12), ("+12", 12), ("0.5", 0.5), (".5", 0.5), ("5.", 5.0),
        ("1e-3", 0.001), ("1E3", 1000.0), ("0x1F", 31), ("0o17", 15), ("0b11", 3),
        ("True", True), ("False", False), ("9223372036854775807", 2**63 - 1),
        ("-9223372036854775807", -(2**63) + 1), ("5e-324", 5e-324), ("0e5", 0.0),
        ("1 + 2 * 3", 7), ("(1 + 2) * 3", 9), ("7 // 2", 3), ("-7 // 2", -4), ("-7 % 3", 2),
        ("7 / 2", 3.5), ("2 ** 10", 1024), ("2 ** -1", 0.5), ("-2 ** 2", -4), ("2 ** 3 ** 2", 512),
        ("2 ** 62", 2**62), ("1.5 ** 64", 1.5**64), ("1 - -1", 2), ("- -1", 1), ("1 / 3", 1 / 3),
        ("True + True", 2), ("True * 2.5", 2.5), ("0.1 + 0.2", 0.1 + 0.2), ("1e-300 * 1e-300", 0.0),
    ],
)  # fmt: skip
def test_numbers_are_computed_while_reading(text, value):
    tree = parse(text).tree
    assert isinstance(tree, t.Number)
    assert tree.value == value
    assert type(tree.value) is type(value)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("y_true + 1", binary("+", true(), n(1))),
        ("1 - y_true", binary("-", n(1), true())),
        ("y_true * 2 + 1", binary("+", binary("*", true(), n(2)), n(1))),
        ("a - b - 1", binary("-", binary("-", c("a"), c("b")), n(1))),
        ("a ** b ** 2", binary("**", c("a"), binary("**", c("b"), n(2)))),
        ("a // 2 % 3", binary("%", binary("//", c("a"), n(2)), n(3))),
        ("-y_true ** 2", unary("-", binary("**", true(), n(2)))),
        ("+a / b", binary("/", unary("+", c("a")), c("b"))),
        ("-True", unary("-", n(True))),
        ("not a", unary("not", c("a"))),
        ("not a > 0", unary("not", compare(c("a"), ">", n(0)))),
        ("0 < y_true < 80", compare(n(0), "<", true(), "<", n(80))),
        ("a == b != 1", compare(c("a"), "==", c("b"), "!=", n(1))),
        ("a <= 1", compare(c("a"), "<=", n(1))),
        ("a >= 1", compare(c("a"), ">=", n(1))),
        ("a and b and d", t.Logic(0, 0, "and", (c("a"), c("b"), c("d")))),
        (
            "a or b and d",
            t.Logic(0, 0, "or", (c("a"), t.Logic(0, 0, "and", (c("b"), c("d"))))),
        ),
        ("y_true in [1, -2, 3.5]", t.Member(0, 0, true(), (n(1), n(-2), n(3.5)), False)),
        ("y_true in (1,)", t.Member(0, 0, true(), (n(1),), False)),
        ("y_true not in [2 * 3, +1]", t.Member(0, 0, true(), (n(6), n(1)), True)),
    ],
)
def test_operators(text, tree):
    assert parse(text).tree == tree


WHOLE = t.Slice(None, None, None)


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("y_true[..., 0]", ("...", 0)),
        ("y_true[..., -1]", ("...", -1)),
        ("y_true[..., +1]", ("...", 1)),
        ("y_true[..., :3]", ("...", t.Slice(None, 3, None))),
        ("y_true[..., None]", ("...", None)),
        ("y_true[:, 1:-1:2]", (WHOLE, t.Slice(1, -1, 2))),
        ("y_true[:]", (WHOLE,)),
        ("y_true[::1]", (t.Slice(None, None, 1),)),
        ("y_true[2]", (2,)),
    ],
)
def test_indices(text, items):
    assert parse(text).tree == index(true(), *items)


@pytest.mark.parametrize("text", [
    "y_true\n  > 0", "y_true\r\n > 0", "\n\t y_true\t> 0 \n", "  y_true > 0", "(y_true\n\n > 0)",
    "((((y_true)))) > (0)", "y_true>0", "y_true > 0,"[:-1],
])  # fmt: skip
def test_blanks_and_line_breaks_mean_nothing(text):
    assert parse(text) == parse("y_true > 0")


def test_offsets_count_code_points_of_the_text_as_given():
    text = '\n  y_true["größe"] >\n y_pred["höhe"].x + 10'
    tree = parse(text).tree
    left, right = tree.operands
    assert text[tree.start : tree.end] == text.strip()
    assert text[left.start : left.end] == 'y_true["größe"]'
    assert text[right.start : right.end] == 'y_pred["höhe"].x + 10'
    assert text[right.left.start : right.left.end] == 'y_pred["höhe"].x'
    assert text[right.right.start : right.right.end] == "10"


def test_what_an_expression_reads():
    expression = parse("ramp(step, 0, n) * y_true.a + y_pred * alpha + y_true.a")
    assert list(expression.tensors()) == [true("a"), pred(), true("a")]
    assert list(expression.constants()) == [c("n"), c("alpha")]
    assert expression.reads_step
    assert not parse("y_true").reads_step
    assert str(parse(" 1 +  y_true")) == " 1 +  y_true"


@pytest.mark.parametrize("value", [1, 0, -3, 0.5, -1e-7, 1e22, True, False, 2**62])
def test_a_literal_is_what_its_text_reads_as(value):
    expression = literal(value)
    assert parse(expression.text) == expression
    assert type(expression.tree.value) is type(value)


def test_expressions_are_equal_that_say_the_same():
    assert parse("y_true>0") == parse(" (y_true) > 0 ")
    assert hash(parse("y_true>0")) == hash(parse(" (y_true) > 0 "))
    assert parse("y_true > 0") != parse("y_true >= 0")


# Refusals: message, the text that is marked, help.
REFUSED = [
    # nothing
    ("", "an expression is required, found nothing", "", None),
    (" \n\t", "an expression is required, found nothing", " \n\t", None),
    # operators
    ("a & b", "the expression language has no `&`", "&", "write `and` instead of `&`"),
    ("y_true > 0 | b", "the expression language has no `|`", "|", "write `or` instead of `|`"),
    ("~ a", "the expression language has no `~`", "~", "write `not` instead of `~`"),
    ("a ^ b", "the expression language has no `^`", "^", "write `**` for a power, or `!=` between two booleans"),
    ("1 / a ^ 2", "the expression language has no `^`", "^", "write `**` instead of `^`"),
    ("a @ b", "the expression language has no `@`", "@", "write `sum(a * b, axis=-1)` instead of `@`"),
    ("a << 2", "the expression language has no `<<`", "<<", "multiply by a power of 2"),
    ("a >> 2", "the expression language has no `>>`", ">>", "divide by a power of 2 with `//`"),
    ("a && b", "the expression language has no `&&`", "&&", "write `and`"),
    ("a || b", "the expression language has no `||`", "||", "write `or`"),
    ("!a", "the expression language has no `!`", "!", "write `not`"),
    ("a ? 1 : 2", "the expression language has no `?`", "?", "write `where(condition, a, b)`"),
    ("a <> b", "the expression language has no `<>`", "<>", "write `!=`"),
    ("a => b", "the expression language has no `=>`", "=>", "write `>=`"),
    ("a === b", "the expression language has no `===`", "===", "write `==`"),
    ("a ≤ b", "the expression language has no `≤`", "≤", "write `<=`"),
    ("a − b", "the expression language has no `−`", "−", "write `-`"),
    ("2 × a", "the expression language has no `×`", "×", "write `*`"),
    ("y_true[“a”]", "the expression language has no `“`", "“", 'write `"`'),
    ("a := 1", "the expression language has no `:=`", ":=", None),
    ("(a := 1)", "the expression language has no `:=`", ":=", None),
    ("a = 1", "nothing is assigned in an expression", "=", "compare with `==`"),
    ("x[a = 1]", "nothing is assigned in an expression", "=", "compare with `==`"),
    ("(a = 1)", "nothing is assigned in an expression", "=", "compare with `==`"),
    ("a; b", "the expression language has no `;`", ";", None),
    ("a \\ b", "the expression language has no `\\`", "\\", None),
    ("a is None", "the expression language has no `is`", "is", "write `==` instead of `is`"),
    ("a is not 1", "the expression language has no `is not`", "is not", "write `!=` instead of `is not`"),
    ("1 if a else 2", "the expression language has no `if … else`, found `1 if a else 2`",
     "1 if a else 2", "write `where(a, 1, 2)`"),
    ("lambda: a", "the expression language has no `lambda`, found `lambda: a`", "lambda: a", None),
    ("a + [1, 2]", "the expression language has no list here, found `[1, 2]`", "[1, 2]",
     "name it under `constants:`"),
    ("(1, 2)", "the expression language has no list here, found `(1, 2)`", "(1, 2)",
     "name it under `constants:`"),
    (" 0,5 ", "the expression language has no list here, found `0,5`", "0,5", "write `0.5`"),
    ("-0,5", "the expression language has no list here, found `-0,5`", "-0,5", "write `-0.5`"),
    ("1,000", "the expression language has no list here, found `1,000`", "1,000",
     "write `1.000`, or `1000`"),
    ("1,2,3", "the expression language has no list here, found `1,2,3`", "1,2,3",
     "name it under `constants:`"),
    ("y_true.a == [1, 2]", "the expression language has no list here, found `[1, 2]`", "y_true.a == [1, 2]",
     "write `y_true.a in [1, 2]`"),
    ("a and y_true != (1, 2)", "the expression language has no list here, found `(1, 2)`",
     "y_true != (1, 2)", "write `y_true not in (1, 2)`"),
    ("y_true == []", "the expression language has no list here, found `[]`", "[]",
     "name it under `constants:`"),
    ("y_true < [1]", "the expression language has no list here, found `[1]`", "[1]",
     "name it under `constants:`"),
    ("{1, 2}", "the expression language has no set, found `{1, 2}`", "{1, 2}", None),
    ("{1: 2}", "the expression language has no mapping, found `{1: 2}`", "{1: 2}", None),
    ("[x for x in y_true]", "the expression language has no comprehension, "
     "found `[x for x in y_true]`", "[x for x in y_true]", None),
    ("sum(x for x in y_true)", "the expression language has no comprehension, "
     "found `(x for x in y_true)`", "(x for x in y_true)", None),
    ("exp(*a)", "the expression language has no `*` before a value, found `*a`", "*a", None),
    ("exp(**a)", "the expression language has no `**` before a value", "**a", None),
    ("await a", "the expression language has no `await`, found `await a`", "await a", None),
    # membership
    ("y_true in 3", "`in` takes one value and a list of numbers", "y_true in 3",
     "write it like `y_true in [1, 2, 3]`"),
    ("y_true in []", "`in` takes one value and a list of numbers", "y_true in []",
     "write it like `y_true in [1, 2, 3]`"),
    ("0 < y_true in [1]", "`in` takes one value and a list of numbers", "0 < y_true in [1]",
     "write it like `y_true in [1, 2, 3]`"),
    ("y_true in [1, alpha]", "the list of `in` holds numbers, found `alpha`", "alpha", None),
    # numbers
    ("1e999", "a number is finite, this one is too large", "1e999", None),
    ("1e-999 + a", "the number `1e-999` is so small that it is 0", "1e-999", None),
    ("9223372036854775808", "a whole number has at most 63 bits", "9223372036854775808", None),
    ("a + 2 ** 63", "a whole number has at most 63 bits", "2 ** 63", None),
    ("1_000 * a", "a number has no `_`, found `1_000`", "1_000", "write `1000`"),
    ("y_true[..., 1_0]", "a number has no `_`, found `1_0`", "1_0", "write `10`"),
    ("2j", "a number is required, found `2j`", "2j", None),
    ("...", "a number is required, found `...`", "...", None),
    ("a == None", "a number is required, found `None`", "None", None),
    ("a == 'b'", "a number is required, found `'b'`", "'b'",
     'a name in quotes stands in square brackets: `y_true["name"]`'),
    ('a == "7"', 'a number is required, found `"7"`', '"7"', "remove the quotes: `7`"),
    ('a > "-.5e3"', 'a number is required, found `"-.5e3"`', '"-.5e3"',
     "remove the quotes: `-.5e3`"),
    ("007", "the expression cannot be read at `007`", "007", "write `7`"),
    ("1 / 0", "nothing is divided by zero", "1 / 0", None),
    ("a + 1 % 0.0", "nothing is divided by zero", "1 % 0.0", None),
    ("0 ** -1", "nothing is divided by zero", "0 ** -1", None),
    ("(-8) ** 0.5", "the result is no real number", "(-8) ** 0.5", None),
    ("1e300 * 1e300", "a number is finite, this one is too large", "1e300 * 1e300", None),
    ("1e300 ** 2", "the result is too large for a number", "1e300 ** 2", None),
    ("9**9**9", "an exponent is at most 64", "9**9", None),
    ("2**(2**10)", "an exponent is at most 64", "2**10", None),
    ("10**400", "an exponent is at most 64", "400", None),
    ("y_true ** 65", "an exponent is at most 64", "65", None),
    # names
    ("ｏｓ", "names outside quotes are ASCII, found `ｏｓ`", "ｏｓ", 'write it in quotes: `y_true["…"]`'),
    ("y_true.sсene", "names outside quotes are ASCII, found `sсene`", "y_true.sсene",
     'write it in quotes: `y_true["sсene"]`'),
    ("y_true.class > 0", "`class` is a reserved word", "y_true.class", 'write `y_true["class"]`'),
    ("y_true.head. lambda", "`lambda` is a reserved word", "y_true.head. lambda",
     'write `y_true.head["lambda"]`'),
    ('y_true["a"].in', "`in` is a reserved word", "in", 'write `["in"]`'),
    ("class > 0", "`class` is a reserved word", "class",
     'a tensor of that name is written `y_true["class"]`'),
    ("import os", "`import` is a reserved word", "import",
     'a tensor of that name is written `y_true["import"]`'),
    ("y_true[0].x", "only `y_true` and `y_pred` have named parts, found `.x`", "y_true[0].x", None),
    ('alpha["x"]', 'only `y_true` and `y_pred` have named parts, found `"x"`', 'alpha["x"]', None),
    ("y_true.__class__", "no tensor has the name `__class__`", "y_true.__class__", None),
    ('y_true[""]', 'no tensor has the name `""`', '""', None),
    (r'y_true["\ud800"]', r'no tensor has the name `"\ud800"`', r'"\ud800"', None),
    ("().__class__", "the expression language has no list here, found `()`", "()",
     "name it under `constants:`"),
    # indices
    ("y_true[y_pred]", "an index is made of whole numbers, slices, `...` and `None`, "
     "found `y_pred`", "y_pred",
     "what counts is chosen by `mask:`, rows of a constant by `take(table, index)`"),
    ("table[y_true]", "an index is made of whole numbers, slices, `...` and `None`, "
     "found `y_true`", "y_true", "write `take(table, y_true)`"),
    ("table[:, y_true]", "an index is made of whole numbers, slices, `...` and `None`, "
     "found `y_true`", "y_true",
     "what counts is chosen by `mask:`, rows of a constant by `take(table, index)`"),
    ("y_pred.a[y_true.a > 0]", "an index is made of whole numbers, slices, `...` and `None`, "
     "found `y_true.a > 0`", "y_true.a > 0",
     "what counts is chosen by `mask:`, such as `mask: y_true.a > 0`"),
    ("y_pred[not a]", "an index is made of whole numbers, slices, `...` and `None`, found `not a`",
     "not a", "what counts is chosen by `mask:`, such as `mask: not a`"),
    ("y_pred[:, :n]", "an index is made of whole numbers, slices, `...` and `None`, found `n`",
     "n", "write a whole number"),
    ("y_true[1.5]", "an index is made of whole numbers, slices, `...` and `None`, found `1.5`",
     "1.5", "write a whole number"),
    ("y_true[True]", "an index is made of whole numbers, slices, `...` and `None`, found `True`",
     "True", "write a whole number"),
    ('y_true["a", "b"]', 'an index is made of whole numbers, slices, `...` and `None`, '
     'found `"a"`', '"a"', "give every name its own brackets"),
    ("y_true[:, 2:1:-1]", "a slice steps forward by 1 or more, found -1", "-1", None),
    ("y_true[::0]", "a slice steps forward by 1 or more, found 0", "0", None),
    ("y_true[..., ...]", "an index holds `...` at most once", "..., ...", None),
    ("y_true[()]", "an index is required between the brackets", "()", None),
    ("y_true[3000000000]", "an index is made of whole numbers, slices, `...` and `None`, "
     "found `3000000000`", "3000000000", "write a whole number"),
    # characters
    ("y_true # c", "an expression holds no comment", "# c", "remove it, from `#` on"),
    ("(y_true # c\n > 0)", "an expression holds no comment", "# c\n > 0)", "remove it, from `#` on"),
    ('f"{y_true}"', "text in quotes has no prefix, found `f`", "f", None),
    ("y_true[rb'a']", "text in quotes has no prefix, found `rb`", "rb", None),
    ('y_true["a', "the text that begins here lacks its closing quote", '"', None),
    ('y_true["a\nb"]', "the text that begins here lacks its closing quote", '"', None),
    (r'y_true["\d"]', r'the expression cannot be read at `"\d"`', r'"\d"',
     r"write `\\` for a backslash"),
    # brackets
    ("(a", "`(` is never closed", "(", None),
    ("exp((a)", "`(` is never closed", "(", None),
    ("a)", "`)` closes no bracket", ")", None),
    ("(a]", "`]` does not close `(`", "]", None),
    # the rest
    ("1 +", "the expression ends where a value is required", "", None),
    ("\n 1 + \n", "the expression ends where a value is required", "", None),
    ("not", "the expression ends where a value is required", "", None),
    ("y_true y_pred", "the expression cannot be read at `y_pred`", "y_pred",
     "an operator or a comma is missing before it"),
    ('y_true["größe"] 2', "the expression cannot be read at `2`", "2",
     "an operator or a comma is missing before it"),
    ("a AND b", "the expression cannot be read at `AND`", "AND", "write `and`"),
    ("* a", "the expression cannot be read at `*`", "*", None),
    ("2 a", "the expression cannot be read at `a`", "a",
     "an operator or a comma is missing before it"),
    ("2a", "the expression cannot be read at `2a`", "2a", None),
    ("y_true..a", "the expression cannot be read at `y_true..a`", "y_true..a", None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message", "marked", "help"), REFUSED)
def test_refusals(text, message, marked, help):
    error = refused(text)
    assert error.message == message
    assert text[error.start : error.end] == marked
    assert error.help == help
    assert error.code == "invalid-expression"


@pytest.mark.parametrize(
    ("text", "message", "marked", "help"),
    [
        ("labels.depth > 0", "there is no mapping `labels`, found `.depth`", "labels",
         "targets are named like `y_true.depth`, predictions like `y_pred.depth`"),
        ("y_true != np.nan", "there is no mapping `np`, found `.nan`", "np",
         "`isnan(x)` and `isfinite(x)` test for NaN and infinity"),
    ],
)  # fmt: skip
def test_what_has_no_parts(text, message, marked, help):
    error = refused(text)
    assert (error.message, error.help, error.code) == (message, help, "unknown-name")
    assert text[error.start : error.end] == marked


def test_the_end_is_marked_where_the_text_ends():
    error = refused("\n 1 + \n")
    assert (error.start, error.end) == (5, 5)


@pytest.mark.parametrize(
    ("char", "name", "help"),
    [
        ("\0", "U+0000", "remove it"),
        ("\x1b", "U+001B", "remove it"),
        ("\f", "U+000C", "remove it"),
        ("\x7f", "U+007F", "remove it"),
        ("\x85", "U+0085", "remove it"),
        ("\u2028", "U+2028", "remove it"),
        ("\u202e", "U+202E", "remove it"),
        ("\u200b", "U+200B", "remove it"),
        ("\ufeff", "U+FEFF", "remove it"),
        ("\ud800", "U+D800", "remove it"),
        ("\u00a0", "U+00A0", "write a plain space"),
        ("\u3000", "U+3000", "write a plain space"),
    ],
)
@pytest.mark.parametrize("place", ["{}y_true > 0", "y_true {}> 0", "y_true > 0{}", 'y_true["ä{}"]'])
def test_hidden_characters(char, name, help, place):
    text = place.format(char)
    error = refused(text)
    assert error.message == (
        f"an expression holds visible characters and plain spaces, found {name}"
    )
    assert text[error.start : error.end] == char
    assert error.help == help
    assert error.code == "invalid-character"


ATTACKS = {
    "minus signs": "-" * 20_000 + "1",
    "minus signs that fit": "-" * 1_999 + "1",
    "not": "not " * 499 + "a",
    "parens": "(" * 300 + "1" + ")" * 300,
    "parens that Python reads": "(" * 150 + "1" + ")" * 150,
    "calls": "exp(" * 300 + "1" + ")" * 300,
    "attributes": "y_true" + ".a" * 900,
    "subscripts": "y_true" + "[0]" * 600,
    "sums": "+".join("a" * 900),
    "powers": "**".join("9" * 900),
    "comparisons in brackets": "(" * 70 + "a" + "==1)" * 70,
    "letters": "a" * 100_000,
}


@pytest.mark.parametrize("text", ATTACKS.values(), ids=list(ATTACKS))
def test_what_is_too_large_is_refused_at_once(text):
    start = time.perf_counter()
    error = refused(text)
    assert time.perf_counter() - start < 0.5
    assert error.code == "expression-too-large"
    assert error.help == "split it over several losses, or compute it in the data pipeline"


def test_bounds():
    assert refused("a" * 2_001).message == ("an expression has at most 2000 characters, found 2001")
    assert refused("(" * 65 + "a" + ")" * 65).message == (
        "an expression nests at most 64 levels deep"
    )
    parse("a" * 2_000)
    parse("(" * 64 + "a" + ")" * 64)
    parse(" + ".join(["a"] * 64))
    parse(" and ".join(["a"] * 280))
    assert refused(" + ".join(["a"] * 65)).message == "an expression nests at most 64 levels deep"


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('id')", "exec('1')", "eval('1')", "open('x')", "().__class__",
        "y_true.__class__.__bases__", "(lambda: 1)()", "y_true()", "9" * 1_900, "0x" + "f" * 1_900,
        "yield y_true", "print 1", "exp(a for a in b, c)", "exp(1 = 2)", "a if b", "*", "`a`", "$",
        "exp(a=)", "0b2", "1.2.3", "a . . b", "for", "f''", "y_true[:::]", "@a", "a:b", "->",
        "y_true['" + "\\" * 1_001 + "']", "async", "1__0", "0x", "0_0", "True = 1", "a!r", "\\\n1",
    ],
)  # fmt: skip
def test_attacks_are_refused_at_once(text):
    start = time.perf_counter()
    error = refused(text)
    assert time.perf_counter() - start < 0.2
    assert error.code in ("invalid-expression", "unknown-function")
    assert 0 <= error.start <= error.end <= len(text)


def fault(text):
    """The error of a text, or None where it can be read."""
    try:
        parse(text)
    except ExpressionError as error:
        return error
    return None


def check_that_only_expression_errors_come(text):
    start = time.perf_counter()
    error = fault(text)
    assert time.perf_counter() - start < 1
    if error is not None:
        assert 0 <= error.start <= error.end <= len(text)
        assert error.message
        assert "ast." not in error.message


WORDS = (
    """y_true y_pred step alpha .a ["a b"] ["é"] [..., 0] [:, None] [ ] ( ) { } 1 0.5 1e9 - + * / // """
    """% ** < <= == != > and or not in not is if else lambda : := = , ... None True exp( sum( axis=1 """
    """axis=0 ramp( 0, clip( ' " # \\ \n \t @ & | ~ ^ ! ? ; $ ` f" 1_0 é ｏ \u2028 \ud800 \0"""
)
FRAGMENTS = st.lists(st.sampled_from(WORDS.split(" ")), max_size=25).map(" ".join)
SIGNS = "y_true()[]0.*-' \"\\\n"


def texts(size):
    return st.text(st.characters(), max_size=size) | st.text(SIGNS, max_size=size) | FRAGMENTS


@given(texts(60))
@QUICK
def test_any_text_is_read_or_refused(text):
    check_that_only_expression_errors_come(text)


@pytest.mark.full
@given(texts(300))
@FULL
def test_any_text_is_read_or_refused_many(text):
    check_that_only_expression_errors_come(text)


def check_round_trip(tree):
    text = written(tree)
    if len(text) > 2_000:
        return
    assert parse(text).tree == tree
    assert parse(f"\n  ({text})\t").tree == tree


@given(any_trees())
@QUICK
def test_what_is_written_reads_as_itself(tree):
    check_round_trip(tree)


@pytest.mark.full
@given(any_trees())
@FULL
def test_what_is_written_reads_as_itself_many(tree):
    check_round_trip(tree)


def test_a_part_that_stands_twice_is_walked_once():
    part = true("a")
    tree = binary("+", part, binary("*", part, n(2)))
    assert [type(node).__name__ for node in t.walk(tree)] == [
        "Binary",
        "Tensor",
        "Binary",
        "Number",
    ]
