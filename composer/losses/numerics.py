"""Pieces of arithmetic that several losses share, each right up to the edge of its domain."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

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

    square = tf.reduce_sum(tf.square(x), axis, keepdims=True)
    nonzero = tf.not_equal(square, 0)
    return x * tf.where(nonzero, tf.math.rsqrt(tf.where(nonzero, square, 1)), 0)


def sigmoid_entropy(
    labels: tf.Tensor, logits: tf.Tensor, pos_weight: tf.Tensor | None = None
) -> tf.Tensor:
    """−pos_weight·labels·log σ(logits) − (1 − labels)·log(1 − σ(logits))."""
    import tensorflow as tf

    positive = labels if pos_weight is None else pos_weight * labels
    # −log σ(∓x) is max(±x, 0) + log(1 + e^−|x|). Written with `where`, because the gradients of abs
    # and relu at 0 are 0, and multiplied so that a certainty that is right costs 0·∞ = 0.
    above = logits >= 0
    linear = tf.math.multiply_no_nan(logits, tf.where(above, 1 - labels, -positive))
    decay = tf.math.log1p(tf.exp(tf.where(above, -logits, logits)))
    return linear + (decay if pos_weight is None else (positive + 1 - labels) * decay)


def softmax(logits: tf.Tensor) -> tf.Tensor:
    """Probabilities along the last axis, whatever the rank."""
    import tensorflow as tf

    if logits.shape.rank <= _SOFTMAX_RANK:
        return tf.nn.softmax(logits)
    shape = tf.shape(logits)
    rows = tf.reshape(logits, [tf.reduce_prod(shape[:-1]), shape[-1]])
    return tf.ensure_shape(tf.reshape(tf.nn.softmax(rows), shape), logits.shape)


def softmax_entropies(labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """−labels·log softmax(logits), class by class; summed over the last axis, the cross entropy."""
    import tensorflow as tf

    # Not TensorFlow's fused op: its gradient is that of the value only where labels sums to 1.
    # Not a plain product: a class that a logit of -inf rules out costs 0·∞ = 0 where labels is 0.
    return -tf.math.multiply_no_nan(tf.nn.log_softmax(logits), labels)


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
