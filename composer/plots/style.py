"""How every figure looks: colours, sizes, fonts, and what keeps a file the same from run to run."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.axes import Axes

INK, MUTED, RULE = "#222222", "#5F5F5F", "#E3E3E3"
MASKED_FILL, MASKED_STRIPE = "#EDEDED", "#A9A9A9"
NO_WEIGHT, NO_CLASS_FILL = "#C6CBD2", "#FFFFFF"
LOUD = "#00E5FF"
"""Of what is not finite; neither the colours of the maps nor those of the tasks come near it."""

BODY, SMALL, TINY, HEADING, TITLE = 9.0, 8.0, 7.5, 11.0, 14.0
DPI = 200

_HUES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
_DARK = ("#003A5C", "#7A3600", "#00523C", "#7D3560", "#805800", "#1F6A99")
COLOURS = _HUES + _DARK
"""Those of Okabe and Ito without yellow, black and grey, and the same darker."""

DASHES: tuple[Any, ...] = ("-", (0, (5, 1.6)), (0, (1.2, 1.2)), (0, (5, 1.4, 1.2, 1.4)))
"""Of the losses of one task."""

_FALLBACKS = (
    "Noto Sans CJK SC", "Noto Sans CJK JP", "Source Han Sans SC", "WenQuanYi Zen Hei",
    "Droid Sans Fallback", "Microsoft YaHei", "PingFang SC", "Hiragino Sans", "Yu Gothic",
    "Apple SD Gothic Neo", "Malgun Gothic", "Noto Sans Devanagari", "Noto Sans Arabic",
    "Noto Sans", "Arial Unicode MS",
)  # fmt: skip


def task_colours(tasks: Iterable[str]) -> dict[str, str]:
    """One colour for each task; past the last they come again."""
    return {task: COLOURS[place % len(COLOURS)] for place, task in enumerate(tasks)}


def families() -> list[str]:
    """The font of all text, then the installed ones for characters that it lacks."""
    installed = {font.name for font in font_manager.fontManager.ttflist}
    return ["DejaVu Sans", *(name for name in _FALLBACKS if name in installed)]


@contextlib.contextmanager
def drawing() -> Iterator[None]:
    """Within it Matplotlib draws our way, whatever the user's own settings are."""
    log = logging.getLogger("matplotlib")
    level = log.level
    log.setLevel(logging.ERROR)  # that it builds a cache of fonts is no news
    try:
        with mpl.rc_context():
            mpl.rcdefaults()
            mpl.rcParams.update(_settings())  # type: ignore[arg-type]  # the stubs list the keys
            yield
    finally:
        log.setLevel(level)


def _settings() -> dict[str, Any]:
    return {
        "font.family": families(),
        "font.size": BODY,
        "text.parse_math": False,  # names hold `_` and `$`
        "text.color": INK,
        "axes.edgecolor": MUTED,
        "axes.labelcolor": MUTED,
        "axes.labelsize": SMALL,
        "axes.linewidth": 0.6,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "xtick.color": MUTED,
        "ytick.color": MUTED,
        "xtick.labelsize": SMALL,
        "ytick.labelsize": SMALL,
        "xtick.major.width": 0.6,
        "ytick.major.width": 0.6,
        "xtick.major.size": 2.5,
        "ytick.major.size": 2.5,
        "hatch.linewidth": 0.6,
        "lines.linewidth": 1.6,
        "figure.dpi": DPI,
        "savefig.dpi": DPI,
        "svg.fonttype": "path",  # looks alike where the font is not installed
        "svg.hashsalt": "losscomp",  # else the ids differ from run to run
    }


def number(value: float, _place: object = None) -> str:
    """A number for an axis or a label, short, with a minus of the right width."""
    short = f"{value:.4g}".replace("e+", "e").replace("e0", "e").replace("e-0", "e-")
    return short.replace("-", "−")


def steps(value: float, _place: object = None) -> str:
    """A number of steps: 500, 20k, 1.5M."""
    for size, unit in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= size:
            return number(value / (1e3 if unit == "k" else size)) + unit
    return number(value)


def more(count: int, noun: str) -> str:
    """What a figure says of what it leaves out."""
    plural = "" if count == 1 else "es" if noun.endswith("s") else "s"
    return f"and {count} more {noun}{plural}, not drawn"


def some(names: Sequence[str], most: int) -> str:
    """The first names of a list, and how many more there are."""
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + rest


def plain(axes: Axes) -> None:
    """Faint horizontal rules behind the data, and our numbers on the axes."""
    axes.grid(visible=True, axis="y", color=RULE, linewidth=0.5)
    axes.set_axisbelow(True)
    axes.xaxis.set_major_formatter(number)
    axes.yaxis.set_major_formatter(number)
