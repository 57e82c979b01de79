"""`losscomp diff`: its arguments and help."""

from __future__ import annotations

import sys
from typing import Annotated, Literal

import typer

from composer.cli.options import Color, OwnLosses, Step, own_losses, require_step
from composer.command.colours import painter
from composer.command.exits import USAGE, StopError
from composer.language.diagnostics import SpecError

SAME, DIFFERENT = 0, 1


def diff(
    old: Annotated[str, typer.Argument(metavar="A", help="A spec, or - for stdin.")],
    new: Annotated[str, typer.Argument(metavar="B", help="The spec to compare with it.")],
    batch: Annotated[
        str | None,
        typer.Option(
            metavar="FILE.npz",
            help="A batch on which both totals are computed: arrays named y_true.depth, "
            "y_pred.depth, …",
        ),
    ] = None,
    step: Step = 0,
    style: Annotated[
        Literal["text", "json"], typer.Option("--format", help="How to write it.")
    ] = "text",
    color: Color = "auto",
    losses: OwnLosses = None,
) -> None:
    """Show what changed in the formula from one spec to another.

    Terms are compared by what they compute: order, comments, and defaults written or not are no
    changes. Exit code as diff(1) has it: 0: the same formula; 1: another; 2: wrong usage, a file
    that cannot be read, or a spec with problems; 3: a fault of losscomp's own.

    \b
    Examples:
      losscomp diff old.yaml new.yaml
      git show HEAD:loss.yaml | losscomp diff - loss.yaml
      losscomp diff old.yaml new.yaml --batch batch.npz --step 500
    """
    from composer.command.diff.differing import diff_specs
    from composer.command.refusing import refuse

    require_step(step)
    if step and batch is None:
        raise StopError("`--step` is that of a batch: give `--batch FILE.npz` too", USAGE)
    paint = painter(color, sys.stdout)
    try:
        found = diff_specs(old, new, own_losses(losses), batch, step, style == "json", paint)
    except SpecError as error:
        # An exit code of 1 would say that the two were compared.
        refuse(error.problems, color)
        raise typer.Exit(USAGE) from None
    answer, is_same = found
    print(answer)
    raise typer.Exit(SAME if is_same else DIFFERENT)
