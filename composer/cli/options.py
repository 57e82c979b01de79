"""Options that several commands share."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import typer

from composer.command.colours import Choice
from composer.command.exits import USAGE, StopError
from composer.language.diagnostics import SpecError

MAX_STEP = 2**63 - 1

Config = Annotated[str, typer.Argument(metavar="CONFIG", help="The spec, or - for stdin.")]

BatchOrDrawn = Annotated[
    str | None,
    typer.Option(
        metavar="FILE.npz",
        help="A batch: arrays named y_true.depth, y_pred.depth, …; by default one is drawn "
        "from `tensors:`.",
    ),
]

Step = Annotated[int, typer.Option(metavar="N", min=0, help="The training step.")]

OwnLosses = Annotated[
    list[str] | None,
    typer.Option(
        "--losses",
        metavar="MODULE",
        help="Module or .py file with loss classes of your own. May be repeated.",
    ),
]

Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="PATH=VALUE",
        help="Put a value in the place of the file's, such as tasks.depth.weight=0.3. May be "
        "repeated.",
    ),
]

Color = Annotated[
    Choice,
    typer.Option(help="Colours; auto asks NO_COLOR, FORCE_COLOR and the terminal."),
]

Quiet = Annotated[
    int,
    typer.Option(
        "--quiet", "-q", count=True, metavar="", help="Leave out notes and counts; -qq all."
    ),
]

Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="Tell every file, its time, and the versions.")
]


@contextlib.contextmanager
def errors_told(color: Choice) -> Iterator[None]:
    """Tells the errors of a spec that a command needs without any, in the colours asked for."""
    try:
        yield
    except SpecError as error:
        from composer.command.refusing import refuse

        raise typer.Exit(refuse(error.problems, color)) from None


def require_step(step: int) -> None:
    """Raises StopError for a step that no int64 holds."""
    if step > MAX_STEP:
        raise StopError(f"`--step` is at most {MAX_STEP}", USAGE)


def own_losses(names: Sequence[str] | None) -> list[Any]:
    """The loss classes of the modules named by `--losses`."""
    if not names:
        return []
    from composer import reading
    from composer.command.own_losses import OwnLossesError, load_own_losses

    try:
        classes = load_own_losses(names)
        reading.own_losses(classes)
    except (OwnLossesError, TypeError) as error:
        raise StopError(str(error), USAGE) from None
    return classes
