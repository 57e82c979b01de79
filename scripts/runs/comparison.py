"""How far the losses of plain Keras are from ours, step by step and epoch by epoch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from runs import ours, plain
from runs.job import Job

FIRST = 50


@dataclass(frozen=True)
class Differences:
    """Relative to ours, the largest of each.

    Attributes:
        first_steps: of the total, over the first `FIRST` steps.
        all_steps: of the total, over all steps.
        epochs: by output, of the loss of validation over the epochs; `total` is that of all.
    """

    first_steps: float
    all_steps: float
    epochs: dict[str, float]


@dataclass(frozen=True)
class Beside:
    """What plain Keras did with the same.

    Attributes:
        first_nan: with NaN left in the targets.
        differences: with numbers in their place, and our divisor.
        weights_in_effect: by output, with Keras's own divisor.
        kept_by_batch: by output, the least and the largest part of a batch that counts.
    """

    first_nan: plain.FirstNan
    differences: Differences
    weights_in_effect: dict[str, float]
    kept_by_batch: dict[str, tuple[float, float]]


def compare(job: Job, our: ours.Course, their: plain.Course) -> Differences:
    """The differences of two trainings that began alike and saw the same batches."""
    steps = list(zip(our.totals, their.totals, strict=True))
    epochs = list(zip(our.validation, their.validation, strict=True))
    found = {
        output: _largest(
            (task_loss(table, output), weight * plain.of_output(logs, output, "val_"))
            for table, logs in epochs
        )
        for output, weight in job.loss_weights.items()
    }
    found["total"] = _largest((ours.total(table), logs["val_loss"]) for table, logs in epochs)
    return Differences(_largest(steps[:FIRST]), _largest(steps), found)


def weights_in_effect(job: Job, our: ours.Table, by_all: dict[str, float]) -> dict[str, float]:
    """By output, the weight that it has where Keras divides by all that is there."""
    return {
        output: weight * by_all[output] / task_loss(our, output)
        for output, weight in job.loss_weights.items()
    }


def task_loss(table: ours.Table, task: str) -> float:
    """The `weighted` rows of a task, added."""
    return sum(row.weighted for name, row in table.items() if name.startswith(f"{task}/"))


def _largest(pairs: Iterable[tuple[float, float]]) -> float:
    return max(abs(there - here) / abs(here) for here, there in pairs)
