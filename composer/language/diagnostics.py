"""Problems: what is wrong with a spec, where, and what to write instead."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, Self

Severity = Literal["error", "warning"]

OVERRIDE = "--set"
"""What stands for a file where a value was given in its place."""

_SHOWN_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Place:
    """A stretch of one line that takes part in a problem, and what it has to do with it.

    Attributes:
        file: the file as it was named by the caller.
        line: 1-based line.
        column: 1-based column in code points.
        end_column: column just past the last marked character, on `line`.
        text: what is there, such as `declared here`.
        excerpt: the line itself.
    """

    file: str
    line: int
    column: int
    end_column: int
    text: str
    excerpt: str = field(default="", repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Edit:
    """One replacement in the text of a file: of the code points from `start` up to `end`.

    A byte order mark at the start of the file is not counted.
    """

    file: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Problem:
    """One diagnostic.

    Attributes:
        code: stable kebab-case name of the kind of problem.
        message: what was required and what was found, in one sentence.
        file: the file as it was named by the caller; `--set` for an override.
        line: 1-based line; 0 where no line is to blame.
        column: 1-based column in code points.
        end_column: column just past the last marked character, on `line`.
        help: what to write instead, or None.
        severity: `error` or `warning`.
        excerpt: the line itself.
        places: other places that take part in it.
        edits: what makes it right, where only one thing can be meant.
    """

    code: str
    message: str
    file: str
    line: int
    column: int
    end_column: int
    help: str | None = None
    severity: Severity = "error"
    excerpt: str = field(default="", repr=False, compare=False)
    places: tuple[Place, ...] = ()
    edits: tuple[Edit, ...] = ()

    def __str__(self) -> str:
        from composer.language.frames import headline

        return headline(self)


class SpecError(Exception):
    """A spec, or the tensors given to it, are not what they should be.

    Attributes:
        problems: every problem found, in the order of the file.
        source: the text that the lines of the problems refer to.
    """

    problems: tuple[Problem, ...]
    source: str

    # AutoGraph makes anew what passes through it, from the text alone, and keeps the class only of
    # exceptions without an `__init__` of their own: hence `__new__`, and hence text is taken too.
    def __new__(cls, problems: Sequence[Problem] | str, source: str = "") -> Self:
        error = super().__new__(cls, problems, source)
        error.problems = () if isinstance(problems, str) else tuple(problems)
        error.source = source
        return error

    def __str__(self) -> str:
        if isinstance(self.args[0], str):
            return self.args[0]
        from composer.language.frames import show

        return "\n".join(show(problem) for problem in self.problems)


def with_places(problem: Problem, *places: Place) -> Problem:
    """The problem with further places; one that it marks already tells nothing new."""
    known = {(problem.file, problem.line, problem.column)}
    known |= {(each.file, each.line, each.column) for each in problem.places}
    new = [each for each in places if (each.file, each.line, each.column) not in known]
    return replace(problem, places=(*problem.places, *new)) if new else problem


def escape(text: str) -> str:
    """Makes control, bidirectional and zero-width characters and lone surrogates visible."""
    return "".join(char if _is_shown(char) else f"\\u{{{ord(char):x}}}" for char in text)


def quote(value: object) -> str:
    """A value between backticks, shortened and escaped."""
    text = value if isinstance(value, str) else str(value)
    if len(text) > _SHOWN_LENGTH:
        text = text[:_SHOWN_LENGTH] + "…"
    return f"`{escape(text)}`"


def suggest(word: str, known: Iterable[str]) -> str | None:
    """The known word that `word` most likely means, if one is near."""
    import difflib  # costs milliseconds, and only problems need it

    if len(word) > _SHOWN_LENGTH:
        return None
    candidates = list(known)
    lower = {candidate.lower(): candidate for candidate in candidates}
    if word.lower() in lower:
        return lower[word.lower()]
    near = difflib.get_close_matches(word, candidates, n=1, cutoff=0.7)
    return near[0] if near else None


def did_you_mean(word: str, known: Iterable[str], *, noun: str = "known") -> str | None:
    """`did you mean …?`, or else the list of what is known."""
    names = list(known)
    near = suggest(word, names)
    if near is not None:
        return f"did you mean {quote(near)}?"
    return f"{noun}: {listing(names)}" if names else None


def listing(names: Iterable[str], limit: int = 24) -> str:
    """Names in backticks, separated by commas; a long list is cut."""
    names = list(names)
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(quote(name) for name in names[:limit]) + more


def split_lines(text: str) -> list[str]:
    """The lines of a text as YAML counts them: LF, CRLF and CR end a line, nothing else does."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def width(text: str) -> int:
    """Terminal columns that a text takes: wide characters take two, combining ones none."""
    return sum(_char_width(char) for char in text)


def _char_width(char: str) -> int:
    if char.isascii():
        return 1
    if unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _is_shown(char: str) -> bool:
    if char.isascii():
        return char.isprintable()
    return unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
