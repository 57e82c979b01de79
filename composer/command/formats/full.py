"""The format for people: every problem with its lines and its help."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from composer.command.checked import Checked, Tally
from composer.language.diagnostics import escape
from composer.language.frames import Paint, show


def write(files: Iterable[Checked], tally: Tally, paint: Paint) -> Iterator[str]:
    """Problems with a blank line behind each, notes, and the count."""
    for checked in files:
        for problem in checked.problems:
            yield show(problem, paint) + "\n"
        for note in checked.notes:
            yield escape(f"{checked.file}: {note}")
    yield from tally.closing()
