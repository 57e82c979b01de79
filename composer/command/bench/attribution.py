"""Where the time goes: the terms, the call, and what is left between their sum and the whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from composer.command.bench.measured import Bench, Subject, Times

LEAST_TRAFFIC = 4_000_000
"""Bytes; less than that stays in caches, and what it takes is no matter of bandwidth."""
LEAST_BYTES = 100_000
"""Bytes; memory is not known more exactly."""


@dataclass(frozen=True)
class Line:
    """One row of a mode.

    Attributes:
        times: seconds, for a term above those of a call by itself; None where not computed.
        share: of the median of everything at once.
        least: seconds that moving its bytes takes at the bandwidth of a copy; None for little.
        factor: how many times that it takes.
        peak: bytes at its peak.
        multiple: its peak ÷ the bytes of its predictions.
    """

    times: Times | None
    share: float | None = None
    least: float | None = None
    factor: float | None = None
    peak: int | None = None
    multiple: float | None = None


@dataclass(frozen=True)
class Attribution:
    """One mode. The medians of `terms`, `call` and `together` add up to that of `total`.

    Attributes:
        terms: each alone.
        call: a call by itself.
        together: seconds that the whole takes beyond the sum of its parts; negative where terms
            share work or run at the same time. None where anything could not be computed.
        share: the same ÷ the median of everything at once.
        total: everything at once.
    """

    terms: Sequence[Line]
    call: Line
    together: float | None
    share: float | None
    total: Line


def attribute(bench: Bench, mode: str) -> Attribution:
    """The rows of one mode."""
    calls = bench.calls[mode]
    call = calls[bench.total.arity]
    times = bench.total.modes[mode].times
    whole = times.median if times else None
    terms = [_line(bench, term, mode, calls[term.arity].median, whole) for term in bench.terms]
    together = _together(terms, call, whole)
    share = None if together is None or not whole else together / whole
    total = _line(bench, bench.total, mode, 0.0, whole)
    return Attribution(terms, Line(call, _part(call.median, whole)), together, share, total)


def bandwidth(bench: Bench) -> float | None:
    """Bytes per second that the fastest copy reads and writes; None where it moves too few."""
    if bench.total.traffic.total < LEAST_TRAFFIC or not bench.copy.least:
        return None
    return bench.total.traffic.total / bench.copy.least


def _line(bench: Bench, subject: Subject, mode: str, call: float, whole: float | None) -> Line:
    found = subject.modes[mode]
    times = found.times and found.times.above(call)
    speed = bandwidth(bench)
    moved = subject.traffic.total
    least = moved / speed if speed and moved >= LEAST_TRAFFIC else None
    factor = times.median / least if times and least else None
    predictions = subject.traffic.predictions
    peak = bench.peaks.get(mode, {}).get(subject.name)
    is_known = peak is not None and min(peak, predictions) >= LEAST_BYTES
    multiple = peak / predictions if peak is not None and is_known else None
    share = _part(times.median, whole) if times else None
    return Line(times, share, least, factor, peak, multiple)


def _together(terms: Sequence[Line], call: Times, whole: float | None) -> float | None:
    medians = [line.times.median for line in terms if line.times]
    if whole is None or len(medians) < len(terms):
        return None
    return whole - call.median - sum(medians)


def _part(part: float, whole: float | None) -> float | None:
    return part / whole if whole else None
