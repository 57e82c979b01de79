"""The text of a document as it grows, with its lines and comments, and where everything stands."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field

from tests.locations.tree import Span, Tree

_COMMENTS = (
    "half of it", "weight: 0.5", "tab\tinside", "深度 in metres", "🙂 {a: b, [c", "it's \"so\"",
    "# - ? *x &y", "e\u0301te\u0301", "%YAML !!str | >",
)  # fmt: skip


@dataclass
class Written:
    """A text, and where in it everything stands.

    Attributes:
        marks: of each key and value the stretch that stands for it: a scalar with its quotes, a
            flow collection with its brackets, the first key of a block mapping, the first item of
            a block list with its dash, the header of a block scalar.
        spans: of each scalar, where every character of its text is spelled.
    """

    text: str
    marks: dict[int, Span]
    spans: dict[int, list[Span]]

    def mark(self, node: Tree, part: Span | None = None) -> tuple[int, int, int]:
        """Line, column and end column of a key or value, or of some characters of its text."""
        start, end = self.marks[id(node)]
        if part is not None:
            spans = self.spans[id(node)]
            start = spans[part[0]][0] if part[0] < len(spans) else spans[-1][1]
            end = spans[part[1] - 1][1] if part[1] > part[0] else start
        before = re.split(r"\r\n|\r|\n", self.text[:start])
        shown = re.split(r"[\r\n]", self.text[start:end])[0]
        column = len(before[-1]) + 1
        return len(before), column, column + len(shown)


@dataclass
class Pen:
    """Puts text behind text; `folds` is whether it may break lines within values."""

    rng: random.Random
    parts: list[str] = field(default_factory=list)
    at: int = 0
    marks: dict[int, Span] = field(default_factory=dict)
    spans: dict[int, list[Span]] = field(default_factory=dict)
    is_block_open: bool = False

    def __post_init__(self) -> None:
        self.line_break = self.rng.choice(["\n"] * 6 + ["\r\n"] * 2 + ["\r"])
        self.folds = self.chance(0.8)
        self.comments = self.rng.choice([0, 0, 0.2, 0.5])

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def put(self, text: str) -> None:
        if text:
            self.parts.append(text)
            self.at += len(text)

    def written(self) -> Written:
        return Written("".join(self.parts), self.marks, self.spans)

    def comment(self) -> str:
        return "#" + self.rng.choice(["", " ", "\t"]) + self.rng.choice(_COMMENTS)

    def end_line(self) -> None:
        """Behind the lines of a block scalar a comment would be a part of it."""
        if not self.is_block_open and self.chance(self.comments):
            # libyaml takes no tab behind the dash of an item or the colon of an explicit key.
            is_bare = self.parts[-1] in ("-", ":")
            self.put(self.rng.choice([" ", "  ", " " if is_bare else "\t"]) + self.comment())
        self.is_block_open = False
        self.put(self.line_break)

    def lines_between(self, column: int) -> None:
        """Blank lines and comments, up to a column, counted from 0."""
        while self.chance(self.comments / 2):
            is_blank = self.chance(0.5)
            text = "" if is_blank else " " * self.rng.randint(0, column) + self.comment()
            self.put(text + self.line_break)

    def next_line(self, column: int) -> None:
        """Ends the line and starts another one in a column."""
        self.end_line()
        self.lines_between(column)
        self.put(" " * column)
