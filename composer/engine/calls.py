"""The TensorFlow meaning of the functions of an expression."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Protocol

import tensorflow as tf

from composer.engine.operands import Value, expanded, result, scalar
from composer.engine.schedules import schedule
from composer.language import tree as t
from composer.language.dtypes import kind
from composer.language.functions import REDUCTIONS, SCHEDULES
from composer.language.static.dtypes import function_dtype
from composer.losses.numerics import softmax

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


class _Evaluator(Protocol):
    """What the functions need of an Evaluator."""

    width: str

    def use(self, value: Value) -> Value: ...
    def cast(self, value: Value, dtype: str | None) -> tf.Tensor: ...
    def wide(self, dtype: str | None, values: Sequence[Value]) -> str: ...
    def aligned(self, values: Sequence[Value], dtype: str | None) -> list[tf.Tensor]: ...


class Calls:
    """Computes calls, in the dtypes that an Evaluator decides."""

    def __init__(self, evaluator: _Evaluator) -> None:
        self.evaluator = evaluator
        self._special: dict[str, Callable[..., Value]] = {
            "isfinite": self._isfinite,
            "isnan": self._isnan,
            "where": self._where,
            "softmax": self._softmax,
            "argmax": self._argmax,
            "one_hot": self._one_hot,
            "stop_gradient": self._stop_gradient,
            "take": self._take,
            "last_axis": self._last_axis,
        }

    def __call__(self, node: t.Call, args: list[Value], lists: list[list[Value]]) -> Value:
        if node.name in SCHEDULES:
            return scalar(schedule(node.name, args, lists))
        args = [self.evaluator.use(arg) for arg in args]
        if node.name in REDUCTIONS:
            return self._reduce(node, args[0])
        if node.name in self._special:
            return self._special[node.name](node, *args)
        tensors = self.evaluator.aligned(args, function_dtype(args))
        return result(_ELEMENTWISE[node.name](*tensors), args)

    def _isfinite(self, _node: t.Call, x: Value) -> Value:
        return _test(x, tf.math.is_finite, otherwise=True)

    def _isnan(self, _node: t.Call, x: Value) -> Value:
        return _test(x, tf.math.is_nan, otherwise=False)

    def _where(self, _node: t.Call, condition: Value, a: Value, b: Value) -> Value:
        values = [condition, a, b]
        dtype = self.evaluator.wide(function_dtype([a, b]), values)
        test, x, y = expanded(values)
        return result(tf.where(test, tf.cast(x, dtype), tf.cast(y, dtype)), values)

    def _softmax(self, _node: t.Call, x: Value) -> Value:
        return result(softmax(self._float(x)), [x])

    def _argmax(self, _node: t.Call, x: Value) -> Value:
        return Value(tf.argmax(_ordered(x), axis=-1, output_type=tf.int64), "int64", "batch")

    def _one_hot(self, node: t.Call, x: Value) -> Value:
        width = self.evaluator.width
        return Value(
            tf.one_hot(tf.cast(x.tensor, tf.int64), node.size, dtype=width), width, "batch"
        )

    def _stop_gradient(self, _node: t.Call, x: Value) -> Value:
        return result(tf.stop_gradient(self._float(x)), [x])

    def _last_axis(self, _node: t.Call, x: Value) -> Value:
        return Value(x.tensor, x.dtype, "last")

    def _take(self, _node: t.Call, table: Value, index: Value) -> Value:
        is_number = index.place == "scalar" and table.tensor.shape.rank == 1
        counted = function_dtype([table])
        dtype = self.evaluator.wide(counted, [index] if is_number else [])
        rows, place = tf.cast(table.tensor, dtype), tf.cast(index.tensor, tf.int64)
        inside = (place >= 0) & (place < rows.shape[0])
        # gather raises on a CPU and clamps under XLA; a row of NaN is the same everywhere.
        rows = tf.concat([rows, tf.fill([1, *rows.shape[1:]], tf.constant(math.nan, dtype))], 0)
        found = tf.gather(rows, tf.where(inside, place, rows.shape[0] - 1))
        if is_number:
            return scalar(found)
        return Value(found, dtype, "batch" if index.place == "batch" else "table")

    def _reduce(self, node: t.Call, x: Value) -> Value:
        rank = x.tensor.shape.rank
        # A repeated axis, `[1, -1]` of rank 2, counts once.
        axes = sorted(set(range(1, rank) if node.axis is None else (a % rank for a in node.axis)))
        if node.name in ("any", "all"):
            reduce = tf.reduce_any if node.name == "any" else tf.reduce_all
            return Value(reduce(x.tensor, axis=axes), "bool", "batch")
        reduce = tf.reduce_sum if node.name == "sum" else tf.reduce_mean
        return result(reduce(self._float(x), axis=axes), [x])

    def _float(self, x: Value) -> tf.Tensor:
        return self.evaluator.cast(x, function_dtype([x]))


def _ordered(x: Value) -> tf.Tensor:
    """What has a largest: booleans and integers as int64; NaN, on which modes differ, is none."""
    if kind(x.dtype) != "float":
        return tf.cast(x.tensor, tf.int64)
    return tf.where(tf.math.is_nan(x.tensor), tf.constant(-math.inf, x.dtype), x.tensor)


def _test(x: Value, test: Callable[[tf.Tensor], tf.Tensor], *, otherwise: bool) -> Value:
    """A test of floats; booleans and integers are all finite."""
    if kind(x.dtype) == "float":
        return Value(test(x.tensor), "bool", x.place)
    return Value(tf.fill(tf.shape(x.tensor), otherwise), "bool", x.place)
