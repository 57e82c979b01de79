"""`.npy` files beside a spec: where they may lie, and what their header says, without NumPy."""

from __future__ import annotations

import ast
import math
import os
import stat
import struct
import warnings
from dataclasses import dataclass

from composer.language.diagnostics import quote

MAX_BYTES = 64 * 1024 * 1024
MAX_HEADER = 10_000
MAX_RANK = 32
_MAGIC = b"\x93NUMPY"
_DTYPES = {
    "|b1": "bool", "|i1": "int8", "|u1": "uint8", "<i2": "int16", "<u2": "uint16", "<i4": "int32",
    "<u4": "uint32", "<i8": "int64", "<u8": "uint64", "<f2": "float16", "<f4": "float32",
    "<f8": "float64",
}  # fmt: skip


class NpyError(ValueError):
    """A `.npy` file may not be read, or is not what it should be."""

    def __init__(self, code: str, message: str, help: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.help = help


@dataclass(frozen=True, slots=True)
class Header:
    """What a `.npy` file holds: its full path, dtype, sizes, and its own size in bytes."""

    path: str
    dtype: str
    shape: tuple[int, ...]
    size: int


def read_header(directory: str, name: str) -> Header:
    """The header of a file named relative to the spec's directory; raises NpyError."""
    path = confined(directory, name)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise NpyError("invalid-path", f"{quote(name)} cannot be read: {_reason(error)}") from None
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise NpyError("invalid-path", f"{quote(name)} is no regular file")
    with open(descriptor, "rb") as file:
        header = parse_header(file.read(MAX_HEADER + 12), name, path)
    if 0 in header.shape:
        raise NpyError("invalid-file", f"{quote(name)} has an axis without elements")
    if header.size > MAX_BYTES:
        raise NpyError("too-large", f"{quote(name)} holds more than {MAX_BYTES >> 20} MiB")
    if status.st_size != header.size:
        raise NpyError("invalid-file", f"{quote(name)} is cut short, or goes on behind its numbers")
    return header


def confined(directory: str, name: str) -> str:
    """The full path of a file in the directory or below; raises NpyError for any way out of it."""
    parts = name.split("/")
    plain = name.isprintable() and not set(name) & set("\\:~\0")
    if not plain or not name.endswith(".npy") or {"", ".", ".."} & set(parts):
        raise NpyError(
            "invalid-path",
            f"a constant's file is a `.npy` file beside the spec or below it, found {quote(name)}",
            "write a relative path such as `weights/classes.npy`",
        )
    root = os.path.realpath(directory)
    path = os.path.realpath(os.path.join(root, *parts))
    if os.path.commonpath([root, path]) != root:
        raise NpyError("invalid-path", f"{quote(name)} leads out of the spec's directory")
    return path


def parse_header(head: bytes, name: str, path: str = "") -> Header:
    """Reads the beginning of a `.npy` file; raises NpyError."""
    if head[:6] != _MAGIC or len(head) < 12:
        raise NpyError("invalid-file", f"{quote(name)} is no `.npy` file")
    wide = head[6] >= 2
    (length,) = struct.unpack_from("<I" if wide else "<H", head, 8)
    first = 12 if wide else 10
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python's on a strange escape, with the raw characters
            header = ast.literal_eval(head[first : first + length].decode("latin-1").strip())
        dtype, shape = header["descr"], header["shape"]
    except (ValueError, SyntaxError, TypeError, KeyError, MemoryError, RecursionError):
        raise NpyError("invalid-file", f"the header of {quote(name)} cannot be read") from None
    if length > MAX_HEADER or not _is_shape(shape):
        raise NpyError("invalid-file", f"the header of {quote(name)} cannot be read")
    if not isinstance(dtype, str) or dtype not in _DTYPES:
        raise NpyError(
            "invalid-file",
            f"{quote(name)} holds {quote(dtype)}; booleans, integers or real numbers are required",
            "save it as float32, little-endian",
        )
    size = first + length + math.prod(shape) * int(dtype[2:])
    return Header(path, _DTYPES[dtype], shape, size)


def _is_shape(shape: object) -> bool:
    return (
        isinstance(shape, tuple)
        and len(shape) <= MAX_RANK
        and all(type(size) is int and size >= 0 for size in shape)
    )


def _reason(error: OSError) -> str:
    return (os.strerror(error.errno) if error.errno else "it cannot be opened").lower()
