"""Scalar weights, constants and the step in TensorFlow."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from composer.data.constants import constant_arrays
from composer.data.evaluate import Evaluator as ArrayEvaluator
from composer.data.evaluate import Value as ArrayValue
from composer.engine.evaluate import Evaluator, Value
from composer.engine.forms import Forms
from composer.language import tree as t
from composer.spec import Spec
from composer.terms import Term


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


class Factor(NamedTuple):
    """A scalar factor of a weight that reads the step.

    Attributes:
        form: what equal factors share.
        divides: whether it stands below the bar.
        tree: the factor.
    """

    form: int
    divides: bool
    tree: t.Tree


@dataclass(frozen=True)
class Weights:
    """The weights of a term, taken apart once for all batches.

    Attributes:
        constant: the product of the scalar factors that read no step.
        moving: the scalar factors that do.
        tensors: of each weight the product without its scalar factors.
    """

    constant: float
    moving: tuple[Factor, ...]
    tensors: tuple[t.Tree, ...]

    @property
    def movement(self) -> tuple[tuple[int, bool], ...]:
        """What the weights share that move alike, but for a constant factor."""
        return tuple((factor.form, factor.divides) for factor in self.moving)

    def constant_in(self, dtype: str) -> float | None:
        """The scalar weight as a loss of this dtype sees it; None where it reads the step."""
        return None if self.moving else float(_rounded(self.constant, dtype))


def weights_of(term: Term, constants: Mapping[str, Value], forms: Forms) -> Weights:
    """Takes the weights of a term apart; what reads no step is computed here and now."""
    ranks = {name: value.tensor.ndim for name, value in constants.items()}
    parts = [part.split(ranks) for part in term.weights]
    fixed: list[tuple[t.Tree, bool]] = []
    moving: list[Factor] = []
    for tree, divides in (factor for factors, _ in parts for factor in factors):
        if any(isinstance(node, t.Step) for node in t.walk(tree)):
            moving.append(Factor(forms.of(tree), divides, tree))
        else:
            fixed.append((tree, divides))
    rests = tuple(rest for _, rest in parts if rest is not None)
    return Weights(_product(fixed, constants), tuple(moving), rests)


def _product(factors: Sequence[tuple[t.Tree, bool]], constants: Mapping[str, Value]) -> float:
    held = {name: ArrayValue(x.tensor, x.dtype, x.place) for name, x in constants.items()}
    evaluator = ArrayEvaluator(_no_tensors, held)
    product: Any = np.float64(1)
    with np.errstate(all="ignore"):
        for tree, divides in factors:
            factor = evaluator(tree).array.astype(np.float64)
            product = product / factor if divides else product * factor
    return float(product)


def _rounded(numbers: Any, dtype: str) -> Any:
    """Numbers in the dtype of a loss; what is too large for it is infinite."""
    with np.errstate(over="ignore"):
        return np.asarray(numbers, dtype)


class StepWeights:
    """The scalar weights at one step; factors that are alike are computed once.

    Args:
        constants: the named constants.
        step: the training step, or None where nothing reads it.
    """

    def __init__(self, constants: Mapping[str, Value], step: tf.Tensor | None) -> None:
        self._evaluator = Evaluator(_no_tensors, constants, step)
        self._known: dict[int, tf.Tensor] = {}

    def __call__(self, constant: Any, moving: Sequence[Factor], dtype: str) -> tf.Tensor:
        """The product of a constant number, or of one for each of several terms, and factors."""
        if not moving:
            return tf.constant(_rounded(constant, dtype))
        product = tf.constant(constant, tf.float64)
        for factor in moving:
            number = self._number(factor)
            product = product / number if factor.divides else product * number
        return tf.cast(product, dtype)

    def _number(self, factor: Factor) -> tf.Tensor:
        if factor.form not in self._known:
            self._known[factor.form] = tf.cast(self._evaluator(factor.tree).tensor, tf.float64)
        return self._known[factor.form]


def _no_tensors(*_: object) -> Any:
    raise AssertionError("a scalar weight reads no tensor of the batch")
