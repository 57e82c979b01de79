"""The static meaning of functions: the dtype and shape of what they give."""

from __future__ import annotations

from collections.abc import Callable

from composer.language import tree as t
from composer.language.functions import REDUCTIONS, SCHEDULES
from composer.language.shape import UNKNOWN, Shape
from composer.language.static.alignment import combine
from composer.language.static.dtypes import function_dtype
from composer.language.static.schedules import check_schedule
from composer.language.static.types import (
    Place,
    Type,
    error,
    noun,
    require_batch,
    require_bool,
    require_int,
)


def call_type(node: t.Call, args: list[Type], lists: list[list[Type]]) -> Type:
    """The type of a call; raises ExpressionError."""
    if node.name in SCHEDULES:
        check_schedule(node, args, lists)
        return Type("float32", Shape(), "scalar")
    if node.name in REDUCTIONS:
        return _reduction(node, args[0])
    special = _SPECIAL.get(node.name)
    if special is not None:
        return special(node, args)
    return combine(node, args, function_dtype(args))


def _test(_node: t.Call, args: list[Type]) -> Type:
    return Type("bool", args[0].shape, args[0].place)


def _where(node: t.Call, args: list[Type]) -> Type:
    require_bool(node.args[0], args[0], "the condition of `where`")
    return combine(node, args, function_dtype(args[1:]))


def _require_last_axis(node: t.Call, x: Type) -> None:
    if x.place == "scalar" or (x.place == "batch" and x.shape.rank in (0, 1)):
        raise error(
            node,
            f"`{node.name}` needs an axis behind the batch, found {x.shape}",
            "shape-mismatch",
        )


def _softmax(node: t.Call, args: list[Type]) -> Type:
    _require_last_axis(node, args[0])
    return Type(function_dtype(args), args[0].shape, args[0].place)


def _argmax(node: t.Call, args: list[Type]) -> Type:
    x = args[0]
    require_batch(node, x)
    _require_last_axis(node, x)
    if x.shape.dim(-1) == 0:
        raise error(node, f"`argmax` has nothing to choose from in {x.shape}", "shape-mismatch")
    return Type("int64", x.shape.without_last(), "batch")


def _one_hot(node: t.Call, args: list[Type]) -> Type:
    require_batch(node, args[0])
    require_int(node.args[0], args[0], "`one_hot`")
    return Type("float32", args[0].shape.append(node.size), "batch")


def _take(node: t.Call, args: list[Type]) -> Type:
    table, index = args
    if table.place != "table":
        raise error(
            node.args[0],
            f"`take` reads a constant with axes, found a {noun(table)}",
            "invalid-argument",
            "declare the table under `constants:`",
        )
    if table.shape.dim(0) == 0:
        raise error(node, f"`take` has no rows to read in {table.shape}", "shape-mismatch")
    require_int(node.args[1], index, "the index of `take`")
    if index.place in ("last", "table"):
        raise error(
            node.args[1],
            f"the index of `take` is a tensor of the batch, found a {noun(index)}",
            "invalid-argument",
        )
    rest = table.shape.head[1:]
    place: Place = "batch" if index.place == "batch" else "table" if rest else "scalar"
    return Type(function_dtype([table]), index.shape.append(*rest), place)


def _last_axis(node: t.Call, args: list[Type]) -> Type:
    if args[0].place != "table" or args[0].shape.rank != 1:
        raise error(
            node.args[0],
            f"`last_axis` takes a constant of one axis, found a {noun(args[0])} {args[0].shape}",
            "invalid-argument",
        )
    return Type(args[0].dtype, args[0].shape, "last")


_SPECIAL: dict[str, Callable[[t.Call, list[Type]], Type]] = {
    "isfinite": _test,
    "isnan": _test,
    "where": _where,
    "softmax": _softmax,
    "argmax": _argmax,
    "one_hot": _one_hot,
    "take": _take,
    "last_axis": _last_axis,
}


def _reduction(node: t.Call, x: Type) -> Type:
    require_batch(node, x)
    is_test = node.name in ("any", "all")
    if is_test:
        require_bool(node.args[0], x, f"`{node.name}`")
    return Type("bool" if is_test else function_dtype([x]), _kept(node, x.shape), "batch")


def _kept(node: t.Call, shape: Shape) -> Shape:
    """The axes that a reduction leaves: without `axis` the batch alone."""
    if node.axis is None:
        return Shape(shape.head[:1]) if shape.head or shape.rank == 0 else UNKNOWN
    if shape.rank is None:
        return Shape(shape.head[:1], ())
    axes = {_reduced_axis(node, axis, shape) for axis in node.axis}
    return Shape(tuple(dim for axis, dim in enumerate(shape.head) if axis not in axes))


def _reduced_axis(node: t.Call, axis: int, shape: Shape) -> int:
    rank = len(shape.head)
    if not -rank <= axis < rank:
        raise error(node, f"{shape} has no axis {axis}", "shape-mismatch")
    if axis % rank == 0:
        raise error(
            node,
            f"axis {axis} of {shape} is the batch, which no expression reduces",
            "shape-mismatch",
        )
    return axis % rank
