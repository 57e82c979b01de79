"""Reading the text of a spec: bounded, decoded strictly, and never from what is not a file."""

from __future__ import annotations

import os
import stat
from typing import BinaryIO, NoReturn

from composer.language.diagnostics import Problem, SpecError
from composer.language.yaml.places import Source

LARGEST = 1 << 20
_STDIN = "<stdin>"


def read_source(path: str | os.PathLike[str]) -> str:
    """The text of a regular UTF-8 file of at most 1 MiB."""
    name = os.fspath(path)
    try:
        data = _read_bytes(name)
    except (OSError, ValueError) as error:
        _refuse("unreadable-file", f"the file cannot be read: {_reason(error)}", name)
    return _decode(data, name)


def read_stdin(stream: BinaryIO) -> str:
    """The text of a stream, of which no more is read than a file may hold."""
    try:
        data = stream.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        reason = _reason(error)
        _refuse("unreadable-file", f"the standard input cannot be read: {reason}", _STDIN)
    return _decode(data or b"", _STDIN)


def _read_bytes(name: str) -> bytes:
    # O_NONBLOCK, because opening a FIFO that nobody writes to would wait for ever.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
    descriptor = os.open(name, flags | getattr(os, "O_BINARY", 0))
    try:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            raise OSError(0, f"it is {_kind(mode)}, not a regular file")
        with open(descriptor, "rb", closefd=False) as file:
            return file.read(LARGEST + 1)
    finally:
        os.close(descriptor)


def _kind(mode: int) -> str:
    kinds = {
        stat.S_IFDIR: "a directory",
        stat.S_IFIFO: "a named pipe",
        stat.S_IFCHR: "a device",
        stat.S_IFBLK: "a device",
        stat.S_IFSOCK: "a socket",
    }
    return kinds.get(stat.S_IFMT(mode), "something else")


def _reason(error: OSError | ValueError) -> str:
    reasons = {
        FileNotFoundError: "no such file",
        PermissionError: "permission denied",
        IsADirectoryError: "it is a directory, not a regular file",
        NotADirectoryError: "a part of its path is not a directory",
    }
    known = next((text for kind, text in reasons.items() if isinstance(error, kind)), None)
    system = error.strerror if isinstance(error, OSError) else None
    return known or (system or str(error)).lower()


def _decode(data: bytes, name: str) -> str:
    if len(data) > LARGEST:
        _refuse("too-large", f"a spec takes at most {LARGEST} bytes", name)
    try:
        return data.removeprefix(b"\xef\xbb\xbf").decode("utf-8")
    except UnicodeDecodeError as error:
        offset = len(data) - len(error.object) + error.start
        _refuse_encoding(data, offset, error.object[: error.start].decode("utf-8"), name)


def _refuse_encoding(data: bytes, offset: int, before: str, name: str) -> NoReturn:
    message = f"the file is not UTF-8: byte {offset} is 0x{data[offset]:02x}"
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        message = "the file is UTF-16, not UTF-8"
    source = Source(data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace"), name)
    start, help = len(before), "save the file as UTF-8"
    problem = source.problem("invalid-encoding", message, start, start + 1, help=help)
    raise SpecError([problem], source.text)


def _refuse(code: str, message: str, name: str) -> NoReturn:
    raise SpecError([Problem(code, message, name, 0, 0, 0)]) from None
