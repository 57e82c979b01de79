"""Annotations of GitHub Actions: a workflow command for each problem.

Reference: GitHub, "Workflow commands for GitHub Actions".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from composer.command.checked import Checked, Tally
from composer.language.diagnostics import OVERRIDE, Problem, escape
from composer.language.frames import Paint


def write(files: Iterable[Checked], tally: Tally, _: Paint) -> Iterator[str]:
    """A line for each problem, which GitHub shows at its place, and the count."""
    for checked in files:
        for problem in checked.problems:
            yield _command(problem)
    yield from tally.closing()


def _command(problem: Problem) -> str:
    properties = ",".join(f"{name}={_property(value)}" for name, value in _properties(problem))
    return f"::{problem.severity} {properties}::{_data(_message(problem))}"


def _properties(problem: Problem) -> Iterator[tuple[str, str]]:
    if problem.file != OVERRIDE:
        yield "file", problem.file
        if problem.line:
            yield "line", str(problem.line)
            yield "endLine", str(problem.line)
            yield "col", str(problem.column)
            yield "endColumn", str(problem.end_column)
    yield "title", f"losscomp: {problem.code}"


def _message(problem: Problem) -> str:
    lines = [escape(problem.message)]
    lines += [
        f"{escape(place.file)}:{place.line}:{place.column}: {escape(place.text)}"
        for place in problem.places
    ]
    if problem.help:
        lines += ["help: " + "\n".join(escape(line) for line in problem.help.splitlines())]
    return "\n".join(lines)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(escape(text)).replace(":", "%3A").replace(",", "%2C")
