"""Problems: what is wrong with a spec, where, and what to write instead."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, Self

Severity = Literal["error", "warning"]

_SHOWN_LENGTH = 200
_FRAME_WIDTH = 100


@dataclass(frozen=True, slots=True)
class Problem:
    """One diagnostic.

    Attributes:
        code: stable kebab-case name of the kind of problem.
        message: what was required and what was found, in one sentence.
        file: the file as it was named by the caller.
        line: 1-based line; 0 where no line is to blame.
        column: 1-based column in code points.
        end_column: column just past the last marked character, on `line`.
        help: what to write instead, or None.
        severity: `error` or `warning`.
    """

    code: str
    message: str
    file: str
    line: int
    column: int
    end_column: int
    help: str | None = None
    severity: Severity = "error"

    def __str__(self) -> str:
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
        return "\n".join(show(problem, self.source) for problem in self.problems)


def headline(problem: Problem) -> str:
    """`file:line:col: error[code]: message`, safe to print."""
    place = escape(problem.file)
    if problem.line:
        place += f":{problem.line}:{problem.column}"
    return f"{place}: {problem.severity}[{problem.code}]: {escape(problem.message)}"


def show(problem: Problem, source: str) -> str:
    """The headline, the source line with a caret under the place, and the help."""
    parts = [headline(problem)]
    lines = split_lines(source)
    if 0 < problem.line <= len(lines):
        parts.append(frame(problem, lines[problem.line - 1]))
    if problem.help:
        parts += [f"help: {escape(line)}" for line in problem.help.splitlines()[:1]]
        parts += [f"      {escape(line)}" for line in problem.help.splitlines()[1:]]
    return "\n".join(parts)


def frame(problem: Problem, line: str) -> str:
    """The source line and carets below it; a long line is cut to a window around them."""
    start = min(problem.column - 1, len(line))
    end = max(start + 1, min(problem.end_column - 1, len(line)))
    left = max(0, start - _FRAME_WIDTH // 2) if len(line) > _FRAME_WIDTH else 0
    right = min(len(line), left + _FRAME_WIDTH)
    before, marked, after = line[left:start], line[start : min(end, right)], line[end:right]
    cut_left, cut_right = "…" * (left > 0), "…" * (right < len(line))
    gutter = f"{problem.line} | "
    text = cut_left + _flat(before) + _flat(marked) + _flat(after) + cut_right
    indent = " " * (len(gutter) + width(cut_left + _flat(before)))
    return f"{gutter}{text}".rstrip() + f"\n{indent}{'^' * max(1, width(_flat(marked)))}"


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
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _flat(text: str) -> str:
    return escape(text.replace("\t", "    "))


def _is_shown(char: str) -> bool:
    if char.isascii():
        return char.isprintable()
    return unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
