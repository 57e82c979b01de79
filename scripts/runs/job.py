"""What is to be trained: the same data, model and optimizer for losscomp and for plain Keras."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

Arrays = Mapping[str, np.ndarray]
CONFIGS = Path(__file__).resolve().parents[2] / "configs"


@dataclass(frozen=True)
class Samples:
    """Inputs and targets by name, the samples along the first axis."""

    x: Arrays
    y: Arrays

    def __len__(self) -> int:
        return len(next(iter(self.x.values())))


@dataclass(frozen=True)
class Job:
    """One training, as it is done with a spec and as it is done without.

    Attributes:
        spec: the file of the total loss.
        train: what is trained with, in batches of `batch_size`, for so many `epochs`.
        validation: what is looked at after every epoch, as one batch.
        optimizer: makes the optimizer, given the number of steps.
        ends: makes inputs and outputs of the model, both by name.
        loss: of plain Keras by output; takes the `reduction`.
        loss_weights: of plain Keras by output.
        by_hand: what plain Keras needs in the place of masks: targets and sample weights.
        without_nan: the same targets with numbers for what is not finite.
    """

    spec: Path
    train: Samples
    validation: Samples
    batch_size: int
    epochs: int
    optimizer: Callable[[int], keras.optimizers.Optimizer]
    ends: Callable[[], tuple[Any, Any]]
    loss: Callable[[str], dict[str, Any]]
    loss_weights: dict[str, float]
    by_hand: Callable[[Arrays], tuple[Arrays, Arrays]]
    without_nan: Callable[[Arrays], Arrays]

    @property
    def steps_per_epoch(self) -> int:
        """The number of batches, the last of which may be smaller."""
        return -(-len(self.train) // self.batch_size)

    def new_optimizer(self) -> keras.optimizers.Optimizer:
        """The same each time."""
        return self.optimizer(self.epochs * self.steps_per_epoch)


def decaying_adam(rate: float, epsilon: float) -> Callable[[int], keras.optimizers.Optimizer]:
    """Makes an Adam whose learning rate falls to 0 by half a cosine.

    Adam divides the gradient by its size: where that is small, it follows errors of rounding. Above
    `epsilon` it does less so.
    """

    def optimizer(steps: int) -> keras.optimizers.Optimizer:
        schedule = keras.optimizers.schedules.CosineDecay(rate, steps)
        return keras.optimizers.Adam(schedule, epsilon=epsilon)

    return optimizer


def batches(size: int, *arrays: Any, seed: int | None = None) -> tf.data.Dataset:
    """Arrays in batches; with a seed in an order of its own for every epoch, the same each time."""
    dataset = tf.data.Dataset.from_tensor_slices(arrays)
    if seed is not None:
        dataset = dataset.shuffle(dataset.cardinality(), seed=seed)
    return dataset.batch(size).prefetch(1)
