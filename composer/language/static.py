"""The static meaning of an expression: its dtype and shape, or what is wrong with it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from composer.language import tree as t
from composer.language.diagnostics import quote
from composer.language.dtypes import arithmetic, kind, widest_float
from composer.language.errors import ExpressionError
from composer.language.functions import REDUCTIONS, SCHEDULES
from composer.language.interpret import evaluate
from composer.language.shape import Mismatch, Shape, align, meet
from composer.language.static_index import index_shape

Place = Literal["scalar", "batch", "table", "last"]


@dataclass(frozen=True, slots=True)
class Type:
    """What is known of a value without computing it.

    Attributes:
        dtype: its dtype, None where unknown. A scalar's only says boolean, integer or float: it
            takes the precision of what it meets.
        shape: its axes.
        place: where it belongs. `scalar`: a number, the step, a constant of rank 0; `batch`: its first
            axis is the batch; `table`: a constant of rank 1 or more; `last`: a vector for the last
            axis of what it meets.
    """

    dtype: str | None
    shape: Shape
    place: Place = "batch"

    def __str__(self) -> str:
        return f"{self.dtype or '?'}{self.shape}"


class Typed(Protocol):
    """Anything with a dtype and a place: a Type here, a tensor elsewhere."""

    @property
    def dtype(self) -> str | None: ...
    @property
    def place(self) -> Place: ...


class Names(Protocol):
    """What the names of an expression stand for; unknown ones raise ExpressionError."""

    def tensor(self, node: t.Tensor) -> Type: ...
    def constant(self, node: t.Constant) -> Type: ...


def infer(tree: t.Tree, names: Names) -> Type:
    """The type of an expression; raises ExpressionError for the first thing wrong with it."""
    return evaluate(tree, _Static(names))


class _Static:
    def __init__(self, names: Names) -> None:
        self.names = names

    def number(self, node: t.Number) -> Type:
        return Type(_literal_dtype(node.value), Shape(), "scalar")

    def tensor(self, node: t.Tensor) -> Type:
        return self.names.tensor(node)

    def constant(self, node: t.Constant) -> Type:
        return self.names.constant(node)

    def step(self, node: t.Step) -> Type:
        return Type("int64", Shape(), "scalar")

    def unary(self, node: t.Unary, operand: Type) -> Type:
        if node.op == "not":
            _require_bool(node.operand, operand, "`not`")
            return operand
        return Type(arithmetic_dtype(operand), operand.shape, operand.place)

    def binary(self, node: t.Binary, left: Type, right: Type) -> Type:
        dtype = binary_dtype(node, left, right)
        return combine(node, [left, right], dtype)

    def compare(self, node: t.Compare, operands: list[Type]) -> Type:
        return combine(node, operands, "bool")

    def logic(self, node: t.Logic, operands: list[Type]) -> Type:
        for child, operand in zip(node.operands, operands, strict=True):
            _require_bool(child, operand, f"`{node.op}`")
        return combine(node, operands, "bool")

    def member(self, node: t.Member, operand: Type) -> Type:
        return Type("bool", operand.shape, operand.place)

    def index(self, node: t.Index, operand: Type) -> Type:
        if operand.place in ("scalar", "last"):
            raise _error(node, f"a {_noun(operand)} has no axes to index", "shape-mismatch")
        shape = index_shape(node, operand.shape, keeps_batch=operand.place == "batch")
        place: Place = operand.place
        if place == "table" and shape.rank == 0:
            place = "scalar"
        return Type(operand.dtype, shape, place)

    def call(self, node: t.Call, args: list[Type], lists: list[list[Type]]) -> Type:
        if node.name in SCHEDULES:
            return _schedule(node, args, lists)
        if node.name in REDUCTIONS:
            return _reduction(node, args[0])
        special = _SPECIAL.get(node.name)
        if special is not None:
            return special(node, args)
        return combine(node, args, function_dtype(args))


def combine(node: t.Tree, types: Sequence[Type], dtype: str | None) -> Type:
    """Aligns operands at the left, vectors of `last_axis` at the right."""
    parts = [each for each in types if each.place != "scalar"]
    if not parts:
        return Type(dtype, Shape(), "scalar")
    places = {each.place for each in parts}
    if "table" in places and len(places) > 1:
        raise _error(
            node,
            "a constant with axes does not say which axis of a tensor it belongs to",
            "unplaced-constant",
            "write `take(constant, index)` to look its rows up, or `last_axis(constant)`",
        )
    if "batch" not in places:
        return Type(dtype, _equal(node, parts), parts[0].place)
    shape = _aligned(node, [each.shape for each in parts if each.place == "batch"])
    for vector in (each for each in parts if each.place == "last"):
        shape = _meet_last(node, shape, vector.shape)
    return Type(dtype, shape, "batch")


def _aligned(node: t.Tree, shapes: Sequence[Shape]) -> Shape:
    result = shapes[0]
    for shape in shapes[1:]:
        try:
            result = align(result, shape)
        except Mismatch as mismatch:
            raise _error(
                node,
                f"{result} and {shape} do not go together, aligned at the left: {mismatch}",
                "shape-mismatch",
                "axes are equal or 1, and missing ones are added at the right; "
                "`x[:, None]` adds one elsewhere",
            ) from None
    return result


def _equal(node: t.Tree, types: Sequence[Type]) -> Shape:
    first = types[0].shape
    for other in types[1:]:
        if first.rank != other.shape.rank:
            raise _error(node, f"{first} and {other.shape} differ", "shape-mismatch")
        try:
            first = Shape(
                tuple(meet(x, y) for x, y in zip(first.head, other.shape.head, strict=True))
            )
        except Mismatch as mismatch:
            raise _error(
                node, f"{first} and {other.shape} differ: {mismatch}", "shape-mismatch"
            ) from None
    return first


def _meet_last(node: t.Tree, shape: Shape, vector: Shape) -> Shape:
    if shape.rank is not None and shape.rank < 2:
        raise _error(
            node,
            f"`last_axis` meets {shape}, whose last axis is the batch",
            "shape-mismatch",
        )
    try:
        meet(shape.dim(-1), vector.dim(-1))
    except Mismatch as mismatch:
        raise _error(
            node,
            f"`last_axis` has {vector.dim(-1)} entries for the last axis of {shape}: {mismatch}",
            "shape-mismatch",
        ) from None
    return shape


def binary_dtype(node: t.Binary, left: Typed, right: Typed) -> str | None:
    """The dtype that an operator computes in; raises ExpressionError where it is not defined."""
    if node.op in ("/", "//", "%") and isinstance(node.right, t.Number) and not node.right.value:
        raise _error(node, "a division by zero", "invalid-argument")
    if node.op == "/":
        return function_dtype([left, right])
    if node.op == "**":
        whole = isinstance(node.right, t.Number) and isinstance(node.right.value, int)
        if not (whole and node.right.value >= 0):  # type: ignore[attr-defined]  # a Number, see above
            return function_dtype([left, right])
    dtype = arithmetic_dtype(left, right)
    if node.op in ("//", "%") and dtype == "int64" and not isinstance(node.right, t.Number):
        raise _error(
            node,
            f"integers are divided by a number written out, so that it is never 0, with `{node.op}`",
            "invalid-argument",
            "divide with `/`",
        )
    return dtype


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


def _literal_dtype(value: bool | int | float) -> str:
    if isinstance(value, bool):
        return "bool"
    return "int64" if isinstance(value, int) else "float32"


def _require_bool(node: t.Tree, found: Type, what: str) -> None:
    if found.dtype is not None and found.dtype != "bool":
        raise _error(
            node,
            f"{what} takes booleans, found {found.dtype}",
            "dtype-mismatch",
            "compare it, such as `x > 0` or `x != 0`",
        )


def _require_int(node: t.Tree, found: Type, what: str) -> None:
    if found.dtype is not None and kind(found.dtype) == "float":
        raise _error(node, f"{what} takes integers, found {found.dtype}", "dtype-mismatch")


def _require_batch(node: t.Call, found: Type) -> None:
    if found.place != "batch":
        raise _error(
            node, f"`{node.name}` takes a tensor of the batch, found a {_noun(found)}", "invalid-argument"
        )


def _unary_bool(node: t.Call, args: list[Type]) -> Type:
    return Type("bool", args[0].shape, args[0].place)


def _where(node: t.Call, args: list[Type]) -> Type:
    _require_bool(node.args[0], args[0], "the condition of `where`")
    return combine(node, args, function_dtype(args[1:]))


def _softmax(node: t.Call, args: list[Type]) -> Type:
    (x,) = args
    if x.place == "scalar" or (x.place == "batch" and x.shape.rank in (0, 1)):
        raise _error(node, f"`{node.name}` needs a last axis that is not the batch", "shape-mismatch")
    return Type(function_dtype(args), x.shape, x.place)


def _argmax(node: t.Call, args: list[Type]) -> Type:
    _require_batch(node, args[0])
    _softmax(node, args)
    shape = args[0].shape
    known = shape.rank is not None or shape.tail
    return Type("int64", shape.without_last() if known else Shape(shape.head[:1], ()), "batch")


def _one_hot(node: t.Call, args: list[Type]) -> Type:
    _require_batch(node, args[0])
    _require_int(node.args[0], args[0], "`one_hot`")
    return Type("float32", args[0].shape.append(node.size), "batch")


def _take(node: t.Call, args: list[Type]) -> Type:
    table, index = args
    if table.place != "table":
        raise _error(
            node.args[0],
            f"`take` reads a constant with axes, found a {_noun(table)}",
            "invalid-argument",
            "declare the table under `constants:`",
        )
    _require_int(node.args[1], index, "the index of `take`")
    if index.place == "last" or index.place == "table":
        raise _error(node.args[1], "the index of `take` is a tensor of the batch", "invalid-argument")
    rest = table.shape.head[1:]
    place: Place = "batch" if index.place == "batch" else "table" if rest else "scalar"
    return Type(function_dtype([table]), index.shape.append(*rest), place)


def _last_axis(node: t.Call, args: list[Type]) -> Type:
    if args[0].place != "table" or args[0].shape.rank != 1:
        raise _error(
            node,
            f"`last_axis` takes a constant of one axis, found a {_noun(args[0])} {args[0].shape}",
            "invalid-argument",
        )
    return Type(args[0].dtype, args[0].shape, "last")


_SPECIAL = {
    "isfinite": _unary_bool,
    "isnan": _unary_bool,
    "where": _where,
    "softmax": _softmax,
    "argmax": _argmax,
    "one_hot": _one_hot,
    "take": _take,
    "last_axis": _last_axis,
}


def _reduction(node: t.Call, x: Type) -> Type:
    _require_batch(node, x)
    if node.name in ("any", "all"):
        _require_bool(node.args[0], x, f"`{node.name}`")
    dtype = "bool" if node.name in ("any", "all") else function_dtype([x])
    if node.axis is None:
        known = x.shape.head[:1] or (() if x.shape.rank == 0 else (None,))
        return Type(dtype, Shape(known), "batch")
    if x.shape.rank is None:
        return Type(dtype, Shape(x.shape.head[:1], ()), "batch")
    axes = {_reduced_axis(node, axis, x.shape) for axis in node.axis}
    kept = tuple(dim for axis, dim in enumerate(x.shape.head) if axis not in axes)
    return Type(dtype, Shape(kept), "batch")


def _reduced_axis(node: t.Call, axis: int, shape: Shape) -> int:
    rank = len(shape.head)
    if not -rank <= axis < rank:
        raise _error(node, f"{shape} has no axis {axis}", "shape-mismatch")
    if axis % rank == 0:
        raise _error(
            node, f"axis {axis} of {shape} is the batch, which no expression reduces", "shape-mismatch"
        )
    return axis % rank


def _schedule(node: t.Call, args: list[Type], lists: list[list[Type]]) -> Type:
    children = node.children
    types = args + [each for items in lists for each in items]
    for child, found in zip(children, types, strict=True):
        if found.place != "scalar":
            raise _error(
                child,
                f"`{node.name}` takes numbers and `step`, found a {_noun(found)}",
                "invalid-argument",
            )
    if node.name == "piecewise":
        _check_piecewise(node)
    if node.name == "cycle" and isinstance(node.args[1], t.Number) and node.args[1].value <= 0:
        raise _error(node.args[1], "the period of `cycle` is above 0", "invalid-argument")
    return Type("float32", Shape(), "scalar")


def _check_piecewise(node: t.Call) -> None:
    boundaries, values = node.lists
    if len(values) != len(boundaries) + 1:
        raise _error(
            node,
            f"{len(boundaries)} boundaries need {len(boundaries) + 1} values, found {len(values)}",
            "invalid-argument",
            "the first value holds before the first boundary",
        )
    numbers = [each.value for each in boundaries if isinstance(each, t.Number)]
    if any(a >= b for a, b in itertools.pairwise(numbers)):
        raise _error(node, "the boundaries of `piecewise` rise", "invalid-argument")


def _noun(found: Type) -> str:
    nouns = {
        "scalar": "number",
        "batch": "tensor of the batch",
        "table": "constant with axes",
        "last": "vector of `last_axis`",
    }
    return nouns[found.place]


def _error(node: t.Tree, message: str, code: str, help: str | None = None) -> ExpressionError:
    return ExpressionError(message, node.start, node.end, help=help, code=code)


