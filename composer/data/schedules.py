"""The functions of the step in NumPy: `ramp`, `cosine`, `piecewise` and `cycle`."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from composer.data.operands import Array, Value, floordiv, floormod
from composer.language.dtypes import kind


def schedule(name: str, args: Sequence[Value], lists: Sequence[Sequence[Value]]) -> Array:
    """The value of a schedule, in float64 so that a late step is not rounded."""
    tables = [np.stack([_float(value) for value in items]) for items in lists]
    if name == "cycle":
        return _cycle(args[0], args[1], tables[0])
    numbers = [_float(value) for value in args]
    if name == "piecewise":
        boundaries, values = tables
        return np.asarray(values[np.count_nonzero(numbers[0] >= boundaries)])
    step, start, end, first, second = numbers
    progress = _progress(step, start, end)
    if name == "cosine":
        progress = (1 - np.cos(math.pi * progress)) / 2
    # Exact at both ends, which `first + (second - first) * progress` is not.
    return np.asarray(first * (1 - progress) + second * progress)


def _float(value: Value) -> Array:
    return value.array.astype(np.float64)


def _progress(step: Array, start: Array, end: Array) -> Array:
    """From 0 at `start` to 1 at `end`; a jump where they are equal."""
    length = end - start
    if length == 0:
        return (step >= start).astype(np.float64)
    return np.asarray(np.clip((step - start) / length, 0, 1))


def _cycle(step: Value, period: Value, values: Array) -> Array:
    """NaN for a period that is not above 0. Whole numbers divide as such."""
    size = len(values)
    whole = kind(step.dtype) != "float" and kind(period.dtype) != "float"
    dtype = np.int64 if whole else np.float64
    length = period.array.astype(dtype)
    if not length > 0:
        return np.asarray(math.nan)
    inside = floormod(step.array.astype(dtype), length)
    part = floordiv(inside * size, length).astype(np.int64)
    return np.asarray(values[np.clip(part, 0, size - 1)])
