"""What `losscomp diff` does: two specs to what changed in the formula, and on a batch how much."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from composer.command.diff.batch_changes import BatchChange, RowChange, on_batch, read
from composer.command.diff.comparing import differences
from composer.command.diff.differences import Differences
from composer.command.exits import USAGE, StopError
from composer.command.specs import shown_name, sound_spec
from composer.language.frames import Paint, plain


def diff_specs(
    old: str,
    new: str,
    losses: Sequence[Any] = (),
    batch: str | None = None,
    step: int = 0,
    as_json: bool = False,
    paint: Paint = plain,
) -> tuple[str, bool]:
    """The text to print, and whether the two compute the same.

    Raises:
        SpecError: a spec has errors, or the batch does not fit it.
        StopError: both are the standard input, or the batch cannot be read.
    """
    if old == new == "-":
        raise StopError("only one of the two specs can come from the standard input", USAGE)
    before, after = sound_spec(old, losses), sound_spec(new, losses)
    arrays = None if batch is None else read(batch)
    found = differences(before, after)
    measured = arrays and on_batch(before, after, found.pairs, arrays, step)
    names = (shown_name(old), shown_name(new))
    if as_json:
        return _json(names, found, batch, measured), found.is_empty
    from composer.command.diff.as_text import text

    return text(names, found, batch, measured, paint), found.is_empty


def _json(
    names: tuple[str, ...], found: Differences, batch: str | None, measured: BatchChange | None
) -> str:
    data: dict[str, Any] = {
        "old": names[0],
        "new": names[1],
        "same": found.is_empty,
        "reordered": found.is_reordered,
        "terms": [asdict(term) for term in found.terms],
        "constants": [asdict(constant) for constant in found.constants],
    }
    if measured is not None:
        data["batch"] = {
            "file": batch,
            "step": measured.step,
            "terms": [_row(row) for row in measured.rows],
            "total": _row(measured.total),
        }
    return json.dumps(data, indent=2, allow_nan=False)


def _row(row: RowChange) -> dict[str, Any]:
    """What is not finite is null."""
    old_name, new_name = row.names
    numbers = {"old": row.old, "new": row.new, "difference": row.difference}
    finite = {key: n if n is not None and math.isfinite(n) else None for key, n in numbers.items()}
    return {"old_name": old_name, "new_name": new_name, **finite}
