"""The dtype that each operation of an expression computes in, and where its result belongs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from composer.language import tree as t
from composer.language.dtypes import arithmetic, comparison, holds, kind, widest_float
from composer.language.static.types import Place, error


class Typed(Protocol):
    """Anything with a dtype and a place: a Type here, a tensor elsewhere."""

    @property
    def dtype(self) -> str | None: ...
    @property
    def place(self) -> Place: ...


class Known(Protocol):
    """A value that is computed: its dtype is known."""

    @property
    def dtype(self) -> str: ...
    @property
    def place(self) -> Place: ...


EXACT = {"bool": "bool", "int": "int64", "float": "float64"}
"""What scalars compute in among themselves, and how inline constants are held, by kind."""


def computed_dtype(dtype: str, values: Sequence[Typed], width: str) -> str:
    """The dtype that is told, widened: floats to at least `width`, scalars to what is exact."""
    if values and all(value.place == "scalar" for value in values):
        return EXACT[kind(dtype)]
    return widest_float(dtype, width) if kind(dtype) == "float" else dtype


def counted_dtype(dtype: str, place: Place) -> str:
    """What a value in this dtype counts as; a scalar that is a float as the narrowest."""
    return "float32" if place == "scalar" and kind(dtype) == "float" else dtype


def place_of(values: Sequence[Typed]) -> Place:
    """Where what is computed from the values belongs."""
    places = {value.place for value in values}
    order: tuple[Place, ...] = ("batch", "last", "table")
    return next((place for place in order if place in places), "scalar")


def compared_dtype(op: str, left: tuple[t.Tree, Known], right: tuple[t.Tree, Known]) -> str:
    """The dtype that one link of a comparison compares in; booleans are ordered as integers."""
    dtype = _common_dtype(left, right)
    return "int64" if dtype == "bool" and op not in ("==", "!=") else dtype


def _common_dtype(left: tuple[t.Tree, Known], right: tuple[t.Tree, Known]) -> str:
    """A comparison keeps the tensor's own dtype where that can hold the number."""
    (a_node, a), (b_node, b) = left, right
    if a.place == "scalar" and b.place == "scalar":
        return comparison(EXACT[kind(a.dtype)], EXACT[kind(b.dtype)])
    if a.place != "scalar" and b.place != "scalar":
        return comparison(a.dtype, b.dtype)
    node, number, strong = (a_node, a, b) if a.place == "scalar" else (b_node, b, a)
    if kind(strong.dtype) == "float":
        return strong.dtype
    if isinstance(node, t.Number) and holds(strong.dtype, node.value):
        return strong.dtype
    return comparison(strong.dtype, EXACT[kind(number.dtype)])


def binary_dtype(node: t.Binary, left: Typed, right: Typed) -> str | None:
    """The dtype that an operator computes in; raises ExpressionError where it is not defined."""
    if node.op in ("/", "//", "%") and isinstance(node.right, t.Number) and not node.right.value:
        raise error(node, "nothing is divided by zero", "invalid-argument")
    if node.op == "/" or (node.op == "**" and not _keeps_integers(node.right)):
        return function_dtype([left, right])
    dtype = arithmetic_dtype(left, right)
    if node.op in ("//", "%") and dtype == "int64" and not isinstance(node.right, t.Number):
        raise error(
            node,
            f"`{node.op}` divides integers by a number written out, so that it is never 0",
            "invalid-argument",
            "write the number, or divide with `/`",
        )
    return dtype


def _keeps_integers(exponent: t.Tree) -> bool:
    """Whether an integer to this power is one: 2 ** -1 is not."""
    return (
        isinstance(exponent, t.Number) and isinstance(exponent.value, int) and exponent.value >= 0
    )


def arithmetic_dtype(*types: Typed) -> str | None:
    """The dtype of arithmetic: scalars say only whether they are floats."""
    if any(each.dtype is None for each in types):
        return None
    strong = [each.dtype for each in types if each.place != "scalar" and each.dtype]
    is_float = any(each.dtype and kind(each.dtype) == "float" for each in types)
    return widest_float(*strong) if is_float else arithmetic(*strong)


def function_dtype(types: Sequence[Typed]) -> str | None:
    """The dtype of functions: float32, or float64 if an argument is."""
    if any(each.dtype is None for each in types):
        return None
    return widest_float(*(each.dtype for each in types if each.place != "scalar" and each.dtype))
