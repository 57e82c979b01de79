"""The arguments of the command."""

from __future__ import annotations

import argparse
from pathlib import Path

from bench.cases import CASES
from bench.rivals import RIVALS
from bench.step import MODES

PARTS = ("cases", "memory", "scaling", "startup")


def arguments(about: str | None) -> argparse.Namespace:
    """What the command was called with; `about` is what its help begins with."""
    parser = argparse.ArgumentParser(
        prog="scripts/bench.py",
        description=about,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("cases", nargs="*", metavar="CASE", help=f"of {', '.join(CASES)}; by default all")
    add("--modes", nargs="+", choices=MODES, default=list(MODES))
    add("--rivals", nargs="+", choices=list(RIVALS), default=list(RIVALS))
    add("--parts", nargs="+", choices=PARTS, help="by default the cases, with --write all")
    add("--scaling", action="store_true", help="the same as --parts scaling")
    add("--rounds", type=int, default=11, help="of every case and mode, at least")
    add("--min-time", type=float, default=2.0, help="seconds of every case and mode, at least")
    add("--max-time", type=float, default=8.0, help="seconds after which 3 rounds are enough")
    add("--quick", action="store_true", help="small batches, few rounds: to see that it runs")
    add("--jit-compile", choices=["auto", "true", "false"], help="what losscomp is built with")
    add("--json", type=Path, metavar="FILE", help="write all numbers")
    add("--write", type=Path, metavar="DIR", help="write speed.md, speed.png, speed.json there")
    add("--read", type=Path, metavar="FILE", help="do not measure, take the numbers of a file")
    add("--part", type=Path, nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    unknown = [name for name in given.cases if name not in CASES]
    if unknown:
        parser.error(f"no such case: {', '.join(unknown)}; there are {', '.join(CASES)}")
    given.parts = given.parts or (
        ["scaling"] if given.scaling else list(PARTS) if given.write else ["cases"]
    )
    return given
