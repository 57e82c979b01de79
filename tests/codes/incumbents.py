"""Keras and TensorFlow, whose behaviour the explanations of codes tell of."""

from __future__ import annotations

import importlib.metadata

import numpy as np
import pytest

WRITTEN_FOR = {"keras": "3.15", "tensorflow": "2.21"}
ONES = np.ones((4, 1), "float32")
YES = np.ones((1, 1), "float32")

MARKS = [
    pytest.mark.full,
    pytest.mark.skipif(
        not all(
            importlib.metadata.version(name).startswith(WRITTEN_FOR[name]) for name in WRITTEN_FOR
        ),
        reason="the explanations speak of other versions",
    ),
]


def number(value) -> float:
    return np.asarray(value).item()


def gradient(tf, compute, *values):
    variable = tf.Variable(np.array([values], "float32"))
    with tf.GradientTape() as tape:
        loss = compute(variable)
    return number(loss), tape.gradient(loss, variable).numpy().ravel()


def two_heads(keras, loss, weights=None):
    """The parameters of two heads that begin with 0, after one step, and what `fit` shows."""
    image = keras.Input((1,))
    heads = {
        name: keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros", name=name)(image)
        for name in ("depth", "pose")
    }
    model = keras.Model(image, heads)
    model.compile(keras.optimizers.SGD(0.5), loss=loss, loss_weights=weights)
    shown = model.fit(ONES, {"depth": ONES, "pose": ONES}, verbose=0).history
    depth, pose = (weight.numpy().item() for weight in model.weights)
    return depth, pose, {name: values[0] for name, values in shown.items()}
