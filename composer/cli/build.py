"""`losscomp build`: its arguments and help."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from composer.cli.options import (
    BatchOrDrawn,
    Color,
    Config,
    Overrides,
    OwnLosses,
    Step,
    errors_told,
    own_losses,
    require_step,
)
from composer.command.colours import painter
from composer.command.exits import PROBLEMS, SOUND


def build(
    config: Config,
    batch: BatchOrDrawn = None,
    step: Step = 0,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    losses: OwnLosses = None,
    overrides: Overrides = None,
    export: Annotated[
        str | None, typer.Option(metavar="DIR", help="Also write the total loss as a SavedModel.")
    ] = None,
    color: Color = "auto",
) -> None:
    """Build a spec and show what each loss contributes on a batch.

    Exit code 0: all numbers are finite; 1: problems, or a number that is not finite; 2: wrong usage
    or a file that cannot be read; 3: a fault of losscomp's own.

    \b
    Examples:
      losscomp build loss.yaml
      losscomp build loss.yaml --batch batch.npz --step 500
      losscomp build loss.yaml --batch batch.npz --json
      losscomp build loss.yaml --set tasks.depth.weight=0.3
      losscomp build loss.yaml --export exported/
    """
    from composer.command.building import build_and_show

    require_step(step)
    with errors_told(color):
        text, is_finite = build_and_show(
            config, batch, step, json, own_losses(losses), export,
            overrides=overrides or (), paint=painter(color, sys.stdout),
        )  # fmt: skip
    print(text)  # as it is: typer would take the colours out
    raise typer.Exit(SOUND if is_finite else PROBLEMS)
