"""The picture: for every case, how long losscomp takes beside the best that does the same work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.summary import Beside, Found, summaries
from composer.plots.style import COLOURS, INK, MUTED, RULE, TINY, TITLE, drawing

_COLOURS = {"graph": COLOURS[0], "xla": COLOURS[1], "eager": COLOURS[2]}
_ROW, _HEAD, _WIDTH = 0.52, 1.25, 7.2


def draw(path: Path, cases: Sequence[Found]) -> None:
    """Writes the figure as PNG: bars of the ratio, whiskers of its quartiles, a line at 1."""
    found = {
        (each.case, each.mode): each.same for each in summaries(cases) if each.same is not None
    }
    names = list(dict.fromkeys(case for case, _ in found))
    modes = [mode for mode in _COLOURS if any((name, mode) in found for name in names)]
    title = "losscomp ÷ the best other way to the same loss"
    with drawing():
        size = (_WIDTH, _HEAD + _ROW * len(names))
        figure = Figure(figsize=size, facecolor="white", layout="constrained")
        figure.suptitle(title, x=0.01, ha="left", fontsize=TITLE, weight="bold")
        axes = figure.subplots()
        _bars(axes, names, modes, found)
        _dress(axes, names)
        figure.savefig(path, metadata={"Title": title, "Software": "losscomp"})


def _bars(
    axes: Axes,
    names: Sequence[str],
    modes: Sequence[str],
    found: Mapping[tuple[str, str], Beside],
) -> None:
    height = 0.8 / len(modes)
    for number, mode in enumerate(modes):
        shift = (number - (len(modes) - 1) / 2) * height
        of_mode = [(place, found.get((name, mode))) for place, name in enumerate(names)]
        drawn = [(place, each.ratio) for place, each in of_mode if each is not None]
        places = [place + shift for place, _ in drawn]
        medians = [each.median for _, each in drawn]
        axes.barh(places, medians, height, color=_COLOURS[mode], label=mode, alpha=0.85)
        whiskers = [
            [each.median - each.low for _, each in drawn],
            [each.high - each.median for _, each in drawn],
        ]
        axes.errorbar(
            medians, places, xerr=whiskers, fmt="none", ecolor=INK, elinewidth=0.9, capsize=1.8
        )
        for place, (_, each) in zip(places, drawn, strict=True):
            axes.annotate(
                f"{each.median:.2f}", (each.high, place), (4, 0), textcoords="offset points",
                va="center", fontsize=TINY, color=MUTED,
            )  # fmt: skip


def _dress(axes: Axes, names: Sequence[str]) -> None:
    axes.axvline(1, color=INK, linewidth=0.9)
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.set_xlim(left=0)
    axes.margins(y=0.01)
    axes.grid(visible=True, axis="x", color=RULE, linewidth=0.5)
    axes.set_axisbelow(True)
    axes.set_xlabel(
        "median of the ratio in each round; whiskers are its quartiles; below 1 losscomp is quicker"
    )
    axes.legend(
        loc="lower right", bbox_to_anchor=(1, 1), ncols=3, frameon=False, fontsize=TINY
    )  # fmt: skip
