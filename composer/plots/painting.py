"""A picture on axes: its numbers in a scale of colours, and what is no number in colours apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, Colormap, ListedColormap, Normalize, to_rgba
from matplotlib.image import AxesImage
from matplotlib.patches import Patch

from composer.data.operands import Array
from composer.plots.pixels import KEPT, MASKED, NO_CLASS, NOT_FINITE, WEIGHTLESS, Picture, Scale
from composer.plots.style import LOUD, MASKED_FILL, MASKED_STRIPE, MUTED, NO_CLASS_FILL, NO_WEIGHT

_SIDE = 360
_STRIPES = 80
_MOST_RINGS, _FINE = 10, 120
_FILLS = {MASKED: MASKED_FILL, WEIGHTLESS: NO_WEIGHT, NOT_FINITE: LOUD, NO_CLASS: NO_CLASS_FILL}
_WORDS = {
    MASKED: "masked",
    WEIGHTLESS: "weight 0",
    NOT_FINITE: "not finite",
    NO_CLASS: "no class",
}
_CLASSES = (
    "#332288", "#88CCEE", "#44AA99", "#117733", "#999933", "#DDCC77", "#CC6677", "#882255",
    "#AA4499",
)  # fmt: skip
"""Paul Tol's `muted`, which colour-blind readers tell apart."""
_MOST_STEPS = 256


@dataclass(frozen=True)
class Colours:
    """How numbers become colours.

    Attributes:
        map, norm: Matplotlib's.
        extend: the ends at which the scale is clipped, in Matplotlib's word.
        classes: how many class numbers there are; None for numbers that are measured.
    """

    map: Colormap
    norm: Normalize
    extend: str
    classes: int | None = None


def measured(scale: Scale, *, is_charge: bool) -> Colours:
    """The colours of charges, or of targets and predictions."""
    name = "cividis"
    if is_charge:
        name = "PuOr" if scale.diverges else "inferno"
    ends = {
        (False, False): "neither", (True, False): "min", (False, True): "max", (True, True): "both",
    }  # fmt: skip
    extend = ends[scale.clips_low, scale.clips_high]
    return Colours(mpl.colormaps[name], Normalize(scale.low, scale.high), extend)


def of_classes(classes: int) -> Colours:
    """A colour a class; more than can be told apart run through one scale."""
    if classes > _MOST_STEPS:
        return Colours(mpl.colormaps["viridis"], Normalize(0, classes - 1), "neither", classes)
    colours: Any = _CLASSES[:classes]
    if classes > len(_CLASSES):
        colours = mpl.colormaps["viridis"](np.linspace(0, 1, classes))
    norm = BoundaryNorm(np.arange(-0.5, classes), classes)
    return Colours(ListedColormap(colours), norm, "neither", classes)


def paint(axes: Axes, picture: Picture, colours: Colours) -> AxesImage:
    """Draws a picture; the image returned holds its numbers, masked where there is none."""
    height, width = int(picture.values.shape[0]), int(picture.values.shape[1])
    extent = (0, width, height, 0)
    shown = np.ma.masked_array(picture.values, mask=picture.state != KEPT)
    image = axes.imshow(
        shown, cmap=colours.map, norm=colours.norm, interpolation="nearest", extent=extent,
        aspect="auto",
    )  # fmt: skip
    if (picture.state != KEPT).any():
        axes.imshow(_overlay(picture.state), interpolation="nearest", extent=extent, aspect="auto")
    _ring(axes, picture.state == NOT_FINITE)
    axes.set(xticks=[], yticks=[], xlim=(0, width), ylim=(height, 0))
    for spine in axes.spines.values():
        spine.set(visible=True, color=MUTED, linewidth=0.4)
    return image


def _ring(axes: Axes, flags: Array) -> None:
    """A circle around each of a few pixels, which else nobody would see."""
    if max(flags.shape) > _FINE and 0 < np.count_nonzero(flags) <= _MOST_RINGS:
        down, right = np.nonzero(flags)
        axes.plot(
            right + 0.5, down + 0.5, "o", markersize=7, markerfacecolor="none",
            markeredgecolor=LOUD, markeredgewidth=0.9, clip_on=False,
        )  # fmt: skip


def _overlay(state: Array) -> Array:
    """What is no number in its colour, stripes on what is masked; the rest is transparent."""
    times = -(-_SIDE // max(state.shape))
    large = state.repeat(times, axis=0).repeat(times, axis=1)
    colours = np.zeros((*large.shape, 4), np.uint8)
    for each, fill in _FILLS.items():
        colours[large == each] = _bytes(fill)
    diagonal = np.add.outer(np.arange(large.shape[0]), np.arange(large.shape[1]))
    stripes = diagonal // (max(large.shape) // _STRIPES) % 2 == 0
    colours[(large == MASKED) & stripes] = _bytes(MASKED_STRIPE)
    return colours


def _bytes(colour: str) -> Array:
    return np.array([round(255 * part) for part in to_rgba(colour)], np.uint8)


def legend_of(states: set[int]) -> list[Patch]:
    """A patch with its word for each state that is no number."""
    return [
        Patch(
            facecolor=fill, edgecolor=MASKED_STRIPE, linewidth=0.4, label=_WORDS[state],
            hatch="//////" if state == MASKED else None,
        )
        for state, fill in _FILLS.items()
        if state in states
    ]  # fmt: skip
