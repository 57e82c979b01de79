"""The section of the weights: lines over the steps, or a list where none moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from composer.plots.constant_panel import ConstantWeights, constant_weights
from composer.plots.scaling import end_of, scale_steps, scale_weights, spread
from composer.plots.sheet import MARGIN, Sheet
from composer.plots.steps import Span, span_of
from composer.plots.style import DASHES, HEADING, MUTED, SMALL, more, number, plain, some, steps
from composer.plots.weights import Line, ScalarWeight, weight_lines

MOST_LINES = 24
MOST_MOVING = 30
_LEFT, _LABELS = 0.8, 3.0
_LABEL_HEIGHT = 0.175
_HEAD, _FOOT = 0.46, 0.48


@dataclass(frozen=True)
class SchedulePanel:
    """Weights over steps, with a label at the end of every line.

    Attributes:
        lines: those drawn.
        left_out: how many terms are not.
        span: the steps of the axis.
        marked: a step to mark, or None.
        colours: of the tasks.
    """

    lines: tuple[Line, ...]
    left_out: int
    span: Span
    marked: int | None
    colours: Mapping[str, str]

    @property
    def height(self) -> float:
        return _HEAD + self._inner + _FOOT

    @property
    def _inner(self) -> float:
        rows = len(self.lines) + (self.left_out > 0)
        return max(2.0, rows * _LABEL_HEIGHT)

    def draw(self, sheet: Sheet, top: float) -> None:
        sheet.text(
            MARGIN, top, "Scalar weight of each loss over the training",
            fontsize=HEADING, weight="bold",
        )  # fmt: skip
        axes = sheet.axes(_LEFT, top + _HEAD, sheet.width - _LEFT - _LABELS - 0.1, self._inner)
        plain(axes)
        for line in self.lines:
            self._line(axes, line)
        scale_steps(axes, self.span)
        scale_weights(axes, self.lines)
        self._labels(sheet, axes)
        if self.marked is not None:
            self._mark(axes, self.marked)

    def _colour(self, line: Line) -> str:
        tasks = {*line.tasks}
        task = tasks.pop() if len(tasks) == 1 else None
        return MUTED if task is None else self.colours[task]

    def _dash(self, line: Line) -> object:
        """Lines of one colour differ in their dashes."""
        alike = [each for each in self.lines if self._colour(each) == self._colour(line)]
        place = next(place for place, each in enumerate(alike) if each is line)
        return DASHES[place % len(DASHES)]

    def _line(self, axes: Axes, line: Line) -> None:
        colour, at = self._colour(line), self.span.steps()
        look: dict[str, Any] = {
            "color": colour,
            "linestyle": self._dash(line),
            "clip_on": False,
            "zorder": 3,
        }
        drawn = np.where(line.rough, np.nan, line.values)
        axes.plot(at, drawn, linewidth=1.7 if line.moves else 0.9, **look)
        axes.fill_between(
            at, line.low, line.high, where=list(line.rough), color=colour, alpha=0.35, linewidth=0
        )

    def _labels(self, sheet: Sheet, axes: Axes) -> None:
        """The names at the right, each beside the end of its line or as near as there is room."""
        ends = [end_of(axes, line) for line in self.lines]
        rows = self._inner / _LABEL_HEIGHT
        places = spread(ends, 1 / rows)
        for line, end, place in zip(self.lines, ends, places, strict=True):
            axes.plot(
                [1.005, 1.03, 1.05], [end, place, place], transform=axes.transAxes,
                color=self._colour(line), linewidth=0.8, clip_on=False,
            )  # fmt: skip
            words = sheet.fit(_words(line), _LABELS - 0.35, SMALL)
            axes.text(1.06, place, words, transform=axes.transAxes, va="center", fontsize=SMALL)
        if self.left_out:
            words = more(self.left_out, "term")
            axes.text(1.06, -0.12, words, transform=axes.transAxes, color=MUTED, fontsize=SMALL)

    def _mark(self, axes: Axes, step: int) -> None:
        if step > self.span.end:
            return
        axes.axvline(step, color=MUTED, linewidth=0.9, linestyle=(0, (2, 2)), zorder=1)
        middle = axes.transLimits.transform(axes.transScale.transform((step, 1)))[0]
        align = "left" if middle < 0.1 else "right" if middle > 0.9 else "center"
        axes.text(
            middle, 1.03, f"the batch is at step {steps(step)}", transform=axes.transAxes,
            ha=align, va="bottom", fontsize=SMALL, color=MUTED,
        )  # fmt: skip


def schedule_section(
    weights: Sequence[ScalarWeight],
    last: int | None,
    marked: int | None,
    colours: Mapping[str, str],
) -> SchedulePanel | ConstantWeights:
    """What to draw of the weights of a spec."""
    if not any(weight.reads_step for weight in weights):
        return constant_weights(weights)
    drawn = _drawn(weights)
    span = span_of(drawn, last, marked)
    lines = weight_lines(drawn, span.steps())
    lines = [*(x for x in lines if x.moves), *(x for x in lines if not x.moves)][:MOST_LINES]
    left_out = len(weights) - sum(len(line.names) for line in lines)
    return SchedulePanel(tuple(lines), left_out, span, marked, colours)


def _drawn(weights: Sequence[ScalarWeight]) -> list[ScalarWeight]:
    """The weights but for schedules beyond so many: each takes some hundred evaluations."""
    moving = [weight for weight in weights if weight.reads_step]
    late = {id(weight) for weight in moving[MOST_MOVING:]}
    return [weight for weight in weights if id(weight) not in late]


def _words(line: Line) -> str:
    first = some(line.names, 3)
    if np.isnan(line.values).all():
        return f"{first}: nowhere finite"
    if not line.moves:
        return f"{number(float(line.values[0]))}  {first}"
    if line.rough.any():
        return f"{first} (band: least to most)"
    return f"{first} (not finite in places)" if np.isnan(line.values).any() else first
