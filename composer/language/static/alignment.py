"""The shape in which the operands of an expression meet, or why they do not."""

from __future__ import annotations

from collections.abc import Sequence

from composer.language import tree as t
from composer.language.shape import Mismatch, Shape, align, meet
from composer.language.static.types import Type, error


def combine(node: t.Tree, types: Sequence[Type], dtype: str | None) -> Type:
    """Aligns operands at the left, vectors of `last_axis` at the right."""
    parts = [each for each in types if each.place != "scalar"]
    if not parts:
        return Type(dtype, Shape(), "scalar")
    places = {each.place for each in parts}
    if "table" in places and len(places) > 1:
        raise error(
            node,
            "a constant with axes does not say which axis of a tensor it belongs to",
            "unplaced-constant",
            "write `take(constant, index)` to look its rows up, or `last_axis(constant)`",
        )
    if "batch" not in places:
        return Type(dtype, _equal(node, [each.shape for each in parts]), parts[0].place)
    shape = _aligned(node, [each.shape for each in parts if each.place == "batch"])
    for vector in (each.shape for each in parts if each.place == "last"):
        _require_last(node, shape, vector)
    return Type(dtype, shape, "batch")


def _aligned(node: t.Tree, shapes: Sequence[Shape]) -> Shape:
    result = shapes[0]
    for shape in shapes[1:]:
        try:
            result = align(result, shape)
        except Mismatch as mismatch:
            raise error(
                node,
                f"{result} and {shape} do not go together, aligned at the left: {mismatch}",
                "shape-mismatch",
                "axes are equal or 1, and missing ones are added at the right; "
                "`x[:, None]` adds one elsewhere",
            ) from None
    return result


def _equal(node: t.Tree, shapes: Sequence[Shape]) -> Shape:
    """Constants among themselves have equal shapes."""
    first = shapes[0]
    for shape in shapes[1:]:
        if len(first.head) != len(shape.head):
            raise error(node, f"constants of {first} and {shape} differ", "shape-mismatch")
        try:
            pairs = zip(first.head, shape.head, strict=True)
            first = Shape(tuple(meet(x, y) for x, y in pairs))
        except Mismatch as mismatch:
            message = f"constants of {first} and {shape} differ: {mismatch}"
            raise error(node, message, "shape-mismatch") from None
    return first


def _require_last(node: t.Tree, shape: Shape, vector: Shape) -> None:
    """A vector of `last_axis` has an entry for every place on the last axis, which is no batch."""
    if shape.rank is not None and shape.rank < 2:
        raise error(
            node,
            f"`last_axis` meets {shape}, which has no axis behind the batch",
            "shape-mismatch",
        )
    try:
        meet(shape.dim(-1), vector.dim(-1))
    except Mismatch as mismatch:
        raise error(
            node,
            f"`last_axis` has {vector.dim(-1)} entries for the last axis of {shape}: {mismatch}",
            "shape-mismatch",
        ) from None
