"""What to tell about an expression that YAML cuts: its line, with the quotes in place."""

from __future__ import annotations

from itertools import groupby

from composer.language.diagnostics import Edit, Problem
from composer.language.yaml.findings import Stretch
from composer.language.yaml.flow import Cut, find_cuts
from composer.language.yaml.places import Source

_LONGEST_LINE = 200
_MOST = 100


def unquoted_expressions(
    source: Source, start: int, limit: int
) -> tuple[list[Problem], list[Stretch]]:
    """The cut expressions of the flow collection at `start`, and where they stand.

    In a collection that never closes, only those that start at `limit` or before.
    """
    cuts, end = find_cuts(source.text, start)
    if end is None:
        cuts = [cut for cut in cuts if cut.start <= limit]
    problems = []
    for line, group in groupby(cuts[:_MOST], key=lambda cut: source.line_start(cut.start)):
        problems += _problems_of_line(source, line, list(group))
    return problems, [(cut.start, cut.end) for cut in cuts]


def quoted(text: str) -> str:
    """A text between the quotes that need no escape in it, on one line."""
    if "\n" in text or "\r" in text:
        text = " ".join(text.split())
    if '"' in text or "\\" in text:
        return "'" + text.replace("'", "''") + "'"
    return f'"{text}"'


def _problems_of_line(source: Source, start: int, cuts: list[Cut]) -> list[Problem]:
    end = source.line_end(start)
    shown = [cut for cut in cuts if cut.closed and cut.end <= end]
    line = _corrected(source.text, start, end, shown) if end - start <= _LONGEST_LINE else None
    return [_problem(source, cut, line if cut in shown else None) for cut in cuts]


def _corrected(text: str, start: int, end: int, cuts: list[Cut]) -> str:
    """The line with quotes around its expressions."""
    line = ""
    for cut in cuts:
        line += text[start : cut.start] + quoted(text[cut.start : cut.end])
        start = cut.end
    noun = "it" if len(cuts) == 1 else "them"
    return f"put quotes around {noun}: {(line + text[start:end]).strip()}"


def _problem(source: Source, cut: Cut, help: str | None) -> Problem:
    text, edits = source.text[cut.start : cut.end], []
    if not cut.closed:
        help = "close its brackets, and put quotes around it"
    else:
        help = help or f"put quotes around it: {quoted(text)}"
        edits = [Edit(source.file, cut.start, cut.end, quoted(text))]
    by = "comma" if cut.by == "," else f"`{cut.by}`"
    collection = "`{…}`" if cut.inside == "{" else "`[…]`"
    message = f"the {by} ends an unquoted expression inside {collection}"
    return source.problem(
        "unquoted-expression", message, cut.start, cut.end, help=help, edits=edits
    )
