"""SARIF for code scanning: results, the rules that they are of, and edits as fixes.

Reference: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0", 2020.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import quote

from composer import __version__
from composer.command.checked import Checked, Tally
from composer.command.exits import USAGE
from composer.language.diagnostics import OVERRIDE, Place, Problem
from composer.language.frames import Paint

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"

Json = dict[str, Any]


def write(files: Iterable[Checked], tally: Tally, _: Paint) -> Iterator[str]:
    """One run; the rules are those that have results."""
    problems = [problem for checked in files for problem in checked.problems]
    codes = sorted({problem.code for problem in problems})
    driver = {"name": "losscomp", "version": __version__, "rules": [_rule(code) for code in codes]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {"executionSuccessful": tally.exit_code < USAGE, "exitCode": tally.exit_code}
        ],
        "results": [_result(problem, codes) for problem in problems],
    }
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    yield json.dumps(log, indent=2, ensure_ascii=True)


def _rule(code: str) -> Json:
    from composer.codes import find
    from composer.codes.base import explanation

    cls = find(code)
    if cls.__doc__ is None:  # as under `python -OO`
        return {"id": code}
    told = explanation(cls)
    text = f"{told.summary}\n\n{told.reason}"
    wrong, right = (f"```yaml\n{each.text.rstrip()}\n```" for each in (told.wrong, told.right))
    return {
        "id": code,
        "shortDescription": {"text": told.summary},
        "fullDescription": {"text": told.reason},
        "help": {"text": text, "markdown": f"{text}\n\nWrong:\n\n{wrong}\n\nRight:\n\n{right}"},
        "defaultConfiguration": {"level": told.severity},
    }


def _result(problem: Problem, codes: Sequence[str]) -> Json:
    text = problem.message + (f"\nhelp: {problem.help}" if problem.help else "")
    own = Place(problem.file, problem.line, problem.column, problem.end_column, "", problem.excerpt)
    result: Json = {
        "ruleId": problem.code,
        "ruleIndex": codes.index(problem.code),
        "level": problem.severity,
        "message": {"text": text},
        "locations": [_location(own)],
    }
    if problem.places:
        result["relatedLocations"] = [
            {"id": number, **_location(place), "message": {"text": place.text}}
            for number, place in enumerate(problem.places, 1)
        ]
    if problem.edits:
        result["fixes"] = [_fix(problem)]
    return result


def _location(place: Place) -> Json:
    """Where it is; an override is no file, and bears a name alone."""
    if place.file == OVERRIDE:
        return {"logicalLocations": [{"name": OVERRIDE, "fullyQualifiedName": place.excerpt}]}
    physical: Json = {"artifactLocation": {"uri": _uri(place.file)}}
    if place.line:
        physical["region"] = {
            "startLine": place.line,
            "startColumn": place.column,
            "endColumn": place.end_column,
            "snippet": {"text": place.excerpt},
        }
    return {"physicalLocation": physical}


def _fix(problem: Problem) -> Json:
    replacements = [
        {
            "deletedRegion": {"charOffset": edit.start, "charLength": edit.end - edit.start},
            "insertedContent": {"text": edit.text},
        }
        for edit in problem.edits
    ]
    uri = _uri(problem.edits[0].file)
    change = {"artifactLocation": {"uri": uri}, "replacements": replacements}
    return {"description": {"text": problem.help or "mend it"}, "artifactChanges": [change]}


def _uri(file: str) -> str:
    """A relative path as it is, an absolute one as a file's address; both per cent encoded."""
    path = quote(os.fsencode(file.replace(os.sep, "/")), safe="/")
    return f"file://{path}" if os.path.isabs(file) else path
