"""The section of weights that stand still: a list in the place of flat lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from composer.plots.sheet import MARGIN, Sheet
from composer.plots.style import HEADING, MUTED, more, number, some
from composer.plots.weights import ScalarWeight

MOST_VALUES = 10
_HEAD, _ROW = 0.29, 0.18
_NAMES = 8


@dataclass(frozen=True)
class ConstantWeights:
    """Each weight, and the terms that have it."""

    names: Mapping[float, Sequence[str]]

    @property
    def height(self) -> float:
        return _HEAD + _ROW * min(len(self.names), MOST_VALUES)

    def draw(self, sheet: Sheet, top: float) -> None:
        sheet.text(
            MARGIN, top, "Scalar weight of each loss: the same at every step",
            fontsize=HEADING, weight="bold",
        )  # fmt: skip
        rows = list(self.names.items())
        for place, (value, names) in enumerate(rows[:MOST_VALUES]):
            height = top + _HEAD + _ROW * place
            if place == MOST_VALUES - 1 and len(rows) > MOST_VALUES:
                left = sum(len(names) for _, names in rows[place:])
                sheet.text(MARGIN, height, more(left, "term"), color=MUTED)
                return
            sheet.text(MARGIN + 0.6, height, number(value), ha="right")
            sheet.text(MARGIN + 0.75, height, some(names, _NAMES), color=MUTED)


def constant_weights(weights: Sequence[ScalarWeight]) -> ConstantWeights:
    """The list of weights that do not read the step."""
    by_value: dict[float, list[str]] = {}
    for weight in weights:
        by_value.setdefault(weight.at(0), []).append(weight.name)
    return ConstantWeights(by_value)
