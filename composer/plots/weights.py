"""The scalar weight of every term over the training steps, as numbers."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from composer.data.constants import constant_arrays
from composer.data.evaluate import Evaluator, Value
from composer.data.operands import Array
from composer.language import tree as t
from composer.plots import HUGE
from composer.spec import Spec
from composer.terms import split, terms_of

REGULARIZATION = "regularization"
_ROUGH = 0.05
"""Of its range; where a weight is further from the line drawn, the line hides what it does."""
_PARTS = (0.27, 0.61)  # no simple fractions of a period
_WINDOW = 9
"""Points beside each other of which half are rough where a weight moves faster than the points."""


@dataclass(frozen=True)
class ScalarWeight:
    """What multiplies the reduced loss of one term: the breakdown's `weight`.

    Attributes:
        name: of the term.
        task: that it belongs to; None for the regularization.
        factors: each with whether it divides.
        constants: the constants of the spec.
    """

    name: str
    task: str | None
    factors: tuple[tuple[t.Tree, bool], ...]
    constants: Mapping[str, Value]

    @functools.cached_property
    def reads_step(self) -> bool:
        trees = (tree for tree, _ in self.factors)
        return any(isinstance(node, t.Step) for tree in trees for node in t.walk(tree))

    @functools.cached_property
    def written(self) -> object:
        """What two weights have in common that are written alike."""
        trees = (node for tree, _ in self.factors for node in t.walk(tree))
        # 1, 1.0 and True are equal, but do not compute alike.
        return self.factors, tuple(type(n.value) for n in trees if isinstance(n, t.Number))

    def at(self, step: int) -> float:
        """The weight at a step; NaN or infinite where it has no value."""
        product = np.float64(1)
        with np.errstate(all="ignore"):
            for tree, divides in self.factors:
                factor = self.value(tree, step)
                product = product / factor if divides else product * factor
        return float(product)

    def value(self, tree: t.Tree, step: int) -> np.float64:
        """What a part of it comes to at a step."""
        return np.float64(Evaluator(_no_tensors, self.constants, step)(tree).array)


def _no_tensors(*_: object) -> Array:
    raise AssertionError("a scalar weight reads no tensor of the batch")


def scalar_weights(spec: Spec) -> list[ScalarWeight]:
    """Those of all terms in spec order, then of the regularization.

    Raises:
        ValueError: the file of a constant is not what it was.
    """
    constants = constant_arrays(spec)
    ranks = {name: value.array.ndim for name, value in constants.items()}
    weights = []
    for term in terms_of(spec):
        factors = [factor for part in term.weights for factor in part.split(ranks)[0]]
        weights.append(ScalarWeight(term.name, str(term.path[1]), tuple(factors), constants))
    if spec.regularization is not None:
        factors, _ = split(spec.regularization.weight.tree, ranks)
        weights.append(ScalarWeight(REGULARIZATION, None, tuple(factors), constants))
    return weights


@dataclass(frozen=True)
class Line:
    """One line of the figure, which terms of equal weight share.

    Attributes:
        names: the terms.
        tasks: theirs; None stands for the regularization.
        values: one for each step drawn; NaN where it is not finite.
        low, high: the least and the most of it around each step.
        rough: where it moves faster than a line through `values` shows.
        moves: whether it reads the step.
    """

    names: tuple[str, ...]
    tasks: tuple[str | None, ...]
    values: Array
    low: Array
    high: Array
    rough: Array
    moves: bool


def weight_lines(weights: Sequence[ScalarWeight], steps: Sequence[int]) -> list[Line]:
    """The weights at these rising steps, terms that never differ in one line.

    Those that move share one only within a task, for its colour.
    """
    together: dict[object, tuple[list[ScalarWeight], tuple[Array, Array, Array, Array]]] = {}
    known: dict[object, tuple[Array, Array, Array, Array]] = {}
    for weight in weights:
        if weight.written not in known:
            known[weight.written] = _sampled(weight, steps)
        sampled = known[weight.written]
        key = (sampled[0].tobytes(), weight.reads_step, weight.reads_step and weight.task)
        together.setdefault(key, ([], sampled))[0].append(weight)
    return [
        Line(tuple(w.name for w in same), tuple(w.task for w in same), *found, same[0].reads_step)
        for same, found in together.values()
    ]


def _sampled(weight: ScalarWeight, steps: Sequence[int]) -> tuple[Array, Array, Array, Array]:
    """The weight at each step, its least and most around it, and whether it is rough there."""
    if not weight.reads_step:
        flat = np.full(len(steps), _finite(weight.at(0)))
        return flat, flat, flat, np.full(len(steps), False)
    values = _at(weight, steps)
    between, apart = [values], np.zeros(len(steps))
    for part in _PARTS:
        at = [a + math.floor(part * (b - a)) for a, b in itertools.pairwise([*steps, steps[-1]])]
        between.append(_at(weight, at))
        drawn = np.interp(np.array(at, float), np.array(steps, float), values)
        apart = np.fmax(apart, np.abs(between[-1] - drawn))
    low, high = np.fmin.reduce(between), np.fmax.reduce(between)
    rough = _often(apart > _ROUGH * _range(low, high))
    return values, _windowed(low, np.fmin), _windowed(high, np.fmax), rough


def _at(weight: ScalarWeight, steps: Sequence[int]) -> Array:
    return np.array([_finite(weight.at(step)) for step in steps])


def _range(low: Array, high: Array) -> float:
    known = np.isfinite(low) & np.isfinite(high)
    return float(high[known].max() - low[known].min()) if known.any() else 0.0


def _often(flags: Array) -> Array:
    """Where most of the points around are flagged: a single jump is not."""
    around = np.convolve(flags, np.ones(_WINDOW), "same")
    return np.asarray(2 * around >= _WINDOW)


def _windowed(values: Array, reduce: np.ufunc) -> Array:
    """The least or the most of the points around each."""
    half = _WINDOW // 2
    padded = np.pad(values, half, constant_values=math.nan)
    return np.asarray(reduce.reduce(np.lib.stride_tricks.sliding_window_view(padded, _WINDOW), 1))


def _finite(value: float) -> float:
    return value if abs(value) <= HUGE else math.nan
