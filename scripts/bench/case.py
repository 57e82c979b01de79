"""Case: a loss with its batch, as a spec and as whoever writes it by hand thinks of it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

Arrays = Mapping[str, np.ndarray]
Tensors = Mapping[str, tf.Tensor]


class Row(NamedTuple):
    """One row of a breakdown; where a library does not tell its divisor, there is none."""

    loss: tf.Tensor
    weight: tf.Tensor
    weighted: tf.Tensor
    denominator: tf.Tensor | None = None


Loss = Callable[[Tensors, Tensors], tuple[tf.Tensor, dict[str, Row]]]
"""Targets and predictions to the total and the breakdown."""


@dataclass(frozen=True)
class Head:
    """One term of a loss.

    Attributes:
        task: its name, and that of its target.
        loss: the type of its loss.
        predictions: the names of the predictions that it reads; by default that of the task.
        mask: from the targets by name, true where an element counts, aligned at the left.
        is_unusable: whether a masked target is none that a loss can take: NaN, or no class.
        weight: scales the loss.
        factor: the name of a target that weighs every element.
        normalize: whether vectors are brought to length 1 first.
    """

    task: str
    loss: str
    predictions: tuple[str, ...] = ()
    mask: Callable[[Tensors], tf.Tensor] | None = None
    is_unusable: bool = False
    weight: float = 1.0
    factor: str | None = None
    normalize: bool = False

    @property
    def row(self) -> str:
        """Its name in the breakdown."""
        return f"{self.task}/{self.loss}"

    @property
    def reads(self) -> tuple[str, ...]:
        """The predictions that it reads."""
        return self.predictions or (self.task,)


@dataclass(frozen=True)
class Case:
    """A loss and a batch.

    Attributes:
        name: how it is called on the command line.
        about: its sizes, in a few words.
        spec: what losscomp builds from.
        heads: the same for whoever writes it by hand.
        y_true: targets.
        y_pred: predictions.
        loss_scale: what the total is multiplied by before its gradient is taken; float16 needs it.
    """

    name: str
    about: str
    spec: Mapping[str, Any]
    heads: tuple[Head, ...]
    y_true: Arrays
    y_pred: Arrays
    loss_scale: float = 1.0

    @functools.cached_property
    def tensors(self) -> tuple[Tensors, Tensors]:
        """Targets and predictions as tensors, the same for all who compute the loss."""
        y_true, y_pred = (
            {name: tf.constant(array) for name, array in side.items()}
            for side in (self.y_true, self.y_pred)
        )
        return y_true, y_pred

    @property
    def prediction_bytes(self) -> int:
        """Of all predictions."""
        return sum(array.nbytes for array in self.y_pred.values())

    @property
    def least_bytes(self) -> int:
        """What has to move: predictions and targets are read once, gradients written once."""
        return 2 * self.prediction_bytes + sum(array.nbytes for array in self.y_true.values())


def at_left(mask: tf.Tensor, rank: int) -> tf.Tensor:
    """A mask with axes of size 1 at its right, up to a rank."""
    if mask.shape.rank == rank:
        return mask
    return tf.reshape(mask, [*mask.shape, *[1] * (rank - mask.shape.rank)])
