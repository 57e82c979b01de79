"""What is to be reached, and what was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bench.rivals import OURS
from bench.scaling import FROM, PHASES
from bench.startup import BARE, CHECK, IMPORT
from bench.summary import Summary, memory_beside, summaries
from bench.timing import Spread, ratio

ALIKE, UPPER = 1.0, 1.05
"""What the ratio of every case should be at most, and its upper quartile."""

_CASES = {("dense", "xla"): 0.6, ("dense", "graph"): 0.5, ("heads100", "graph"): 0.5}
_MEMORY = {"dense150": 0.6}
_ROOFLINE = {"dense": 5.0}
_EXPONENT = 1.05
_STARTUP = {IMPORT: 3.0, CHECK: 20.0}


@dataclass(frozen=True)
class Goal:
    """A figure and what it should be at most; with no figure it was not measured.

    Attributes:
        what: the figure, in words.
        most: what it should be at most; None for a figure without a goal.
        figure: what it is.
        note: its quartiles, and beside what.
        is_reached: whether it is; None where it was not measured, or has no goal.
    """

    what: str
    most: float | None
    figure: float | None = None
    note: str = ""
    is_reached: bool | None = None


def goals(results: Mapping[str, Any]) -> list[Goal]:
    """All of them, in order."""
    found = {(each.case, each.mode): each for each in summaries(results["cases"])}
    return [
        *_every_case(found),
        *_single_cases(found),
        *_memory(results),
        *_roofline(found),
        *_scaling(results["scaling"]),
        *_startup(results["startup"]),
    ]


def _every_case(found: Mapping[tuple[str, str], Summary]) -> Iterator[Goal]:
    for (case, mode), each in found.items():
        if mode != "eager" and each.same is not None:
            of = each.same.ratio
            is_reached = of.median <= ALIKE and of.high <= UPPER
            yield Goal(f"{case}, {mode}", ALIKE, of.median, _note(each), is_reached)


def _single_cases(found: Mapping[tuple[str, str], Summary]) -> Iterator[Goal]:
    for (case, mode), most in _CASES.items():
        each = found.get((case, mode))
        what = f"{case}, {mode}, further"
        if each is None or each.same is None:
            yield Goal(what, most)
        else:
            yield _reached(what, most, each.same.ratio.median, _note(each))


def _memory(results: Mapping[str, Any]) -> Iterator[Goal]:
    beside = memory_beside(results["memory"])
    for case, most in _MEMORY.items():
        for mode in ("graph", "xla"):
            each, what = beside.get((case, mode)), f"{case}, {mode}, peak memory"
            if each is None:
                yield Goal(what, most)
            else:
                yield _reached(what, most, each.ratio.median, f"beside {each.rival}")


def _roofline(found: Mapping[tuple[str, str], Summary]) -> Iterator[Goal]:
    for case, most in _ROOFLINE.items():
        each = found.get((case, "xla"))
        figure = None if each is None else each.roofline
        yield _reached(f"{case}, xla, beside a copy of its bytes", most, figure, "")


def _scaling(scaling: Mapping[str, Any] | None) -> Iterator[Goal]:
    for phase in PHASES:
        what = f"exponent of tasks, {phase}"
        found = (scaling or {}).get("exponents", {}).get(OURS, {}).get(phase)
        if found is None:
            yield Goal(what, _EXPONENT)
            continue
        note = f"fitted from {FROM} tasks; rounds {found['low']:.2f} to {found['high']:.2f}"
        yield _reached(what, _EXPONENT, found["median"], note)
    tracing = (scaling or {}).get("tracing")
    if tracing is not None:
        spread = Spread(tracing["median"], tracing["low"], tracing["high"])
        what = f"tracing of {tracing['tasks']} tasks"
        yield Goal(what, None, spread.median, f"{quartiles(spread)}, beside by hand")


def _startup(startup: Mapping[str, list[float]] | None) -> Iterator[Goal]:
    for name, most in _STARTUP.items():
        what = f"`{name}` beside bare Python"
        if startup is None:
            yield Goal(what, most)
            continue
        spread = ratio(startup[name], startup[BARE])
        yield _reached(what, most, spread.median, quartiles(spread))


def _reached(what: str, most: float, figure: float | None, note: str) -> Goal:
    return Goal(what, most, figure, note, None if figure is None else figure <= most)


def _note(each: Summary) -> str:
    assert each.same is not None
    return f"{quartiles(each.same.ratio)}, beside {each.same.rival}"


def quartiles(spread: Spread) -> str:
    """As text."""
    return f"quartiles {spread.low:.2f} to {spread.high:.2f}"
