"""Summary: from the seconds of a case to what losscomp takes beside the others."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bench.measure import COPY
from bench.rivals import OURS, RIVALS
from bench.roofline import multiple
from bench.timing import Spread, ratio

Found = Mapping[str, Any]


@dataclass(frozen=True)
class Beside:
    """losscomp ÷ the quickest of some others, round by round."""

    rival: str
    ratio: Spread


@dataclass(frozen=True)
class Summary:
    """A case in a mode.

    Attributes:
        case: its name.
        mode: eager, graph or xla.
        medians: seconds by rival.
        same: beside the quickest of those that do the same work and that goals are set against.
        every: beside the quickest of all.
        roofline: how many times as long as a copy of the bytes that have to move; under XLA.
    """

    case: str
    mode: str
    medians: dict[str, float]
    same: Beside | None
    every: Beside | None
    roofline: float | None


def summaries(cases: Iterable[Found]) -> Iterator[Summary]:
    """Of every case and mode."""
    for case in cases:
        for mode, found in case["modes"].items():
            yield _summary(case, mode, found["seconds"])


def _summary(case: Found, mode: str, seconds: Mapping[str, list[float]]) -> Summary:
    medians = {name: statistics.median(each) for name, each in seconds.items()}
    copy = medians.pop(COPY, None)
    ours = medians.get(OURS)
    return Summary(
        case["case"],
        mode,
        medians,
        _beside(seconds, [name for name in does_the_same(case) if RIVALS[name].is_goal]),
        _beside(seconds, list(RIVALS)),
        multiple(ours, case["least_bytes"], copy) if ours and copy else None,
    )


def does_the_same(case: Found) -> list[str]:
    """The rivals of a case that do the same work, as the probe has seen."""
    evidence = case["evidence"]
    return [name for name in RIVALS if name in evidence and evidence[name]["same_work"]]


def _beside(seconds: Mapping[str, list[float]], names: list[str]) -> Beside | None:
    timed = [name for name in names if name in seconds]
    if OURS not in seconds or not timed:
        return None
    best = min(timed, key=lambda name: statistics.median(seconds[name]))
    return Beside(best, ratio(seconds[OURS], seconds[best]))


def memory_beside(memory: Iterable[Found]) -> dict[tuple[str, str], Beside]:
    """By case and mode, the peak of losscomp ÷ the least of those that do the same work."""
    beside = {}
    for found in memory:
        for mode, peaks in found["modes"].items():
            bytes_of = {name: peak["bytes"] for name, peak in peaks.items()}
            others = [
                name for name in does_the_same(found) if RIVALS[name].is_goal and name in bytes_of
            ]
            if OURS in bytes_of and others:
                best = min(others, key=bytes_of.__getitem__)
                part = bytes_of[OURS] / max(bytes_of[best], 1)
                beside[found["case"], mode] = Beside(best, Spread(part, part, part))
    return beside
