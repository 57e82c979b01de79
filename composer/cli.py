"""The command line: its commands, arguments and help."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from composer import __version__
from composer.command.checking import Evidence, check_files
from composer.command.exits import PROBLEMS, SOUND, USAGE, StopError

MAX_STEP = 2**63 - 1

app = typer.Typer(
    name="losscomp",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

OwnLosses = Annotated[
    list[str] | None,
    typer.Option(
        "--losses",
        metavar="MODULE",
        help="Module or .py file with loss classes of your own. May be repeated.",
    ),
]


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"losscomp {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """The loss of a multi-task TensorFlow model from one YAML file.

    \b
    Examples:
      losscomp check loss.yaml
      losscomp build loss.yaml --batch batch.npz
    """


@app.command()
def check(
    files: Annotated[
        list[str],
        typer.Argument(metavar="FILE…", help="Specs, directories of specs, or - for stdin."),
    ],
    batch: Annotated[
        str | None,
        typer.Option(
            metavar="FILE.npz",
            help="A real batch, with arrays named y_true.depth, y_pred.depth, …: takes shapes and "
            "dtypes from it, and looks at its numbers.",
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            metavar="FILE.keras",
            help="A Keras model, whose outputs are compared with the spec. Loads TensorFlow.",
        ),
    ] = None,
    step: Annotated[
        int, typer.Option(metavar="N", min=0, help="The training step of the batch.")
    ] = 0,
    losses: OwnLosses = None,
) -> None:
    """Prove specs right, without TensorFlow.

    Shows every problem with its place and what to write instead. Exit code 0: sound, with or
    without warnings; 1: problems; 2: wrong usage or a file that cannot be read; 3: a fault of
    losscomp's own.

    \b
    Examples:
      losscomp check loss.yaml
      losscomp check configs/ other.yaml
      cat loss.yaml | losscomp check -
      losscomp check loss.yaml --batch batch.npz
      losscomp check loss.yaml --model model.keras
      losscomp check loss.yaml --losses my_losses.py
    """
    _require_step(step)
    if step and batch is None:
        raise StopError("`--step` is that of a batch: give `--batch FILE.npz` too", USAGE)
    evidence = Evidence(_own_losses(losses), batch, model, step)
    raise typer.Exit(check_files(files, evidence))


@app.command()
def build(
    config: Annotated[str, typer.Argument(metavar="CONFIG", help="The spec, or - for stdin.")],
    batch: Annotated[
        str | None,
        typer.Option(
            metavar="FILE.npz",
            help="A batch: arrays named y_true.depth, y_pred.depth, …; by default one is drawn "
            "from `tensors:`.",
        ),
    ] = None,
    step: Annotated[int, typer.Option(metavar="N", min=0, help="The training step.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    losses: OwnLosses = None,
    export: Annotated[
        str | None, typer.Option(metavar="DIR", help="Also write the total loss as a SavedModel.")
    ] = None,
) -> None:
    """Build a spec and show what each loss contributes on a batch.

    Exit code 0: all numbers are finite; 1: problems, or a number that is not finite; 2: wrong usage
    or a file that cannot be read; 3: a fault of losscomp's own.

    \b
    Examples:
      losscomp build loss.yaml
      losscomp build loss.yaml --batch batch.npz --step 500
      losscomp build loss.yaml --batch batch.npz --json
      losscomp build loss.yaml --export exported/
    """
    from composer.command.building import build_and_show

    _require_step(step)
    text, is_finite = build_and_show(config, batch, step, json, _own_losses(losses), export)
    typer.echo(text)
    raise typer.Exit(SOUND if is_finite else PROBLEMS)


def _require_step(step: int) -> None:
    if step > MAX_STEP:
        raise StopError(f"`--step` is at most {MAX_STEP}", USAGE)


def _own_losses(names: Sequence[str] | None) -> list[Any]:
    if not names:
        return []
    from composer.command.own_losses import OwnLossesError, load_own_losses
    from composer.reading import own_losses

    try:
        classes = load_own_losses(names)
        own_losses(classes)
    except (OwnLossesError, TypeError) as error:
        raise StopError(str(error), USAGE) from None
    return classes
