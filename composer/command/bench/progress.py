"""How far a long measurement is, on one line of a terminal that is taken away in the end."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TextIO

_ERASE = "\r\x1b[K"


@contextlib.contextmanager
def progress(stream: TextIO | None) -> Iterator[Callable[[str], None]]:
    """What tells how far it is; nothing where the stream is no terminal."""
    if stream is None or not stream.isatty():
        yield lambda _: None
        return

    def tell(text: str) -> None:
        stream.write(_ERASE + text)
        stream.flush()

    try:
        yield tell
    finally:
        tell("")
