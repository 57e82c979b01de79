"""When the rows of a model are read while Keras trains and evaluates it, for whoever logs them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import keras
import tensorflow as tf

from composer.language.diagnostics import quote
from composer.training.rows import EpochRow
from composer.training.trainer import TotalLossTrainer

Every = int | Literal["epoch"]
Split = Literal["train", "validation"]


@dataclass(frozen=True)
class Record:
    """The rows of an epoch, of a step or of an evaluation.

    Attributes:
        epoch: counted from 0; None for an evaluation by itself.
        step: the updates that the optimizer has made.
        split: what the batches were for.
        rows: by name.
    """

    epoch: int | None
    step: int
    split: Split
    rows: Mapping[str, EpochRow]

    @property
    def total(self) -> float:
        """The sum of the `weighted` column."""
        return sum(row.weighted for row in self.rows.values())


class RowsLogger(keras.callbacks.Callback):
    """Reads the rows of a model with a total loss; `write` says what becomes of them.

    Of a training over several workers the chief alone writes.

    Args:
        option: the name of the next argument, for its error.
        every: `epoch`, or the number of steps from one record of the training to the next.
    """

    def __init__(self, option: str, every: Every) -> None:
        super().__init__()
        if every != "epoch" and (
            isinstance(every, bool) or not isinstance(every, int) or every < 1
        ):
            raise ValueError(f'{option} should be "epoch" or a number of steps, found {every!r}')
        self.every = every
        if every != "epoch":
            # As a method it would make Keras read the metrics after every batch, and wait for them.
            self.on_train_batch_end = self._on_step

    def start(self, step: int | None) -> None:
        """Called before the first record: the step that a training goes on from, or None."""

    def write(self, record: Record) -> None:
        """Called for every record."""
        raise NotImplementedError

    def write_nonfinite(self, name: str, step: int) -> None:
        """Called when a row is not finite for the first time, before the policy is followed."""

    def finish(self) -> None:
        """Called after the last record."""

    def set_model(self, model: Any) -> None:
        """Raises ValueError for a model without rows."""
        if not isinstance(model, TotalLossTrainer):
            raise ValueError(
                f"{type(self).__name__} should log a model with a total loss, found "
                f"{type(model).__name__} {quote(model.name)}; "
                "write `training.attach(model, total_loss)`"
            )
        super().set_model(model)
        self._is_chief = model.distribute_strategy.extended.should_save_summary
        self._split: Split = "validation"
        self._trains = False
        self._epoch: int | None = None
        self._is_recorded = False
        self._last_step = 0

    def on_train_begin(self, logs: Any = None) -> None:  # noqa: ARG002  # Keras gives them
        self._trains = True
        self._listen()

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002  # likewise
        # Not before: other callbacks restore the step when the training begins.
        self._last_step = self._step()
        if self._epoch is None and self._is_chief:
            self.start(self._last_step)
        self._epoch = epoch
        self._split = "train"
        self._is_recorded = False

    def _on_step(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002  # likewise
        before, self._last_step = self._last_step, self._step()
        if self._last_step // int(self.every) > before // int(self.every):
            self._record(self.model.rows.last_step())

    def on_test_begin(self, logs: Any = None) -> None:  # noqa: ARG002  # likewise
        if self._trains:
            # Keras evaluates before an epoch ends, and the rows begin anew for that.
            self._record_epoch()
        else:
            self._listen()
            if self._is_chief:
                self.start(None)
        self._split = "validation"

    def on_test_end(self, logs: Any = None) -> None:  # noqa: ARG002  # likewise
        self._record(self.model.rows.table())
        if not self._trains:
            self._end()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002  # likewise
        self._split = "train"
        self._record_epoch(logs)

    def on_train_end(self, logs: Any = None) -> None:  # noqa: ARG002  # likewise
        self._trains = False
        self._end()

    def _record_epoch(self, logs: Mapping[str, float] | None = None) -> None:
        if self.every == "epoch" and not self._is_recorded:
            rows = self.model.rows.table()
            self._require_rows_of(logs or {}, rows)
            self._record(rows)
        self._is_recorded = True

    def _require_rows_of(self, logs: Mapping[str, float], rows: Mapping[str, EpochRow]) -> None:
        """Raises ValueError where the rows are no longer those that Keras logs of the epoch."""
        if any(not _same(row.loss, logs.get(name, row.loss)) for name, row in rows.items()):
            raise ValueError(
                f"{type(self).__name__} should come before the callbacks that evaluate the model "
                "at the end of an epoch, since its rows begin anew for that"
            )

    def _record(self, rows: Mapping[str, EpochRow]) -> None:
        if self._is_chief:
            self.write(Record(self._epoch, self._step(), self._split, rows))

    def _step(self) -> int:
        optimizer = self.model.optimizer
        return 0 if optimizer is None else int(tf.convert_to_tensor(optimizer.iterations))

    def _listen(self) -> None:
        if self._is_chief:
            self.model.watch.listeners.add(self.write_nonfinite)

    def _end(self) -> None:
        self.model.watch.listeners.discard(self.write_nonfinite)
        self.finish()


def _same(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=1e-6) or (math.isnan(one) and math.isnan(other))
