"""The section of a batch: a bar for what each term adds to the total."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from composer.plots import HUGE
from composer.plots.sheet import MARGIN, Sheet
from composer.plots.style import BODY, HEADING, INK, MUTED, RULE, SMALL, more, number, plain

if TYPE_CHECKING:
    from composer.report import Report, Row

MOST = 30
_MOST_FINDINGS = 4
_ROW = 0.23
_NAMES, _NUMBERS = 2.85, 1.75
_HEAD, _FOOT, _LINE = 0.52, 0.52, 0.175


@dataclass(frozen=True)
class Contributions:
    """A table whose middle column is bars.

    Attributes:
        report: what `losscomp build` shows of the batch.
        source: the name of the batch.
        colours: of the tasks.
        regularized: whether the trainer's own losses come on top.
    """

    report: Report
    source: str
    colours: Mapping[str, str]
    regularized: bool

    @property
    def _rows(self) -> tuple[Row, ...]:
        return self.report.rows[:MOST]

    @property
    def _notes(self) -> list[str]:
        found = self.report.findings
        notes = [f"not finite: {finding}" for finding in found[:_MOST_FINDINGS]]
        if len(found) > _MOST_FINDINGS:
            notes.append(f"and {len(found) - _MOST_FINDINGS} more")
        if len(self.report.rows) > MOST:
            notes.append(more(len(self.report.rows) - MOST, "term"))
        if self.regularized:
            notes.append("the trainer adds the regularization, which a batch does not hold")
        return notes

    @property
    def height(self) -> float:
        return _HEAD + _ROW * len(self._rows) + _FOOT + _LINE * len(self._notes)

    def draw(self, sheet: Sheet, top: float) -> None:
        total = self.report.total
        size = f" of {number(total)}" if math.isfinite(total) else ", which is not finite"
        words = f"What each loss adds to the total{size}: {self.source}"
        words += f", step {self.report.step}" if self.report.step else ""
        sheet.text(MARGIN, top, words, fontsize=HEADING, weight="bold")
        inner = _ROW * len(self._rows)
        width = sheet.width - MARGIN - _NAMES - _NUMBERS - 0.1
        axes = sheet.axes(MARGIN + _NAMES, top + _HEAD, width, inner)
        _frame(axes, len(self._rows))
        self._bars(axes)
        self._cells(sheet, top)
        for place, note in enumerate(self._notes):
            height = top + _HEAD + inner + _FOOT + _LINE * place
            sheet.text(MARGIN, height, note, fontsize=SMALL, color=MUTED)

    def _bars(self, axes: Axes) -> None:
        places = [place for place, row in enumerate(self._rows) if abs(row.weighted) <= HUGE]
        axes.barh(
            places,
            [self._rows[place].weighted for place in places],
            height=0.62,
            color=[self.colours[_task(self._rows[place].name)] for place in places],
        )
        for place, row in enumerate(self._rows):
            if not math.isfinite(row.weighted):
                axes.text(
                    0.01, place, f"✕ {_not_finite(row.weighted)}", va="center", color="#B00020",
                    transform=axes.get_yaxis_transform(), fontsize=BODY, weight="bold",
                    bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
                )  # fmt: skip

    def _cells(self, sheet: Sheet, top: float) -> None:
        """The names to the left of the bars; the numbers to the right, in columns."""
        right = sheet.width - 0.15
        middle = right - 0.75
        for place, words in ((middle, "weighted"), (right, "share")):
            sheet.text(place, top + _HEAD - 0.17, words, ha="right", fontsize=SMALL, color=MUTED)
        for place, row in enumerate(self._rows):
            height = top + _HEAD + _ROW * (place + 0.5)
            look = {"va": "center", "fontsize": BODY}
            sheet.text(
                MARGIN + _NAMES - 0.1, height, row.name, ha="right", room=_NAMES - 0.1, **look
            )
            off = row.weight == 0
            colour = MUTED if off else INK
            words = "off" if off else number(row.weighted)
            sheet.text(middle, height, words, ha="right", color=colour, **look)
            sheet.text(right, height, _percent(row.share), ha="right", color=colour, **look)


def _frame(axes: Axes, rows: int) -> None:
    plain(axes)
    axes.grid(visible=False, axis="y")
    axes.grid(visible=True, axis="x", color=RULE, linewidth=0.5)
    axes.axvline(0, color=MUTED, linewidth=0.6)
    axes.set_ylim(rows - 0.5, -0.5)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    axes.set_xlabel("weighted = weight × loss")


def _task(name: str) -> str:
    return name.partition("/")[0]


def _not_finite(value: float) -> str:
    return "not a number" if math.isnan(value) else "infinite"


def _percent(part: float) -> str:
    return "unknown" if math.isnan(part) else f"{100 * part:.1f} %"
