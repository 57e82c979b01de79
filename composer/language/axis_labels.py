"""Labels for the axes of a signature: by them a mask finds its way from one tensor to another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from composer.language.tensor_type import Axis

Label = str | tuple[str, int] | None


def labels(axes: Sequence[Axis], middle: int) -> list[Label]:
    """A label for every axis; `...` becomes `middle` of them, sizes have none."""
    found: list[Label] = []
    for axis in axes:
        if axis == "...":
            found += [("...", offset) for offset in range(middle)]
        else:
            found.append(axis if isinstance(axis, str) else None)
    return found


@dataclass(frozen=True, slots=True)
class Route:
    """The way of a boolean from some axes to others, in three steps.

    Attributes:
        gone: axes of the source to be reduced by `any`: those that the target lacks, and those
            without a name, which are nobody else's.
        order: the axes that are left, as the target has them.
        new: places in the target for axes of size 1, which the source lacks.
    """

    gone: tuple[int, ...]
    order: tuple[int, ...]
    new: tuple[int, ...]


def route(source: Sequence[Label], target: Sequence[Label]) -> Route:
    """How a boolean over `source` comes to broadcast over `target`."""
    shared = [label for label in source if label is not None and label in target]
    return Route(
        gone=tuple(place for place, label in enumerate(source) if label not in shared),
        order=tuple(shared.index(label) for label in target if label in shared),
        new=tuple(place for place, label in enumerate(target) if label not in shared),
    )
