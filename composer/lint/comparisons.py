"""Numbers compared for equality that no float holds exactly, and labels compared as floats."""

from __future__ import annotations

import math
from collections.abc import Iterator

from composer.finding import Finding
from composer.language import tree as t
from composer.language.diagnostics import quote
from composer.language.dtypes import kind
from composer.lint.ranges import largest
from composer.lint.scope import Dtypes, Sight, conditions, warning
from composer.places import declared
from composer.terms import Part

_ROUNDS = frozenset({"exp", "log", "sqrt", "sigmoid", "softmax", "mean"})
_HUGE = 1e9
_BITS = {"float16": 11, "bfloat16": 8, "float32": 24, "float64": 53}


def comparison_findings(sight: Sight) -> Iterator[Finding]:
    """Tests of equality that depend on how a number is rounded."""
    for part in sight.parts:
        for node, _ in conditions(part.expression.tree):
            for left, right in _equalities(node):
                yield from _equality(left, right, part, sight)


def _equalities(node: t.Tree) -> Iterator[tuple[t.Tree, t.Tree]]:
    if isinstance(node, t.Member):
        yield from ((node.operand, value) for value in node.values)
    elif isinstance(node, t.Compare):
        for place, op in enumerate(node.ops):
            if op in ("==", "!="):
                yield node.operands[place], node.operands[place + 1]


def _equality(left: t.Tree, right: t.Tree, part: Part, sight: Sight) -> Iterator[Finding]:
    if isinstance(left, t.Number | t.Constant):
        left, right = right, left
    computed = next((each for each in (left, right) if _is_rounded(each)), None)
    if computed is not None and _is_exact_end(computed, right):
        return
    if computed is not None:
        message = f"{part.text(computed)} is rounded, and seldom equal to a number"
        yield warning("inexact-comparison", message, part, computed, _range(left, right, part))
        return
    tree = part.resolved(left)
    dtype = _dtype(tree, sight.dtypes)
    if dtype is None:
        return
    if isinstance(right, t.Number | t.Constant):
        value = sight.facts.range_of(right).value
        if value is not None:
            yield from _with_number(left, right, value, dtype, part)
    else:
        other = _dtype(part.resolved(right), sight.dtypes)
        if other is not None and {kind(dtype), kind(other)} == {"int", "float"}:
            message = f"labels are compared as floats: {dtype} with {other}"
            also = declared(tree, part.resolved(right))
            yield warning("inexact-comparison", message, part, left, also=also)


def _range(left: t.Tree, right: t.Tree, part: Part) -> str:
    """A comparison that leaves room for what is rounded."""
    difference = f"abs({part.written(left)} - {part.written(right)})"
    return f"leave room for it, such as by {quote(f'{difference} < 1e-3')}"


def _with_number(
    left: t.Tree, right: t.Tree, value: float, dtype: str, part: Part
) -> Iterator[Finding]:
    also = declared(part.resolved(left), right)
    if kind(dtype) == "int" and isinstance(value, float) and value.is_integer():
        message = f"labels of {dtype} are compared as floats with {part.text(right)}"
        written = f"{int(value)}"
        yield warning(
            "inexact-comparison", message, part, right, f"write `{written}`", also=also,
            replacement=written if isinstance(right, t.Number) else None,
        )  # fmt: skip
    elif kind(dtype) == "float" and not isinstance(value, bool) and not _is_met(dtype, value):
        message = f"{part.text(right)} is not a number that {dtype} holds, and equality is exact"
        help = _range(left, right, part)
        yield warning("inexact-comparison", message, part, right, help, also=also)


def _is_exact_end(computed: t.Tree, other: t.Tree) -> bool:
    """A quotient, root or mean that is 0 or 1 at the end of its range is so without rounding."""
    names = {node.name for node in _values(computed) if isinstance(node, t.Call)}
    is_end = isinstance(other, t.Number) and other.value in (0, 1)
    return is_end and not names & {"exp", "log", "sigmoid", "softmax"}


def _is_met(dtype: str, value: float) -> bool:
    """Whether the number is one that the dtype holds, or a marker.

    A marker such as -999.99 or 1e20 was rounded as it is rounded here, and never computed.
    """
    nines = set(str(value)) <= set("9.")
    is_marker = (value < 0 or value >= _HUGE or nines) and abs(value) <= largest(dtype) * (1 + 1e-7)
    return is_marker or _holds(dtype, value)


def _is_rounded(tree: t.Tree) -> bool:
    """Whether computing it rounds: a quotient, a root, a mean."""
    return any(
        (isinstance(node, t.Call) and node.name in _ROUNDS)
        or (isinstance(node, t.Binary) and node.op == "/")
        for node in _values(tree)
    )


def _values(tree: t.Tree) -> Iterator[t.Tree]:
    """What the value is computed from: not what an argmax or a condition only looks at."""
    yield tree
    is_whole = isinstance(tree, t.Call) and tree.name in ("argmax", "one_hot", "isnan", "isfinite")
    if not is_whole and not isinstance(tree, t.Compare | t.Member):
        for child in tree.children:
            yield from _values(child)


def _dtype(tree: t.Tree, dtypes: Dtypes) -> str | None:
    """The dtype of a tensor of the batch, or of a part of it."""
    while isinstance(tree, t.Index):
        tree = tree.operand
    return dtypes.get((tree.side, tree.path)) if isinstance(tree, t.Tensor) else None


def _holds(dtype: str, value: float) -> bool:
    """Whether a float dtype holds the number itself; a decimal fraction is held by none."""
    if abs(value) > largest(dtype) or int(float(value)) != int(value):
        return False
    mantissa = int(abs(math.frexp(value)[0]) * 2**53)
    width = mantissa.bit_length() - (mantissa & -mantissa).bit_length() + 1
    return width <= (_BITS[dtype] if float(value).is_integer() else min(24, _BITS[dtype]))
