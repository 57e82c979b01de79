"""The loss in plain TensorFlow, as one writes it who knows of masks: selected before and after."""

from __future__ import annotations

import functools
from collections.abc import Callable

import tensorflow as tf

from bench.case import Case, Head, Loss, Row, Tensors, at_left
from bench.specs import FOCAL


def by_hand(case: Case) -> Loss:
    """Masked places are replaced before anything is computed from them, and again after."""

    def loss(y_true: Tensors, y_pred: Tensors) -> tuple[tf.Tensor, dict[str, Row]]:
        rows = {head.row: row_of(head, y_true, y_pred) for head in case.heads}
        return functools.reduce(tf.add, [row.weighted for row in rows.values()]), rows

    return loss


def by_hand_compiled(case: Case) -> Loss:
    """The same in a `tf.function` of its own that XLA compiles."""
    compiled: Loss = tf.function(by_hand(case), jit_compile=True)
    return compiled


def row_of(head: Head, y_true: Tensors, y_pred: Tensors) -> Row:
    """One term: the sum of what counts, by the number of it."""
    keep = None if head.mask is None else head.mask(y_true)
    values = values_of(head, *selected(head, keep, y_true, y_pred))
    if keep is not None:
        values = tf.where(at_left(keep, values.shape.rank), values, 0.0)
    if head.factor is not None:
        weight = y_true[head.factor]
        weight = weight if keep is None else tf.where(keep, weight, 0.0)
        values, keep = values * weight, tf.not_equal(weight, 0)
    count = counted(keep, values)
    loss = tf.math.divide_no_nan(tf.reduce_sum(values), count)
    return Row(loss, tf.constant(head.weight), head.weight * loss, count)


def selected(
    head: Head, keep: tf.Tensor | None, y_true: Tensors, y_pred: Tensors
) -> list[tf.Tensor]:
    """Target, where there is one, and predictions, with 0 in masked places; in float32."""
    tensors = [y_true[head.task]] if head.task in y_true else []
    tensors += [y_pred[name] for name in head.reads]
    if keep is not None:
        tensors = [
            tf.where(at_left(keep, each.shape.rank), each, tf.zeros([], each.dtype))
            for each in tensors
        ]
    return [tf.cast(each, tf.float32) if each.dtype.is_floating else each for each in tensors]


def counted(keep: tf.Tensor | None, values: tf.Tensor) -> tf.Tensor:
    """How many values count; a mask with fewer axes stands for all that it lets through."""
    if keep is None:
        return tf.constant(float(values.shape.num_elements()))
    each = values.shape.num_elements() // keep.shape.num_elements()
    count = tf.reduce_sum(tf.cast(keep, tf.float32))
    return count if each == 1 else each * count


def values_of(head: Head, *tensors: tf.Tensor) -> tf.Tensor:
    """The loss of each element, from target and predictions."""
    if head.normalize:
        tensors = tuple(tf.nn.l2_normalize(each, -1) for each in tensors)
    return VALUES[head.loss](*tensors)


def sparse_softmax_cross_entropy(y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:
    """TensorFlow's own."""
    return tf.nn.sparse_softmax_cross_entropy_with_logits(y_true, y_pred)


def huber(y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:
    """As in `tf.losses`."""
    error = tf.abs(y_pred - y_true)
    quadratic = tf.minimum(error, 1.0)
    return 0.5 * tf.square(quadratic) + (error - quadratic)


def mean_squared_error(y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:
    """The square, by the op that has it in one."""
    return tf.math.squared_difference(y_pred, y_true)


def cosine_distance(y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:
    """Of vectors of length 1."""
    return 1 - tf.reduce_sum(y_true * y_pred, -1)


def sigmoid_cross_entropy(y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:
    """TensorFlow's own."""
    return tf.nn.sigmoid_cross_entropy_with_logits(y_true, y_pred)


def sigmoid_focal(y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:
    """With the exponent 2 as a square."""
    alpha, probability = FOCAL["alpha"], tf.sigmoid(y_pred)
    miss = y_true * (1 - probability) + (1 - y_true) * probability
    balance = alpha * y_true + (1 - alpha) * (1 - y_true)
    return balance * tf.square(miss) * sigmoid_cross_entropy(y_true, y_pred)


def triplet(anchor: tf.Tensor, positive: tf.Tensor, negative: tf.Tensor) -> tf.Tensor:
    """Of squared distances."""
    near = tf.reduce_sum(tf.math.squared_difference(anchor, positive), -1)
    far = tf.reduce_sum(tf.math.squared_difference(anchor, negative), -1)
    return tf.nn.relu(near - far + 1)


VALUES: dict[str, Callable[..., tf.Tensor]] = {
    function.__name__: function
    for function in (
        sparse_softmax_cross_entropy,
        huber,
        mean_squared_error,
        cosine_distance,
        sigmoid_cross_entropy,
        sigmoid_focal,
        triplet,
    )
}
"""By the type of a loss."""
