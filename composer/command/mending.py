"""Mending: the edits of problems put into a text, as far as they make it better."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field

from composer.command.checked import Checked
from composer.language.diagnostics import Edit, Place, Problem

MOST_LOOKS = 1_000
"""How often a text is looked at: enough for any that a person writes."""

NO_YAML, NO_SPEC, SPEC = range(3)
"""How far a text could be read."""

_COMMENT = re.compile(r"[^\s#].*\s#", re.DOTALL)
"""A comment behind something else: an edit that is about a comment starts with it."""

_BREAK = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True)
class Seen:
    """What is wrong with a text, and how far it could be read."""

    checked: Checked
    depth: int


Look = Callable[[str], Seen]


@dataclass(frozen=True)
class Mended:
    """A text after mending.

    Attributes:
        text: the text.
        first: what was wrong with it before.
        seen: what is wrong with it now.
        count: how many problems were mended.
        objections: of problems that could not be mended, each with the problem that would take its
            place.
    """

    text: str
    first: Seen
    seen: Seen
    count: int
    objections: Sequence[tuple[Problem, Problem]]


def mend(text: str, file: str, look: Look) -> Mended:
    """Applies the edits of problems as long as they mend something.

    Args:
        text: the text.
        file: its name in problems and edits.
        look: finds what is wrong with a text.
    """
    mender = _Mender(file, look)
    now = first = mender.look_at(text)
    while mender.looks < MOST_LOOKS and (chosen := mender.choose(now)):
        after = mender.attempt(now, chosen)
        if after is not now:  # which may show the next problem, and what was in the way is gone
            mender.objections.clear()
        now = after
    return Mended(now.text, first.seen, now.seen, mender.count, list(mender.objections.items()))


@dataclass(frozen=True)
class _State:
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


class _Mender:
    """Tries edits on a text; remembers what speaks against which, and how many did well."""

    def __init__(self, file: str, look: Look) -> None:
        self.file = file
        self.look = look
        self.objections: dict[Problem, Problem] = {}
        self.count = 0
        self.looks = 0

    def look_at(self, text: str) -> _State:
        """What is wrong with a text."""
        self.looks += 1
        return _State(text, self.file, self.look(text))

    def choose(self, now: _State) -> list[Problem]:
        """The problems to mend in one go, in the order of the text: the edits of none overlap."""
        chosen: list[Problem] = []
        found = now.seen.checked.problems
        end = -1
        for problem in sorted((each for each in found if self._is_open(each, now)), key=_start):
            if _start(problem) > end:
                chosen.append(problem)
                end = max(edit.end for edit in problem.edits)
        return chosen

    def _is_open(self, problem: Problem, now: _State) -> bool:
        """Whether there are edits to try, of this file, that delete nobody's comment."""
        return (
            bool(problem.edits)
            and problem not in self.objections
            and all(each.file == self.file for each in problem.edits)
            and not any(_COMMENT.search(now.text, each.start, each.end) for each in problem.edits)
        )

    def attempt(self, now: _State, chosen: Sequence[Problem]) -> _State:
        """The text with the edits that mend something; those of the rest are not in it."""
        chosen = [each for each in chosen if each in now.seen.checked.problems]
        if not chosen or self.looks >= MOST_LOOKS:
            return now
        edits = [edit for problem in chosen for edit in problem.edits]
        after = self.look_at(applied(now.text, edits))
        objections = _objections(now, chosen, after)
        rest = [each for each in chosen if each not in objections]
        if not objections:
            self.count += len(chosen)
            return after
        if rest or len(chosen) == 1:
            self.objections |= objections
            return self.attempt(now, rest)
        # From the back, so that the offsets of those in front stay true.
        half = len(chosen) // 2
        return self.attempt(self.attempt(now, chosen[half:]), chosen[:half])


def applied(text: str, edits: Collection[Edit]) -> str:
    """The text after edits that do not overlap."""
    for edit in sorted(edits, key=lambda each: each.start, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def _start(problem: Problem) -> int:
    return min(edit.start for edit in problem.edits)


def _objections(before: _State, chosen: Sequence[Problem], after: _State) -> dict[Problem, Problem]:
    """The problems whose edits do not mend them, each with the problem that shows it.

    That is the same one, if it is still there, or a new one that touches what was written. Others
    that are new were hidden until now, as long as no less of the text can be read than before.
    """
    edits = [edit for problem in chosen for edit in problem.edits]
    known = {_key(each, before, edits) for each in before.seen.checked.problems}
    found = {_key(each, after)[::2]: each for each in after.seen.checked.problems}
    new = [each for each in after.seen.checked.problems if _key(each, after) not in known]
    errors = [each for each in new if each.severity == "error"]
    if errors and after.seen.depth < before.seen.depth:
        return dict.fromkeys(chosen, errors[0])
    if after.seen.depth > before.seen.depth == NO_YAML:
        return {}  # it was to become YAML; what that says is another question
    objections = {}
    for problem in chosen:
        written = [_moved(edit, edits) for edit in problem.edits]
        against = errors if problem.severity == "error" else new
        same = found.get(_key(problem, before, edits)[::2])
        touching = (each for each in against if _speaks_against(each, after, written))
        objection = same or next(touching, None)
        if objection is not None:
            objections[problem] = objection
    return objections


def _speaks_against(problem: Problem, after: _State, written: Sequence[tuple[int, int]]) -> bool:
    """Whether a problem touches what was written; in broken YAML, also whether it stands before."""
    own = after.stretch(problem)
    if own is None:
        return problem.file == after.file  # of the whole file
    if after.seen.depth == NO_YAML and own[0] < max(end for _, end in written):
        return True
    return any(_touch(each, other) for each in after.stretches(problem) for other in written)


def _touch(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether two stretches share a character, or one of them is empty and lies in the other."""
    if one[0] == one[1] or other[0] == other[1]:
        return max(one[0], other[0]) <= min(one[1], other[1])
    return max(one[0], other[0]) < min(one[1], other[1])


def _key(problem: Problem, state: _State, edits: Sequence[Edit] = ()) -> tuple[str, str, int]:
    """What makes a problem the same one, with its place as it is after edits."""
    stretch = state.stretch(problem)
    return problem.code, problem.message, -1 if stretch is None else _offset(stretch[0], edits)


def _offset(offset: int, edits: Sequence[Edit]) -> int:
    """Where an offset is after edits; of what is replaced, its start."""
    shift = 0
    for edit in edits:
        if edit.end <= offset:
            shift += len(edit.text) - (edit.end - edit.start)
        elif edit.start < offset:
            shift -= offset - edit.start
    return offset + shift


def _moved(edit: Edit, edits: Sequence[Edit]) -> tuple[int, int]:
    """Where the text of an edit stands after all edits."""
    start = _offset(edit.start, [each for each in edits if each is not edit])
    return start, start + len(edit.text)
