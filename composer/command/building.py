"""What `losscomp build` does: a spec, a batch, a report, and a SavedModel where asked for."""

from __future__ import annotations

import contextlib
import math
import os
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from composer.command.batches import batch_of
from composer.command.exits import PROBLEMS, USAGE, StopError
from composer.command.specs import safe_name, shown_name, sound_spec
from composer.language.diagnostics import SpecError, escape, quote
from composer.language.frames import Paint, plain

if TYPE_CHECKING:
    from composer.compose import TotalLoss
    from composer.losses.base import Loss
    from composer.spec import Spec

_DRAWN = "drawn at random from `tensors:`, seed fixed"


def build_and_show(
    config: str,
    batch: str | None,
    step: int,
    as_json: bool,
    losses: Sequence[type[Loss]],
    directory: str | None,
    *,
    overrides: Sequence[str] = (),
    paint: Paint = plain,
) -> tuple[str, bool]:
    """Builds, runs and exports: the text to print, and whether every number in it is finite.

    Raises:
        SpecError: the spec has problems, or the batch does not fit it.
        StopError: there is no batch, or none that can be read.
    """
    config = safe_name(config)
    spec = sound_spec(config, losses, overrides)
    y_true, y_pred = batch_of(spec, batch)
    if directory is not None:
        _make_directory(directory)
    # Everything above answers without TensorFlow, which takes seconds to load.
    with native_log_hidden():
        from composer.compose import TotalLoss
        from composer.report import report

    with faults_told(is_own=bool(losses)):
        total_loss = TotalLoss(spec)
        result = report(total_loss, y_true, y_pred, step)
    if directory is not None:
        _export(total_loss, y_true, y_pred, directory)
    is_finite = not result.findings and math.isfinite(result.total)
    title = " with ".join([shown_name(config), *overrides])
    return _text(title, spec, result, batch, as_json, directory, paint), is_finite


@contextlib.contextmanager
def faults_told(*, is_own: bool) -> Iterator[None]:
    """Turns what goes wrong with tensors, or in a loss of one's own, into a line that tells it."""
    try:
        yield
    except SpecError:
        raise
    except ValueError as error:
        raise StopError(_with_notes(str(error), error), PROBLEMS) from None
    except Exception as error:
        if not is_own or not getattr(error, "__notes__", None):
            raise
        raise StopError(_with_notes(f"{type(error).__name__}: {error}", error), PROBLEMS) from error


def _with_notes(message: str, error: BaseException) -> str:
    """The message and where it happened, in one line."""
    return " ".join([*message.split(), *getattr(error, "__notes__", [])])


@contextlib.contextmanager
def native_log_hidden() -> Iterator[None]:
    """Hides what TensorFlow's C++ prints while it loads, before any level is heeded.

    LOSSCOMP_DEBUG shows it.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if os.environ.get("LOSSCOMP_DEBUG") or sys.stderr is None:
        yield
        return
    sys.stderr.flush()
    kept, devnull = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(devnull)


def _export(
    total_loss: TotalLoss, y_true: dict[str, Any], y_pred: dict[str, Any], directory: str
) -> None:
    from composer.command.export import export
    from composer.engine.batch_tensors import collect

    export(total_loss, collect(total_loss.paths, y_true, y_pred), directory)


def _make_directory(directory: str) -> None:
    """An empty directory, if need be a new one; TensorFlow's own errors would be no use."""
    try:
        if os.path.lexists(directory) and (not os.path.isdir(directory) or os.listdir(directory)):
            raise StopError(
                f"{quote(directory)} is there already; name a new or empty directory", USAGE
            )
        os.makedirs(directory, exist_ok=True)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise StopError(f"{quote(directory)} cannot be written: {reason}", USAGE) from None


def _text(
    title: str,
    spec: Spec,
    result: Any,
    batch: str | None,
    as_json: bool,
    directory: str | None,
    paint: Paint,
) -> str:
    from composer.command.table import render_json, render_table

    source = f"a batch {_DRAWN}" if batch is None else batch
    if as_json:
        return render_json(result, batch or _DRAWN)
    weight = None
    if spec.regularization is not None:
        weight = spec.regularization.weight.text.strip()
    lines = [escape(f"{title} on {source}"), "", render_table(result, weight, paint)]
    if directory is not None:
        lines.append(f"exported to {escape(directory)}")
    return "\n".join(lines)
