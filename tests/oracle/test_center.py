"""The center loss follows the snippet's steps, one after the other."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from composer import build_total_loss
from oracle.coverage import BY_STEPS
from oracle.vectors import cases


def _total_loss(case):
    loss = {
        "type": "center",
        "num_classes": case.params["num_classes"],
        "embedding_size": case.params["feature_dim"],
        "alpha": case.params["alpha"],
        "reduction": "sum",  # the snippet does not divide
        "y_true": "y_true.labels",
        "y_pred": "y_pred.features",
    }
    return build_total_loss({"tasks": {"task": {"loss": loss}}})


@pytest.mark.parametrize("mode", ["eager", "graph", "xla"])
@pytest.mark.parametrize("id", BY_STEPS)
def test_losses_gradients_and_centers_are_those_of_every_step(id, mode):
    case = cases()[id]
    total_loss = _total_loss(case)
    (centers,) = total_loss.variables

    def step(labels, features):
        with tf.GradientTape() as tape:
            tape.watch(features)
            total, _ = total_loss({"labels": labels}, {"features": features})
        return total, tape.gradient(total, features)

    if mode != "eager":
        step = tf.function(step, jit_compile=mode == "xla")
    steps = case.expected["steps"]
    assert len(steps) == 3
    for expected in steps:
        close = {"rtol": case.rtol, "atol": case.atol}
        np.testing.assert_allclose(centers, expected["centers_before"], **close)
        total, gradient = step(tf.constant(expected["labels"]), tf.constant(expected["features"]))
        np.testing.assert_allclose(total, expected["loss"], **close)
        np.testing.assert_allclose(gradient, expected["grad_features"], **close)
        np.testing.assert_allclose(centers, expected["centers_after"], **close)


def test_centers_rest_outside_of_training():
    (case,) = (cases()[id] for id in BY_STEPS)
    total_loss = _total_loss(case)
    first = case.expected["steps"][0]
    total_loss({"labels": first["labels"]}, {"features": first["features"]}, training=False)
    np.testing.assert_array_equal(total_loss.variables[0], np.zeros((4, 2)))
