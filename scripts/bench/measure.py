"""A case measured: what each rival does, and how long it takes, in every mode."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from bench.case import Case
from bench.cases import CASES
from bench.missing import NotOffered
from bench.probe import outcome, probe
from bench.rivals import OURS, REFERENCE, Rival, builders
from bench.roofline import copier
from bench.step import Step
from bench.timing import Effort, interleaved

COPY = "copy"
Found = dict[str, Any]
"""As it goes into JSON."""


def measure(
    name: str, modes: Sequence[str], rivals: Sequence[str], effort: Effort, options: Found
) -> Found:
    """The seconds of a case, and what was seen of each rival.

    Args:
        name: of the case.
        modes: those to be timed.
        rivals: those to be timed besides losscomp.
        effort: how long.
        options: `quick` for a small case, `jit_compile` for how losscomp is built.
    """
    case, seen = CASES[name](options["quick"]), look_into(name, rivals, options)
    left_out = seen["left_out"]
    timed = {
        key: rival
        for key, rival in builders(options["jit_compile"]).items()
        if key in seen["evidence"]
    }
    for key in [key for key, rival in timed.items() if len(case.heads) > rival.most_heads]:
        left_out[key] = f"not timed with more than {timed.pop(key).most_heads} tasks"
    return {
        "case": name,
        "about": case.about,
        "prediction_bytes": case.prediction_bytes,
        "least_bytes": case.least_bytes,
        **seen,
        "modes": {mode: _in_mode(case, timed, mode, effort) for mode in modes},
    }


def look_into(name: str, rivals: Sequence[str], options: Found) -> Found:
    """What each rival does on the small batch of a case, and why those do not that cannot."""
    small, found = CASES[name](True), builders(options["jit_compile"])
    reference = outcome(small, found[REFERENCE].build(small))
    evidence, left_out = {}, {}
    for key in (OURS, *rivals):
        try:
            seen = probe(small, found[key].build(small), reference)
        except NotOffered as error:
            left_out[key] = str(error)
        except Exception as error:  # another version of a library may not run
            if key == OURS:
                raise
            left_out[key] = _told(error)
        else:
            evidence[key] = {**asdict(seen), "same_work": seen.is_same}
    return {"evidence": evidence, "left_out": left_out}


def _in_mode(case: Case, rivals: dict[str, Rival], mode: str, effort: Effort) -> Found:
    steps: dict[str, Callable[[], object]] = {}
    first, totals, failed = {}, {}, {}
    for key, rival in rivals.items():
        if mode not in rival.modes:
            continue
        _say(f"{case.name} {mode}: {key}")
        try:
            start = time.perf_counter()
            step = Step(case, rival.build(case), mode)
            totals[key] = float(step().total)
            first[key] = time.perf_counter() - start
        except Exception as error:  # a library may fail in one mode
            failed[key] = _told(error)
        else:
            steps[key] = step
    _say(f"{case.name} {mode}: rounds")
    copying = _copying() if mode == "xla" else []
    seconds = interleaved(steps, effort.part(1 / 3) if mode == "eager" else effort)
    if mode == "xla":
        # Beside the rounds, not within: a copy leaves nothing in the caches for whoever is next.
        seconds[COPY] = copying + _copying()
    return {
        "seconds": seconds,
        "first_call": first,
        "totals": totals,
        "failed": failed,
        "agree": _agree(totals),
    }


def _told(error: Exception) -> str:
    first, *_ = str(error).splitlines() or [""]
    return f"{type(error).__name__}: {first[:200]}"


def _copying() -> list[float]:
    return interleaved({COPY: copier()}, Effort(5, 0, 5))[COPY]


def _agree(totals: dict[str, float]) -> dict[str, bool]:
    """Whether each total is that of the loss by hand, or of losscomp, to rounding."""
    expected = totals.get(REFERENCE, totals.get(OURS, math.nan))
    return {key: abs(total - expected) <= 1e-4 * abs(expected) for key, total in totals.items()}


def _say(text: str) -> None:
    print(text, flush=True)
