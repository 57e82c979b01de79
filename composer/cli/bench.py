"""`losscomp bench`: its arguments and help."""

from __future__ import annotations

import sys
from collections.abc import Sequence
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
from composer.command.bench.measured import MODES, Wanted
from composer.command.colours import painter
from composer.command.exits import PROBLEMS, SOUND, USAGE, StopError
from composer.language.diagnostics import did_you_mean, quote

ALL = "all"
MOST_ROUNDS = 100_000


def bench(
    config: Config,
    batch: BatchOrDrawn = None,
    mode: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MODE",
            help="eager, graph, xla or all; may be repeated. By default graph and xla.",
        ),
    ] = None,
    rounds: Annotated[
        int, typer.Option(metavar="N", min=1, help="How often everything is measured.")
    ] = 20,
    memory: Annotated[
        bool, typer.Option("--memory/--no-memory", help="Measure memory, in a second process.")
    ] = True,
    step: Step = 0,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
    losses: OwnLosses = None,
    overrides: Overrides = None,
    color: Color = "auto",
) -> None:
    """Measure how long each loss takes, and how much memory.

    Each term alone and all at once: value and gradients, in rounds that run everything once in
    turn. `at least` is what a copy of the same bytes takes: predictions and targets read, gradients
    written. Memory is what is held at the peak beyond the batch, gradients included.

    Exit code 0: measured; 1: problems, a loss that cannot be computed, or a total that is not
    finite; 2: wrong usage or a file that cannot be read; 3: a fault of losscomp's own.

    \b
    Examples:
      losscomp bench loss.yaml --batch batch.npz
      losscomp bench loss.yaml --batch batch.npz --mode all --rounds 50
      losscomp bench loss.yaml --batch batch.npz --json
      losscomp bench loss.yaml --set tensors.y_pred.depth=float32[8,256,256,1]
    """
    from composer.command.bench.benching import bench_and_show
    from composer.command.bench.progress import progress

    require_step(step)
    wanted = Wanted(
        config, batch, step, _modes(mode), _rounds(rounds), tuple(losses or ()),
        tuple(overrides or ()), memory,
    )  # fmt: skip
    with errors_told(color), progress(sys.stderr) as tell:
        text, is_sound = bench_and_show(
            wanted, own_losses(losses), json, painter(color, sys.stdout), tell
        )
    print(text)  # as it is: typer would take the colours out
    raise typer.Exit(SOUND if is_sound else PROBLEMS)


def _modes(given: list[str] | None) -> Sequence[str]:
    """The modes asked for, in the order of their table, each once."""
    if not given:
        return Wanted.modes
    known = (*MODES, ALL)
    for word in given:
        if word not in known:
            help = did_you_mean(word, known, noun="there are")
            raise StopError(f"`--mode` knows no {quote(word)}; {help}", USAGE)
    return MODES if ALL in given else tuple(mode for mode in MODES if mode in given)


def _rounds(rounds: int) -> int:
    if rounds > MOST_ROUNDS:
        raise StopError(f"`--rounds` is at most {MOST_ROUNDS}", USAGE)
    return rounds
