"""The command: which parts are measured, and where the answers go."""

from __future__ import annotations

import argparse
import contextlib
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any

from bench import page, startup
from bench.arguments import arguments
from bench.cases import CASES
from bench.goals import goals
from bench.memory import ENVIRONMENT
from bench.processes import answer_to, in_process, say
from bench.rivals import OURS, RIVALS
from bench.scaling import SIZES
from bench.timing import Effort

MEMORY = ("dense", "dense150")
"""The cases whose memory is measured unless others are named."""


def main(about: str | None) -> int:
    """Measures what was asked for; prints tables, and writes them where asked to."""
    given = arguments(about)
    if given.part:
        answer_to(*given.part)
        return 0
    start = time.monotonic()
    results = json.loads(given.read.read_text()) if given.read else _measured(given)
    results["goals"] = [asdict(goal) for goal in goals(results)]
    print(page.text(results))
    if given.json:
        page.write_json(given.json, results)
    if given.write:
        page.write(given.write, results)
    say(f"done in {(time.monotonic() - start) / 60:.1f} minutes")
    return 1 if results["failed"] else 0


def _measured(given: argparse.Namespace) -> dict[str, Any]:
    options = {"quick": given.quick, "jit_compile": _jit_compile(given.jit_compile)}
    effort = Effort(given.rounds, given.min_time, given.max_time)
    results: dict[str, Any] = {
        "machine": in_process({"part": "machine"}),
        "options": {**asdict(effort), **options},
        "cases": [],
        "memory": [],
        "scaling": None,
        "startup": None,
        "failed": [],
    }
    if "startup" in given.parts:
        say("startup")
        results["startup"] = startup.measure(3 if given.quick else 20)
    for name in given.cases or CASES if "cases" in given.parts else ():
        with _kept_going(results, name):
            results["cases"].append(_case(name, given, effort, options))
    seen = {case["case"]: case for case in results["cases"]}
    for name in given.cases or MEMORY if "memory" in given.parts else ():
        with _kept_going(results, f"{name}, memory"):
            results["memory"].append(_memory(name, given, options, seen.get(name)))
    if "scaling" in given.parts:
        sizes, rounds = ([1, 10, 20], 1) if given.quick else (list(SIZES), min(3, given.rounds))
        asked = {"part": "scaling", "sizes": sizes, "rounds": rounds, "options": options}
        with _kept_going(results, "scaling"):
            results["scaling"] = in_process(asked)
    return results


@contextlib.contextmanager
def _kept_going(results: dict[str, Any], name: str) -> Iterator[None]:
    """A part that fails is named; the minutes of the others are not lost."""
    try:
        yield
    except RuntimeError as error:
        say(str(error))
        results["failed"].append(name)


def _case(
    name: str, given: argparse.Namespace, effort: Effort, options: dict[str, Any]
) -> dict[str, Any]:
    asked = {
        "part": "case", "name": name, "modes": given.modes, "rivals": given.rivals,
        "effort": asdict(Effort(3, 0, 1) if given.quick else effort), "options": options,
    }  # fmt: skip
    found: dict[str, Any] = in_process(asked)
    for mode, of_mode in found["modes"].items():
        if OURS in of_mode["failed"]:
            raise RuntimeError(f"{name}, {mode}: {of_mode['failed'][OURS]}")
    return found


def _memory(name: str, given: argparse.Namespace, options: dict[str, Any], seen: Any) -> Any:
    """The peaks of a case in each mode, two processes at a time.

    Args:
        name: of the case.
        given: the command line.
        options: as for a case.
        seen: the evidence of the case, where it is at hand.
    """
    if seen is None:
        seen = in_process(
            {"part": "evidence", "name": name, "rivals": given.rivals, "options": options}
        )
    found: dict[str, Any] = {"case": name, "evidence": seen["evidence"], "modes": {}}
    # Eager tensors come and go as Python likes: of no interest unless it is asked for by name.
    for mode in given.modes if given.cases else [each for each in given.modes if each != "eager"]:
        rivals = [key for key in seen["evidence"] if key == OURS or mode in RIVALS[key].modes]
        asked = [
            {"part": "memory", "name": name, "rival": key, "mode": mode, "options": options}
            for key in rivals
        ]
        with ThreadPoolExecutor(2) as pool:
            peaks = zip(rivals, pool.map(_peak, asked), strict=True)
            found["modes"][mode] = {key: peak for key, peak in peaks if peak is not None}
    return found


def _peak(request: dict[str, Any]) -> Any:
    say("memory: {name}, {mode}, {rival}".format(**request))
    try:
        return in_process(request, ENVIRONMENT)
    except RuntimeError as error:  # a library may fail in one mode
        say(str(error))
        return None


def _jit_compile(given: str | None) -> Any:
    return {"true": True, "false": False}.get(given or "", given)
