"""Two specs on one batch: what each term adds to the total before and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from composer.command.building import native_log_hidden
from composer.command.diff.differences import Names
from composer.command.exits import USAGE, StopError
from composer.language.diagnostics import SpecError
from composer.spec import Spec


@dataclass(frozen=True)
class RowChange:
    """A term, or the total: its names, and what it weighs; None where it is not there."""

    names: Names
    old: float | None
    new: float | None

    @property
    def difference(self) -> float:
        return (self.new or 0.0) - (self.old or 0.0)


@dataclass(frozen=True)
class BatchChange:
    """A row for every term, the total, and at which step that is."""

    rows: tuple[RowChange, ...]
    total: RowChange
    step: int


def read(path: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The targets and predictions of a batch file; raises StopError."""
    from composer.command.batch_file import BatchError, read_batch

    try:
        return read_batch(path)
    except BatchError as error:
        raise StopError(str(error), USAGE) from None


def on_batch(
    old: Spec, new: Spec, pairs: Sequence[Names], batch: tuple[Mapping[str, Any], ...], step: int
) -> BatchChange:
    """Computes both totals.

    Raises:
        SpecError: the batch does not fit a spec.
        StopError: a total cannot be computed.
    """
    before, old_total = _weighted(old, batch, step)
    after, new_total = _weighted(new, batch, step)
    rows = [RowChange(names, before.get(names[0]), after.get(names[1])) for names in pairs]
    return BatchChange(tuple(rows), RowChange(("total", "total"), old_total, new_total), step)


def _weighted(
    spec: Spec, batch: tuple[Mapping[str, Any], ...], step: int
) -> tuple[dict[str | None, float], float]:
    """What each term adds to the total, by name, and the total."""
    with native_log_hidden():
        from composer.compose import TotalLoss
        from composer.report import report

    try:
        result = report(TotalLoss(spec), batch[0], batch[1], step)
    except SpecError:
        raise
    except ValueError as error:
        raise StopError(" ".join(str(error).split()), USAGE) from None
    return {row.name: row.weighted for row in result.rows}, result.total
