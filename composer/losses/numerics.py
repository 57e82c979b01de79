"""Pieces of arithmetic that several losses share, each right up to the edge of its domain."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tensorflow as tf


def safe_sqrt(x: tf.Tensor) -> tf.Tensor:
    """√x with gradient 0 at 0, where the true one is infinite."""
    import tensorflow as tf

    # Selected before the root and after it: else 0·∞ = NaN comes back through the unused branch.
    nonzero = tf.not_equal(x, 0)
    return tf.where(nonzero, tf.sqrt(tf.where(nonzero, x, 1)), 0)


def unit(x: tf.Tensor, axis: int) -> tf.Tensor:
    """x divided by its length along an axis; 0 with gradient 0 where x is 0."""
    import tensorflow as tf

    square = tf.reduce_sum(tf.square(x), axis, keepdims=True)
    nonzero = tf.not_equal(square, 0)
    return x * tf.where(nonzero, tf.math.rsqrt(tf.where(nonzero, square, 1)), 0)


def one_hot_like(labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """1 at each label and 0 elsewhere, on the last axis of `logits` and in its dtype."""
    import tensorflow as tf

    return tf.one_hot(as_indices(labels), tf.shape(logits)[-1], dtype=logits.dtype)


def as_indices(labels: tf.Tensor) -> tf.Tensor:
    """Labels of any integer dtype in one that every kernel takes."""
    import tensorflow as tf

    return tf.cast(labels, tf.int32)


def match_classes(logits: tf.Tensor, numbers: float | tuple[float, ...] | None) -> tf.Tensor:
    """The logits; raises where the last axis is not as long as the numbers, one per class."""
    import tensorflow as tf

    if not isinstance(numbers, tuple):
        return logits
    # Enforced in every mode. Grappler drops a reshape to the wrong size; XLA drops asserts.
    return tf.ensure_shape(logits, [None] * (logits.shape.rank - 1) + [len(numbers)])


def wrong_length(field: str, numbers: object, classes: object) -> Iterator[tuple[str, str]]:
    """What `Loss.mismatches` says of a field that holds one number per class."""
    if isinstance(numbers, tuple) and isinstance(classes, int) and len(numbers) != classes:
        yield field, f"`{field}` has {len(numbers)} numbers, one per class, for {classes} classes"
