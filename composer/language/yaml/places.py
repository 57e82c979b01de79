"""A text and its lines: from an offset to the line and column that a person counts."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable

from composer.language.diagnostics import Edit, Place, Problem, Severity

_BREAK = re.compile(r"\r\n|\r|\n")


class Source:
    """The text of a file, and where its lines start.

    Attributes:
        text: the text.
        file: the file as it was named.
        first_line: the number of its first line; texts of one name go on from each other.
    """

    __slots__ = ("_excerpts", "_starts", "file", "first_line", "text")

    def __init__(self, text: str, file: str, first_line: int = 1) -> None:
        self.text = text
        self.file = file
        self.first_line = first_line
        self._starts = [0, *(match.end() for match in _BREAK.finditer(text))]
        self._excerpts: dict[int, str] = {}

    @property
    def next_line(self) -> int:
        """The number of the line that would follow its last."""
        return self.first_line + len(self._starts)

    def place(self, offset: int) -> tuple[int, int]:
        """The 1-based line and column of an offset."""
        line = bisect_right(self._starts, offset)
        return self.first_line - 1 + line, offset - self._starts[line - 1] + 1

    def line_start(self, offset: int) -> int:
        """Where the line that holds an offset starts."""
        return self._starts[bisect_right(self._starts, offset) - 1]

    def line_end(self, offset: int) -> int:
        """Where the line that holds an offset ends, its line break not included."""
        line = bisect_right(self._starts, offset)
        if line == len(self._starts):
            return len(self.text)
        end = self._starts[line]
        return end - (2 if self.text[end - 2 : end] == "\r\n" else 1)

    def line_text(self, offset: int) -> str:
        """The line that holds an offset."""
        return self.text[self.line_start(offset) : self.line_end(offset)]

    def mark(self, start: int, end: int) -> tuple[int, int, int]:
        """Line, column and end column of a stretch of text, cut at the end of its first line."""
        line, column = self.place(start)
        end = max(start, min(end, self.line_end(start)))
        return line, column, column + end - start

    def place_of(self, start: int, end: int, text: str) -> Place:
        """A stretch of text as a place of a problem, with what it has to do with it."""
        line, column, end_column = self.mark(start, end)
        return Place(self.file, line, column, end_column, text, self.excerpt(line))

    def excerpt(self, line: int) -> str:
        """A line by its number, the same text whenever it is asked for."""
        if line not in self._excerpts:
            self._excerpts[line] = self.line_text(self._starts[line - self.first_line])
        return self._excerpts[line]

    def problem(
        self,
        code: str,
        message: str,
        start: int,
        end: int,
        *,
        help: str | None = None,
        severity: Severity = "error",
        places: Iterable[Place] = (),
        edits: Iterable[Edit] = (),
    ) -> Problem:
        """A problem that marks a stretch of text."""
        line, column, end_column = self.mark(start, end)
        return Problem(
            code, message, self.file, line, column, end_column, help, severity,
            self.excerpt(line), tuple(places), tuple(edits),
        )  # fmt: skip
