"""Mending: the edits of problems put into a text, as far as they make it better."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from composer.command.fix.edits import Seen, State, applied
from composer.command.fix.objections import objections_to
from composer.language.diagnostics import Problem

MOST_LOOKS = 1_000
"""How often a text is looked at: enough for any that a person writes."""

MOST_READ = 1_000_000
"""How many characters are read again and again, beyond the first 40 looks."""

_COMMENT = re.compile(r"[^\s#].*\s#", re.DOTALL)
"""A comment behind something else: an edit that is about a comment starts with it."""

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
    while mender.may_look(now) and (chosen := mender.choose(now)):
        after = mender.attempt(now, chosen)
        if after is not now:  # which may show the next problem, and what was in the way is gone
            mender.objections.clear()
        now = after
    return Mended(now.text, first.seen, now.seen, mender.count, list(mender.objections.items()))


class _Mender:
    """Tries edits on a text; remembers what speaks against which, and how many did well."""

    def __init__(self, file: str, look: Look) -> None:
        self.file = file
        self.look = look
        self.objections: dict[Problem, Problem] = {}
        self.count = 0
        self.looks = 0

    def may_look(self, now: State) -> bool:
        """Whether a text may be looked at again: the longer it is, the less often."""
        return self.looks < min(MOST_LOOKS, 40 + MOST_READ // (len(now.text) + 1))

    def look_at(self, text: str) -> State:
        """What is wrong with a text."""
        self.looks += 1
        return State(text, self.file, self.look(text))

    def choose(self, now: State) -> list[Problem]:
        """The problems to mend in one go, in the order of the text: the edits of none overlap."""
        chosen: list[Problem] = []
        found = now.seen.checked.problems
        end = -1
        for problem in sorted((each for each in found if self._is_open(each, now)), key=_start):
            if _start(problem) > end:
                chosen.append(problem)
                end = max(edit.end for edit in problem.edits)
        return chosen

    def _is_open(self, problem: Problem, now: State) -> bool:
        """Whether there are edits to try, of this file, that delete nobody's comment."""
        return (
            bool(problem.edits)
            and problem not in self.objections
            and all(each.file == self.file for each in problem.edits)
            and not any(_COMMENT.search(now.text, each.start, each.end) for each in problem.edits)
        )

    def attempt(self, now: State, chosen: Sequence[Problem]) -> State:
        """The text with the edits that mend something; those of the rest are not in it."""
        there = set(now.seen.checked.problems)
        chosen = [each for each in chosen if each in there]
        if not chosen or not self.may_look(now):
            return now
        edits = [edit for problem in chosen for edit in problem.edits]
        after = self.look_at(applied(now.text, edits))
        objections = objections_to(now, chosen, after)
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


def _start(problem: Problem) -> int:
    return min(edit.start for edit in problem.edits)
