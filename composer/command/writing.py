"""Files that commands write: whole or not at all, and nothing that is there without leave."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import tempfile
from collections.abc import Iterator

from composer.command.exits import USAGE, StopError
from composer.language.diagnostics import quote

_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}


def write_text(path: str, text: str, *, force: bool = False) -> None:
    """The same as `write_bytes` in UTF-8; its lines end as the text has them."""
    with _told(path):
        data = text.encode("utf-8", "surrogateescape")
    write_bytes(path, data, force=force)


def write_bytes(path: str, data: bytes, *, force: bool = False) -> None:
    """Writes a file in one step.

    Args:
        path: the file; neither a link nor anything else that is no regular file.
        data: what it is to hold.
        force: whether a file that is there may be replaced. It keeps its mode.

    Raises:
        StopError: the file is there, or may not or cannot be written.
    """
    with _told(path):
        _write(path, data, _mode_of(path, force), force)


def require_place(path: str, *, force: bool = False) -> None:
    """Raises StopError for what `write_bytes` would refuse, before work is done for nothing."""
    with _told(path):
        _mode_of(path, force)
        os.stat(os.path.dirname(path) or ".")


@contextlib.contextmanager
def _told(path: str) -> Iterator[None]:
    """Makes a StopError of what goes wrong with a file."""
    try:
        yield
    except FileExistsError:
        raise _there(path) from None
    except (OSError, ValueError) as error:
        number = getattr(error, "errno", None)
        reason = os.strerror(number).lower() if number else "it has no such name"
        raise StopError(f"{quote(path)} cannot be written: {reason}", USAGE) from None


def _mode_of(path: str, force: bool) -> int | None:
    """The mode of the file to be replaced; None where there is none."""
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return None
    if stat.S_ISLNK(mode):
        raise StopError(f"{quote(path)} is a symbolic link; name the file itself", USAGE)
    if not stat.S_ISREG(mode):
        raise StopError(f"{quote(path)} is no regular file", USAGE)
    if not force:
        raise _there(path)
    return stat.S_IMODE(mode)


def _there(path: str) -> StopError:
    return StopError(f"{quote(path)} is there already; `--force` replaces it", USAGE)


def _write(path: str, data: bytes, mode: int | None, force: bool) -> None:
    descriptor, draft = tempfile.mkstemp(dir=os.path.dirname(path) or ".", prefix=".losscomp-")
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), _usual_mode() if mode is None else mode)
            os.fsync(file.fileno())
        if force:
            os.replace(draft, path)
        else:
            _put(draft, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(draft)


def _put(draft: str, path: str) -> None:
    """Gives the draft its name; raises FileExistsError where somebody else was faster."""
    try:
        os.link(draft, path)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        os.replace(draft, path)  # on a file system without hard links


def _usual_mode() -> int:
    """The mode of a new file."""
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
