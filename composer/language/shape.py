"""Shapes that may hold names and unknowns, and when two of them go together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Dim = int | str | None
"""A size, the name of a size, or None where it is unknown.

Different names are different sizes: a spec that means one size gives it one name.
"""


@dataclass(frozen=True, slots=True)
class Shape:
    """The axes of a tensor.

    Attributes:
        head: the leading axes.
        tail: the trailing axes behind an unknown number of others; None where `head` is all.
    """

    head: tuple[Dim, ...] = ()
    tail: tuple[Dim, ...] | None = None

    @property
    def rank(self) -> int | None:
        return len(self.head) if self.tail is None else None

    @property
    def least_rank(self) -> int:
        return len(self.head) + len(self.tail or ())

    def __str__(self) -> str:
        axes = [_text(dim) for dim in self.head]
        if self.tail is not None:
            axes += ["...", *(_text(dim) for dim in self.tail)]
        return f"[{', '.join(axes)}]"

    def dim(self, axis: int) -> Dim:
        """The size of one axis, counted from either end; None where it is unknown."""
        if self.tail is None:
            return self.head[axis] if -len(self.head) <= axis < len(self.head) else None
        part = self.head if axis >= 0 else self.tail
        return part[axis] if -len(part) <= axis < len(part) else None

    def append(self, *dims: Dim) -> Shape:
        """The shape with axes added at the right."""
        if self.tail is None:
            return Shape(self.head + dims)
        return Shape(self.head, self.tail + dims)

    def without_last(self) -> Shape:
        """The shape without its last axis."""
        if self.tail is None:
            return Shape(self.head[:-1])
        # Without a tail, the last axis known may be the last of all.
        return Shape(self.head, self.tail[:-1]) if self.tail else Shape(self.head[:-1], ())


UNKNOWN = Shape((), ())


class Mismatch(ValueError):
    """Two shapes do not go together; the message says where.

    Attributes:
        parameter: the parameter of a loss that is to blame, or None.
        help: what to write instead, or None.
        roles: the roles that take part, and what each of them is.
    """

    def __init__(
        self,
        message: str,
        *,
        parameter: str | None = None,
        help: str | None = None,
        roles: Sequence[tuple[str, str]] = (),
    ) -> None:
        super().__init__(message)
        self.parameter = parameter
        self.help = help
        self.roles = roles


def meet(a: Dim, b: Dim) -> Dim:
    """One size that is both; raises Mismatch where there is none."""
    if a is None or a == b:
        return b
    if b is None:
        return a
    raise Mismatch(f"{_text(a)} is not {_text(b)}")


def align(a: Shape, b: Shape) -> Shape:
    """Aligns two shapes at the left: batch first, missing axes added at the right.

    Axes are equal or 1. Raises Mismatch.
    """
    if a.tail is not None or b.tail is not None:
        return _align_open(a, b)
    rank = max(len(a.head), len(b.head))
    return Shape(_broadcast_all(_padded(a.head, rank), _padded(b.head, rank)))


def _align_open(a: Shape, b: Shape) -> Shape:
    """Where a rank is unknown, only the leading axes that both are known to have are compared."""
    if a.tail is None and len(a.head) <= len(b.head):
        return Shape(_broadcast_all(_padded(a.head, len(b.head)), b.head), b.tail)
    if b.tail is None and len(b.head) <= len(a.head):
        return Shape(_broadcast_all(a.head, _padded(b.head, len(a.head))), a.tail)
    return Shape(_broadcast_all(a.head, b.head), ())


def fits(part: Shape, whole: Shape) -> None:
    """Demands that `part`, aligned at the left, broadcasts to `whole` and never enlarges it."""
    if whole.tail is None and part.least_rank > len(whole.head):
        at_least = "" if part.tail is None else "at least "
        axes = "1 axis is" if part.least_rank == 1 else f"{part.least_rank} axes are"
        raise Mismatch(f"{at_least}{axes} more than {len(whole.head)}")
    for axis, (x, y) in enumerate(zip(part.head, whole.head, strict=False)):
        if x != 1 and x is not None and y is not None and x != y:
            wanted = f"neither {_text(y)} nor 1" if y != 1 else "not 1"
            raise Mismatch(f"axis {axis} is {_text(x)}, which is {wanted}")


def _broadcast_all(a: tuple[Dim, ...], b: tuple[Dim, ...]) -> tuple[Dim, ...]:
    """Axis by axis, as many as both have."""
    return tuple(_broadcast(x, y) for x, y in zip(a, b, strict=False))


def _broadcast(x: Dim, y: Dim) -> Dim:
    if x == 1:
        return y
    if y == 1 or x == y:
        return x
    if x is None or y is None:
        # The unknown one is 1 or equal to the other; a name may stand for 1 itself.
        known = y if x is None else x
        return known if isinstance(known, int) else None
    raise Mismatch(f"{_text(x)} is not {_text(y)}")


def _padded(dims: tuple[Dim, ...], rank: int) -> tuple[Dim, ...]:
    return dims + (1,) * (rank - len(dims))


def _text(dim: Dim) -> str:
    return "?" if dim is None else str(dim)
