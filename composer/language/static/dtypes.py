"""The dtype that each operation of an expression computes in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from composer.language import tree as t
from composer.language.dtypes import arithmetic, kind, widest_float
from composer.language.static.types import Place, error


class Typed(Protocol):
    """Anything with a dtype and a place: a Type here, a tensor elsewhere."""

    @property
    def dtype(self) -> str | None: ...
    @property
    def place(self) -> Place: ...


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
