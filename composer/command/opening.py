"""Opening files that somebody else wrote: regular ones, read in bounded pieces, without waiting."""

from __future__ import annotations

import io
import os
import stat
import zipfile

MAX_READ = 8 * 1024**2


class OpenError(ValueError):
    """A file cannot be opened; the message goes on from its name.

    Attributes:
        is_directory: whether it is one.
    """

    def __init__(self, message: str, *, is_directory: bool = False) -> None:
        super().__init__(message)
        self.is_directory = is_directory


class BoundedReader(io.BufferedReader):
    """A file of which no more than MAX_READ is read at once; raises BadZipFile for more.

    Python reads the whole list of the members of a ZIP file before anybody can count them.
    """

    def read(self, size: int | None = -1) -> bytes:
        size = MAX_READ if size is None or size < 0 else size
        if size > MAX_READ:
            raise zipfile.BadZipFile
        return super().read(size)


def open_regular(path: str) -> BoundedReader:
    """A regular file, opened without waiting for anybody; raises OpenError."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        number = getattr(error, "errno", None)
        reason = os.strerror(number).lower() if number else "it has no such name"
        raise OpenError(f"cannot be read: {reason}") from None
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return BoundedReader(io.FileIO(descriptor))
    os.close(descriptor)
    raise OpenError("is no regular file", is_directory=stat.S_ISDIR(mode))
