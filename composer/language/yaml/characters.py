"""Characters that a spec may not hold, refused before any parser sees them."""

from __future__ import annotations

import re

from composer.language.diagnostics import Problem
from composer.language.yaml.places import Source
from composer.language.yaml.source import LARGEST

_NOT_ASCII = re.compile("[^\t\n\r -~]")
# Printable as YAML 1.2 says, less the three that YAML 1.1 takes for line breaks: a reader of the
# one sees a comment go on where a reader of the other sees a new line.
_REFUSED = (
    "[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_MOST = 16


def unreadable(source: Source) -> list[Problem]:
    """Why a text cannot be parsed at all: it is too long, or holds characters like NUL.

    Each such character is named once, where it first stands.
    """
    if len(source.text) > LARGEST:
        message = f"a spec takes at most {LARGEST} characters"
        return [Problem("too-large", message, source.file, 0, 0, 0)]
    if not _NOT_ASCII.search(source.text):
        return []
    first: dict[str, int] = {}
    for match in re.finditer(_REFUSED, source.text):
        first.setdefault(match.group(), match.start())
        if len(first) == _MOST:
            break
    return [_problem(source, char, offset) for char, offset in first.items()]


def surrogate(text: str) -> str | None:
    """A lone surrogate, which an escape puts into a value if libyaml is not there to refuse it."""
    return None if text.isascii() else next((c for c in text if "\ud800" <= c <= "\udfff"), None)


def _problem(source: Source, char: str, offset: int) -> Problem:
    return source.problem("invalid-character", refusal(char), offset, offset + 1, help="remove it")


def refusal(char: str) -> str:
    """What to say of a character."""
    return f"the character U+{ord(char):04X} is not allowed in a spec"
