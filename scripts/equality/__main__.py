"""One batch with uneven masks on one device, on replicas, on workers and in micro-batches.

    python scripts/equality [--json] [--quick]

Prints what losscomp gives, and Keras beside it. The exit code is 1 where a total, a breakdown or a
gradient of losscomp is further from that of one device than 1e-6 of the largest entry in float32,
or 1e-12 in float64.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cluster import run
from comparing import BOUNDS, Line, lines
from tables import table, table_of_left_out

PROCESS = Path(__file__).with_name("process.py")


def main() -> int:
    """Prints the tables; the exit code says whether all agrees."""
    parser = argparse.ArgumentParser(
        prog="scripts/equality",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--quick", action="store_true", help="a few lines, in float32, of losscomp")
    options = parser.parse_args()
    found, left_out = measure(quick=options.quick)
    print(as_json(found, left_out) if options.json else as_markdown(found, left_out))
    return 0 if all(line.agrees for line in found) else 1


def measure(*, quick: bool) -> tuple[list[Line], dict[str, dict[str, float]]]:
    """The lines of the table, and what the terms give that are left out of it."""
    if quick:
        return lines({"float32": _process("two", "float32", "--quick")["results"]}), {}
    results: dict[str, list[Any]] = {dtype: [] for dtype in BOUNDS}
    left_out: dict[str, dict[str, float]] = {}
    for dtype in BOUNDS:
        for name in ("two", "four", "workers"):
            found = _process(name, dtype, *["--keras"] * (dtype == "float32"))
            results[dtype] += found["results"]
            left_out |= found["left_out"]
    return lines(results), left_out


def _process(name: str, *arguments: str) -> dict[str, Any]:
    """What a process found; of workers, which have to find the same, the first."""
    outputs = run([PROCESS, name, *arguments], workers=2 if name == "workers" else 1)
    found: list[dict[str, Any]] = [json.loads(output) for output in outputs]
    first, *others = found
    for other in others:
        for mine, its in zip(first["results"], other["results"], strict=True):
            if {**mine, "keras": None} != {**its, "keras": None}:
                raise RuntimeError(f"the workers disagree: {mine['name']}, {mine['way']}")
    return first


def as_json(found: list[Line], left_out: dict[str, dict[str, float]]) -> str:
    """All that was found, to the last digit."""
    return json.dumps({"lines": [asdict(line) for line in found], "left_out": left_out}, indent=2)


def as_markdown(found: list[Line], left_out: dict[str, dict[str, float]]) -> str:
    """The table, and one of what is left out."""
    return "\n\n".join([table(found), *([table_of_left_out(left_out)] if left_out else [])])


if __name__ == "__main__":
    sys.exit(main())
