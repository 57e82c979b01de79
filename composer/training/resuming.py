"""A training that was killed goes on: all of its state in one checkpoint, and the way back."""

from __future__ import annotations

import logging
import os
from typing import Any, Literal

import keras
import tensorflow as tf

from composer.language.diagnostics import quote
from composer.training.passing import PassOver, epoch_metrics
from composer.training.restoring import is_whole, restore_parts
from composer.training.trainer import TotalLossTrainer

log = logging.getLogger("losscomp")


class Backup(keras.callbacks.Callback):
    """Backs a training up while `fit` runs, and resumes it when `fit` is called again.

    A checkpoint holds the model with its random seeds, the optimizer, the state of the loss, the
    rows and metrics of the epoch so far, and where the training stands. It is whole before it
    counts: a process that is killed at any moment resumes from the last whole one, and under op
    determinism ends with the same bits as one that was never interrupted. Nothing is deleted but
    checkpoints that newer ones have replaced.

    What it cannot keep: the order of the data, which should be the same for every process, and what
    other callbacks remember. An epoch begins with the first batch again, and those that were
    trained are taken from the data and passed over. `shuffle(…, reshuffle_each_iteration=True)`
    gives another order after a restart; `shuffle(…, seed=1).repeat()` with `steps_per_epoch` gives
    the same one, of which all earlier epochs are passed over too.

    Args:
        directory: of this training alone.
        every: `epoch`, or a number of batches n: after every n batches of an epoch, and at its end.
        keep: the number of checkpoints kept. Where the last cannot be read, the one before it is
            restored, and a warning logged.

    Attributes:
        resumed: the epoch that the last `fit` went on with and how many of its batches were done.

    Raises:
        ValueError: an argument is not sound; when `fit` begins, if the model has no total loss, is
            not built, runs on several workers, or does not fit the checkpoint.
    """

    def __init__(
        self,
        directory: str | os.PathLike[str],
        *,
        every: int | Literal["epoch"] = "epoch",
        keep: int = 2,
    ) -> None:
        super().__init__()
        if every != "epoch" and not _is_count(every):
            raise ValueError(
                f'every should be "epoch" or a number of batches of at least 1, found {every!r}'
            )
        if not _is_count(keep):
            raise ValueError(f"keep should be an integer of at least 1, found {keep!r}")
        self.directory = os.fspath(directory)
        self.every = every
        self.keep = keep
        self.resumed = (0, 0)

    def on_train_begin(self, logs: Any = None) -> None:  # noqa: ARG002  # Keras gives them
        """Restores the last whole checkpoint, if there is any."""
        self._require_model()
        self._require_record()
        self._position = _Position()
        self._checkpoint = tf.train.Checkpoint(
            model=self.model, position=self._position, metrics=tf.Module()
        )
        self._manager = tf.train.CheckpointManager(
            self._checkpoint, self.directory, max_to_keep=self.keep
        )
        self.resumed = (0, 0)
        path = self._last_whole()
        if path is not None:
            self._resume(path)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002  # likewise
        """Knows the epoch."""
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002  # likewise
        """Saves after every n batches; `batch` is the last of those that ran together."""
        done = batch + 1
        if self.every == "epoch" or (self._epoch, done) <= self.resumed:
            return
        before = done - self.model.steps_per_execution
        if done // self.every > before // self.every:
            self._save(self._epoch, done)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002  # likewise
        """Saves."""
        if self.model.pass_over is not None:
            self.model.pass_over.require_end()
            self.model.pass_over = None
        self._save(epoch + 1, 0)

    def on_train_end(self, logs: Any = None) -> None:  # noqa: ARG002  # likewise
        """Leaves the model to other calls of `fit`."""
        self.model._initial_epoch = None

    def _require_model(self) -> None:
        model = self.model
        if not isinstance(model, TotalLossTrainer):
            raise ValueError(
                "Backup should get a model with a total loss, such as a MultiTaskModel, found "
                f"{quote(type(model).__name__)}"
            )
        if not model.built:
            raise ValueError(
                "the model should be built before a training is resumed; call it on a batch"
            )
        if isinstance(model.distribute_strategy, tf.distribute.MultiWorkerMirroredStrategy):
            raise ValueError(
                "Backup keeps the training of one process, found several workers; write "
                "`tf.train.CheckpointManager` into a loop of your own"
            )

    def _require_record(self) -> None:
        """A record that TensorFlow cannot read would be none: all would begin anew in silence."""
        record = os.path.join(self.directory, "checkpoint")
        if not tf.io.gfile.exists(record):
            return
        try:
            is_read = tf.train.get_checkpoint_state(self.directory) is not None
        except ValueError:
            is_read = False
        if not is_read:
            raise ValueError(
                f"{quote(record)} should name the last checkpoint, and cannot be read; "
                "`tf.train.update_checkpoint_state(directory, path)` writes it again"
            )

    def _last_whole(self) -> str | None:
        """The newest checkpoint that can be read; raises ValueError where none of several can."""
        found = self._manager.checkpoints
        for path in reversed(found):
            if is_whole(path):
                return str(path)
            log.warning("the checkpoint %s cannot be read; the one before it is tried", quote(path))
        if found:
            raise ValueError(
                f"the checkpoints in {quote(self.directory)} should be whole, found none that can "
                "be read; remove them to begin anew"
            )
        return None

    def _resume(self, path: str) -> None:
        before = int(tf.convert_to_tensor(self.model.optimizer.iterations))
        restore_parts(path, model=self.model, position=self._position)
        # The next checkpoint gets the next number, also where a broken one has it.
        self._checkpoint.save_counter.assign(int(path.rpartition("-")[2]))
        epoch, batch = self._position.numbers()
        together = self.model.steps_per_execution
        if batch % together:
            raise ValueError(
                f"`steps_per_execution` should divide the {batch} batches of the epoch that were "
                f"trained before, found {together}"
            )
        self._warn(path, before, epoch)
        self.resumed = (epoch, batch)
        self.model._initial_epoch = epoch
        self.model.pass_over = PassOver(self.model, path, epoch, batch)
        log.info("resumed from %s at epoch %d, batch %d", quote(path), epoch, batch)

    def _warn(self, path: str, before: int, epoch: int) -> None:
        """Tells what a resumed training would do in silence: go back, or end at once."""
        now = int(tf.convert_to_tensor(self.model.optimizer.iterations))
        if before > now:
            log.warning("the model goes back from step %d to %d, of %s", before, now, quote(path))
        if epoch >= self.params["epochs"]:
            log.warning("all %d epochs were trained before, by %s", epoch, quote(path))

    def _save(self, epoch: int, batch: int) -> None:
        self._position.move(epoch, batch)
        self._checkpoint.metrics = epoch_metrics(self.model)
        self._manager.save()


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


class _Position(tf.Module):
    """Where a training stands: the epoch, and how many of its batches are done."""

    def __init__(self) -> None:
        super().__init__()
        self.epoch = tf.Variable(0, dtype=tf.int64, trainable=False)
        self.batch = tf.Variable(0, dtype=tf.int64, trainable=False)

    def move(self, epoch: int, batch: int) -> None:
        self.epoch.assign(epoch)
        self.batch.assign(batch)

    def numbers(self) -> tuple[int, int]:
        return int(self.epoch.numpy()), int(self.batch.numpy())
