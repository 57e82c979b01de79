"""A `.keras` file: the JSON in it that describes the model, its size checked before unpacking."""

from __future__ import annotations

import json
import os
import zipfile
import zlib
from typing import Any

from composer.command.opening import BoundedReader, OpenError, open_regular

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


def _opened(path: str) -> BoundedReader:
    try:
        return open_regular(path)
    except OpenError as error:
        if not error.is_directory:
            raise RefusedError(str(error)) from None
    is_saved = os.path.exists(os.path.join(path, "saved_model.pb"))
    raise RefusedError(f"is a {'SavedModel' if is_saved else 'directory'}; {_SAVE}")
