"""`losscomp init`: its arguments and help."""

from __future__ import annotations

from typing import Annotated

import typer

from composer.command.exits import USAGE, StopError


def init(
    file: Annotated[
        str | None,
        typer.Argument(
            metavar="FILE", help="The spec to write, or - to print it.  [default: loss.yaml]"
        ),
    ] = None,
    preset: Annotated[
        str | None,
        typer.Option(
            "--preset",
            "-p",
            metavar="NAME",
            help="What to start from.  [default: scene-depth-pose]",
        ),
    ] = None,
    list_: Annotated[bool, typer.Option("--list", help="List the presets.")] = False,
    schema: Annotated[
        bool,
        typer.Option(
            "--schema", help="Also write losscomp.schema.json beside it, which editors read."
        ),
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Replace files that are there already.")
    ] = False,
) -> None:
    """Write a commented spec to start from.

    Every preset passes `check --strict`, and `build` runs it on a batch drawn at random.

    \b
    Examples:
      losscomp init
      losscomp init --list
      losscomp init depth.yaml --preset depth --schema
      losscomp init - --preset segmentation
    """
    from composer.command.presets import DEFAULT, listed, preset_text, start

    if list_:
        if file or preset or schema or force:
            raise StopError("`--list` stands alone", USAGE)
        typer.echo(listed())
    elif file == "-":
        if schema or force:
            raise StopError("`-` prints the spec; `--schema` and `--force` take a file", USAGE)
        typer.echo(preset_text(preset or DEFAULT), nl=False)
    else:
        told = start(file or "loss.yaml", preset or DEFAULT, force=force, with_schema=schema)
        typer.echo(told)
