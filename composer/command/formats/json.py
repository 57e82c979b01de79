"""JSON for programs: files, their problems and the count, in one object."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from composer import __version__
from composer.command.checked import Checked, Tally
from composer.language.diagnostics import Edit, Place, Problem
from composer.language.frames import Paint

VERSION = 1
"""Counts changes that a program that reads this would have to know of."""


def write(files: Iterable[Checked], tally: Tally, _: Paint) -> Iterator[str]:
    """One object; what is not ASCII is escaped in it."""
    found = [_file(checked) for checked in files]
    report = {
        "version": VERSION,
        "losscomp": __version__,
        "files": found,
        "summary": {
            "files": tally.files,
            "errors": tally.errors,
            "warnings": tally.warnings,
            "not_shown": tally.hidden,
            "exit_code": tally.exit_code,
        },
    }
    yield json.dumps(report, indent=2, ensure_ascii=True)


def _file(checked: Checked) -> dict[str, Any]:
    return {
        "file": checked.file,
        "problems": [_problem(problem) for problem in checked.problems],
        "notes": list(checked.notes),
    }


def _problem(problem: Problem) -> dict[str, Any]:
    """A problem; `line` and what follows from it are null where no line is to blame."""
    has_line = problem.line > 0
    return {
        "code": problem.code,
        "severity": problem.severity,
        "message": problem.message,
        "help": problem.help,
        "file": problem.file,
        "line": problem.line if has_line else None,
        "column": problem.column if has_line else None,
        "end_column": problem.end_column if has_line else None,
        "places": [_place(place) for place in problem.places],
        "edits": [_edit(edit) for edit in problem.edits],
    }


def _place(place: Place) -> dict[str, Any]:
    return {
        "file": place.file,
        "line": place.line,
        "column": place.column,
        "end_column": place.end_column,
        "text": place.text,
    }


def _edit(edit: Edit) -> dict[str, Any]:
    return {"file": edit.file, "start": edit.start, "end": edit.end, "text": edit.text}
