"""Times `losscomp` against a bare Python, check-jsonschema and PyYAML's events, all in one run.

    scripts/bench_speed.py [--runs N] [--rounds N] [FILE]

A ratio means more than seconds here: machines differ and are noisy, and all are measured side by
side, in turn, so that a slow moment hits all alike. check-jsonschema is left out where it is not
installed.
"""

from __future__ import annotations

import argparse
import compileall
import contextlib
import io
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import yaml

from composer.command.checking import check_files

ROOT = Path(__file__).resolve().parent.parent
SCHEMA = ROOT / "configs" / "losscomp.schema.json"
FILES = 1000
Times = Mapping[str, float]
"""Median seconds by name."""


def main() -> None:
    """Prints the medians, and how they stand to the goals."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?", default="configs/scene_depth_pose.yaml")
    parser.add_argument("--runs", type=int, default=20, help="of every command")
    parser.add_argument("--rounds", type=int, default=7, help=f"over {FILES} files")
    given = parser.parse_args()
    compileall.compile_dir(ROOT / "composer", quiet=1)
    times = measure({name: _run(c) for name, c in commands(given.file).items()}, given.runs)
    bare = times["python -c pass"]
    for name, seconds in times.items():
        print(f"{name:24} {1e3 * seconds:7.1f} ms {seconds / bare:6.1f}×")
    files = measure_files(given.rounds)
    for name, seconds in files.items():
        print(f"{name:24} {1e3 * seconds:7.1f} ms")
    print()
    for line in goals(times, files):
        print(line)


def commands(file: str) -> dict[str, list[str]]:
    """The commands to time, by name."""
    # What the installed command does; `python -m` would look for the package first.
    losscomp = [sys.executable, "-c", "from composer.entry import run; run()"]
    found = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "import composer": [sys.executable, "-c", "import composer"],
        "losscomp --version": [*losscomp, "--version"],
        "losscomp --help": [*losscomp, "--help"],
        "losscomp check": [*losscomp, "check", file],
    }
    other = shutil.which("check-jsonschema", path=os.path.dirname(sys.executable))
    if other is not None:
        found["check-jsonschema"] = [other, "--schemafile", str(SCHEMA), file]
    return found


def _run(command: list[str]) -> Callable[[], object]:
    return lambda: subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def measure(tasks: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median wall-clock seconds of every task; the first round warms up and is left out."""
    times: dict[str, list[float]] = {name: [] for name in tasks}
    for round_ in range(rounds + 1):
        for name, task in tasks.items():
            start = time.perf_counter()
            task()
            if round_:
                times[name].append(time.perf_counter() - start)
    return {name: statistics.median(seconds) for name, seconds in times.items()}


def measure_files(rounds: int) -> dict[str, float]:
    """Checking many files in this process, and reading their YAML events alone."""
    sources = sorted((ROOT / "configs").rglob("*.yaml"))
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder, f"{number:04}.yaml") for number in range(FILES)]
        for number, file in enumerate(files):
            shutil.copy(sources[number % len(sources)], file)
        return measure(
            {
                f"check, {FILES} files": lambda: _check(folder),
                f"events, {FILES} files": lambda: _read_events(files),
            },
            rounds,
        )


def _check(folder: str) -> None:
    with contextlib.redirect_stdout(io.StringIO()):
        assert check_files([folder]) == 0


def _read_events(files: list[Path]) -> None:
    for file in files:
        for _ in yaml.parse(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader):
            pass


def goals(times: Times, files: Times) -> list[str]:
    """What was to be reached, what was, and whether that is enough."""
    check, bare = times["losscomp check"], times["python -c pass"]
    many, events = files.values()
    lines = [
        _goal("one file to bare Python", check / bare, "at most", 20),
        _goal("--version to bare Python", times["losscomp --version"] / bare, "at most", 3),
        _goal(f"{FILES} files to their events", many / events, "at most", 4),
    ]
    if "check-jsonschema" in times:
        ratio = times["check-jsonschema"] / check
        lines.append(_goal("check-jsonschema to one file", ratio, "at least", 1.5))
    return lines


def _goal(name: str, ratio: float, word: str, goal: float) -> str:
    is_met = ratio <= goal if word == "at most" else ratio >= goal
    return f"{name:30} {ratio:6.2f}, goal {word} {goal:g}: {'met' if is_met else 'MISSED'}"


if __name__ == "__main__":
    main()
