"""Colours of the terminal: whether they are wanted, and what they look like."""

from __future__ import annotations

import os
from typing import Literal, TextIO

from composer.language.frames import Paint, Style, plain

Choice = Literal["auto", "always", "never"]

_CODES: dict[Style, str] = {
    "error": "1;31",
    "warning": "1;33",
    "place": "36",
    "gutter": "34",
    "help": "1;32",
    "bold": "1",
    "dim": "2",
}


def painter(choice: Choice, stream: TextIO | None) -> Paint:
    """What colours text for a stream: the choice, then the environment, then the terminal."""
    return _paint if are_wanted(choice, stream) else plain


def are_wanted(choice: Choice, stream: TextIO | None) -> bool:
    """An explicit choice wins, then NO_COLOR, then FORCE_COLOR, then what the stream is."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb"


def _paint(text: str, style: Style) -> str:
    return f"\x1b[{_CODES[style]}m{text}\x1b[0m" if text else text
