"""What a YAML parser stumbled over, and what we say about it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

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
    """Our words for a fault, and the stretch of text that they are about."""

    message: str
    start: int
    end: int
    help: str | None = None
    code: str = "invalid-yaml"


Rule = Callable[[Fault], Complaint]
