"""A spec with errors, where a command needs one without: what is told, and the exit code."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from composer.command.checked import MAX_SHOWN, counted
from composer.command.colours import Choice, painter
from composer.command.exits import PROBLEMS, USAGE
from composer.language.diagnostics import Problem
from composer.language.frames import show


def refuse(problems: Sequence[Problem], color: Choice = "auto") -> int:
    """Prints the errors of a spec on standard error; returns the exit code."""
    paint = painter(color, sys.stderr)
    for problem in problems[:MAX_SHOWN]:
        print(show(problem, paint) + "\n", file=sys.stderr)
    if len(problems) > MAX_SHOWN:
        shown = f"{MAX_SHOWN} of {counted(len(problems), 'error')} are shown"
        print(f"{shown}; `losscomp check --max-errors 0` shows all", file=sys.stderr)
    is_unreadable = any(problem.code == "unreadable-file" for problem in problems)
    return USAGE if is_unreadable else PROBLEMS
