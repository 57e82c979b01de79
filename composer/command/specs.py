"""The specs that commands name: read and checked, from files or from standard input."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from composer.command.exits import USAGE, StopError
from composer.language.diagnostics import Problem, SpecError

if TYPE_CHECKING:
    from composer.spec import Spec

STDIN = "<stdin>"


def sound_spec(config: str, losses: Sequence[Any] = (), overrides: Sequence[str] = ()) -> Spec:
    """The spec of a command that needs one without errors.

    Args:
        config: a file, or `-` for standard input.
        losses: loss classes of one's own.
        overrides: `PATH=VALUE`, put in the place of what the file says.

    Raises:
        SpecError: with the errors of the spec.
    """
    spec, problems, source = examine_named(safe_name(config), losses, overrides)
    errors = [problem for problem in problems if problem.severity == "error"]
    if spec is None or errors:
        raise SpecError(errors, source)
    return spec


def examine_named(
    file: str, own: Sequence[Any] = (), overrides: Sequence[str] = ()
) -> tuple[Spec | None, Sequence[Problem], str]:
    """What `reading.examine` gives, for a file or `-`."""
    from composer.language.yaml.source import read_stdin
    from composer.reading import examine, examine_text

    if file != "-":
        return examine(file, own, overrides)
    if sys.stdin is None:
        raise StopError("the standard input is closed", USAGE)
    try:
        return examine_text(read_stdin(sys.stdin.buffer), STDIN, own, overrides)
    except SpecError as error:
        return None, error.problems, error.source


def shown_name(file: str) -> str:
    """What problems call a file, or `-`."""
    return STDIN if file == "-" else file


def safe_name(file: str) -> str:
    """The same file by a name that GitHub does not take for a command of a workflow."""
    return os.path.join(".", file) if file.lstrip().startswith(("::", "##")) else file
