"""Times `losscomp check` against `python -c pass`, interleaved in one run.

    scripts/bench_check.py [--runs N] [FILE]

A ratio means more than seconds here: machines differ and are noisy, and all are measured side by
side.
"""

from __future__ import annotations

import argparse
import compileall
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GOAL = 20.0


def main() -> None:
    """Prints medians and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?", default="configs/scene_depth_pose.yaml")
    parser.add_argument("--runs", type=int, default=30)
    given = parser.parse_args()
    compileall.compile_dir(ROOT / "composer", quiet=1)
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "import composer": [sys.executable, "-c", "import composer"],
        "losscomp --version": [sys.executable, "-m", "composer", "--version"],
        "losscomp --help": [sys.executable, "-m", "composer", "--help"],
        "losscomp check": [sys.executable, "-m", "composer", "check", given.file],
    }
    times = measure(commands, given.runs)
    bare = statistics.median(times["python -c pass"])
    print(f"{'command':20} {'median':>9} {'minimum':>9} {'ratio':>7}")
    for name, seconds in times.items():
        median = statistics.median(seconds)
        print(
            f"{name:20} {1e3 * median:6.1f} ms {1e3 * min(seconds):6.1f} ms {median / bare:6.1f}×"
        )
    print(f"goal for check: at most {GOAL:.0f}×")


def measure(commands: dict[str, list[str]], runs: int) -> dict[str, list[float]]:
    """Wall-clock seconds of every command, in turn, so that a slow moment hits all alike."""
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            start = time.perf_counter()
            subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
            times[name].append(time.perf_counter() - start)
    return times


if __name__ == "__main__":
    main()
