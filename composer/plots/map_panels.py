"""The section of the images: what each term charges where, beside target and prediction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator

from composer.plots.charges import Charges
from composer.plots.painting import legend_of, paint
from composer.plots.pixels import KEPT
from composer.plots.sheet import MARGIN, WIDTH, Sheet
from composer.plots.strips import Column, Strip, strips
from composer.plots.style import HEADING, MUTED, SMALL, TINY, number

_WIDEST, _TALLEST, _LOWEST = 2.3, 2.3, 0.3
_LEFT, _GAP = 0.55, 0.14
_HEAD, _LEGEND, _TITLE = 0.26, 0.26, 0.3
_CAPTION, _LINE, _BAR, _NOTE = 0.21, 0.13, 0.55, 0.175


@dataclass(frozen=True)
class MapPanels:
    """All strips, below a legend of what is no number.

    Attributes:
        strips: from top to bottom.
        notes: what is not drawn.
        colours: of the tasks.
    """

    strips: tuple[Strip, ...]
    notes: tuple[str, ...]
    colours: Mapping[str, str]

    @property
    def height(self) -> float:
        return self._head + sum(map(_height, self.strips)) + _NOTE * len(self.notes)

    @property
    def _head(self) -> float:
        return _HEAD + (_LEGEND if self._states > {KEPT} else 0)

    @property
    def _states(self) -> set[int]:
        pictures = (p for s in self.strips for column in s.columns for p in column.pictures)
        return {KEPT, *(int(state) for each in pictures for state in np.unique(each.state))}

    def draw(self, sheet: Sheet, top: float) -> None:
        sheet.text(
            MARGIN,
            top,
            "Where each loss charges: weight·K·W·v of each pixel, before the divisor",
            fontsize=HEADING,
            weight="bold",
        )
        self._legend(sheet, top + _HEAD)
        top += self._head
        for strip in self.strips:
            self._strip(sheet, strip, top)
            top += _height(strip)
        for note in self.notes:
            sheet.text(MARGIN, top, note, fontsize=SMALL, color=MUTED)
            top += _NOTE

    def _legend(self, sheet: Sheet, top: float) -> None:
        patches = legend_of(self._states)
        if patches:
            sheet.figure.legend(
                handles=patches, loc="upper left", ncols=4, frameon=False, fontsize=SMALL,
                bbox_to_anchor=(MARGIN / sheet.width, 1 - top / sheet.height), borderpad=0,
                borderaxespad=0, handlelength=1.6, handleheight=1.0, columnspacing=1.4,
            )  # fmt: skip

    def _strip(self, sheet: Sheet, strip: Strip, top: float) -> None:
        wide, _ = _size(strip)
        below = top + _TITLE + len(strip.samples) * _row(strip)
        for place, column in enumerate(strip.columns):
            left = _LEFT + place * (wide + _GAP)
            self._title(sheet, column, (left, top, wide))
            image = _pictures(sheet, strip, column, (left, top + _TITLE))
            _bar(sheet, image, column, (left, below + 0.02, wide))

    def _title(self, sheet: Sheet, column: Column, place: tuple[float, float, float]) -> None:
        left, top, wide = place
        if column.task is not None:
            x = [left / sheet.width, (left + wide) / sheet.width]
            y = [1 - (top + _TITLE - 0.03) / sheet.height] * 2
            line = Line2D(x, y, color=self.colours[column.task], linewidth=2)
            line.set_solid_capstyle("butt")
            sheet.figure.add_artist(line)
        sheet.text(left, top + 0.07, column.title, fontsize=SMALL, weight="bold", room=wide)


def map_section(found: Charges, colours: Mapping[str, str]) -> MapPanels | None:
    """The maps of a batch; None where no term has one."""
    drawn, notes = strips(found)
    return MapPanels(tuple(drawn), tuple(notes), colours) if drawn else None


def _size(strip: Strip) -> tuple[float, float]:
    """The width and height of one picture."""
    height, width = strip.columns[0].pictures[0].values.shape
    wide = min(_WIDEST, (WIDTH - _LEFT - 0.15) / strip.places - _GAP)
    tall = wide * height / width
    if tall > _TALLEST:
        return max(_LOWEST, _TALLEST * width / height), _TALLEST
    return wide, max(_LOWEST, tall)


def _height(strip: Strip) -> float:
    return _TITLE + len(strip.samples) * _row(strip) + _BAR


def _row(strip: Strip) -> float:
    """A picture and what is written below it."""
    return _size(strip)[1] + _CAPTION + _LINE * max(0, strip.caption_lines - 1)


def _pictures(sheet: Sheet, strip: Strip, column: Column, place: tuple[float, float]) -> AxesImage:
    """One below the other; the last image stands for the scale of all."""
    wide, tall = _size(strip)
    left, top = place
    for row, each in enumerate(column.pictures):
        axes = sheet.axes(left, top, wide, tall)
        image = paint(axes, each, column.colours)
        for line, words in enumerate(column.caption(row)):
            below = top + tall + 0.03 + _LINE * line
            sheet.text(left, below, words, fontsize=TINY, color=MUTED, room=wide)
        if column is strip.columns[0]:
            axes.set_ylabel(f"sample {strip.samples[row]}", fontsize=SMALL, labelpad=3)
        top += _row(strip)
    return image


def _bar(sheet: Sheet, image: AxesImage, column: Column, place: tuple[float, float, float]) -> None:
    """The scale of a column, and what it leaves out."""
    left, top, wide = place
    axes = sheet.axes(left, top, wide, 0.07)
    bar = sheet.figure.colorbar(
        image, cax=axes, orientation="horizontal", extend=column.colours.extend, extendfrac=0.04
    )
    bar.outline.set_linewidth(0.3)
    axes.xaxis.set_minor_locator(NullLocator())
    classes = column.colours.classes
    if classes is not None:
        bar.set_ticks(FixedLocator(range(0, classes, 1 + (classes - 1) // 9)))
    else:
        bar.set_ticks(MaxNLocator(3))
    axes.xaxis.set_major_formatter(number)
    axes.tick_params(labelsize=TINY, pad=1.5, length=2)
    sheet.text(left, top + 0.27, column.scale_note, fontsize=TINY, color=MUTED, room=wide)
