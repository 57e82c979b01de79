"""`losscomp explain` and `losscomp losses`: their arguments and help."""

from __future__ import annotations

from typing import Annotated

import typer

from composer.cli.options import OwnLosses, own_losses


def explain(
    word: Annotated[
        str | None,
        typer.Argument(
            metavar="CODE|LOSS",
            help="The code of a problem, the type of a loss, or its name in another library.",
            show_default=False,
        ),
    ] = None,
    losses: OwnLosses = None,
) -> None:
    """Explain the code of a problem, or a loss.

    Without an argument, all codes are listed. Exit code 0, or 2 for a word that is neither.

    \b
    Examples:
      losscomp explain shape-mismatch
      losscomp explain huber
      losscomp explain mse
      losscomp explain pose --losses my_losses.py
      losscomp explain
    """
    from composer.command.explaining import explained

    typer.echo(explained(word, own_losses(losses)), nl=False)


def losses(
    style: Annotated[
        str, typer.Option("--format", metavar="text|markdown|json", help="How to write them.")
    ] = "text",
    losses: OwnLosses = None,
) -> None:
    """List the losses, with what they take.

    \b
    Examples:
      losscomp losses
      losscomp losses --format json
      losscomp losses --losses my_losses.py
    """
    from composer.command.explaining import listed

    typer.echo(listed(style, own_losses(losses)), nl=False)
