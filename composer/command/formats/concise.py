"""A line for each problem, for editors and for grep."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from composer.command.checked import Checked, Tally
from composer.language.frames import Paint, headline


def write(files: Iterable[Checked], tally: Tally, paint: Paint) -> Iterator[str]:
    """`file:line:column: severity[code]: message`, and the count."""
    for checked in files:
        for problem in checked.problems:
            yield headline(problem, paint)
    yield from tally.closing()
