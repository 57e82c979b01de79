"""Times calls in turn: in every round each of them once, in an order that changes."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

_SAMPLE = 0.005
"""Seconds that a sample takes at least: what is quicker is called several times for it."""

Seconds = dict[str, list[float]]
"""By name, the seconds of one call in every round."""


@dataclass(frozen=True)
class Effort:
    """How long to measure.

    Attributes:
        rounds: how many at least.
        min_time: seconds that all rounds together take at least.
        max_time: seconds after which `least` rounds are enough.
        least: how many rounds there are in any case.
    """

    rounds: int
    min_time: float
    max_time: float
    least: int = 3

    def part(self, of: float) -> Effort:
        """A part of it, for what is only reported."""
        return Effort(round(of * self.rounds), of * self.min_time, of * self.max_time, self.least)


def interleaved(calls: Mapping[str, Callable[[], object]], effort: Effort) -> Seconds:
    """The seconds of each call in every round; calls before the first round warm up.

    The order is turned by one for each round and reversed every other, so that none always follows
    upon the same.
    """
    repeats = {name: _repeats(call) for name, call in calls.items()}
    found: Seconds = {name: [] for name in calls}
    gc.collect()
    gc.disable()
    try:
        start, done = time.perf_counter(), 0
        while _goes_on(effort, done, time.perf_counter() - start):
            for name in _order(list(calls), done):
                found[name].append(_timed(calls[name], repeats[name]))
            done += 1
    finally:
        gc.enable()
    return found


def _goes_on(effort: Effort, done: int, seconds: float) -> bool:
    if done < effort.least:
        return True
    if seconds >= effort.max_time:
        return False
    return done < effort.rounds or seconds < effort.min_time


def _order(names: list[str], number: int) -> list[str]:
    shift = number % len(names)
    turned = names[shift:] + names[:shift]
    return turned[::-1] if number % 2 else turned


def _repeats(call: Callable[[], object]) -> int:
    call()
    seconds = _timed(call, 1)
    return max(1, round(_SAMPLE / seconds))


def _timed(call: Callable[[], object], repeats: int) -> float:
    """Seconds of one call. On a CPU a step is done when its call returns."""
    start = time.perf_counter()
    for _ in range(repeats):
        call()
    return (time.perf_counter() - start) / repeats


@dataclass(frozen=True)
class Spread:
    """A median and its quartiles."""

    median: float
    low: float
    high: float


def spread(numbers: Sequence[float]) -> Spread:
    """Median and quartiles; of one number, that number."""
    if len(numbers) == 1:
        return Spread(numbers[0], numbers[0], numbers[0])
    low, median, high = statistics.quantiles(numbers, n=4, method="inclusive")
    return Spread(median, low, high)


def ratio(one: Sequence[float], other: Sequence[float]) -> Spread:
    """One to the other, round by round."""
    return spread([a / b for a, b in zip(one, other, strict=True)])
