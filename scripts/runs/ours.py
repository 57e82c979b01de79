"""Training with a spec: `MultiTaskModel` and `fit`, and what every epoch and step came to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import keras

from composer.training import MultiTaskModel
from composer.training.rows import EpochRow
from runs.job import Job, batches
from runs.progress import Progress, verbosity

Table = dict[str, EpochRow]


@dataclass
class Course:
    """How a training went.

    Attributes:
        train: the rows of every epoch.
        validation: likewise, after the epoch.
        totals: the total of every step.
        history: what Keras says of every epoch.
    """

    train: list[Table] = field(default_factory=list)
    validation: list[Table] = field(default_factory=list)
    totals: list[float] = field(default_factory=list)
    history: list[dict[str, float]] = field(default_factory=list)


class Follow(keras.callbacks.Callback):  # type: ignore[misc]  # Keras ships no types
    """Writes down the course of a training."""

    def __init__(self) -> None:
        super().__init__()
        self.course = Course()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002  # Keras gives them
        self.course.totals.append(total(self.model.rows.last_step()))

    def on_test_begin(self, logs: Any = None) -> None:  # noqa: ARG002  # likewise
        # Keras evaluates before an epoch ends, and the rows begin anew for that.
        self.course.train.append(self.model.rows.table())

    def on_test_end(self, logs: Any = None) -> None:  # noqa: ARG002  # likewise
        self.course.validation.append(self.model.rows.table())

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002  # likewise
        self.course.history.append({name: float(each) for name, each in logs.items()})


def total(table: Table) -> float:
    """The sum of the `weighted` rows."""
    return sum(row.weighted for row in table.values())


def model_of(job: Job) -> MultiTaskModel:
    """The model before training, the same each time."""
    keras.utils.set_random_seed(0)
    model = MultiTaskModel(*job.ends(), total_loss=job.spec)
    model.compile(job.new_optimizer())
    return model


def train(model: MultiTaskModel, job: Job) -> Course:
    """Trains it."""
    follow = Follow()
    model.fit(
        batches(job.batch_size, job.train.x, job.train.y, seed=0),
        validation_data=batches(len(job.validation), job.validation.x, job.validation.y),
        epochs=job.epochs,
        shuffle=False,  # the batches are in an order of their own
        verbose=verbosity(),
        callbacks=[follow, Progress()],
    )
    return follow.course
