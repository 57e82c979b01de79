"""Runs one way to write a case, eagerly, in a graph or compiled by XLA."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import tensorflow as tf

from composer import TotalLoss, build_total_loss
from oracle.translate import Arrays, Way

Mode = Literal["eager", "graph", "xla"]
MODES: tuple[Mode, ...] = ("eager", "graph", "xla")


@dataclass(frozen=True)
class Result:
    """What came out: the total or the values, the gradients of their sum, and the breakdown."""

    value: np.ndarray
    gradients: Mapping[str, np.ndarray]
    breakdown: Mapping[str, Mapping[str, float]]


def run(way: Way, mode: Mode = "eager") -> Result:
    """Builds the spec and calls it on the tensors."""
    y_true, y_pred = _tensors(way.y_true), _tensors(way.y_pred)
    function = functools.partial(_differentiated, _built(json.dumps(way.spec)), way)
    if mode == "xla":
        function = tf.function(function, jit_compile=True)
    elif mode == "graph":
        # Traced without knowing any size.
        sizes = [_unknown(y_true), _unknown(y_pred)]
        function = tf.function(function, input_signature=sizes)
    value, gradients, breakdown = function(y_true, y_pred)
    return Result(
        value.numpy(),
        {name: gradient.numpy() for name, gradient in gradients.items()},
        {
            name: {column: float(number) for column, number in row._asdict().items()}
            for name, row in breakdown.items()
        },
    )


@functools.cache
def _built(spec: str) -> TotalLoss:
    return build_total_loss(json.loads(spec))


def _tensors(arrays: Arrays) -> dict[str, tf.Tensor]:
    return {name: tf.constant(array) for name, array in arrays.items()}


def _unknown(tensors: Mapping[str, tf.Tensor]) -> dict[str, tf.TensorSpec]:
    return {n: tf.TensorSpec([None] * t.shape.rank, t.dtype) for n, t in tensors.items()}


def _differentiated(
    total_loss: TotalLoss, way: Way, y_true: Mapping[str, Any], y_pred: Mapping[str, Any]
) -> tuple[tf.Tensor, dict[str, tf.Tensor], dict[str, Any]]:
    with tf.GradientTape() as tape:
        tape.watch(y_pred)
        if way.unreduced:
            breakdown = {}
            value = tf.add_n(list(total_loss.values(y_true, y_pred).values()))
            value = tf.reduce_sum(value, -1) if way.over_last else value
        else:
            value, breakdown = total_loss(y_true, y_pred, regularization=way.regularization)
    zero = tf.UnconnectedGradients.ZERO
    return value, tape.gradient(value, y_pred, unconnected_gradients=zero), breakdown


def assert_agrees(way: Way, mode: Mode = "eager") -> Result:
    """What comes out is what has to, in shape, dtype, value, gradient and breakdown."""
    found = run(way, mode)
    close = functools.partial(np.testing.assert_allclose, rtol=way.rtol, atol=way.atol)
    if way.expected is not None:
        assert found.value.shape == way.expected.shape, way.name
        assert found.value.dtype == way.expected.dtype, way.name
        close(found.value, way.expected, err_msg=f"value, {way.name}")
    for name, gradient in way.gradients.items():
        assert found.gradients[name].shape == gradient.shape
        close(found.gradients[name], gradient, err_msg=f"gradient of {name}, {way.name}")
    for (row, column), number in way.rows.items():
        close(found.breakdown[row][column], number, err_msg=f"{column} of {row}, {way.name}")
    return found
