"""The curves of a training: every row over the epochs, and what part each has in the total."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

from composer.plots.style import COLOURS, INK, MUTED, TINY, TITLE, drawing, number, plain
from runs import ours
from runs import plain as plain_keras
from runs.job import Job

_WIDTH, _HEIGHT, _HEAD = 3.1, 2.3, 0.55
_DASHED: dict[str, Any] = {"linestyle": (0, (4, 1.5)), "alpha": 0.75}
_RINGS: dict[str, Any] = {
    "marker": "o", "markersize": 5, "markerfacecolor": "none", "markeredgewidth": 0.8,
    "color": MUTED, "linestyle": "none",
}  # fmt: skip


class Courses(NamedTuple):
    """How two trainings of a job went.

    Attributes:
        ours: with the spec.
        theirs: in plain Keras, with numbers in the place of NaN and our divisor.
    """

    ours: ours.Course
    theirs: plain_keras.Course


def draw_curves(path: Path, title: str, job: Job, courses: Courses) -> None:
    """Writes the figure as PNG: the total, the shares, and a panel for every row."""
    names = list(courses.ours.train[0])
    columns = 3 if len(names) > 2 else 2
    rows = -(-(len(names) + 2) // columns)
    with drawing():
        size = (columns * _WIDTH, rows * _HEIGHT + _HEAD)
        figure = Figure(figsize=size, facecolor="white", layout="constrained")
        figure.suptitle(title, x=0.01, ha="left", fontsize=TITLE, weight="bold")
        panels = list(figure.subplots(rows, columns).flat)
        _total(panels[0], courses)
        _shares(panels[1], courses.ours.train)
        for panel, name, colour in zip(panels[2:], names, COLOURS, strict=False):
            _row(panel, name, colour, courses, _output(job, name, names))
        for panel in panels[-columns:]:
            panel.set_xlabel("epoch")
        figure.savefig(path, metadata={"Title": title, "Software": "losscomp"})


def _total(panel: Axes, courses: Courses) -> None:
    sides = (courses.ours.train, courses.ours.validation)
    _losses(panel, [[ours.total(table) for table in side] for side in sides], INK)
    _rings(panel, [logs["val_loss"] for logs in courses.theirs.validation])
    _dress(panel, "total", INK, len(courses.ours.train))
    ends = [ours.total(side[-1]) for side in sides]
    _label(panel, ends, [f"{ends[0]:.3g} training", f"{ends[1]:.3g} validation"], [INK] * 2)
    panel.text(
        0.97, 0.97, "○ plain Keras, NaN replaced", transform=panel.transAxes,
        ha="right", va="top", fontsize=TINY, color=MUTED,
    )  # fmt: skip


def _row(panel: Axes, name: str, colour: str, courses: Courses, output: str | None) -> None:
    """A row in training and validation, and what plain Keras says of it where it does."""
    sides = (courses.ours.train, courses.ours.validation)
    losses = [[table[name].loss for table in side] for side in sides]
    _losses(panel, losses, colour)
    if output is not None:
        _rings(panel, _of_output(courses.theirs, output))
    _dress(panel, name, colour, len(losses[0]))
    ends = [side[-1] for side in losses]
    _label(panel, ends, [f"{end:.3g}" for end in ends], [colour] * 2)


def _output(job: Job, name: str, names: Sequence[str]) -> str | None:
    """The output whose loss in plain Keras is this row alone, if any."""
    task = name.partition("/")[0]
    is_alone = sum(other.startswith(f"{task}/") for other in names) == 1
    return task if is_alone and task in job.loss_weights else None


def _of_output(course: plain_keras.Course, output: str) -> list[float]:
    return [plain_keras.of_output(logs, output, "val_") for logs in course.validation]


def _losses(panel: Axes, sides: Sequence[Sequence[float]], colour: str) -> None:
    """Training, and validation in dashes."""
    epochs = np.arange(1, len(sides[0]) + 1)
    for side, look in zip(sides, ({}, _DASHED), strict=True):
        panel.plot(epochs, side, color=colour, **look)
    plain(panel)
    panel.set_yscale("log")
    panel.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    panel.yaxis.set_major_formatter(number)
    panel.yaxis.set_minor_formatter(NullFormatter())


def _rings(panel: Axes, losses: Sequence[float]) -> None:
    panel.plot(np.arange(1, len(losses) + 1), losses, **_RINGS)


def _shares(panel: Axes, tables: Sequence[ours.Table]) -> None:
    """What part each row has in the total of training."""
    names = list(tables[0])
    parts = np.array(
        [[table[name].weighted / ours.total(table) for table in tables] for name in names]
    )
    epochs = np.arange(1, len(tables) + 1)
    panel.stackplot(epochs, parts, colors=COLOURS[: len(names)], alpha=0.85, linewidth=0)
    panel.set_ylim(0, 1)
    panel.yaxis.set_major_formatter(lambda part, _: f"{part:.0%}")
    _dress(panel, "share of the total, training", INK, len(tables))
    middles = parts[:, -1].cumsum() - parts[:, -1] / 2
    _label(panel, middles.tolist(), _short(names), COLOURS)


def _short(names: Sequence[str]) -> list[str]:
    """The tasks, or the losses where there is but one task."""
    tasks = [name.partition("/")[0] for name in names]
    return tasks if len(set(tasks)) == len(names) else [name.rpartition("/")[2] for name in names]


def _dress(panel: Axes, name: str, colour: str, epochs: int) -> None:
    panel.set_title(name, loc="left", fontsize=TINY, color=colour, weight="bold")
    panel.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    panel.set_xlim(0.8, epochs + 0.2)


def _label(
    panel: Axes, places: Sequence[float], words: Sequence[str], colours: Sequence[str]
) -> None:
    """Words to the right of the panel, each beside its line and apart from the others."""
    to_panel = (panel.transData + panel.transAxes.inverted()).transform
    heights = spread([to_panel((1, place))[1] for place in places], gap=0.09)
    for word, height, colour in zip(words, heights, colours, strict=False):
        panel.text(
            1.02, height, word, transform=panel.transAxes, fontsize=TINY, color=colour, va="center"
        )


def spread(places: Sequence[float], gap: float) -> list[float]:
    """Places within 0 to 1, moved apart to a least distance, in their order."""
    found = np.array(places, dtype=float)
    order = np.argsort(found, kind="stable")
    for below, above in itertools.pairwise(order):
        found[above] = max(found[above], found[below] + gap)
    return [float(place) for place in found - max(0.0, found.max() - 1)]
