"""What each pixel of a term comes to: a number, masked, without weight or not finite."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from composer.data.operands import Array
from composer.plots import HUGE

KEPT, MASKED, WEIGHTLESS, NOT_FINITE, NO_CLASS = STATES = range(5)
MAX_SIDE = 360
"""Pixels that a panel shows along its longer side."""
_ROBUST = 0.99


@dataclass(frozen=True)
class Picture:
    """One map, small enough to show.

    Attributes:
        values: a number for each pixel; 0 where there is none to show.
        state: one of STATES for each pixel.
        block: how many pixels of the tensor, along each side, one of these stands for.
        parts: of all pixels of the tensor, how many are in each state.
    """

    values: Array
    state: Array
    block: int
    parts: tuple[int, ...]


def states(values: Array, mask: Array | None, weight: Array | None) -> Array:
    """The state of every value, from K and W in its shape; what is masked is nothing else."""
    state = np.where(np.isfinite(values), KEPT, NOT_FINITE)
    if weight is not None:
        state = np.where(weight == 0, WEIGHTLESS, state)
    if mask is not None:
        state = np.where(mask, state, MASKED)
    return state.astype(np.int8)


def states_of_classes(values: Array, classes: int) -> Array:
    """The state of every class number."""
    inside = (values >= 0) & (values < classes)
    return np.where(inside, KEPT, NO_CLASS).astype(np.int8)


def picture(
    values: Array, state: Array, *, are_classes: bool = False, most: int = MAX_SIDE
) -> Picture:
    """A map of at most so many pixels a side.

    A pixel that stands for a block of them is not finite if one of them is, and counts if half of
    them do: it is then the mean of those. Of class numbers, which have no mean, it is the first.
    """
    parts = tuple(int(np.count_nonzero(state == each)) for each in STATES)
    block = -(-max(values.shape) // most)
    numbers = np.where(state == KEPT, values, 0).astype(np.float64)
    if block > 1 and are_classes:
        numbers, state = numbers[::block, ::block], state[::block, ::block]
    elif block > 1:
        numbers, state = _smaller(numbers, state, block)
    return Picture(numbers, state, block, parts)


def _smaller(values: Array, state: Array, block: int) -> tuple[Array, Array]:
    inside = _blocks(np.ones_like(values), block)
    counts = [_blocks((state == each).astype(np.float64), block) for each in STATES]
    mean = _blocks(values, block) / np.maximum(counts[KEPT], 1)
    found = np.where(counts[MASKED] >= counts[WEIGHTLESS], MASKED, WEIGHTLESS)
    found = np.where(2 * counts[KEPT] >= inside, KEPT, found)
    found = np.where(counts[NOT_FINITE] > 0, NOT_FINITE, found)
    return np.where(found == KEPT, mean, 0), found.astype(np.int8)


def _blocks(array: Array, block: int) -> Array:
    """The sums over square blocks; those at the edges may be smaller."""
    for axis in range(2):
        array = np.asarray(
            np.add.reduceat(array, np.arange(0, array.shape[axis], block), axis=axis)
        )
    return array


@dataclass(frozen=True)
class Scale:
    """The numbers at the ends of a scale of colours.

    Attributes:
        low, high: the ends.
        least, most: of the numbers themselves; beyond the ends where the scale is clipped.
        diverges: whether 0 is in the middle.
    """

    low: float
    high: float
    least: float
    most: float
    diverges: bool

    @property
    def clips_low(self) -> bool:
        return self.least < self.low

    @property
    def clips_high(self) -> bool:
        return self.most > self.high


def scale_of_charges(numbers: Sequence[Array]) -> Scale:
    """From 0 to nearly the largest: a few outliers do not make the rest dark."""
    values = _all(numbers)
    if not len(values):
        return Scale(0, 1, 0, 1, diverges=False)
    least, most = float(values.min()), float(values.max())
    bound = _robust(np.abs(values))
    if least < -1e-6 * bound:
        return Scale(-bound, bound, least, most, diverges=True)
    return Scale(0, bound, 0, most, diverges=False)


def scale_of_values(numbers: Sequence[Array]) -> Scale:
    """From nearly the least to nearly the largest."""
    values = _all(numbers)
    if not len(values):
        return Scale(0, 1, 0, 1, diverges=False)
    least, most = float(values.min()), float(values.max())
    middle = float(np.median(values))
    low, high = middle - _robust(middle - values), middle + _robust(values - middle)
    low, high = max(low, least), min(high, most)
    if high <= low:
        room = max(0.5, abs(middle) / 1e6)
        low, high = low - room, high + room
    return Scale(low, high, least, most, diverges=False)


def _all(numbers: Sequence[Array]) -> Array:
    flat = [np.ravel(each).astype(np.float64) for each in numbers]
    finite = np.concatenate([each[np.isfinite(each)] for each in flat] or [np.zeros(0)])
    return np.asarray(np.clip(finite, -HUGE, HUGE))


def _robust(distances: Array) -> float:
    """The largest of them, or the 99th percentile where the largest is far beyond it."""
    most, nearly = float(distances.max()), float(np.quantile(distances, _ROBUST))
    if nearly <= 0:
        return most if most > 0 else 1.0
    return nearly if most > 2 * nearly else most
