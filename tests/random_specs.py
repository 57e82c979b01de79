"""Random specs with `tensors:`, about half of them sound, and what their names stand for."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from tests.random_expressions import DTYPES, Axes, Writer
from tests.random_tasks import REDUCTIONS, TaskWriter

NAMES = ("batch", "h", "w", "c")
MOST_AXES = 6
"""Not every operation of TensorFlow takes more, once axes have been added."""

Place = tuple[str, str]
Told = list[int | str]


@dataclass(frozen=True)
class Case:
    """A spec whose tensors are fully known, and weaker ways of telling the same.

    Attributes:
        rest: the spec without its tensors.
        tensors: dtype and axes, names and sizes, by side and name.
        sizes: what the names stand for in one batch.
        hidden: the axes as they are told where less is known, with `?` and `...`.
    """

    rest: dict[str, Any]
    tensors: Mapping[Place, tuple[str, Axes]]
    sizes: dict[str, int]
    hidden: dict[Place, Told]

    def named(self, *, hidden: bool = False) -> dict[str, Any]:
        """The spec with names for sizes."""
        return self._with({}, self.hidden if hidden else {})

    def sized(self, *, hidden: bool = False) -> dict[str, Any]:
        """The spec with the sizes of the batch."""
        return self._with(self.sizes, self.hidden if hidden else {})

    def shape(self, place: Place) -> tuple[int, ...]:
        return tuple(self.sizes[x] if isinstance(x, str) else x for x in self.tensors[place][1])

    def _with(self, sizes: Mapping[str, int], hidden: Mapping[Place, Told]) -> dict[str, Any]:
        declared: dict[str, dict[str, str]] = {"y_true": {}, "y_pred": {}}
        for place, (dtype, axes) in self.tensors.items():
            told = [sizes.get(str(axis), axis) for axis in hidden.get(place, axes)]
            declared[place[0]][place[1]] = f"{dtype}[{', '.join(map(str, told))}]"
        return {**self.rest, "tensors": declared}


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Specs of one to three tasks; about half of them have one changed tensor or two."""
    writer = Writer(draw)
    tasks = {f"task{n}": TaskWriter(writer, f"task{n}").write() for n in range(writer.upto(1, 3))}
    for _ in range(writer.pick((0, 0, 0, 0, 1, 1, 1, 2))):
        _change(writer)
    rest = {"tasks": tasks, "constants": writer.constants}
    if writer.chance(40):
        rest["reduction"] = writer.pick(REDUCTIONS)
    hidden = {place: _hidden(writer, axes) for place, (_, axes) in writer.tensors.items()}
    return Case(rest, writer.tensors, _sizes(writer), hidden)


def few_axes(case: Case) -> bool:
    return all(len(axes) <= MOST_AXES for _, axes in case.tensors.values())


def _sizes(writer: Writer) -> dict[str, int]:
    """Sizes that differ or not; the batch may be empty, or be as large as another axis."""
    batch = writer.pick((2, 3, 4, 1, 0))
    others = {name: writer.pick((2, 3, 4, batch or 1, 1)) for name in NAMES[1:]}
    return {"batch": batch, **others}


def _hidden(writer: Writer, axes: Axes) -> Told:
    """Axes of which some are unknown, or their number."""
    told = ["?" if writer.chance(30) else axis for axis in axes]
    if writer.chance(30):
        start = writer.upto(0, len(axes))
        told[start : writer.upto(start, len(axes))] = ["..."]
    return told


def _change(writer: Writer) -> None:
    """Gives one tensor another axis, one more, one less, all in reverse, or another dtype."""
    place = writer.pick(list(writer.tensors))
    dtype, axes = writer.tensors[place]
    at = writer.upto(0, max(0, len(axes) - 1))
    axis = writer.pick((1, 2, 3, 0, *NAMES))
    match writer.pick(("gone", "added", "other", "other", "reversed", "dtype")):
        case "dtype":
            dtype = writer.pick([*itertools.chain(*DTYPES.values())])
        case "added":
            axes = (*axes[:at], axis, *axes[at:])
        case "gone":
            axes = (*axes[:at], *axes[at + 1 :])
        case "reversed":
            axes = tuple(reversed(axes))
        case _:
            axes = (*axes[:at], axis, *axes[at + 1 :])
    writer.tensors[place] = (dtype, axes)
