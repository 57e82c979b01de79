"""Batches in `.npz` files: `y_true.depth`, `y_pred.depth`, … to nested mappings of arrays."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, Any

from composer.command.opening import OpenError, open_regular
from composer.language.diagnostics import quote
from composer.npy import MAX_HEADER, NpyError, parse_header

if TYPE_CHECKING:
    import numpy as np

MAX_BYTES = 2 * 1024**3
MAX_ARRAYS = 10_000
MAX_DEPTH = 64
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # all that NumPy writes
_DAMAGE = (zipfile.BadZipFile, zlib.error, ValueError, RuntimeError, OSError, EOFError)

Arrays = dict[str, Any]


class BatchError(ValueError):
    """A batch file cannot be read, or holds what no batch can."""


def read_batch(path: str) -> tuple[Arrays, Arrays]:
    """The targets and predictions of a batch file; raises BatchError. Nothing is unpickled."""
    sides: dict[str, Arrays] = {"y_true": {}, "y_pred": {}}
    for key, array in _arrays(path):
        side, *names = key.split(".")
        if side not in sides or not names or "" in names or len(names) > MAX_DEPTH:
            raise BatchError(
                f"{quote(path)} holds {quote(key)}; "
                "its keys are like `y_true.depth` and `y_pred.depth`"
            )
        _put(sides[side], names, array, key)
    if not any(sides.values()):
        raise BatchError(f"{quote(path)} holds no array")
    return sides["y_true"], sides["y_pred"]


def _put(level: Arrays, names: list[str], array: np.ndarray[Any, Any], key: str) -> None:
    for name in names[:-1]:
        level = level.setdefault(name, {})
        if not isinstance(level, dict):
            raise BatchError(f"{quote(key)} lies below another array")
    if names[-1] in level:
        raise BatchError(f"{quote(key)} stands twice, or has arrays below it")
    level[names[-1]] = array


def _arrays(path: str) -> Iterator[tuple[str, np.ndarray[Any, Any]]]:
    """Every array of the archive, its sizes checked before it is unpacked."""
    with _opened(path) as file:
        try:
            archive = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
            raise BatchError(
                f"{quote(path)} is no `.npz` file; write it with `numpy.savez`"
            ) from None
        members = archive.infolist()
        if len(members) > MAX_ARRAYS or sum(member.file_size for member in members) > MAX_BYTES:
            raise BatchError(f"{quote(path)} unpacks to more than {MAX_BYTES >> 30} GiB")
        for member in members:
            yield member.filename.removesuffix(".npy"), _array(archive, member, path)


def _array(archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: str) -> np.ndarray[Any, Any]:
    import numpy as np

    name = f"{path}:{member.filename}"
    try:
        if member.compress_type not in _METHODS:
            raise NotImplementedError
        with archive.open(member) as file:
            header = parse_header(file.read(MAX_HEADER + 12), name)
        if header.size != member.file_size:
            message = f"{quote(name)} is cut short, or goes on behind its numbers"
            raise NpyError("invalid-file", message)
        with archive.open(member) as file:
            array: np.ndarray[Any, Any] = np.lib.format.read_array(file, allow_pickle=False)
    except NpyError as error:
        raise BatchError(str(error)) from None
    except MemoryError:
        raise BatchError(f"{quote(name)} takes more memory than there is") from None
    except _DAMAGE:
        raise BatchError(f"{quote(name)} is damaged, or cannot be unpacked") from None
    return array


def _opened(path: str) -> IO[bytes]:
    try:
        return open_regular(path)
    except OpenError as error:
        raise BatchError(f"{quote(path)} {error}") from None
