"""How far what a configuration gives is from what one device gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Numbers = Sequence[float]
Found = Mapping[str, Any]
BOUNDS = {"float32": 1e-6, "float64": 1e-12}  # parts of the largest entry
CENTERS = 1e-6  # which are float32 in every dtype


@dataclass(frozen=True)
class Distance:
    """Differences in parts of the largest entry.

    Attributes:
        breakdown: the largest of the total and the breakdown.
        gradients: the largest of all variables, each in parts of its own largest entry.
        centers: the largest of all replicas; None where the centers were held.
        agrees: whether all are within their bounds.
    """

    breakdown: float
    gradients: float
    centers: float | None
    agrees: bool


@dataclass(frozen=True)
class Line:
    """One configuration, in a custom loop or under `fit`, beside one device in a custom loop.

    Attributes:
        total: in float32.
        distances: by dtype.
        keras: its total, or the name of its error; None where it was not asked.
        keras_text: the text of its error.
        keras_gradients: how far they are, as above.
    """

    name: str
    way: str
    total: float
    distances: dict[str, Distance]
    keras: float | str | None
    keras_text: str | None
    keras_gradients: float | None

    @property
    def agrees(self) -> bool:
        return all(each.agrees for each in self.distances.values())


def lines(results: Mapping[str, Sequence[Found]]) -> list[Line]:
    """The results of every dtype, which are in the same order; the first is one device."""
    return [
        _line(dict(zip(results, each, strict=True)), {dtype: r[0] for dtype, r in results.items()})
        for each in zip(*results.values(), strict=True)
    ]


def _line(found: Mapping[str, Found], one: Mapping[str, Found]) -> Line:
    first = found["float32"]
    theirs = first["keras"] or {}
    gradients = theirs.get("gradients")
    return Line(
        name=first["name"],
        way=first["way"],
        total=first["total"],
        distances={
            dtype: _distance(each, one[dtype], BOUNDS[dtype]) for dtype, each in found.items()
        },
        keras=theirs.get("total", theirs.get("error")),
        keras_text=theirs.get("text"),
        keras_gradients=gradients and largest(gradients, one["float32"]["gradients"]),
    )


def _distance(found: Found, one: Found, bound: float) -> Distance:
    breakdown = largest([_entries(found)], [_entries(one)])
    gradients = largest(found["gradients"], one["gradients"])
    centers = None
    if not found["held"]:
        centers = largest(found["centers"], one["centers"] * len(found["centers"]))
    agrees = breakdown <= bound and gradients <= bound and (centers or 0) <= CENTERS
    return Distance(breakdown, gradients, centers, agrees)


def _entries(found: Found) -> list[float]:
    """The total and the breakdown."""
    rows = found["breakdown"]
    return [
        found["total"],
        *(rows[name][key] for name in sorted(rows) for key in sorted(rows[name])),
    ]


def largest(found: Sequence[Numbers], wanted: Sequence[Numbers]) -> float:
    """The largest difference, each in parts of the largest number beside it; of NaN, infinity."""
    return max(_difference(each, other) for each, other in zip(found, wanted, strict=True))


def _difference(found: Numbers, wanted: Numbers) -> float:
    apart = [abs(each - other) for each, other in zip(found, wanted, strict=True)]
    if any(each != each for each in apart):
        return float("inf")
    return max(apart) / max(map(abs, wanted))
