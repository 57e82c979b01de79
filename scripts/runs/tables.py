"""What the scripts print."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from composer.training.rows import EpochRow
from runs import ours, plain
from runs.comparison import FIRST, Beside, Differences
from runs.job import Job


class Metric(NamedTuple):
    """One number of a trained model, and what it is to be held against.

    Attributes:
        key: its name in `results.json`.
        words: what it is.
        value: the number.
        unit: of the number.
        beside: numbers of simpler answers, in words.
    """

    key: str
    words: str
    value: float
    unit: str
    beside: str = ""


def head(job: Job) -> str:
    """How much there is to be trained with."""
    return (
        f"{job.spec.name}: {len(job.train)} samples in batches of {job.batch_size}, "
        f"{job.steps_per_epoch} steps an epoch; {len(job.validation)} samples for validation\n"
    )


def rows(course: ours.Course) -> str:
    """Every row of every epoch."""
    epochs = list(zip(course.train, course.validation, strict=True))
    width = max(len(name) for name in epochs[0][0])
    lines = [
        "",
        f"{'':5} {'':{width}}  training                              validation",
        f"epoch {'row':{width}} {'loss':>9} {'weight':>8} {'weighted':>9} {'kept':>8}"
        f" {'loss':>10} {'weighted':>9} {'kept':>8}",
    ]
    for number, (train, validation) in enumerate(epochs, start=1):
        for name, row in train.items():
            lines.append(f"{number:5} {name:{width}} {_row(row)}  {_short(validation[name])}")
        total = f"{ours.total(train):28.4f} {'':8} {ours.total(validation):20.4f}"
        lines.append(f"{number:5} {'total':{width}} {total}")
    return "\n".join(lines) + "\n"


def _row(row: EpochRow) -> str:
    return f"{row.loss:9.4f} {row.weight:8.4g} {row.weighted:9.4f} {row.kept:8.1%}"


def _short(row: EpochRow) -> str:
    return f"{row.loss:9.4f} {row.weighted:9.4f} {row.kept:8.1%}"


def beside(job: Job, found: Beside) -> str:
    """What plain Keras does with the same."""
    parts = (
        _nan(job, found.first_nan),
        _differences(found.differences),
        _effect(job, found.weights_in_effect, found.kept_by_batch),
    )
    return "\n".join(parts)


def _nan(job: Job, found: plain.FirstNan) -> str:
    title = "(a) Plain Keras, masks as sample_weight\n"
    if found.step is None:
        return f"{title}    no loss is NaN\n"
    return (
        f"{title}    first loss that is NaN            step {found.step}\n"
        f"    targets with no finite loss       {found.hidden} in this batch of {job.batch_size}, "
        "each under a weight of 0\n"
        f"    losses that are NaN from there    {found.later:.1%}\n"
        f"    weights of the model not finite   {found.spoilt:.1%} at the end\n"
    )


def _differences(found: Differences) -> str:
    each = {f"total of a step, first {FIRST}": found.first_steps}
    each["total of a step, all"] = found.all_steps
    each |= {f"validation, {name}": number for name, number in found.epochs.items()}
    return (
        f'(b) Plain Keras, such targets replaced, reduction="{plain.BY_WHAT_COUNTS}"\n'
        "    largest difference from ours, relative\n"
        + "".join(f"    {name:32} {number:9.1e}\n" for name, number in each.items())
    )


def _effect(job: Job, found: dict[str, float], kept: dict[str, tuple[float, float]]) -> str:
    lines = [
        f'(c) Plain Keras, such targets replaced, reduction="{plain.BY_ALL}", its default',
        f"    {'output':12} {'weight':>8} {'in effect':>10}   part of a batch that counts",
    ]
    for name, weight in job.loss_weights.items():
        low, high = kept[name]
        lines.append(f"    {name:12} {weight:8g} {found[name]:10.3f}   {low:.1%} to {high:.1%}")
    return "\n".join(lines) + "\n"


def metrics(found: Sequence[Metric]) -> str:
    """The metrics of the trained model."""
    width = max(len(each.words) for each in found)
    lines = [
        f"{each.words:{width}} {each.value:8.3f} {each.unit:4} {each.beside}".rstrip()
        for each in found
    ]
    return "\n".join(lines) + "\n"
