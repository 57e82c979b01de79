"""Batches that were trained before a training was resumed are taken from the data, and no more."""

from __future__ import annotations

import math
from typing import Any

import tensorflow as tf

from composer.training.restoring import restore_parts
from composer.training.trainer import TotalLossTrainer


def epoch_metrics(model: TotalLossTrainer) -> tf.Module:
    """The rows and metrics of an epoch, which `fit` sets to 0 when it begins."""
    holder = tf.Module()
    holder.held = list(model.metrics_variables)
    return holder


class PassOver:
    """Takes batches that were trained before from the data, in the place of the step.

    Args:
        model: what is trained.
        path: the checkpoint, for the rows and metrics of the epoch.
        epoch: the epoch that is gone on with; what the data gave to earlier ones is taken at once.
        batches: those of the epoch, taken as many at once as run together.
    """

    def __init__(self, model: TotalLossTrainer, path: str, epoch: int, batches: int) -> None:
        self.model = model
        self.path = path
        self.before = _batches_before(model, epoch)
        self.batches = batches

    def __call__(self, iterator: Any) -> dict[str, Any] | None:
        """The logs of what was passed over, None where a step is due."""
        while self.before:
            next(iterator)
            self.before -= 1
        if not self.batches:
            self.model.pass_over = None
            return None
        taken = [next(iterator, None) for _ in range(self.model.steps_per_execution)]
        if taken[0] is None:
            self.require_end()
        if self.path:
            self._restore_metrics(taken[0])
        self.batches -= len(taken)
        logs: dict[str, Any] = self.model.get_metrics_result()
        return logs

    def require_end(self) -> None:
        """Raises ValueError where an epoch ends and there are batches left to pass over."""
        if self.batches > 0:
            raise ValueError(
                "the data should be those that were trained on: an epoch has fewer batches than "
                "were trained of it before"
            )

    def _restore_metrics(self, batch: Any) -> None:
        """Those of `compile` come into being with the first batch."""
        strategy = self.model.distribute_strategy
        share = tf.nest.map_structure(
            lambda each: strategy.experimental_local_results(each)[0], batch
        )
        with strategy.scope():
            self.model._symbolic_build(data_batch=share)
        restore_parts(self.path, metrics=epoch_metrics(self.model))
        self.path = ""
        # What was not finite before is told anew, whether an epoch is gone on with or begun.
        self.model.watch.forget()


def _batches_before(model: TotalLossTrainer, epoch: int) -> int:
    """How far the data are at the beginning of an epoch: 0 where each begins them anew.

    With `steps_per_epoch` Keras goes on where the epoch before ended, until all is used up.
    """
    iterator = model.epoch_iterator() if model.epoch_iterator is not None else None
    if iterator is None or iterator.steps_per_epoch is None:
        return 0
    together: int = model.steps_per_execution
    steps: int = math.ceil(iterator.steps_per_epoch / together) * together
    batches: int | None = iterator.data_adapter.num_batches
    passed = epoch if batches is None else epoch % math.ceil(batches / steps)
    return passed * steps
