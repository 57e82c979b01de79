"""The NumPy meaning of the functions of an expression."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

from composer.data.operands import Array, Value, cast, expanded, result, scalar
from composer.data.schedules import schedule
from composer.language import tree as t
from composer.language.dtypes import kind
from composer.language.functions import REDUCTIONS, SCHEDULES
from composer.language.static.dtypes import function_dtype

_ELEMENTWISE: dict[str, Callable[..., Array]] = {
    "abs": np.abs,
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "square": np.square,
    "minimum": np.minimum,
    "maximum": np.maximum,
    "clip": lambda x, low, high: np.minimum(np.maximum(x, low), high),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "stop_gradient": lambda x: x,
}


class _Evaluator(Protocol):
    """What the functions need of an Evaluator."""

    width: str

    def cast(self, value: Value, dtype: str | None) -> Array: ...
    def wide(self, dtype: str | None, values: Sequence[Value]) -> str: ...
    def aligned(self, values: Sequence[Value], dtype: str | None) -> list[Array]: ...


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
            "take": self._take,
            "last_axis": self._last_axis,
        }

    def __call__(self, node: t.Call, args: list[Value], lists: list[list[Value]]) -> Value:
        if node.name in SCHEDULES:
            return scalar(schedule(node.name, args, lists))
        if node.name in REDUCTIONS:
            return self._reduce(node, args[0])
        if node.name in self._special:
            return self._special[node.name](node, *args)
        arrays = self.evaluator.aligned(args, function_dtype(args))
        return result(_ELEMENTWISE[node.name](*arrays), args)

    def _isfinite(self, _node: t.Call, x: Value) -> Value:
        return _test(x, np.isfinite, otherwise=True)

    def _isnan(self, _node: t.Call, x: Value) -> Value:
        return _test(x, np.isnan, otherwise=False)

    def _where(self, _node: t.Call, condition: Value, a: Value, b: Value) -> Value:
        values = [condition, a, b]
        dtype = self.evaluator.wide(function_dtype([a, b]), values)
        test, x, y = expanded(values)
        return result(np.where(test, cast(x, dtype), cast(y, dtype)), values)

    def _softmax(self, _node: t.Call, x: Value) -> Value:
        logits = self._float(x)
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True, initial=-np.inf))
        return result(powers / powers.sum(axis=-1, keepdims=True), [x])

    def _argmax(self, _node: t.Call, x: Value) -> Value:
        return Value(np.asarray(_ordered(x).argmax(axis=-1), np.int64), "int64", "batch")

    def _one_hot(self, node: t.Call, x: Value) -> Value:
        width = self.evaluator.width
        assert node.size is not None
        found = x.array.astype(np.int64)[..., None] == np.arange(node.size)
        return Value(found.astype(width), width, "batch")

    def _last_axis(self, _node: t.Call, x: Value) -> Value:
        return Value(x.array, x.dtype, "last")

    def _take(self, _node: t.Call, table: Value, index: Value) -> Value:
        is_number = index.place == "scalar" and table.array.ndim == 1
        dtype = self.evaluator.wide(function_dtype([table]), [index] if is_number else [])
        rows, place = cast(table.array, dtype), index.array.astype(np.int64)
        inside = (place >= 0) & (place < len(rows))
        rows = np.concatenate([rows, np.full((1, *rows.shape[1:]), math.nan, dtype)])
        found = rows[np.where(inside, place, len(rows) - 1)]
        if is_number:
            return scalar(found)
        return Value(found, dtype, "batch" if index.place == "batch" else "table")

    def _reduce(self, node: t.Call, x: Value) -> Value:
        axes = _axes(node, x.array.ndim)
        if node.name in ("any", "all"):
            reduce = np.any if node.name == "any" else np.all
            return result(reduce(x.array, axis=axes), [x])
        numbers = self._float(x)
        total = np.sum(numbers, axis=axes, dtype=numbers.dtype)
        if node.name == "mean":
            # NumPy's own mean warns where there is nothing to add.
            count = math.prod(numbers.shape[axis] for axis in axes)
            total = total / np.asarray(count, numbers.dtype)
        return result(total, [x])

    def _float(self, x: Value) -> Array:
        return self.evaluator.cast(x, function_dtype([x]))


def _axes(node: t.Call, rank: int) -> tuple[int, ...]:
    """The axes that a reduction goes over; a repeated one, `[1, -1]` of rank 2, counts once."""
    if node.axis is None:
        return tuple(range(1, rank))
    return tuple(sorted({axis % rank for axis in node.axis}))


def _ordered(x: Value) -> Array:
    """What has a largest: booleans and integers as int64; NaN is none."""
    if kind(x.dtype) != "float":
        return x.array.astype(np.int64)
    return np.where(np.isnan(x.array), -np.inf, x.array)


def _test(x: Value, test: Callable[[Array], Any], *, otherwise: bool) -> Value:
    """A test of floats; booleans and integers are all finite."""
    found = test(x.array) if kind(x.dtype) == "float" else np.full(x.array.shape, otherwise)
    return result(found, [x])
