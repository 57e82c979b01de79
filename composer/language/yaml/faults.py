"""What a YAML parser stumbled over, and what we say about it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from composer.language.yaml.findings import Stretch
from composer.language.yaml.places import Source

QUOTE_IT = "put quotes around the whole value"

_WORD = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class Fault:
    """A parser's error.

    Attributes:
        source: the text.
        said: the parser's own context and problem, for choosing words by; never shown.
        offset: where it stopped.
        opened: where the construct starts that it was reading.
    """

    source: Source
    said: str
    offset: int
    opened: int

    @property
    def char(self) -> str:
        """The character it stopped at; empty at the end of the text."""
        return self.source.text[self.offset : self.offset + 1]

    @property
    def at_end(self) -> bool:
        """Whether nothing but blanks follows."""
        return not self.source.text[self.offset :].strip()

    @property
    def before(self) -> str:
        """What stands before it on its line."""
        return self.source.text[self.source.line_start(self.offset) : self.offset]

    @property
    def word_end(self) -> int:
        """Where the word ends that it stopped at."""
        found = _WORD.match(self.source.text, self.offset)
        return found.end() if found else self.offset + 1


@dataclass(frozen=True, slots=True)
class Complaint:
    """Our words for a fault, and the stretch of text that they are about.

    Attributes:
        message: what was required and what was found.
        start: offset of the first character to blame.
        end: offset past the last.
        help: what to write instead.
        code: of the problem.
        also: a second stretch that takes part in it, and what it is.
        replacement: what to write in the place of what is marked, where nothing else is meant.
        covers: a stretch of which other problems only follow from this one.
    """

    message: str
    start: int
    end: int
    help: str | None = None
    code: str = "invalid-yaml"
    also: tuple[int, int, str] | None = None
    replacement: str | None = None
    covers: Stretch | None = None


Rule = Callable[[Fault], Complaint]
