"""Specs as they are stored: read from files or standard input, and put back byte for byte."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from composer.command.exits import USAGE, StopError
from composer.command.writing import require_place, write_bytes
from composer.language.diagnostics import Problem, SpecError, quote
from composer.language.yaml.source import read_source, read_stdin

_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Original:
    """A spec as it is stored.

    Attributes:
        file: its name, or `-`.
        text: its text, without byte order marks; nothing where it cannot be read.
        problems: why it cannot be read.
        data: its bytes, where it came from standard input.
    """

    file: str
    text: str
    problems: Sequence[Problem] = ()
    data: bytes = b""

    @property
    def name(self) -> str:
        """What problems call it."""
        return "<stdin>" if self.file == "-" else self.file


def read_original(file: str) -> Original:
    """A file, or `-`."""
    if sys.stdin is None and file == "-":
        raise StopError("the standard input is closed", USAGE)
    stream = _Kept(sys.stdin.buffer) if file == "-" else None
    text, problems = "", tuple[Problem, ...]()
    try:
        text = read_stdin(stream) if stream else read_source(file)  # type: ignore[arg-type]  # all that is used is there
    except SpecError as error:
        problems = error.problems
    return Original(file, text.removeprefix("\ufeff"), problems, stream.data if stream else b"")


class _Kept:
    """A stream that keeps what is read from it."""

    def __init__(self, stream: BinaryIO) -> None:
        self.data = b""
        self._stream = stream

    def read(self, size: int) -> bytes:
        self.data = self._stream.read(size)
        return self.data


def put_back(original: Original, text: str) -> None:
    """Puts a text where the old one came from; that of `-` goes to standard output.

    Raises:
        StopError: the file is a link, read-only, or another one by now, or cannot be written.
    """
    if original.file == "-":
        _pass_on(original, text)
    elif text != original.text:
        data = _encoded(original, _current(original.file), text)
        write_bytes(original.file, data, force=True)


def _pass_on(original: Original, text: str) -> None:
    """Prints the text; what cannot be read, as it is."""
    if sys.stdout is None:
        return
    sys.stdout.flush()
    if original.problems:
        sys.stdout.buffer.write(original.data)
        if original.data:
            shutil.copyfileobj(sys.stdin.buffer, sys.stdout.buffer)  # what is too large
    else:
        sys.stdout.buffer.write(_encoded(original, original.data, text))
    sys.stdout.buffer.flush()


def _current(file: str) -> bytes:
    """What a file holds now; raises StopError for one that is not to be replaced."""
    require_place(file, force=True)
    try:
        if not os.stat(file).st_mode & 0o222 or not os.access(file, os.W_OK):
            raise StopError(f"{quote(file)} is read-only", USAGE)
        with open(file, "rb") as stream:
            return stream.read()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise StopError(f"{quote(file)} cannot be read again: {reason}", USAGE) from None


def _encoded(original: Original, data: bytes, text: str) -> bytes:
    """The bytes of a text, with the byte order marks of the old one."""
    old = original.text.encode()
    marks = data.removesuffix(old)
    if not data.endswith(old) or marks.replace(_MARK, b""):
        raise StopError(f"{quote(original.file)} has changed since it was read", USAGE)
    return marks + text.encode()
