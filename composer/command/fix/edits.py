"""A text and what is wrong with it, and where its places are after edits."""

from __future__ import annotations

import bisect
import itertools
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from composer.command.checked import Checked
from composer.language.diagnostics import Edit, Place, Problem

NO_YAML, NO_SPEC, SPEC = range(3)
"""How far a text could be read."""

_BREAK = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True)
class Seen:
    """What is wrong with a text, and how far it could be read."""

    checked: Checked
    depth: int


@dataclass(frozen=True)
class State:
    """A text and what is wrong with it, with the offsets of every place."""

    text: str
    file: str
    seen: Seen
    starts: list[int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        starts = [0, *(found.end() for found in _BREAK.finditer(self.text))]
        object.__setattr__(self, "starts", starts)

    def stretch(self, place: Problem | Place) -> tuple[int, int] | None:
        """The offsets of what is marked; None where no line of this text is."""
        if place.file != self.file or not place.line:
            return None
        start = self.starts[place.line - 1] - 1
        return start + place.column, start + place.end_column

    def stretches(self, problem: Problem) -> Iterator[tuple[int, int]]:
        """The offsets of all places that take part in a problem."""
        places: tuple[Problem | Place, ...] = (problem, *problem.places)
        found = (self.stretch(each) for each in places)
        return (each for each in found if each is not None)


def applied(text: str, edits: Collection[Edit]) -> str:
    """The text after edits that do not overlap."""
    parts, at = [], 0
    for edit in sorted(edits, key=lambda each: (each.start, each.end)):
        parts += [text[at : edit.start], edit.text]
        at = edit.end
    return "".join([*parts, text[at:]])


class Shifts:
    """Where the offsets of a text are after edits that do not overlap."""

    def __init__(self, edits: Iterable[Edit] = ()) -> None:
        self.edits = sorted(edits, key=lambda each: (each.end, each.start))
        self.ends = [edit.end for edit in self.edits]
        gains = (len(edit.text) - (edit.end - edit.start) for edit in self.edits)
        self.gains = [0, *itertools.accumulate(gains)]

    def offset(self, offset: int) -> int:
        """An offset; of what is replaced, its start."""
        before = bisect.bisect_right(self.ends, offset)
        inside = self.edits[before : before + 1]
        within = max(0, offset - inside[0].start) if inside else 0
        return offset + self.gains[before] - within

    def written(self, edit: Edit) -> tuple[int, int]:
        """Where the text of one of the edits stands."""
        start = self.offset(edit.start)
        if edit.start == edit.end:  # it counts as one that ends before itself
            start -= len(edit.text)
        return start, start + len(edit.text)
