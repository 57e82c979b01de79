"""The command line: the commands, in the order of the help."""

from __future__ import annotations

from typing import Annotated

import typer

from composer import __version__
from composer.cli import bench, build, check, diff, explain, init, plot, schema, show

app = typer.Typer(
    name="losscomp",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


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
      losscomp init loss.yaml
      losscomp check loss.yaml
      losscomp build loss.yaml --batch batch.npz
      losscomp explain shape-mismatch
    """


for command in (
    init.init,
    check.check,
    build.build,
    bench.bench,
    show.show,
    plot.plot,
    diff.diff,
    explain.explain,
    explain.losses,
    schema.schema,
):
    app.command()(command)
