"""A text and what is wrong with it, and where its places are after edits."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
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
    for edit in sorted(edits, key=lambda each: each.start, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def offset_after(offset: int, edits: Sequence[Edit]) -> int:
    """Where an offset is after edits; of what is replaced, its start."""
    shift = 0
    for edit in edits:
        if edit.end <= offset:
            shift += len(edit.text) - (edit.end - edit.start)
        elif edit.start < offset:
            shift -= offset - edit.start
    return offset + shift


def stretch_after(edit: Edit, edits: Sequence[Edit]) -> tuple[int, int]:
    """Where the text of an edit stands after all edits."""
    start = offset_after(edit.start, [each for each in edits if each is not edit])
    return start, start + len(edit.text)
