"""What was found, as Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from comparing import Distance, Line

WAYS = {"in_a_loop": "custom loop", "under_fit": "`fit`"}


def table(lines: Sequence[Line]) -> str:
    """A line for each configuration and way."""
    dtypes = list(lines[0].distances)
    differences = [
        f"{dtype}: {what}" for dtype in dtypes for what in ("breakdown", "gradients", "centers")
    ]
    header = ["one batch on …", "by", "total", *differences, "Keras: loss", "Keras: gradients"]
    return markdown(header, [_cells(line) for line in lines])


def _cells(line: Line) -> list[str]:
    distances = [cell for each in line.distances.values() for cell in _distance_cells(each)]
    error = isinstance(line.keras, str)
    keras = f"`{line.keras}`" if error else _number(line.keras)
    return [
        line.name,
        WAYS[line.way],
        _number(line.total),
        *distances,
        keras,
        _difference(line.keras_gradients),
    ]


def _distance_cells(distance: Distance) -> list[str]:
    centers = "held" if distance.centers is None else _difference(distance.centers)
    return [_difference(distance.breakdown), _difference(distance.gradients), centers]


def table_of_left_out(found: Mapping[str, Mapping[str, float]]) -> str:
    """A line for each term, with its loss in each configuration."""
    terms = next(iter(found.values()))
    rows = [[f"`{term}`", *(_number(each[term]) for each in found.values())] for term in terms]
    return markdown(["left out", *found], rows)


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of Markdown."""
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [header, ["---"] * len(header), *rows])


def _number(value: float | str | None) -> str:
    return f"{value:.5f}" if isinstance(value, float) else ""


def _difference(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.1g}" if value < 1e-3 else f"{value:.2g}"
