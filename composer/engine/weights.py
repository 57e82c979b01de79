"""Scalar weights, constants and the step in TensorFlow."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf

from composer.data.constants import constant_arrays
from composer.engine.evaluate import Evaluator, Value
from composer.language import tree as t
from composer.spec import Spec


def step_tensor(step: Any) -> tf.Tensor:
    """The step as an int64 scalar; raises ValueError for what is none."""
    if isinstance(step, int | float) and not (math.isfinite(step) and abs(step) < 2**63):
        raise ValueError(f"step should be a number of steps, found {step}")
    tensor = tf.convert_to_tensor(step)
    if tensor.shape.rank != 0 or not (tensor.dtype.is_integer or tensor.dtype.is_floating):
        raise ValueError(f"step should be a single number, found {tensor.dtype.name}{tensor.shape}")
    return tf.cast(tensor, tf.int64)


def constant_values(spec: Spec) -> dict[str, Value]:
    """The constants by name, held as NumPy arrays so that no graph owns them."""
    held = constant_arrays(spec)
    return {name: Value(each.array, each.dtype, each.place) for name, each in held.items()}


def scalar_of(
    trees: Sequence[t.Tree | tuple[t.Tree, bool]],
    constants: Mapping[str, Value],
    step: tf.Tensor | None,
    dtype: str,
) -> tf.Tensor:
    """The product of scalar factors, computed exactly and then cast; a factor may divide."""
    evaluator = Evaluator(_no_tensors, constants, step)
    product = tf.ones([], tf.float64)
    for each in trees:
        tree, divides = each if isinstance(each, tuple) else (each, False)
        factor = tf.cast(evaluator(tree).tensor, tf.float64)
        product = product / factor if divides else product * factor
    return tf.cast(product, dtype)


def _no_tensors(*_: object) -> tf.Tensor:
    raise AssertionError("a scalar weight reads no tensor of the batch")
