"""Rounds of measurements: in each, every subject runs once, in an order that is rotated."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from composer.command.bench.measured import Times

WARM_UP = 2
"""Rounds that are left out, after the call that traces and compiles."""

LEAST = 1e-3
MOST_REPEATS = 100

Call = Callable[[], object]
Clock = Callable[[], float]


def measure(
    calls: Sequence[Call], rounds: int, clock: Clock, tell: Callable[[str], None]
) -> list[Times]:
    """The times of every call, each of which has run before.

    A call that is over in less than a millisecond runs several times in a row, and its mean counts.

    Args:
        calls: what is measured, side by side.
        rounds: how often, at least 1.
        clock: gives seconds.
        tell: hears how far it is.
    """
    repeats = [_repeats(call, clock) for call in calls]
    samples: list[list[float]] = [[] for _ in calls]
    for number in range(-WARM_UP, rounds):
        tell(f"round {max(number, 0)} of {rounds}")
        for place in rotated(len(calls), number):
            seconds = _time(calls[place], repeats[place], clock)
            if number >= 0:
                samples[place].append(seconds)
    return [quartiles(each) for each in samples]


def rotated(count: int, shift: int) -> list[int]:
    """The numbers from 0 to `count` - 1, beginning with `shift`."""
    return [(place + shift) % count for place in range(count)]


def quartiles(samples: Sequence[float]) -> Times:
    """The least, the median and the quartiles, interpolated between neighbours."""
    ordered = sorted(samples)
    return Times(*(_at(ordered, part * (len(ordered) - 1)) for part in (0, 0.25, 0.5, 0.75)))


def _at(ordered: Sequence[float], place: float) -> float:
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def _repeats(call: Call, clock: Clock) -> int:
    seconds = _time(call, 1, clock)
    if seconds * MOST_REPEATS <= LEAST:
        return MOST_REPEATS
    return max(1, math.ceil(LEAST / seconds))


def _time(call: Call, repeats: int, clock: Clock) -> float:
    start = clock()
    for _ in range(repeats):
        call()
    return (clock() - start) / repeats
