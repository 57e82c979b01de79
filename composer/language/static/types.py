"""What is known of a value without computing it: its dtype, its shape, and where it belongs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from composer.language import tree as t
from composer.language.dtypes import kind
from composer.language.errors import ExpressionError
from composer.language.shape import Shape

Place = Literal["scalar", "batch", "table", "last"]


@dataclass(frozen=True, slots=True)
class Type:
    """What is known of a value without computing it.

    Attributes:
        dtype: its dtype, None where unknown. A scalar's only says boolean, integer or float: it
            takes the precision of what it meets.
        shape: its axes.
        place: where it belongs. `scalar`: a number, the step, a constant of rank 0; `batch`: its
            first axis is the batch; `table`: a constant of rank 1 or more; `last`: a vector for the
            last axis of what it meets.
    """

    dtype: str | None
    shape: Shape
    place: Place = "batch"

    def __str__(self) -> str:
        return f"{self.dtype or '?'}{self.shape}"


class Names(Protocol):
    """What the names of an expression stand for; unknown ones raise ExpressionError."""

    def tensor(self, node: t.Tensor) -> Type: ...
    def constant(self, node: t.Constant) -> Type: ...


def noun(found: Type) -> str:
    """What a value of this type is called, for messages."""
    nouns = {
        "scalar": "number",
        "batch": "tensor of the batch",
        "table": "constant with axes",
        "last": "vector of `last_axis`",
    }
    return nouns[found.place]


def error(node: t.Tree, message: str, code: str, help: str | None = None) -> ExpressionError:
    """What is wrong with the part of an expression."""
    return ExpressionError(message, node.start, node.end, help=help, code=code)


def require_bool(node: t.Tree, found: Type, what: str) -> None:
    """Raises for what is known to be no boolean."""
    if found.dtype not in (None, "bool"):
        raise error(
            node,
            f"{what} takes booleans, found {found.dtype}",
            "dtype-mismatch",
            "for several numbers write `x in [1, 2]`"
            if isinstance(node, t.Number)
            else "compare it, such as `x > 0` or `x != 0`",
        )


def require_int(node: t.Tree, found: Type, what: str) -> None:
    """Raises for what is known to be a float."""
    if found.dtype is not None and kind(found.dtype) == "float":
        raise error(node, f"{what} takes integers, found {found.dtype}", "dtype-mismatch")


def require_batch(node: t.Call, found: Type) -> None:
    """Raises for an argument that is no tensor of the batch."""
    if found.place != "batch":
        raise error(
            node,
            f"`{node.name}` takes a tensor of the batch, found a {noun(found)}",
            "invalid-argument",
        )
