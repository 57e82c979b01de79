"""`losscomp plot`: its arguments and help."""

from __future__ import annotations

from typing import Annotated

import typer

from composer.cli.options import MAX_STEP, Config, Overrides, OwnLosses, own_losses, require_step
from composer.command.exits import USAGE, StopError


def plot(
    config: Config,
    output: Annotated[
        str,
        typer.Option(
            "--output", "-o", metavar="FILE.png|svg", help="The picture; one that is there goes."
        ),
    ],
    batch: Annotated[
        str | None,
        typer.Option(
            metavar="FILE.npz",
            help="A batch, with arrays named y_true.depth, y_pred.depth, …: also draws what every "
            "loss adds on it, and on images where.",
        ),
    ] = None,
    step: Annotated[
        int | None, typer.Option(metavar="N", min=0, help="The training step of the batch.")
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            help="The last training step drawn; by default a little beyond the last schedule.",
        ),
    ] = None,
    overrides: Overrides = None,
    losses: OwnLosses = None,
) -> None:
    """Draw the weights over the steps and the penalty of each loss.

    Needs Matplotlib: pip install 'losscomp[plots]'. Exit code 0: the picture is written; 1:
    problems; 2: wrong usage, or a file that cannot be read or written; 3: a fault of losscomp's
    own.

    \b
    Examples:
      losscomp plot loss.yaml -o loss.svg
      losscomp plot loss.yaml -o loss.png --steps 50000
      losscomp plot loss.yaml -o batch.png --batch batch.npz --step 500
      losscomp plot loss.yaml -o loss.png --set tasks.depth.weight=0.3
    """
    from composer.command.plotting import Wanted, plot_to

    require_step(step or 0)
    if step is not None and batch is None:
        raise StopError("`--step` is that of a batch: give `--batch FILE.npz` too", USAGE)
    if steps is not None and steps > MAX_STEP:
        raise StopError(f"`--steps` is at most {MAX_STEP}", USAGE)
    wanted = Wanted(config, output, batch, step or 0, steps, tuple(overrides or ()))
    for note in plot_to(wanted, own_losses(losses)):
        typer.echo(note, err=True)
