"""What a panel of penalties is drawn from: an axis of errors, and the inputs of a loss along it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from composer.data.operands import Array
from composer.losses.base import Loss

POINTS = 241
INSIDE = (0.001, 0.999)
"""The probabilities drawn; at 0 and at 1 a loss may be infinite."""


@dataclass(frozen=True)
class Case:
    """One line: what a loss gives for these inputs.

    Attributes:
        label: tells it from the others of the panel; empty where there is one alone.
        loss: with the parameters of the spec.
        roles: what its `values` gets, one row for each point.
        is_reference: whether it stands for comparison only.
    """

    label: str
    loss: Loss
    roles: Mapping[str, Array]
    is_reference: bool = False


@dataclass(frozen=True)
class Probe:
    """One panel: the axis of the error, and the lines over it.

    Attributes:
        x: the points.
        axis: what they are, with their unit.
        unit: of the penalty.
        cases: the lines.
        marks: parameters that are a place on the axis, by name.
        is_ratio: whether the axis is one of factors, which is drawn as their logarithm.
    """

    x: Array
    axis: str
    unit: str
    cases: Sequence[Case]
    marks: Mapping[str, float]
    is_ratio: bool = False

    @property
    def ends(self) -> tuple[float, float]:
        """The ends of the axis; that of a probability reaches 0 and 1, where a loss may not."""
        low, high = float(self.x[0]), float(self.x[-1])
        return (0, 1) if (low, high) == INSIDE else (low, high)


def even(low: float, high: float) -> Array:
    return np.linspace(low, high, POINTS)
