"""The rows of a model as lines of JSON, which an interrupted training goes on with."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from composer.language.diagnostics import quote
from composer.training.records import Every, Record, RowsLogger


class JsonLines(RowsLogger):
    """Writes a line of JSON for every epoch or step, for every evaluation, and what is not finite.

        {"epoch": 0, "step": 50, "split": "train", "total": 0.5, "terms": {"depth/huber": {"loss":
            0.25, "weighted": 0.5, "weight": 2.0, "kept": 0.7, "skipped": 0}}}
        {"epoch": 0, "step": 12, "split": "train", "event": "nonfinite", "term": "pose/l2"}

    `step` is the number of updates that the optimizer has made; of an event, before the batch in
    which the term (or `gradient`) was first not finite, which is told once. `epoch` counts from 0,
    and is null for an evaluation by itself. JSON has no NaN and no infinity: both are null.

    A file that is there already is gone on with. A training from step n on first cuts off what
    comes after n, since it will be written again, and a last line that was not finished. So after
    an interruption the file is that of a training without one, and a training from step 0 on begins
    the file anew. Put it before `Backup` in the list of callbacks, so that no epoch is backed up
    without its line.

    Args:
        path: the file; its directory is made.
        every: `epoch` writes the rows of each epoch, a number n those of every n-th step;
            evaluations are written whole.

    Raises:
        ValueError: `every` is something else; on use, the model has no total loss, or the file
            holds other lines.
    """

    def __init__(self, path: str | os.PathLike[str], *, every: Every = "epoch") -> None:
        super().__init__("every", every)
        self.path = Path(path)
        self._kept: set[_Key] = set()

    def start(self, step: int | None) -> None:
        """Makes the file fit to go on with."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.touch()
        self._kept = _cut(self.path, step)

    def write(self, record: Record) -> None:
        """Writes one line."""
        terms = {name: _finite(asdict(row)) for name, row in record.rows.items()}
        self._append({**_finite({"total": record.total}), "terms": terms}, record.step)

    def write_nonfinite(self, name: str, step: int) -> None:
        """Writes one line, unless the training has told of it before."""
        if (name, "train") not in self._kept:
            self._append({"event": "nonfinite", "term": name}, step)

    def _append(self, entry: Mapping[str, Any], step: int) -> None:
        entry = {"epoch": self._epoch, "step": step, "split": self._split, **entry}
        if _key(entry) in self._kept:
            return
        line = json.dumps(entry, allow_nan=False) + "\n"
        with self.path.open("ab") as file:
            file.write(line.encode())


def _finite(numbers: Mapping[str, float]) -> dict[str, float | None]:
    return {name: x if math.isfinite(x) else None for name, x in numbers.items()}


# What a file holds once: an event by term and split, a record by epoch, step and split.
_Key = tuple[Any, ...]


def _key(entry: Mapping[str, Any]) -> _Key:
    if "event" in entry:
        return entry["term"], entry["split"]
    return entry["epoch"], entry["step"], entry["split"]


def _cut(path: Path, step: int | None) -> set[_Key]:
    """Ends a file where a training goes on, and gives what of the lines that stay comes again."""
    kept = set()
    end = 0
    with path.open("r+b") as file:
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                break
            entry = _read(line, path, number)
            if step is not None and _comes_after(entry, step):
                break
            # A training that broke off while it was validated ends its epoch a second time.
            if "event" in entry or entry["step"] == step:
                kept.add(_key(entry))
            end += len(line)
        file.truncate(end)
    return kept


def _comes_after(entry: Mapping[str, Any], step: int) -> bool:
    """Whether an entry was made after the step that a training goes on from."""
    if "event" in entry and entry["split"] == "train":
        return bool(entry["step"] >= step)  # that of the update to come
    return bool(entry["step"] > step)


def _read(line: bytes, path: Path, number: int) -> dict[str, Any]:
    """A line as written before; raises ValueError for any other, which is not ours to cut off."""
    try:
        entry = json.loads(line)
        _, _ = _key(entry), entry["step"]
    except (ValueError, TypeError, KeyError):
        found = line.decode(errors="replace").strip()[:40]
        raise ValueError(
            f"{path}, line {number} should be one of JsonLines, found {quote(found)}; "
            "write to another file"
        ) from None
    return entry  # type: ignore[no-any-return]  # a mapping, since it has a key
