"""The axes of the weights, and where the names of the lines stand beside them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator

from composer.plots.steps import Span
from composer.plots.style import number, steps
from composer.plots.weights import Line

_FAR_APART, _DECADES = 30, 5


def scale_steps(axes: Axes, span: Span) -> None:
    """The axis of the steps, logarithmic beyond the first of schedules that lie far apart."""
    label = "training step"
    if span.linear is not None:
        axes.set_xscale("symlog", linthresh=span.linear, linscale=1)
        axes.xaxis.set_major_locator(FixedLocator([0, span.linear, *_decades(span)]))
        axes.xaxis.set_minor_locator(NullLocator())
        label += f" (linear up to {steps(span.linear)}, then logarithmic)"
    axes.xaxis.set_major_formatter(steps)
    axes.set_xlim(0, span.end)
    axes.set_xlabel(label)


def _decades(span: Span) -> list[int]:
    """The powers of ten that leave room beside the end of the linear part, few enough to read."""
    far = [10**p for p in range(19) if 3 * (span.linear or 0) <= 10**p <= span.end]
    return far[:: 1 + len(far) // 7]


def scale_weights(axes: Axes, lines: Sequence[Line]) -> None:
    """A linear axis from 0; a logarithmic one where lines of very different size share it."""
    known = [line for line in lines if np.isfinite(line.high).any()]
    low = min((float(np.nanmin(line.low)) for line in known), default=0)
    high = max((float(np.nanmax(line.high)) for line in known), default=0)
    label = "weight"
    sizes = [size for size in map(_size, known) if size > 0]
    if sizes and max(sizes) > _FAR_APART * min(sizes):
        least, most = (math.floor(math.log10(size)) for size in (min(sizes), max(sizes)))
        linear = 10.0 ** max(least, most - _DECADES)
        axes.set_yscale("symlog", linthresh=linear, linscale=0.8)
        ticks = [linear * 10**p for p in range(_DECADES + 1) if p <= most - least]
        axes.yaxis.set_major_locator(FixedLocator([*(-tick for tick in ticks), 0, *ticks]))
        axes.yaxis.set_minor_locator(NullLocator())
        label = f"weight (logarithmic from {number(linear)} on)"
    axes.set_ylim(1.05 * min(low, 0), 1.05 * max(high, 0) or (0 if low < 0 else 1))
    axes.yaxis.set_major_formatter(number)
    axes.set_ylabel(label)


def _size(line: Line) -> float:
    return float(max(np.nanmax(np.abs(line.low)), np.nanmax(np.abs(line.high))))


def end_of(axes: Axes, line: Line) -> float:
    """The height at which a line ends, from 0 to 1 of the axes."""
    known = line.values[np.isfinite(line.values)]
    if not len(known):
        return 0.0
    to_unit = axes.transScale + axes.transLimits
    _, end = to_unit.transform((axes.get_xlim()[1], float(known[-1])))
    return float(np.clip(end, 0, 1)) if math.isfinite(end) else 0.0


def spread(wanted: Sequence[float], gap: float) -> list[float]:
    """Places at least `gap` apart between 0 and 1, as near to the wanted ones as may be."""
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    places = [0.0] * len(wanted)
    lowest = gap / 2
    for i in order:
        places[i] = max(wanted[i], lowest)
        lowest = places[i] + gap
    highest = 1 - gap / 2
    for i in reversed(order):
        places[i] = min(places[i], highest)
        highest = places[i] - gap
    return places
