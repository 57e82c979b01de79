"""The same training in plain Keras: `compile(loss=…, loss_weights=…)`, masks as sample weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from runs.job import Arrays, Job, Samples, batches
from runs.progress import Progress, verbosity

BY_WHAT_COUNTS = "mean_with_sample_weight"
BY_ALL = "sum_over_batch_size"
"""Keras's default."""


@dataclass
class Course:
    """How a training went.

    Attributes:
        model: the model, trained.
        totals: the loss of every step.
        validation: what Keras says after every epoch, by its names.
    """

    model: keras.Model
    totals: list[float] = field(default_factory=list)
    validation: list[Mapping[str, float]] = field(default_factory=list)


@dataclass(frozen=True)
class FirstNan:
    """What a NaN under a weight of 0 did.

    Attributes:
        step: the first whose loss is NaN, from 0; None where there is none.
        hidden: the targets of its batch, all of weight 0, that are NaN or have no finite loss.
        later: the part of the losses from it on that are NaN.
        spoilt: the part of the model's weights that are not finite at the end.
    """

    step: int | None
    hidden: int
    later: float
    spoilt: float


class Follow(keras.callbacks.Callback):  # type: ignore[misc]  # Keras ships no types
    """Writes down the course of a training."""

    def __init__(self, course: Course) -> None:
        super().__init__()
        self.course = course

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002  # Keras gives them
        # Keras shows the mean over the epoch so far, and what is compared is one step.
        self.model.reset_metrics()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002  # likewise
        self.course.totals.append(float(logs["loss"]))

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002  # likewise
        found = {name: each for name, each in logs.items() if name.startswith("val_")}
        self.course.validation.append(found)


def model_of(job: Job, weights: list[Any], reduction: str) -> keras.Model:
    """A model with given weights, compiled as one does without losscomp."""
    model = keras.Model(*job.ends())
    model.set_weights(weights)
    model.compile(job.new_optimizer(), loss=job.loss(reduction), loss_weights=job.loss_weights)
    return model


def train(job: Job, weights: list[Any], *, with_nan: bool) -> Course:
    """Trains with our divisor, with NaN left in the targets or with numbers in their place."""
    course = Course(model_of(job, weights, BY_WHAT_COUNTS))
    course.model.fit(
        batches(job.batch_size, *_by_hand(job, job.train, with_nan), seed=0),
        validation_data=batches(len(job.validation), *_by_hand(job, job.validation, with_nan)),
        epochs=job.epochs,
        shuffle=False,
        verbose=verbosity(),
        callbacks=[Follow(course), Progress()],
    )
    return course


def first_nan(job: Job, course: Course) -> FirstNan:
    """What happened in a training with NaN left in."""
    bad = np.isnan(course.totals)
    weights = np.concatenate([each.ravel() for each in course.model.get_weights()])
    spoilt = float(np.mean(~np.isfinite(weights)))
    if not bad.any():
        return FirstNan(None, 0, 0.0, spoilt)
    step = int(bad.argmax())
    return FirstNan(step, _hidden(job, step), float(bad[step:].mean()), spoilt)


def _hidden(job: Job, step: int) -> int:
    """How many targets of a batch of the first epoch have to be replaced."""
    targets = job.by_hand(job.train.y)[0]
    both = (targets, job.without_nan(targets))
    old, new = next(iter(batches(job.batch_size, *both, seed=0).skip(step)))
    return sum(int(tf.reduce_sum(tf.cast(~(old[name] == new[name]), tf.int32))) for name in old)


def by_all(job: Job, weights: list[Any]) -> dict[str, float]:
    """By output, the loss of validation under Keras's own divisor, times the output's weight."""
    data = batches(len(job.validation), *_by_hand(job, job.validation, with_nan=False))
    found = model_of(job, weights, BY_ALL).evaluate(data, verbose=0, return_dict=True)
    return {name: each * of_output(found, name) for name, each in job.loss_weights.items()}


def kept_by_batch(job: Job) -> dict[str, tuple[float, float]]:
    """By output, the least and the largest part of a batch's elements that count."""
    masks = job.by_hand(job.train.y)[1]
    parts = [
        {name: float(tf.reduce_mean(each)) for name, each in batch.items()}
        for (batch,) in batches(job.batch_size, masks, seed=0)
    ]
    return {
        name: (min(part[name] for part in parts), max(part[name] for part in parts))
        for name in masks
    }


def of_output(found: Mapping[str, float], output: str, prefix: str = "") -> float:
    """The loss of an output; Keras has no name for it where there is but one."""
    return found.get(f"{prefix}{output}_loss", found[f"{prefix}loss"])


def _by_hand(job: Job, samples: Samples, with_nan: bool) -> tuple[Arrays, Arrays, Arrays]:
    targets, masks = job.by_hand(samples.y)
    return samples.x, targets if with_nan else job.without_nan(targets), masks
