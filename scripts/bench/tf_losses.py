"""The loss in `tf.compat.v1.losses` and in TF-Slim: masks as `weights`."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from bench import by_hand
from bench.case import Case, Head, Loss, Row, Tensors, at_left
from bench.missing import NotOffered

_v1 = tf.compat.v1.losses
Term = Callable[[Head, Any, list[tf.Tensor]], tf.Tensor]
"""A head, its weights, and target and predictions, to its loss."""


def losses(case: Case) -> Loss:
    """The functions of `tf.compat.v1.losses`, which count the weights that are not 0."""
    return _of(case, _term)


def slim(case: Case) -> Loss:
    """The functions of TF-Slim, which know rows alone.

    Raises:
        NotOffered: TF-Slim is not installed, or does not run with this TensorFlow.
    """
    try:
        library = importlib.import_module("tf_slim")
    except ImportError as error:
        raise NotOffered(f"TF-Slim is not there: {error}") from None
    return _of(case, functools.partial(_slim_term, library.losses))


def _of(case: Case, term: Term) -> Loss:
    def loss(y_true: Tensors, y_pred: Tensors) -> tuple[tf.Tensor, dict[str, Row]]:
        rows = {}
        for head in case.heads:
            value = term(head, *_given(head, y_true, y_pred))
            rows[head.row] = Row(value, tf.constant(head.weight), head.weight * value)
        return functools.reduce(tf.add, [row.weighted for row in rows.values()]), rows

    return loss


def _term(head: Head, weights: Any, tensors: list[tf.Tensor]) -> tf.Tensor:
    if head.loss == "sparse_softmax_cross_entropy":
        return _v1.sparse_softmax_cross_entropy(*tensors, weights)
    if head.loss == "cosine_distance":
        return _v1.cosine_distance(*tensors, axis=-1, weights=weights)
    if head.loss == "huber":
        return _v1.huber_loss(*tensors, weights)
    if head.loss == "mean_squared_error":
        return _v1.mean_squared_error(*tensors, weights)
    if head.loss == "sigmoid_cross_entropy":
        return _v1.sigmoid_cross_entropy(*tensors, weights)
    return _v1.compute_weighted_loss(by_hand.VALUES[head.loss](*tensors), weights)


def _slim_term(library: Any, head: Head, weights: Any, tensors: list[tf.Tensor]) -> tf.Tensor:
    if head.loss == "sparse_softmax_cross_entropy":
        y_true, y_pred = tf.reshape(tensors[0], [-1]), _rows(tensors[1])
        return library.sparse_softmax_cross_entropy(y_pred, y_true, _flat(weights))
    if head.loss == "cosine_distance":
        y_true, y_pred = map(_rows, tensors)
        return library.cosine_distance(y_pred, y_true, axis=1, weights=_flat(weights))
    if head.loss == "sigmoid_cross_entropy":
        y_true, y_pred = map(_rows, tensors)
        return library.sigmoid_cross_entropy(y_pred, y_true, _flat(weights))
    if head.loss == "mean_squared_error":
        y_true, y_pred = (_flat(each) for each in tensors)
        return library.mean_squared_error(y_pred, y_true, _flat(weights))
    values = by_hand.VALUES[head.loss](*tensors)
    is_alike = isinstance(weights, float) or values.shape == weights.shape
    return library.compute_weighted_loss((_flat if is_alike else _rows)(values), _flat(weights))


def _rows(tensor: tf.Tensor) -> tf.Tensor:
    return tf.reshape(tensor, [-1, tensor.shape[-1]])


def _flat(tensor: Any) -> Any:
    return tensor if isinstance(tensor, float) else tf.reshape(tensor, [-1])


def _given(head: Head, y_true: Tensors, y_pred: Tensors) -> tuple[Any, list[tf.Tensor]]:
    """Weights, and target, where there is one, with predictions."""
    keep = None if head.mask is None else head.mask(y_true)
    tensors = [y_true[head.task]] if head.task in y_true else []
    if head.is_unusable:
        tensors = [tf.where(keep, each, tf.zeros([], each.dtype)) for each in tensors]
    # It computes a cross entropy in float16 where the logits are, and cannot add it to the others.
    tensors += [tf.cast(y_pred[name], tf.float32) for name in head.reads]
    if head.normalize:
        tensors = [tf.nn.l2_normalize(each, -1) for each in tensors]
    return _weights(head, keep, y_true, tensors[-1].shape.rank), tensors


def _weights(head: Head, keep: tf.Tensor | None, y_true: Tensors, rank: int) -> Any:
    """The mask as numbers, of the rank that the loss of the head asks for."""
    mask = None if keep is None else tf.cast(keep, tf.float32)
    if head.factor is not None:
        return y_true[head.factor] if mask is None else mask * y_true[head.factor]
    if mask is None:
        return 1.0
    return mask if head.loss == "sparse_softmax_cross_entropy" else at_left(mask, rank)
