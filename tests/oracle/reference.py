"""`tf.losses` itself, called now: for the cases whose own library refused, or was wrong."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import tensorflow as tf

from oracle.translate import rank_of_values
from oracle.vectors import Case

_losses = tf.compat.v1.losses


def with_full_weights(case: Case) -> Case:
    """The case with weights that `tf.losses` takes: every missing axis there, with size 1."""
    if case.weights is None or case.weights.ndim == 0:
        return case
    missing = rank_of_values(case) - case.weights.ndim
    return replace(case, weights=case.weights.reshape(case.weights.shape + (1,) * missing))


def tf_losses(case: Case) -> tuple[np.ndarray, np.ndarray]:
    """The value of a case, and its gradient with respect to the predictions.

    In a graph: run eagerly, `mean_pairwise_squared_error` is wrong.
    """
    arguments = dict(case.params)
    if case.weights is not None:
        arguments["weights"] = case.weights
    if case.reduction in vars(_losses.Reduction):
        arguments["reduction"] = getattr(_losses.Reduction, case.reduction)

    @tf.function
    def differentiated(labels: tf.Tensor, predictions: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        value = getattr(_losses, case.loss)(labels, predictions, **arguments)
        return value, tf.gradients(value, predictions)[0]

    value, gradient = differentiated(*(tf.constant(each) for each in case.inputs.values()))
    return value.numpy(), gradient.numpy()
