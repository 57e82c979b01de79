"""Cost against the number of tasks: to build, to trace, and of a step."""

from __future__ import annotations

import gc
import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bench.case import Case
from bench.cases import of_heads
from bench.rivals import OURS, REFERENCE, Rival, builders
from bench.step import Step
from bench.timing import Effort, interleaved, ratio

SIZES = (1, 3, 10, 30, 100, 300, 1000)
FROM = 10
"""The fit starts here: below, what any loss costs hides what a task adds."""
COMPARED = 100
"""The number of tasks at which tracing is compared with that of the loss by hand."""
PHASES = ("build", "trace", "step")

Samples = dict[str, dict[int, list[float]]]
"""By phase and number of tasks, the seconds of every round."""


def measure(sizes: Sequence[int], rounds: int, options: Mapping[str, Any]) -> dict[str, Any]:
    """The seconds and exponents of losscomp and of the loss by hand, in graph mode."""
    rivals = builders(options["jit_compile"])
    chosen = {name: rivals[name] for name in (OURS, REFERENCE)}
    cases = {size: of_heads(f"heads{size}", size, 256) for size in sizes}
    found: dict[str, Samples] = {
        name: {phase: {size: [] for size in sizes} for phase in PHASES} for name in chosen
    }
    steps: dict[str, Callable[[], object]] = {}
    for round_ in range(rounds):
        for size, case in cases.items():
            for name, rival in chosen.items():
                print(f"scaling, round {round_ + 1} of {rounds}: {size} tasks, {name}", flush=True)
                steps[f"{name} {size}"] = _made(case, rival, found[name], size)
    for key, seconds in interleaved(steps, Effort(15, 0, 30)).items():
        name, _, tasks = key.rpartition(" ")
        found[name]["step"][int(tasks)] = seconds
    return {
        "sizes": list(sizes),
        "seconds": found,
        "exponents": {name: _exponents(samples) for name, samples in found.items()},
        "tracing": _tracing(found, sizes),
    }


def _made(case: Case, rival: Rival, samples: Samples, size: int) -> Step:
    """A step that is built and traced, with the time that it took."""
    gc.collect()
    start = time.perf_counter()
    loss = rival.build(case)
    built = time.perf_counter()
    step = Step(case, loss, "graph")
    samples["build"][size].append(built - start)
    samples["trace"][size].append(time.perf_counter() - built)
    return step


def _exponents(samples: Samples) -> dict[str, dict[str, float]]:
    """By phase: the exponent of the medians, and the least and the largest of any round."""
    found = {}
    for phase, by_size in samples.items():
        fitted = {size: seconds for size, seconds in by_size.items() if size >= FROM}
        if len(fitted) < 2:
            continue
        medians = {size: statistics.median(seconds) for size, seconds in fitted.items()}
        rounds = [
            exponent({size: seconds[number] for size, seconds in fitted.items()})
            for number in range(min(map(len, fitted.values())))
        ]
        found[phase] = {"median": exponent(medians), "low": min(rounds), "high": max(rounds)}
    return found


def exponent(seconds: Mapping[int, float]) -> float:
    """The slope of the line through the logarithms, by least squares."""
    x = [math.log(size) for size in seconds]
    y = [math.log(each) for each in seconds.values()]
    return statistics.linear_regression(x, y).slope


def _tracing(found: Mapping[str, Samples], sizes: Sequence[int]) -> dict[str, float]:
    """Of so many tasks, the time to build and trace beside that of the loss by hand."""
    size = COMPARED if COMPARED in sizes else max(sizes)
    traced = {name: samples["trace"][size] for name, samples in found.items()}
    between = ratio(traced[OURS], traced[REFERENCE])
    return {"tasks": size, "median": between.median, "low": between.low, "high": between.high}
