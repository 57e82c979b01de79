"""The TensorFlow meaning of an expression."""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import tensorflow as tf

from composer.language import tree as t
from composer.language.dtypes import comparison, holds, kind, widest_float
from composer.language.functions import REDUCTIONS, SCHEDULES
from composer.language.interpret import evaluate
from composer.language.static import Place, arithmetic_dtype, binary_dtype, function_dtype

_EXACT = {"bool": "bool", "int": "int64", "float": "float64"}


@dataclass(frozen=True, slots=True)
class Value:
    """A tensor, with the dtype it counts as and where it belongs (see `static.Type`).

    Scalars and inline constants are held exactly, in int64 or float64, and cast to what they meet.
    `is_read` marks a tensor of the batch that nothing was computed from yet.
    """

    tensor: tf.Tensor
    dtype: str
    place: Place
    is_read: bool = False


class Evaluator:
    """Evaluates expressions over one batch.

    Args:
        tensors: gives the tensor at a path of the batch.
        constants: the named constants, ready as values.
        step: the training step, int64, or None where nothing reads it.
        width: the float dtype that functions compute in at least.
        gate: applied to every tensor of the batch before anything is computed from it.
    """

    def __init__(
        self,
        tensors: Callable[[t.Side, tuple[str, ...]], tf.Tensor],
        constants: Mapping[str, Value],
        step: tf.Tensor | None,
        width: str = "float32",
        gate: Callable[[tf.Tensor], tf.Tensor] | None = None,
    ) -> None:
        self.tensors = tensors
        self.constants = constants
        self.training_step = step
        self.width = width
        self.gate = gate

    def __call__(self, tree: t.Tree) -> Value:
        return evaluate(tree, self)

    def number(self, node: t.Number) -> Value:
        return _scalar(tf.constant(node.value, _EXACT[kind(_dtype_of(node.value))]))

    def tensor(self, node: t.Tensor) -> Value:
        found = self.tensors(node.side, node.path)
        return Value(found, found.dtype.name, "batch", is_read=True)

    def constant(self, node: t.Constant) -> Value:
        return self.constants[node.name]

    def step(self, node: t.Step) -> Value:
        assert self.training_step is not None
        return _scalar(self.training_step)

    def unary(self, node: t.Unary, operand: Value) -> Value:
        if node.op == "not":
            return Value(tf.logical_not(operand.tensor), "bool", operand.place)
        result = self._as(self._use(operand), arithmetic_dtype(operand))
        return self._result(-result if node.op == "-" else result, [operand])

    def binary(self, node: t.Binary, left: Value, right: Value) -> Value:
        dtype = binary_dtype(node, left, right)
        a, b = self._aligned([left, right], dtype)
        return self._result(_ARITHMETIC[node.op](a, b), [left, right])

    def compare(self, node: t.Compare, operands: list[Value]) -> Value:
        pairs = zip(node.operands, operands, strict=True)
        described = list(pairs)
        links = [
            self._compared(op, described[i], described[i + 1]) for i, op in enumerate(node.ops)
        ]
        return self._all_of(links)

    def _compared(self, op: str, left: tuple[t.Tree, Value], right: tuple[t.Tree, Value]) -> Value:
        dtype = _compared_dtype(left, right)
        if dtype == "bool" and op not in ("==", "!="):
            dtype = "int64"
        values = [left[1], right[1]]
        a, b = (tf.cast(each, dtype) for each in _expanded(values))
        return Value(_COMPARE[op](a, b), "bool", _place(values))

    def _all_of(self, values: Sequence[Value]) -> Value:
        result = values[0]
        for value in values[1:]:
            a, b = _expanded([result, value])
            result = Value(tf.logical_and(a, b), "bool", _place([result, value]))
        return result

    def logic(self, node: t.Logic, operands: list[Value]) -> Value:
        combine = tf.logical_and if node.op == "and" else tf.logical_or
        return Value(functools.reduce(combine, _expanded(operands)), "bool", _place(operands))

    def member(self, node: t.Member, operand: Value) -> Value:
        tests = [
            self._compared("==", (node.operand, operand), (each, self.number(each))).tensor  # type: ignore[arg-type]  # numbers all
            for each in node.values
        ]
        found = functools.reduce(tf.logical_or, tests)
        return Value(tf.logical_not(found) if node.negated else found, "bool", operand.place)

    def index(self, node: t.Index, operand: Value) -> Value:
        items = tuple(
            ... if item == "..." else tf.newaxis if item is None else item
            if isinstance(item, int) else slice(item.start, item.stop, item.step)
            for item in node.items
        )  # fmt: skip
        found = operand.tensor[items]
        place = operand.place if operand.place == "batch" or found.shape.rank else "scalar"
        return Value(found, operand.dtype, place, operand.is_read)

    def call(self, node: t.Call, args: list[Value], lists: list[list[Value]]) -> Value:
        if node.name in SCHEDULES:
            return _scalar(_schedule(node.name, args, lists))
        args = [self._use(arg) for arg in args]
        if node.name in REDUCTIONS:
            return self._reduce(node, args[0])
        special = getattr(self, f"_{node.name}", None)
        if special is not None:
            result: Value = special(node, *args)
            return result
        tensors = self._aligned(args, function_dtype(args))
        return self._result(_ELEMENTWISE[node.name](*tensors), args)

    def _isfinite(self, node: t.Call, x: Value) -> Value:
        return self._float_test(x, tf.math.is_finite, otherwise=True)

    def _isnan(self, node: t.Call, x: Value) -> Value:
        return self._float_test(x, tf.math.is_nan, otherwise=False)

    def _float_test(
        self, x: Value, test: Callable[[tf.Tensor], tf.Tensor], *, otherwise: bool
    ) -> Value:
        if kind(x.dtype) == "float":
            return Value(test(x.tensor), "bool", x.place)
        return Value(tf.fill(tf.shape(x.tensor), otherwise), "bool", x.place)

    def _where(self, node: t.Call, condition: Value, a: Value, b: Value) -> Value:
        values = [condition, a, b]
        dtype = self._wide(function_dtype([a, b]), values)
        test, x, y = _expanded(values)
        return self._result(tf.where(test, tf.cast(x, dtype), tf.cast(y, dtype)), values)

    def _softmax(self, node: t.Call, x: Value) -> Value:
        return self._result(tf.nn.softmax(self._as(x, function_dtype([x]))), [x])

    def _argmax(self, node: t.Call, x: Value) -> Value:
        logits = tf.cast(x.tensor, "int32") if x.dtype == "bool" else x.tensor
        return Value(tf.argmax(logits, axis=-1, output_type=tf.int64), "int64", "batch")

    def _one_hot(self, node: t.Call, x: Value) -> Value:
        vectors = tf.one_hot(tf.cast(x.tensor, tf.int64), node.size, dtype=self.width)
        return Value(vectors, self.width, "batch")

    def _stop_gradient(self, node: t.Call, x: Value) -> Value:
        return self._result(tf.stop_gradient(self._as(x, function_dtype([x]))), [x])

    def _last_axis(self, node: t.Call, x: Value) -> Value:
        return Value(x.tensor, x.dtype, "last")

    def _take(self, node: t.Call, table: Value, index: Value) -> Value:
        dtype = self._wide(function_dtype([table]), [])
        rows, place = tf.cast(table.tensor, dtype), tf.cast(index.tensor, tf.int64)
        inside = (place >= 0) & (place < rows.shape[0])
        # gather raises on a CPU and clamps under XLA; NaN is the same everywhere.
        found = tf.gather(rows, tf.where(inside, place, 0))
        inside = expand_right(inside, found.shape.rank)
        found = tf.where(inside, found, tf.constant(math.nan, dtype))
        if index.place != "batch":
            return Value(found, dtype, "table" if found.shape.rank else "scalar")
        return Value(found, dtype, "batch")

    def _reduce(self, node: t.Call, x: Value) -> Value:
        axes = tuple(range(1, x.tensor.shape.rank)) if node.axis is None else node.axis
        if node.name in ("any", "all"):
            reduce = tf.reduce_any if node.name == "any" else tf.reduce_all
            return Value(reduce(x.tensor, axis=axes), "bool", "batch")
        reduce = tf.reduce_sum if node.name == "sum" else tf.reduce_mean
        return self._result(reduce(self._as(x, function_dtype([x])), axis=axes), [x])

    def _use(self, value: Value) -> Value:
        """A value about to be computed from; a tensor of the batch passes the gate first."""
        if self.gate is None or not value.is_read or not value.tensor.dtype.is_floating:
            return value
        return Value(self.gate(value.tensor), value.dtype, value.place)

    def _as(self, value: Value, dtype: str | None) -> tf.Tensor:
        return tf.cast(value.tensor, self._wide(dtype, [value]))

    def _wide(self, dtype: str | None, values: Sequence[Value]) -> str:
        """The dtype to compute in; scalars among themselves are exact."""
        assert dtype is not None
        if values and all(value.place == "scalar" for value in values):
            return _EXACT[kind(dtype)]
        return widest_float(dtype, self.width) if kind(dtype) == "float" else dtype

    def _aligned(self, values: Sequence[Value], dtype: str | None) -> list[tf.Tensor]:
        target = self._wide(dtype, values)
        used = [self._use(value) for value in values]
        return [tf.cast(tensor, target) for tensor in _expanded(used)]

    def _result(self, tensor: tf.Tensor, values: Sequence[Value]) -> Value:
        return Value(tensor, _counted(tensor, _place(values)), _place(values))


def _counted(tensor: tf.Tensor, place: Place) -> str:
    """The dtype that a result counts as: exact scalars count as the narrowest of their kind."""
    name: str = tensor.dtype.name
    return "float32" if place == "scalar" and kind(name) == "float" else name


def _scalar(tensor: tf.Tensor) -> Value:
    return Value(tensor, _counted(tensor, "scalar"), "scalar")


def _dtype_of(value: float) -> str:
    return "bool" if isinstance(value, bool) else "int64" if isinstance(value, int) else "float64"


def _place(values: Sequence[Value]) -> Place:
    places = {value.place for value in values}
    order: tuple[Place, ...] = ("batch", "last", "table")
    return next((place for place in order if place in places), "scalar")


def _expanded(values: Sequence[Value]) -> list[tf.Tensor]:
    """Tensors of the batch get the missing axes at the right; others broadcast by themselves."""
    ranks = [value.tensor.shape.rank for value in values if value.place == "batch"]
    rank = max(ranks, default=0)
    return [
        expand_right(value.tensor, rank) if value.place == "batch" else value.tensor
        for value in values
    ]


def expand_right(tensor: tf.Tensor, rank: int) -> tf.Tensor:
    """Adds axes of size 1 behind the last until there are `rank`."""
    missing = rank - tensor.shape.rank
    return tensor[(..., *[tf.newaxis] * missing)] if missing > 0 else tensor


def _compared_dtype(left: tuple[t.Tree, Value], right: tuple[t.Tree, Value]) -> str:
    """A comparison keeps the tensor's own dtype where it can hold the number."""
    (a_node, a), (b_node, b) = left, right
    if (a.place == "scalar") == (b.place == "scalar"):
        exact = a.place == "scalar"
        return comparison(*(_EXACT[kind(v.dtype)] if exact else v.dtype for v in (a, b)))
    node, scalar, strong = (a_node, a, b) if a.place == "scalar" else (b_node, b, a)
    if kind(strong.dtype) == "float":
        return strong.dtype
    if isinstance(node, t.Number) and holds(strong.dtype, node.value):
        return strong.dtype
    if strong.dtype == "bool" and scalar.dtype == "bool":
        return "bool"
    return "float64" if kind(scalar.dtype) == "float" else "int64"


def _schedule(name: str, args: list[Value], lists: list[list[Value]]) -> tf.Tensor:
    """Functions of the step, in float64 so that a late step is not rounded."""
    numbers = [tf.cast(value.tensor, tf.float64) for value in args]
    tables = [tf.stack([tf.cast(v.tensor, tf.float64) for v in items]) for items in lists]
    if name == "ramp":
        step, start, end, low, high = numbers
        return low + (high - low) * _progress(step, start, end)
    if name == "cosine":
        step, start, end, high, low = numbers
        return low + (high - low) * (1 + tf.cos(math.pi * _progress(step, start, end))) / 2
    if name == "piecewise":
        boundaries, values = tables
        passed = tf.reduce_sum(tf.cast(numbers[0] >= boundaries, tf.int32))
        return tf.gather(values, passed)
    step, period = numbers
    size = lists[0].__len__()
    part = tf.cast(tf.floor(tf.math.floormod(step, period) / period * size), tf.int32)
    return tf.gather(tables[0], tf.clip_by_value(part, 0, size - 1))


def _progress(step: tf.Tensor, start: tf.Tensor, end: tf.Tensor) -> tf.Tensor:
    """From 0 at `start` to 1 at `end`; a jump where they are equal."""
    length = end - start
    jump = tf.cast(step >= start, tf.float64)
    part = (step - start) / tf.where(length == 0, tf.ones_like(length), length)
    return tf.where(length == 0, jump, tf.clip_by_value(part, 0.0, 1.0))


_ARITHMETIC: dict[str, Callable[[tf.Tensor, tf.Tensor], tf.Tensor]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": tf.math.floordiv,
    "%": tf.math.floormod,
    "**": tf.pow,
}
_COMPARE: dict[str, Callable[[tf.Tensor, tf.Tensor], tf.Tensor]] = {
    "==": tf.equal,
    "!=": tf.not_equal,
    "<": tf.less,
    "<=": tf.less_equal,
    ">": tf.greater,
    ">=": tf.greater_equal,
}
_ELEMENTWISE: dict[str, Callable[..., tf.Tensor]] = {
    "abs": tf.abs,
    "exp": tf.exp,
    "log": tf.math.log,
    "sqrt": tf.sqrt,
    "square": tf.square,
    "minimum": tf.minimum,
    "maximum": tf.maximum,
    "clip": lambda x, low, high: tf.minimum(tf.maximum(x, low), high),
    "sigmoid": tf.sigmoid,
}
