"""The functions of the step: `ramp`, `cosine`, `piecewise` and `cycle`."""

from __future__ import annotations

import math
from collections.abc import Sequence

import tensorflow as tf

from composer.engine.operands import Value
from composer.language.dtypes import kind


def schedule(name: str, args: Sequence[Value], lists: Sequence[Sequence[Value]]) -> tf.Tensor:
    """The value of a schedule, in float64 so that a late step is not rounded."""
    tables = [tf.stack([_float(value) for value in items]) for items in lists]
    if name == "cycle":
        return _cycle(args[0], args[1], tables[0])
    numbers = [_float(value) for value in args]
    if name == "piecewise":
        boundaries, values = tables
        passed = tf.reduce_sum(tf.cast(numbers[0] >= boundaries, tf.int32))
        return tf.gather(values, passed)
    step, start, end, first, second = numbers
    progress = _progress(step, start, end)
    if name == "cosine":
        progress = (1 - tf.cos(math.pi * progress)) / 2
    # Exact at both ends, which `first + (second - first) * progress` is not.
    return first * (1 - progress) + second * progress


def _float(value: Value) -> tf.Tensor:
    return tf.cast(value.tensor, tf.float64)


def _progress(step: tf.Tensor, start: tf.Tensor, end: tf.Tensor) -> tf.Tensor:
    """From 0 at `start` to 1 at `end`; a jump where they are equal."""
    length = end - start
    jump = tf.cast(step >= start, tf.float64)
    part = (step - start) / tf.where(length == 0, tf.ones_like(length), length)
    return tf.where(length == 0, jump, tf.clip_by_value(part, 0.0, 1.0))


def _cycle(step: Value, period: Value, values: tf.Tensor) -> tf.Tensor:
    """NaN for a period that is not above 0.

    Whole numbers divide as such: graphs turn a division of floats into a product, one ulp away.
    """
    size = values.shape[0]
    whole = kind(step.dtype) != "float" and kind(period.dtype) != "float"
    dtype = tf.int64 if whole else tf.float64
    length = tf.cast(period.tensor, dtype)
    safe = tf.where(length > 0, length, tf.ones_like(length))
    inside = tf.math.floormod(tf.cast(step.tensor, dtype), safe)
    part = tf.cast(tf.math.floordiv(inside * size, safe), tf.int64)
    found = tf.gather(values, tf.clip_by_value(part, 0, size - 1))
    return tf.where(length > 0, found, tf.constant(math.nan, tf.float64))
