"""`losscomp show`: its arguments and help."""

from __future__ import annotations

import sys
from typing import Annotated, Literal

import typer

from composer.cli.options import Color, Config, Overrides, OwnLosses, errors_told, own_losses
from composer.command.colours import painter


def show(
    config: Config,
    overrides: Overrides = None,
    style: Annotated[
        Literal["text", "markdown", "latex", "json"],
        typer.Option("--format", help="How to write it; latex is the formula alone."),
    ] = "text",
    color: Color = "auto",
    losses: OwnLosses = None,
) -> None:
    """Show a spec resolved, and its total as a formula.

    Every value is written out, defaults too, with where it comes from. The text is a spec itself,
    which means the same. Exit code 0: shown; 1: the spec has problems; 2: wrong usage or a file
    that cannot be read; 3: a fault of losscomp's own.

    \b
    Examples:
      losscomp show loss.yaml
      losscomp show loss.yaml --set tasks.depth.weight=0.3
      losscomp show loss.yaml --format markdown > loss.md
      losscomp show loss.yaml --format latex
    """
    from composer.command.show.showing import show_spec

    paint = painter(color, sys.stdout)
    with errors_told(color):
        text = show_spec(config, overrides or (), own_losses(losses), style, paint)
    print(text.rstrip("\n"))
