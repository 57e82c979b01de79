"""Values of an expression in TensorFlow, and along which axes they meet."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import tensorflow as tf

from composer.language.static.dtypes import counted_dtype, place_of
from composer.language.static.types import Place


@dataclass(frozen=True, slots=True)
class Value:
    """A tensor, with the dtype it counts as and where it belongs (see `static.types.Type`).

    Scalars and inline constants are held exactly, in int64 or float64, and cast to what they meet.
    `is_read` marks a tensor of the batch that nothing was computed from yet.
    """

    tensor: tf.Tensor
    dtype: str
    place: Place
    is_read: bool = False


def scalar(tensor: tf.Tensor) -> Value:
    """A number; it counts as the narrowest float if it is one."""
    return _value(tensor, "scalar")


def result(tensor: tf.Tensor, values: Sequence[Value]) -> Value:
    """What was computed from the values."""
    return _value(tensor, place_of(values))


def _value(tensor: tf.Tensor, place: Place) -> Value:
    return Value(tensor, counted_dtype(tensor.dtype.name, place), place)


def expanded(values: Sequence[Value]) -> list[tf.Tensor]:
    """Tensors of the batch get the missing axes at the right; others broadcast by themselves."""
    ranks = [value.tensor.shape.rank for value in values if value.place == "batch"]
    rank = max(ranks, default=0)
    tensors = [
        expand_right(value.tensor, rank) if value.place == "batch" else value.tensor
        for value in values
    ]
    vectors = [value.tensor for value in values if value.place == "last"]
    full = [place for place, value in enumerate(values) if _has_rank(value, rank)]
    if vectors and rank:
        tensors[full[0]] = _with_last([tensors[n] for n in full], vectors[0].shape[-1])
    return tensors


def _has_rank(value: Value, rank: int) -> bool:
    return value.place == "batch" and bool(value.tensor.shape.rank == rank)


def _with_last(tensors: Sequence[tf.Tensor], size: int) -> tf.Tensor:
    """The first of the tensors, the last axis that they have together held to the size.

    Where it is unknown while tracing, a 1 would broadcast in silence.
    """
    first, known = tensors[0], {tensor.shape[-1] for tensor in tensors}
    if None not in known or size in known - {1}:
        return first
    if len(tensors) > 1:
        together = functools.reduce(tf.broadcast_dynamic_shape, map(tf.shape, tensors))
        first = tf.broadcast_to(first, together)
    return tf.ensure_shape(first, [None] * (first.shape.rank - 1) + [size])


def expand_right(tensor: tf.Tensor, rank: int) -> tf.Tensor:
    """Adds axes of size 1 behind the last until there are `rank`."""
    missing = rank - tensor.shape.rank
    return tensor[(..., *[tf.newaxis] * missing)] if missing > 0 else tensor
