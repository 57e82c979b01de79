"""`losscomp check`: its arguments and help."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated

import typer

from composer.cli.options import (
    Color,
    Overrides,
    OwnLosses,
    Quiet,
    Verbose,
    own_losses,
    require_step,
)
from composer.command.checked import MAX_SHOWN
from composer.command.exits import USAGE, StopError
from composer.command.formats import FORMATS
from composer.language.diagnostics import did_you_mean, quote

Codes = list[str] | None


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
    overrides: Overrides = None,
    fix: Annotated[
        bool,
        typer.Option(
            "--fix",
            help="Mend what can only mean one thing, and tell what is left. The mended text "
            "of - goes to standard output.",
        ),
    ] = False,
    diff: Annotated[
        bool, typer.Option("--diff", help="Show what --fix would change, and write nothing.")
    ] = False,
    output_format: Annotated[
        str, typer.Option(metavar="FORMAT", help="full, concise, json, github or sarif.")
    ] = "full",
    max_errors: Annotated[
        int, typer.Option(metavar="N", min=0, help="Show at most N problems; 0 shows all.")
    ] = MAX_SHOWN,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings fail too.")] = False,
    select: Annotated[
        Codes,
        typer.Option(metavar="CODE", help="Tell these warnings alone. Commas, or repeated."),
    ] = None,
    ignore: Annotated[
        Codes,
        typer.Option(metavar="CODE", help="Do not tell these warnings. Commas, or repeated."),
    ] = None,
    quiet: Quiet = 0,
    verbose: Verbose = False,
    color: Color = "auto",
) -> None:
    """Prove specs right, without TensorFlow.

    Shows every problem with its place and what to write instead. Exit code 0: sound, with or
    without warnings; 1: problems; 2: wrong usage or a file that cannot be read; 3: a fault of
    losscomp's own.

    A warning is left out on a line that ends with `# losscomp: ignore[code]`. What is an error of
    the spec itself is always told.

    \b
    Examples:
      losscomp check loss.yaml
      losscomp check configs/ other.yaml --strict
      cat loss.yaml | losscomp check -
      losscomp check loss.yaml --batch batch.npz
      losscomp check loss.yaml --model model.keras
      losscomp check loss.yaml --losses my_losses.py
      losscomp check loss.yaml --diff
      losscomp check loss.yaml --fix
      losscomp check loss.yaml --set tasks.depth.weight=0.3
      losscomp check configs/ --output-format github
    """
    from composer.command.checking import Evidence, Manner, check_files

    require_step(step)
    if step and batch is None:
        raise StopError("`--step` is that of a batch: give `--batch FILE.npz` too", USAGE)
    _require_one("--output-format", output_format, FORMATS)
    if diff and output_format != "full":
        raise StopError("`--diff` is a format of its own; leave `--output-format` out", USAGE)
    evidence = Evidence(own_losses(losses), batch, model, step, overrides or ())
    manner = Manner(
        output_format, max_errors, strict, _codes("--select", select), _codes("--ignore", ignore),
        quiet, verbose, color, fix, diff,
    )  # fmt: skip
    raise typer.Exit(check_files(files, evidence, manner))


def _require_one(option: str, word: str, known: Sequence[str]) -> None:
    if word not in known:
        help = did_you_mean(word, known, noun="there are")
        raise StopError(f"`{option}` knows no {quote(word)}; {help}", USAGE)


def _codes(option: str, given: Codes) -> frozenset[str]:
    """The codes of an option that may be repeated, each one or several with commas."""
    from composer.codes import CATALOGUE

    codes = [code for each in given or () for code in re.split(r"[,\s]+", each) if code]
    if given and not codes:
        raise StopError(f"`{option}` takes codes, such as `zero-weight`", USAGE)
    for code in codes:
        _require_one(option, code, list(CATALOGUE))
    return frozenset(codes)
