"""Where the command starts and ends: an exit code whatever happens, never a traceback."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence
from typing import NoReturn, TextIO

from composer.command.exits import (
    BROKEN_PIPE,
    FAULT,
    INTERRUPTED,
    SOUND,
    USAGE,
    StopError,
)
from composer.startup import hasten


def run() -> NoReturn:
    """Runs `losscomp` as the whole of a process, which ends without freeing what it holds.

    A sixth of the time of a `check` would go into that. TensorFlow ends in its own way.
    """
    try:
        main()
    except SystemExit as end:
        if "tensorflow" in sys.modules or not isinstance(end.code, int):
            raise
        os._exit(end.code)


def main() -> NoReturn:
    """Runs `losscomp` on the arguments of the process."""
    try:
        code = _outcome(sys.argv[1:])
        for stream in _streams():
            stream.flush()
        sys.exit(code)
    except BrokenPipeError:
        _leave(BROKEN_PIPE)
    except KeyboardInterrupt:
        _leave(INTERRUPTED)
    except OSError as error:
        with contextlib.suppress(OSError):
            _complain(f"the output cannot be written: {(error.strerror or str(error)).lower()}")
        _leave(USAGE)


def _outcome(arguments: Sequence[str]) -> int:
    """The exit code, after what ended the command early has been told."""
    try:
        for stream in _streams():
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="backslashreplace")
        return _run(arguments)
    except Exception as error:
        # Whatever reads a file answers for its errors; only printing has none to name a file in.
        is_output = isinstance(error, OSError) and error.filename is None
        if is_output or os.environ.get("LOSSCOMP_DEBUG"):
            raise
        return _tell(error)


def _run(arguments: Sequence[str]) -> int:
    """Answers the plain forms of `--version` and `check` without loading the command line."""
    if list(arguments) == ["--version"]:
        from composer import __version__

        print(f"losscomp {__version__}")
        return SOUND
    hasten()
    command, *files = arguments or [""]
    if command == "check" and files and not any(len(f) > 1 and f[0] == "-" for f in files):
        from composer.command.checking import check_files

        return check_files(files)
    from composer.cli import app

    return _code(app)


def _code(app: object) -> int:
    """Runs a typer application and returns its exit code."""
    try:
        app(prog_name="losscomp")  # type: ignore[operator]  # a Typer is callable
    except SystemExit as end:
        if isinstance(end.__context__, BrokenPipeError):  # of which typer makes a 1
            raise end.__context__ from None
        return end.code if isinstance(end.code, int) else SOUND
    return SOUND


def _tell(error: Exception) -> int:
    """Prints what ended a command, and returns its exit code."""
    from composer.language.diagnostics import SpecError, escape

    if isinstance(error, StopError):
        _complain(escape(str(error)))
        return error.exit_code
    if isinstance(error, SpecError):
        from composer.command.refusing import refuse

        return refuse(error.problems)
    _complain(
        f"a fault of losscomp's own: {type(error).__name__}: {escape(str(error))[:500]}\n"
        "help: LOSSCOMP_DEBUG=1 shows the traceback; please report it with the spec"
    )
    return FAULT


def _complain(message: str) -> None:
    print(f"error: {message}", file=sys.stderr)


def _streams() -> list[TextIO]:
    """Standard output and error, as far as they are open."""
    return [stream for stream in (sys.stdout, sys.stderr) if stream is not None]


def _leave(code: int) -> NoReturn:
    """Ends without a word; Python would print one when it cannot flush."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    for stream in _streams():
        with contextlib.suppress(OSError):
            os.dup2(devnull, stream.fileno())
    sys.exit(code)
