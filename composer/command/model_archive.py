"""A `.keras` file: the JSON in it that describes the model, its size checked before unpacking."""

from __future__ import annotations

import io
import json
import os
import stat
import zipfile
import zlib
from typing import Any

MAX_BYTES = 8 * 1024**2
MAX_MEMBERS = 10_000

_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_DAMAGE = (zipfile.BadZipFile, zlib.error, ValueError, RuntimeError, OSError, EOFError)
_KINDS = {
    (0, b"\x89HDF"): "an HDF5 file", (0, b"\x80"): "a pickle", (0, b"\x1f\x8b"): "a gzip file",
    (257, b"ustar"): "a tar archive",
}  # fmt: skip
_HEAD = 262
_SAVE = 'save the model with `model.save("model.keras")`'


class RefusedError(ValueError):
    """A model is not read; the message goes on from the name of its file."""


def read_config(path: str) -> Any:
    """`config.json` of a `.keras` file; raises RefusedError. Weights are never looked at."""
    with _opened(path) as file:
        kind = _kind(path, file.read(_HEAD))
        if kind is not None:
            raise RefusedError(f"is {kind}; {_SAVE}")
        try:
            with zipfile.ZipFile(file) as archive, archive.open(_member(archive)) as stream:
                return json.loads(stream.read().decode())
        except RefusedError:
            raise
        except _DAMAGE:
            raise RefusedError(f"is damaged, or no `.keras` file; {_SAVE}") from None


def _member(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    members = archive.infolist()
    found = [each for each in members if each.filename == "config.json"]
    if len(found) != 1 or len(members) > MAX_MEMBERS or found[0].compress_type not in _METHODS:
        raise zipfile.BadZipFile
    if found[0].file_size > MAX_BYTES:
        raise RefusedError(f"holds a `config.json` of more than {MAX_BYTES >> 20} MiB")
    return found[0]


def _kind(path: str, head: bytes) -> str | None:
    """What a file is that is no `.keras` file; None where it may be one."""
    for (start, mark), kind in _KINDS.items():
        if head[start:].startswith(mark):
            return kind
    return None if path.endswith(".keras") else "no `.keras` file"


class _Frugal(io.BufferedReader):
    """A file of which no more is read at once than any model needs.

    Python reads the whole list of the members of a ZIP file before anybody can count them.
    """

    def read(self, size: int | None = -1) -> bytes:
        size = MAX_BYTES if size is None or size < 0 else size
        if size > MAX_BYTES:
            raise zipfile.BadZipFile
        return super().read(size)


def _opened(path: str) -> _Frugal:
    """A regular file, opened without waiting for anybody."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        number = getattr(error, "errno", None)
        reason = os.strerror(number).lower() if number else "it has no such name"
        raise RefusedError(f"cannot be read: {reason}") from None
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return _Frugal(io.FileIO(descriptor))
    os.close(descriptor)
    if stat.S_ISDIR(mode):
        is_saved = os.path.exists(os.path.join(path, "saved_model.pb"))
        raise RefusedError(f"is a {'SavedModel' if is_saved else 'directory'}; {_SAVE}")
    raise RefusedError("is no regular file")
