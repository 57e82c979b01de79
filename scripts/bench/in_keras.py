"""The loss in Keras: its losses one by one, and `CompileLoss`; masks as `sample_weight`."""

from __future__ import annotations

import functools
from collections.abc import Callable

import keras
import tensorflow as tf

from bench import by_hand
from bench.case import Case, Head, Loss, Row, Tensors, at_left
from bench.missing import NotOffered
from bench.specs import FOCAL

_REDUCTION = "mean_with_sample_weight"  # divides by the sum of the weights
_FOCAL = {"apply_class_balancing": True, **FOCAL}


class Distance(keras.losses.Loss):  # type: ignore[misc]  # Keras ships no types
    """The cosine distance of unit vectors, which Keras lacks: its own brings them to length 1."""

    def call(self, y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:
        return by_hand.cosine_distance(y_true, y_pred)


_LOSSES: dict[str, Callable[[], keras.losses.Loss]] = {
    "sparse_softmax_cross_entropy": lambda: keras.losses.SparseCategoricalCrossentropy(
        from_logits=True, reduction=_REDUCTION
    ),
    "huber": lambda: keras.losses.Huber(reduction=_REDUCTION),
    "mean_squared_error": lambda: keras.losses.MeanSquaredError(reduction=_REDUCTION),
    "cosine_distance": lambda: Distance(reduction=_REDUCTION),
    "cosine_similarity": lambda: keras.losses.CosineSimilarity(reduction=_REDUCTION),
    "sigmoid_cross_entropy": lambda: keras.losses.BinaryCrossentropy(
        from_logits=True, reduction=_REDUCTION
    ),
    "sigmoid_focal": lambda: keras.losses.BinaryFocalCrossentropy(
        from_logits=True, reduction=_REDUCTION, **_FOCAL
    ),
}


def losses(case: Case, *, is_selected: bool = False) -> Loss:
    """Each loss called with its weights, and added up.

    Args:
        case: what to compute.
        is_selected: whether masked predictions are replaced first, so that NaN stays out.
    """
    found = [(head, _loss(head)) for head in case.heads]

    def loss(y_true: Tensors, y_pred: Tensors) -> tuple[tf.Tensor, dict[str, Row]]:
        if is_selected:
            y_pred = {head.task: _selected(head, y_true, y_pred) for head in case.heads}
        rows = {}
        for head, function in found:
            target, weight = _given(head, y_true)
            value = function(target, y_pred[head.task], weight) + _offset(head)
            rows[head.row] = Row(value, tf.constant(head.weight), head.weight * value)
        return functools.reduce(tf.add, [row.weighted for row in rows.values()]), rows

    return loss


def selected_losses(case: Case) -> Loss:
    """The same, with masked predictions replaced first."""
    return losses(case, is_selected=True)


def compile_loss(case: Case) -> Loss:
    """What `fit` computes; its breakdown is the means that Keras tracks, over all calls."""
    # A model's `compute_loss` is this and the losses of its layers.
    from keras.src.trainers.compile_utils import CompileLoss

    compiled = CompileLoss(
        {head.task: _loss(head) for head in case.heads},
        {head.task: head.weight for head in case.heads},
    )
    offset = sum(head.weight * _offset(head) for head in case.heads)

    def loss(y_true: Tensors, y_pred: Tensors) -> tuple[tf.Tensor, dict[str, Row]]:
        given = {head.task: _given(head, y_true) for head in case.heads}
        targets = {task: target for task, (target, _) in given.items()}
        weights = {task: weight for task, (_, weight) in given.items()}
        # Keras reads one for each output or none at all.
        is_weighted = any(weight is not None for weight in weights.values())
        total = compiled(targets, dict(y_pred), weights if is_weighted else None) + offset
        rows = {}
        for metric, head in zip(compiled.metrics, case.heads, strict=False):
            value = metric.result() + _offset(head)
            rows[head.row] = Row(value, tf.constant(head.weight), head.weight * value)
        return total, rows

    # It makes its variables at the first call, which a function under XLA may not.
    loss(*case.tensors)
    for metric in compiled.metrics:
        metric.reset_state()
    return loss


def _loss(head: Head) -> keras.losses.Loss:
    name = "cosine_similarity" if head.normalize else head.loss
    if name not in _LOSSES:
        raise NotOffered(f"Keras has no `{head.loss}`")
    return _LOSSES[name]()


def _offset(head: Head) -> float:
    """Keras's cosine is −1 where the distance is 0."""
    return 1.0 if head.normalize else 0.0


def _given(head: Head, y_true: Tensors) -> tuple[tf.Tensor, tf.Tensor | None]:
    """Target and weights: the mask as numbers, and what weighs each element."""
    target = y_true[head.task]
    factor = None if head.factor is None else y_true[head.factor]
    if head.mask is None:
        return target, factor
    keep = head.mask(y_true)
    if head.is_unusable:
        target = tf.where(keep, target, tf.zeros([], target.dtype))
    mask = tf.cast(keep, tf.float32)
    return target, mask if factor is None else mask * factor


def _selected(head: Head, y_true: Tensors, y_pred: Tensors) -> tf.Tensor:
    prediction = y_pred[head.task]
    if head.mask is None:
        return prediction
    keep = at_left(head.mask(y_true), prediction.shape.rank)
    return tf.where(keep, prediction, tf.zeros([], prediction.dtype))
