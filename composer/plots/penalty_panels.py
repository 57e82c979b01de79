"""The section of the losses: small panels of penalty against error."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator

from composer.plots.penalties import Penalties, Penalty
from composer.plots.sheet import MARGIN, Sheet
from composer.plots.style import (
    BODY,
    DASHES,
    HEADING,
    INK,
    MUTED,
    SMALL,
    TINY,
    more,
    number,
    plain,
    some,
)

MOST = 12
_COLUMNS = 3
_HEAD, _WORDS, _INNER, _FOOT = 0.32, 0.68, 1.4, 0.6
_LEFT, _GAP = 0.8, 0.82


@dataclass(frozen=True)
class PenaltyPanels:
    """Small multiples, three in a row."""

    penalties: Penalties
    colours: Mapping[str, str]

    @property
    def height(self) -> float:
        rows = -(-len(self.penalties.panels) // _COLUMNS)
        return _HEAD + rows * self._row + (0.2 if self._notes else 0)

    @property
    def _row(self) -> float:
        return self._above + _INNER + _FOOT

    @property
    def _above(self) -> float:
        """The room for the title of a panel and its legend, the longest of which has two lines."""
        return _WORDS + (
            0.14 if any(len(_labels(each)) > 3 for each in self.penalties.panels) else 0
        )

    @property
    def _notes(self) -> str:
        notes = []
        if self.penalties.left_out:
            notes.append(more(self.penalties.left_out, "distinct loss"))
        if self.penalties.undrawable:
            notes.append(f"no curve: {some(self.penalties.undrawable, 6)}")
        return "; ".join(notes)

    def draw(self, sheet: Sheet, top: float) -> None:
        sheet.text(
            MARGIN, top, "Penalty of each loss, before masks, weights and the divisor",
            fontsize=HEADING, weight="bold",
        )  # fmt: skip
        width = (sheet.width - _LEFT - (_COLUMNS - 1) * _GAP - 0.15) / _COLUMNS
        for place, panel in enumerate(self.penalties.panels):
            left = _LEFT + (place % _COLUMNS) * (width + _GAP)
            self._panel(sheet, left, top + _HEAD + place // _COLUMNS * self._row, width, panel)
        if self._notes:
            sheet.text(MARGIN, top + self.height - 0.2, self._notes, color=MUTED, fontsize=SMALL)

    def _panel(self, sheet: Sheet, left: float, top: float, width: float, panel: Penalty) -> None:
        room = width + 0.55
        names = some(panel.terms, 2)
        sheet.text(left - 0.5, top, panel.title, room=room, weight="bold", fontsize=BODY)
        for place, words in enumerate(filter(None, (panel.parameters, names))):
            look = {"room": room, "fontsize": SMALL, "color": MUTED if words is names else INK}
            sheet.text(left - 0.5, top + 0.175 + 0.15 * place, words, **look)
        axes = sheet.axes(left, top + self._above, width, _INNER)
        plain(axes)
        for label, value in panel.probe.marks.items():
            _mark(axes, label, value)
        self._curves(axes, panel)
        self._scales(sheet, axes, panel, width)

    def _curves(self, axes: Axes, panel: Penalty) -> None:
        tasks = set(panel.tasks)
        colour = self.colours[panel.tasks[0]] if len(tasks) == 1 else INK
        dashes = itertools.cycle(DASHES)
        references = itertools.cycle(DASHES)
        for place, curve in enumerate(panel.curves):
            is_first = all(each.label != curve.label for each in panel.curves[:place])
            if curve.is_reference:
                look = {"color": "#9A9A9A", "linewidth": 0.9, "linestyle": next(references)}
            else:
                look = {"color": colour, "linestyle": next(dashes), "zorder": 3}
            axes.plot(panel.probe.x, curve.y, label=curve.label if is_first else "_", **look)
        if labels := _labels(panel):
            columns = 3 if len(labels) < 4 else 2
            axes.legend(
                loc="lower left", bbox_to_anchor=(-0.02, 0.98), ncols=columns, frameon=False,
                fontsize=TINY, handlelength=1.8, handletextpad=0.4, columnspacing=0.8,
                borderpad=0.1, borderaxespad=0,
            )  # fmt: skip

    def _scales(self, sheet: Sheet, axes: Axes, panel: Penalty, width: float) -> None:
        probe = panel.probe
        if probe.is_ratio:
            axes.set_xscale("log", base=2)
            axes.xaxis.set_major_locator(FixedLocator([0.25, 0.5, 1, 2, 4]))
            axes.xaxis.set_minor_locator(NullLocator())
        else:
            most = 6 if max(len(number(end)) for end in probe.ends) < 6 else 4
            axes.xaxis.set_major_locator(MaxNLocator(most, steps=[1, 2, 3, 5, 6, 10]))
        axes.xaxis.set_major_formatter(number)
        axes.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]))
        axes.yaxis.set_major_formatter(number)
        axes.set_xlim(*probe.ends)
        axes.set_ylim(*_limits(panel))
        below = sheet.lines(probe.axis, width + 0.2, SMALL, 2)
        beside = sheet.lines(f"penalty ({probe.unit})", _INNER, SMALL, 2)
        axes.set_xlabel("\n".join(below), labelpad=2)
        axes.set_ylabel("\n".join(beside), labelpad=3)


def _labels(panel: Penalty) -> list[str]:
    """The words of its legend."""
    return list(dict.fromkeys(curve.label for curve in panel.curves if curve.label))


def _mark(axes: Axes, label: str, value: float) -> None:
    """A parameter that is a place on the axis."""
    axes.axvline(value, color=MUTED, linewidth=0.7, linestyle=(0, (1, 2)), zorder=1)
    axes.annotate(
        label, (value, 1), xycoords=("data", "axes fraction"), xytext=(0, 1),
        textcoords="offset points", ha="center", va="bottom",
        fontsize=TINY, color=MUTED,
    )  # fmt: skip


def _limits(panel: Penalty) -> tuple[float, float]:
    """From 0, or from below it, to the highest value."""
    values = np.concatenate([curve.y for curve in panel.curves])
    values = values[np.isfinite(values)]
    low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
    low, high = min(low, 0.0), max(high, 0.0)
    room = 0.04 * (high - low) or 0.5
    return low - room * (low < 0 or high == low), high + room
