"""Maps in columns beside each other, ready to be painted."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from composer.data.operands import Array
from composer.plots.charges import Block, Charge, Charges, Image
from composer.plots.painting import Colours, measured, of_classes
from composer.plots.pixels import (
    KEPT,
    MASKED,
    NOT_FINITE,
    WEIGHTLESS,
    Picture,
    Scale,
    picture,
    scale_of_charges,
    scale_of_values,
    states,
    states_of_classes,
)
from composer.plots.style import more, number, some

MOST = 6
_FEWEST_COLUMNS, _MOST_COLUMNS = 3, 5
_NAMES = 6
_LINE = 28


@dataclass(frozen=True)
class Column:
    """One image or one term, for every sample shown.

    Attributes:
        title: what it is.
        pictures: one a sample.
        colours: of all of them.
        scale: of the numbers; None for classes.
        task: the task whose charge it is; None for a target or a prediction.
    """

    title: str
    pictures: tuple[Picture, ...]
    colours: Colours
    scale: Scale | None
    task: str | None

    @property
    def scale_note(self) -> str:
        """What the colours are of, or hide."""
        if self.scale is None:
            return "class"
        ends = [f"least {number(self.scale.least)}"] if self.scale.clips_low else []
        ends += [f"most {number(self.scale.most)}"] if self.scale.clips_high else []
        return f"clipped; {', '.join(ends)}" if ends else ""

    @property
    def is_clipped(self) -> bool:
        return self.scale is not None and (self.scale.clips_low or self.scale.clips_high)

    def caption(self, row: int) -> list[str]:
        """Which part of a picture is no number, in lines that fit the narrowest column."""
        parts = self.pictures[row].parts
        shares = {"masked": parts[MASKED], "weight 0": parts[WEIGHTLESS]}
        words = [f"{100 * n / sum(parts):.1f} % {word}" for word, n in shares.items() if n]
        if parts[NOT_FINITE]:
            words.append(f"{parts[NOT_FINITE]} not finite")
        unbroken = (each.replace(" ", "\N{NO-BREAK SPACE}") for each in words)
        return textwrap.wrap(", ".join(unbroken), _LINE)


@dataclass(frozen=True)
class Strip:
    """A block of maps, or as much of it as stands in one row.

    Attributes:
        columns: from left to right.
        places: for how many columns there is room.
        samples: those of the batch that are shown, from top to bottom.
    """

    columns: tuple[Column, ...]
    places: int
    samples: tuple[int, ...]

    @property
    def caption_lines(self) -> int:
        """What the longest caption takes."""
        rows = range(len(self.samples))
        return max(len(column.caption(row)) for column in self.columns for row in rows)


def strips(found: Charges) -> tuple[list[Strip], list[str]]:
    """The strips that a figure holds, and what is to be said of the rest."""
    most = max(1, 4 - len(found.blocks))
    every = [strip for block in found.blocks for strip in _strips(block, most)]
    return every[:MOST], list(_notes(found, every, most))


def _notes(found: Charges, every: Sequence[Strip], most: int) -> Iterator[str]:
    pictures = [strip.columns[0].pictures[0] for strip in every[:MOST]]
    block = max((each.block for each in pictures), default=1)
    if block > 1:
        yield f"smaller than the batch holds them: a pixel is the mean of up to {block} × {block}"
    if any(column.is_clipped for strip in every[:MOST] for column in strip.columns):
        yield "clipped: the colours end where 99 % of the numbers do"
    hidden = max((b.size - most for b in found.blocks), default=0)
    if hidden > 0:
        yield more(hidden, "sample")
    if len(every) > MOST:
        yield more(sum(len(strip.columns) for strip in every[MOST:]), "map")
    if found.off:
        yield f"no map, for the weight is 0 at this step: {some(found.off, _NAMES)}"
    if found.without:
        yield f"no map, for the values are no images: {some(found.without, _NAMES)}"


def _strips(block: Block, most: int) -> Iterator[Strip]:
    rows = _rows(block, most)
    columns = [*_image_columns(block, rows), *_charge_columns(block, rows)]
    places = min(_MOST_COLUMNS, max(_FEWEST_COLUMNS, len(columns)))
    samples = tuple(block.samples[row] for row in rows)
    for start in range(0, len(columns), places):
        yield Strip(tuple(columns[start : start + places]), places, samples)


def _rows(block: Block, most: int) -> list[int]:
    """Which of its samples to show: the most telling, in the order of the batch."""
    return sorted(range(len(block.samples))[:most], key=lambda row: block.samples[row])


def _image_columns(block: Block, rows: list[int]) -> Iterator[Column]:
    for image in block.images:
        alike = [each.values[rows] for each in block.images if each.kind == image.kind]
        yield _of_classes(image, rows) if image.classes else _of_values(image, alike, rows)


def _of_classes(image: Image, rows: list[int]) -> Column:
    classes = image.classes or 0
    pictures = tuple(
        picture(each, states_of_classes(each, classes), are_classes=True)
        for each in image.values[rows]
    )
    return Column(image.name, pictures, of_classes(classes), None, None)


def _of_values(image: Image, alike: Sequence[Array], rows: list[int]) -> Column:
    """An image in the scale of all images of its kind."""
    scale = scale_of_values(alike)
    pictures = tuple(picture(each, states(each, None, None)) for each in image.values[rows])
    return Column(image.name, pictures, measured(scale, is_charge=False), scale, None)


def _charge_columns(block: Block, rows: list[int]) -> Iterator[Column]:
    for charge in block.charges:
        yield _charge_column(charge, block.task, rows)


def _charge_column(charge: Charge, task: str, rows: list[int]) -> Column:
    shown, state = charge.values[rows], charge.states[rows]
    scale = scale_of_charges([shown[state == KEPT]])
    pictures = tuple(picture(v, s) for v, s in zip(shown, state, strict=True))
    return Column(charge.name, pictures, measured(scale, is_charge=True), scale, task)
