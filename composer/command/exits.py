"""Exit codes, and the error that ends a command with one."""

from __future__ import annotations

SOUND, PROBLEMS, USAGE, FAULT = 0, 1, 2, 3
INTERRUPTED, BROKEN_PIPE = 130, 141


class StopError(Exception):
    """A command cannot go on: what to tell, and the exit code."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code
