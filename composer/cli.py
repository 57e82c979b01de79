"""The command line: arguments, exit codes, printing."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, NoReturn

import typer

from composer import __version__
from composer.language.diagnostics import Problem, SpecError, escape, quote, show

SOUND, PROBLEMS, USAGE, FAULT = 0, 1, 2, 3
BROKEN_PIPE, INTERRUPTED = 141, 130
MAX_SHOWN = 100

app = typer.Typer(
    name="losscomp",
    help="The loss of a multi-task TensorFlow model from one YAML file.",
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
        list[str], typer.Argument(metavar="FILE…", help="Specs, directories of specs, or - for stdin.")
    ],
    losses: OwnLosses = None,
) -> None:
    """Prove specs right, without TensorFlow.

    Shows every problem with its place and what to write instead. Exit code 0: sound; 1: problems;
    2: wrong usage or a file that cannot be read; 3: a fault of losscomp's own.

    \b
    Examples:
      losscomp check loss.yaml
      losscomp check configs/ other.yaml
      cat loss.yaml | losscomp check -
      losscomp check loss.yaml --losses my_losses.py
    """
    own = _own_losses(losses)
    outcome = [_check_one(file, own) for file in _expanded(files)]
    problems = sum(len(found) for found, _ in outcome)
    errors = any(problem.severity == "error" for found, _ in outcome for problem in found)
    _print_summary(len(outcome), problems)
    unreadable = any(is_unreadable for _, is_unreadable in outcome)
    raise typer.Exit(USAGE if unreadable else PROBLEMS if errors else SOUND)


def _check_one(file: str, own: Sequence[Any]) -> tuple[Sequence[Problem], bool]:
    """The problems of one file, shown; and whether it could not be read at all."""
    from composer.check import check as check_spec
    from composer.reading import read_file, read_text

    try:
        spec = read_text(_stdin(), "<stdin>", own) if file == "-" else read_file(file, own)
        problems: Sequence[Problem] = check_spec(spec)
        source = spec.document.text
    except SpecError as error:
        problems, source = error.problems, error.source
    for problem in problems[:MAX_SHOWN]:
        typer.echo(show(problem, source) + "\n")
    if len(problems) > MAX_SHOWN:
        typer.echo(f"{escape(file)}: {len(problems) - MAX_SHOWN} more problems are not shown\n")
    return problems, any(problem.code == "unreadable-file" for problem in problems)


def _stdin() -> str:
    from composer.language.source import read_stdin

    return read_stdin(sys.stdin.buffer)


def _print_summary(files: int, problems: int) -> None:
    checked = f"{files} file{'s' * (files != 1)}"
    if problems:
        typer.echo(f"{problems} problem{'s' * (problems != 1)} in {checked}")
    else:
        typer.echo(f"{checked} checked: sound")


def _expanded(files: Sequence[str]) -> list[str]:
    """The files named, and the YAML files of the directories named, in order."""
    found: list[str] = []
    for file in files:
        if os.path.isdir(file):
            inside = list(_specs_in(file))
            if not inside:
                _stop(USAGE, f"there is no .yaml or .yml file in {quote(file)}")
            found += inside
        else:
            found.append(file)
    return found


def _specs_in(directory: str) -> Iterator[str]:
    for root, directories, names in os.walk(directory):
        directories[:] = sorted(name for name in directories if not name.startswith("."))
        yield from (
            os.path.join(root, name) for name in sorted(names) if name.endswith((".yaml", ".yml"))
        )


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
    from composer.building import BuildError, build_and_show

    try:
        _quiet_tensorflow()
        text, is_finite = build_and_show(config, batch, step, json, _own_losses(losses), export)
    except SpecError as error:
        for problem in error.problems[:MAX_SHOWN]:
            typer.echo(show(problem, error.source) + "\n", err=True)
        unreadable = any(problem.code == "unreadable-file" for problem in error.problems)
        raise typer.Exit(USAGE if unreadable else PROBLEMS) from None
    except BuildError as error:
        _stop(error.exit_code, str(error))
    typer.echo(text)
    raise typer.Exit(SOUND if is_finite else PROBLEMS)


def _quiet_tensorflow() -> None:
    """Its start-up log would stand between the user and the table; a level set outside wins."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def _own_losses(names: Sequence[str] | None) -> list[Any]:
    if not names:
        return []
    from composer.own_losses import OwnLossesError, load_own_losses
    from composer.reading import own_losses

    try:
        classes = load_own_losses(names)
        own_losses(classes)
    except (OwnLossesError, TypeError) as error:
        _stop(USAGE, str(error))
    return classes


def _stop(code: int, message: str) -> NoReturn:
    typer.echo(f"error: {escape(message)}", err=True)
    raise typer.Exit(code)


def main() -> NoReturn:
    """Runs the command line; whatever goes wrong ends in an exit code, not in a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        app()
    except BrokenPipeError:
        _leave(BROKEN_PIPE)
    except KeyboardInterrupt:
        _leave(INTERRUPTED)
    except Exception as error:
        if os.environ.get("LOSSCOMP_DEBUG"):
            raise
        typer.echo(
            f"error: a fault of losscomp's own: {type(error).__name__}: {escape(str(error))[:500]}\n"
            "help: LOSSCOMP_DEBUG=1 shows the traceback; please report it with the spec",
            err=True,
        )
        sys.exit(FAULT)
    sys.exit(SOUND)


def _leave(code: int) -> NoReturn:
    """Ends without a word; flushing what cannot be written would print one."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, sys.stdout.fileno())
    sys.exit(code)


if __name__ == "__main__":
    main()
