"""What `losscomp plot` does: a spec, maybe a batch, and a picture of them in a file."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from composer.command.exits import USAGE, StopError
from composer.command.specs import sound_spec
from composer.command.writing import require_place, write_bytes
from composer.language.diagnostics import escape, quote

if TYPE_CHECKING:
    from composer.losses.base import Loss
    from composer.plots.figure import Drawn, OnBatch, Section
    from composer.spec import Spec

Batch = tuple[dict[str, Any], dict[str, Any]]

KINDS = ("png", "svg")
_MOST_MISSING = 20


@dataclass(frozen=True)
class Wanted:
    """What a user asks to be drawn.

    Attributes:
        config: the spec, or `-` for standard input.
        output: the file to write.
        batch: a batch file, or None.
        step: the training step of the batch.
        last: the last step drawn; None for what the schedules tell.
        overrides: `PATH=VALUE`, put in the place of what the spec says.
    """

    config: str
    output: str
    batch: str | None = None
    step: int = 0
    last: int | None = None
    overrides: tuple[str, ...] = ()


def plot_to(wanted: Wanted, losses: Sequence[type[Loss]] = ()) -> Iterator[str]:
    """Draws and writes; gives what is to be told about it.

    Raises:
        SpecError: the spec has problems, or the batch does not fit it.
        StopError: Matplotlib is missing, or a file cannot be read or written.
    """
    _kind(wanted.output)
    require_place(wanted.output, force=True)
    spec = sound_spec(wanted.config, losses, wanted.overrides)
    _require_matplotlib()
    batch = None if wanted.batch is None else _batch(wanted.batch)
    drawn, data = _picture(wanted, spec, batch, is_own=bool(losses))
    write_bytes(wanted.output, data, force=True)
    yield f"{quote(wanted.output)} is written"
    if drawn.missing:
        chars = "".join(sorted(drawn.missing)[:_MOST_MISSING])
        yield (
            f"note: no installed font has {quote(chars)}, drawn as `\\u{{…}}`; "
            "Noto Sans CJK has Chinese, Japanese and Korean"
        )


def _kind(output: str) -> str:
    kind = os.path.splitext(output)[1].lower().removeprefix(".")
    if kind not in KINDS:
        raise StopError(f"a picture is a `.png` or `.svg` file, found {quote(output)}", USAGE)
    return kind


def _require_matplotlib() -> None:
    # What a notebook has set is no use to a command, and an unknown one stops the import.
    os.environ["MPLBACKEND"] = "agg"
    try:
        import matplotlib  # noqa: F401  # whether it is there
    except ModuleNotFoundError:
        raise StopError(
            "a plot needs Matplotlib, which is missing: pip install 'losscomp[plots]'",
            USAGE,
        ) from None


def _batch(path: str) -> Batch:
    from composer.command.batch_file import BatchError, read_batch

    try:
        return read_batch(path)
    except BatchError as error:
        raise StopError(str(error), USAGE) from None


def _picture(
    wanted: Wanted, spec: Spec, batch: Batch | None, *, is_own: bool
) -> tuple[Drawn, bytes]:
    """The figure and the bytes of its file."""
    from composer.command.building import native_log_hidden

    with native_log_hidden():
        import tensorflow  # noqa: F401  # prints while it loads
    from composer.plots.figure import draw, drawing, encode

    title = "standard input" if wanted.config == "-" else os.path.basename(wanted.config)
    sections = _sections(wanted, spec, batch, is_own=is_own)
    with drawing():
        drawn = draw(title, sections)
        return drawn, encode(drawn.figure, _kind(wanted.output), escape(title))


def _sections(wanted: Wanted, spec: Spec, batch: Batch | None, *, is_own: bool) -> list[Section]:
    """What is to be drawn; what is wrong with the batch, or with a loss of one's own, is told."""
    from composer.command.building import faults_told
    from composer.plots.figure import sections_of

    with faults_told(is_own=is_own):
        found = None if batch is None else _on_batch(wanted, spec, batch)
        return sections_of(spec, found, wanted.last)


def _on_batch(wanted: Wanted, spec: Spec, batch: Batch) -> OnBatch:
    from composer.compose import TotalLoss
    from composer.plots.charges import charges
    from composer.plots.figure import OnBatch
    from composer.report import report

    total_loss = TotalLoss(spec)
    result = report(total_loss, *batch, wanted.step)
    maps = charges(total_loss, *batch, wanted.step)
    return OnBatch(result, maps, os.path.basename(wanted.batch or ""))
