"""What the functions of the step demand of their arguments."""

from __future__ import annotations

import itertools

from composer.language import tree as t
from composer.language.static.types import Type, error, noun


def check_schedule(node: t.Call, args: list[Type], lists: list[list[Type]]) -> None:
    """Raises ExpressionError for arguments that make no schedule."""
    types = args + [each for items in lists for each in items]
    for child, found in zip(node.children, types, strict=True):
        if found.place != "scalar":
            raise error(
                child,
                f"`{node.name}` takes numbers and `step`, found a {noun(found)}",
                "invalid-argument",
            )
    match node.name:
        case "piecewise":
            _check_piecewise(node)
        case "cycle":
            _check_cycle(node)


def _check_piecewise(node: t.Call) -> None:
    boundaries, values = node.lists
    if len(values) != len(boundaries) + 1:
        raise error(
            node,
            f"{len(boundaries)} boundaries need {len(boundaries) + 1} values, found {len(values)}",
            "invalid-argument",
            "the first value holds before the first boundary",
        )
    numbers = [each for each in boundaries if isinstance(each, t.Number)]
    for before, after in itertools.pairwise(numbers):
        if before.value >= after.value:
            raise error(
                after,
                f"the boundaries of `piecewise` rise, found {after.value} after {before.value}",
                "invalid-argument",
            )


def _check_cycle(node: t.Call) -> None:
    period = node.args[1]
    if isinstance(period, t.Number) and period.value <= 0:
        raise error(
            period, f"the period of `cycle` is above 0, found {period.value}", "invalid-argument"
        )
