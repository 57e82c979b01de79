"""The output formats of `check`: what was found, as text for people and for programs."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Iterator

from composer.command.checked import Checked, Tally
from composer.language.frames import Paint

Write = Callable[[Iterable[Checked], Tally, Paint], Iterator[str]]
"""From what was found, file by file, to lines. The tally is whole once the files are used up."""

FORMATS = ("full", "concise", "json", "github", "sarif")


def find(name: str) -> Write:
    """What writes a format; imports that one alone."""
    write: Write = importlib.import_module(f"composer.command.formats.{name}").write
    return write
