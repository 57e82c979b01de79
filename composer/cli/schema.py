"""`losscomp schema`: its arguments and help."""

from __future__ import annotations

from typing import Annotated

import typer

from composer.cli.options import OwnLosses, own_losses


def schema(
    output: Annotated[
        str | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Write it there, instead of printing it."
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace FILE where it is there already.")
    ] = False,
    losses: OwnLosses = None,
) -> None:
    """Print the JSON Schema of a spec, for editors.

    An editor with a YAML language server completes and checks a spec that names the schema in its
    first line, by a URL or by a path relative to the spec:

    \b
      # yaml-language-server: $schema=losscomp.schema.json

    \b
    Examples:
      losscomp schema
      losscomp schema -o losscomp.schema.json
      losscomp schema -o losscomp.schema.json --force --losses my_losses.py
    """
    from composer.command.writing import write_text
    from composer.language.diagnostics import quote
    from composer.schema.spec import schema_text

    text = schema_text(own_losses(losses))
    if output is None:
        typer.echo(text, nl=False)
    else:
        write_text(output, text, force=force)
        typer.echo(f"{quote(output)} is written", err=True)
