"""Which steps of a training to draw: as far as the schedules go, and a little beyond."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from composer.language import tree as t
from composer.language.functions import SCHEDULES
from composer.plots.weights import ScalarWeight

LAST = 2**62
POINTS = 160
_BEYOND = 1.2
_SCALES = 50
_CYCLES = 4
_DEFAULT = 1000
_FAR = 10**12


@dataclass(frozen=True)
class Span:
    """The steps from 0 to `end`; up to `linear` on a linear axis, beyond on a logarithmic one.

    Attributes:
        end: the last step.
        linear: None where all of the axis is linear.
        turns: the steps at which a schedule starts, ends or jumps.
    """

    end: int
    linear: int | None
    turns: tuple[int, ...]

    def steps(self) -> list[int]:
        """The steps to evaluate, rising; both sides of every turn are among them."""
        even = np.linspace(0, self.linear or self.end, POINTS)
        found = {math.floor(step) for step in even}
        if self.linear is not None:
            found |= {math.floor(s) for s in np.geomspace(self.linear, self.end, POINTS)}
        for turn in self.turns:
            found |= {turn - 1, turn, turn + 1}
        return sorted(step for step in found | {self.end} if 0 <= step <= self.end)


def span_of(weights: Sequence[ScalarWeight], last: int | None, marked: int | None) -> Span:
    """The steps to draw.

    Args:
        weights: whose schedules decide.
        last: the last step, where the user gives one.
        marked: a step that has to be seen.
    """
    each = [sorted(set(_turns(weight))) for weight in weights]
    turns = sorted({turn for found in each for turn in found})
    if last is None:
        still = [weight for weight, found in zip(weights, each, strict=True) if not found]
        scales = [*turns, *(scale for weight in still for scale in _scale(weight))]
        last = _round_up(max(_BEYOND * max(scales, default=_DEFAULT), 1.05 * (marked or 0)))
    seen = [turn for turn in turns if 0 < turn <= last]
    is_long = bool(seen) and last > _SCALES * seen[0]
    return Span(last, seen[0] if is_long else None, tuple(turns))


def _turns(weight: ScalarWeight) -> Iterator[int]:
    """The steps above 0 at which something in a weight starts, ends or jumps."""
    for tree, _ in weight.factors:
        for node in t.walk(tree):
            for clock, when in _events(node):
                step = _solved(weight, clock, when)
                if step is not None:
                    yield step


def _events(node: t.Tree) -> Iterator[tuple[t.Tree, t.Tree]]:
    """What reads the step, and what it comes to when something happens."""
    if isinstance(node, t.Compare):
        for pair in itertools.pairwise(node.operands):
            yield from (pair, pair[::-1])
    if not isinstance(node, t.Call) or node.name not in SCHEDULES:
        return
    whens = node.lists[0] if node.name == "piecewise" else node.args[1:3]
    if node.name == "cycle":
        whens = (_times(node.args[1], _CYCLES),)
    yield from ((node.args[0], when) for when in whens)


def _times(tree: t.Tree, count: int) -> t.Tree:
    return t.Binary(tree.start, tree.end, "*", tree, t.Number(tree.start, tree.end, count))


def _solved(weight: ScalarWeight, clock: t.Tree, when: t.Tree) -> int | None:
    """The step at which a clock that is linear in it comes to a number."""
    if not _reads_step(clock) or _reads_step(when):
        return None
    first, half, far = (float(weight.value(clock, step)) for step in (0, _FAR // 2, _FAR))
    slope = (far - first) / _FAR
    target = float(weight.value(when, 0))
    if not all(map(math.isfinite, (first, half, far, target))) or slope == 0:
        return None
    if not math.isclose(half, (first + far) / 2, rel_tol=1e-6, abs_tol=1):
        return None
    step = (target - first) / slope
    return math.ceil(step - 1e-6) if 0 < step <= LAST else None


def _reads_step(tree: t.Tree) -> bool:
    return any(isinstance(node, t.Step) for node in t.walk(tree))


def _scale(weight: ScalarWeight) -> Iterator[float]:
    """Of a weight without turns: where it has come to rest, or the largest number written in it."""
    if not weight.reads_step:
        return
    ladder = [factor * 10**power for power in range(12) for factor in (1, 2, 5)]
    rest, values = weight.at(_FAR), [weight.at(step) for step in (0, *ladder)]
    size = max((abs(v - rest) for v in values if math.isfinite(v)), default=math.nan)
    far = [s for s, v in zip(ladder, values[1:], strict=True) if not abs(v - rest) <= 0.03 * size]
    if size > 0 and far and far[-1] < ladder[-6]:
        yield 2 * far[-1]
        return
    trees = (node for tree, _ in weight.factors for node in t.walk(tree))
    numbers = [float(n.value) for n in trees if isinstance(n, t.Number)]
    yield max([n for n in numbers if 1 < n <= LAST], default=_DEFAULT)


def _round_up(value: float) -> int:
    """The next number of two digits and zeros."""
    unit = int(10 ** max(0, math.floor(math.log10(max(value, 1))) - 1))
    return min(LAST, unit * math.ceil(value / unit - 1e-9))
