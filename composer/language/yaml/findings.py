"""Collecting what is wrong while a document is read, so that one run shows all of it."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from composer.language.diagnostics import Edit, Problem
from composer.language.yaml.places import Source

Stretch = tuple[int, int]


def within(offset: int, stretches: list[Stretch]) -> bool:
    """Whether an offset is in or just behind one of the stretches, which are in order."""
    nearest = bisect_right(stretches, (offset, len(stretches) and stretches[-1][1])) - 1
    return nearest >= 0 and offset <= stretches[nearest][1]


class Stop(Exception):
    """Reading on makes no sense; what was found so far stands."""


@dataclass(frozen=True, slots=True)
class _Finding:
    problem: Problem
    offsets: tuple[int, ...]

    def touches(self, stretches: list[Stretch]) -> bool:
        return any(within(offset, stretches) for offset in self.offsets)


class Findings:
    """The problems of one source."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._found: list[_Finding] = []

    @property
    def problems(self) -> list[Problem]:
        return [found.problem for found in self._found]

    def add(
        self,
        code: str,
        message: str,
        start: int,
        end: int,
        *,
        help: str | None = None,
        also: tuple[int, int, str] | None = None,
        edit: tuple[int, int, str] | None = None,
    ) -> None:
        """Notes a problem.

        Args:
            code: its code.
            message: what was required and what was found.
            start: offset of the first character to blame.
            end: offset past the last.
            help: what to write instead.
            also: a second stretch that takes part in it, and what it is.
            edit: a stretch, and the text in its place that makes it right.
        """
        places = [] if also is None else [self.source.place_of(*also)]
        edits = [] if edit is None else [Edit(self.source.file, *edit)]
        problem = self.source.problem(
            code, message, start, end, help=help, places=places, edits=edits
        )
        self._found.append(_Finding(problem, (start,) if also is None else (start, also[0])))

    def replace(self, since: int, stretches: list[Stretch], problems: list[Problem]) -> None:
        """Puts the cause in the place of its consequences.

        What was found from the `since`-th on and touches the stretches only follows from these.
        """
        later = [found for found in self._found[since:] if not found.touches(stretches)]
        self._found[since:] = later + [_Finding(problem, ()) for problem in problems]

    def __len__(self) -> int:
        return len(self._found)
