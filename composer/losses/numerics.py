"""Pieces of arithmetic that several losses share, each right up to the edge of its domain."""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterator
from typing import TYPE_CHECKING

from composer.losses.sums import sum_over

if TYPE_CHECKING:
    import tensorflow as tf


_SOFTMAX_RANK = 5  # oneDNN's kernel aborts beyond


def safe_sqrt(x: tf.Tensor) -> tf.Tensor:
    """√x with gradient 0 at 0, where the true one is infinite."""
    import tensorflow as tf

    # Selected before the root and after it: else 0·∞ = NaN comes back through the unused branch.
    nonzero = tf.not_equal(x, 0)
    return tf.where(nonzero, tf.sqrt(tf.where(nonzero, x, 1)), 0)


def unit(x: tf.Tensor, axis: int) -> tf.Tensor:
    """x divided by its length along an axis; 0 with gradient 0 where x is 0."""
    import tensorflow as tf

    axis %= x.shape.rank
    square = tf.expand_dims(sum_over(tf.square(x), [axis]), axis)
    nonzero = tf.not_equal(square, 0)
    return x * tf.where(nonzero, tf.math.rsqrt(tf.where(nonzero, square, 1)), 0)


def softmax(logits: tf.Tensor) -> tf.Tensor:
    """Probabilities along the last axis, whatever the rank."""
    import tensorflow as tf

    if logits.shape.rank <= _SOFTMAX_RANK:
        return tf.nn.softmax(logits)
    shape = tf.shape(logits)
    rows = tf.reshape(logits, [tf.reduce_prod(shape[:-1]), shape[-1]])
    return tf.ensure_shape(tf.reshape(tf.nn.softmax(rows), shape), logits.shape)


FLOOR = 1e-12
"""What 1 − p is taken to be at least; float32 holds its inverse, and the square of that."""


def focus(miss: tf.Tensor, gamma: float) -> tf.Tensor:
    """(1 − p)^gamma from 1 − p; 1 without a gradient where gamma is 0."""
    import tensorflow as tf

    # The power has an infinite slope at 0 where gamma is below 1; the cross entropy that it
    # scales is 0 there, and so is the slope of their product.
    return power(tf.maximum(miss, FLOOR), gamma)


def power(x: tf.Tensor, exponent: float) -> tf.Tensor:
    """x^exponent of x > 0; small multiples of ½ by products and roots, which are faster."""
    import tensorflow as tf

    if exponent == -0.5:
        return tf.sqrt(x) / x
    if 2 * exponent not in range(8):
        return tf.pow(x, exponent)
    factors = [x] * int(exponent) + [tf.sqrt(x)] * (exponent % 1 != 0)
    return functools.reduce(operator.mul, factors) if factors else tf.ones_like(x)


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
    """What `Loss.mismatches` says of a field that holds one number per class.

    A name is another size than any number: a spec that means a number writes it.
    """
    if isinstance(numbers, tuple) and classes not in (None, len(numbers)):
        yield field, f"`{field}` has {len(numbers)} numbers, one per class, for {classes} classes"
