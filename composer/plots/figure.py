"""The figure of a spec: its sections below each other, and the bytes of a file."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from matplotlib.figure import Figure

from composer.plots.charges import Charges
from composer.plots.contributions import Contributions
from composer.plots.map_panels import map_section
from composer.plots.penalties import penalties
from composer.plots.penalty_panels import MOST, PenaltyPanels
from composer.plots.schedule_panel import schedule_section
from composer.plots.sheet import MARGIN, Sheet
from composer.plots.style import TITLE, drawing, task_colours
from composer.plots.weights import scalar_weights
from composer.spec import Spec

if TYPE_CHECKING:
    from composer.report import Report

_TITLE, _GAP = 0.62, 0.32


class Section(Protocol):
    """A part of the figure that knows its height in inches."""

    @property
    def height(self) -> float: ...
    def draw(self, sheet: Sheet, top: float) -> None: ...


@dataclass(frozen=True)
class OnBatch:
    """What a spec comes to on a batch.

    Attributes:
        report: the numbers of every term.
        charges: its maps.
        source: the name of the batch.
    """

    report: Report
    charges: Charges
    source: str


@dataclass(frozen=True)
class Drawn:
    """A figure, and the characters that no installed font has."""

    figure: Figure
    missing: frozenset[str]


def sections_of(spec: Spec, batch: OnBatch | None = None, last: int | None = None) -> list[Section]:
    """All that is to be drawn of a sound spec, in numbers.

    Args:
        spec: what to draw.
        batch: with it, also what every term does on it.
        last: the last step drawn; by default the schedules tell.

    Raises:
        ValueError: the file of a constant is not what it was.
    """
    colours = task_colours(spec.tasks)
    marked = None if batch is None else batch.report.step
    sections: list[Section] = [schedule_section(scalar_weights(spec), last, marked, colours)]
    found = penalties(spec, MOST)
    if found.panels or found.undrawable:
        sections.append(PenaltyPanels(found, colours))
    if batch is not None:
        regularized = spec.regularization is not None
        sections.append(Contributions(batch.report, batch.source, colours, regularized))
        maps = map_section(batch.charges, colours)
        sections += [] if maps is None else [maps]
    return sections


def draw(title: str, sections: Sequence[Section]) -> Drawn:
    """The sections below each other, below a title; call it within `drawing()`."""
    sheet = Sheet(_TITLE + sum(section.height + _GAP for section in sections))
    sheet.text(MARGIN, 0.2, title, fontsize=TITLE, weight="bold")
    top = _TITLE
    for section in sections:
        section.draw(sheet, top)
        top += section.height + _GAP
    return Drawn(sheet.figure, frozenset(sheet.missing))


def encode(figure: Figure, kind: str, title: str) -> bytes:
    """The bytes of a `png` or `svg` file: the same figure gives the same bytes."""
    about: dict[str, Any] = {"Title": title}
    if kind == "svg":
        about |= {"Date": None, "Creator": "losscomp"}
    else:
        about |= {"Software": "losscomp"}
    file = io.BytesIO()
    figure.savefig(file, format=kind, metadata=about)
    return file.getvalue()


__all__ = ["Drawn", "OnBatch", "Section", "draw", "drawing", "encode", "sections_of"]
