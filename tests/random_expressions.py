"""Random expressions of a wanted kind and shape, with the tensors and constants that they read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from hypothesis import strategies as st

from composer.language import tree as t
from composer.language.dtypes import FLOATS, INTEGERS
from tests.language import strategies

T = TypeVar("T")
Axes = tuple[int | str, ...]
DTYPES = {
    "float": ("float32", "float32", *FLOATS),
    "int": ("int32", "int64", *INTEGERS),
    "bool": ("bool",),
}


@dataclass
class Writer:
    """Writes expressions and declares what they read.

    Attributes:
        draw: of hypothesis.
        tensors: dtype and axes by side and name.
        constants: as a spec has them.
    """

    draw: st.DrawFn
    tensors: dict[tuple[str, str], tuple[str, Axes]] = field(default_factory=dict)
    constants: dict[str, Any] = field(default_factory=dict)

    def pick(self, options: Sequence[T]) -> T:
        return self.draw(st.sampled_from(options))

    def upto(self, low: int, high: int) -> int:
        return self.draw(st.integers(low, high))

    def chance(self, percent: int) -> bool:
        return self.upto(1, 100) > 100 - percent

    def declare(self, side: str, name: str, kind: str, axes: Axes) -> None:
        if kind == "number":
            kind = self.pick(("float", "int", "bool"))
        self.tensors[side, name] = (self.pick(DTYPES[kind]), axes)

    def read(self, kind: str, axes: Axes) -> str:
        """A tensor of its own."""
        side, name = self.pick(("y_pred", "y_true")), f"t{len(self.tensors)}"
        self.declare(side, name, kind, axes)
        return f"{side}.{name}"

    def expression(self, kind: str, axes: Axes, depth: int = 2) -> str:
        """Anything of this kind (`float`, `int`, `bool`, or `number` for all) and these axes."""
        if kind == "number":
            kind = self.pick(("float", "int", "bool"))
        ways = [self.read, self.read, self._part, self._slice, self._stretched]
        if depth:
            ways += {"float": self._floats(), "int": self._integers(), "bool": self._tests()}[kind]
        return self.pick(ways)(kind, axes)

    def coarser(self, axes: Axes) -> Axes:
        """Axes that align with these at the left."""
        kept = axes[: self.upto(0, len(axes))]
        return tuple(1 if self.chance(10) else axis for axis in kept)

    def vector(self, size: int) -> str:
        self.constants[f"v{size}"] = [0.5 + place for place in range(size)]
        return f"v{size}"

    def table(self, rest: Axes) -> str:
        """A constant of three rows of this shape."""
        rows: Any = 0.25
        for size in reversed((3, *rest)):
            rows = [rows] * int(size)
        name = "_".join(["rows", *map(str, rest)])
        self.constants[name] = rows
        return name

    def schedule(self) -> str:
        self.constants["half"] = 0.5
        return self.pick(
            ("ramp(step, 0, 10)", "half", "cosine(step, 2, 9)", "0.25 * half", "2", "0",
             "cycle(step, 3, [0, 1])", "piecewise(step, [2], [0, 1])", "step % 2")
        )  # fmt: skip

    # Each of these takes a kind and axes, and gives an expression of them.

    def _part(self, kind: str, axes: Axes) -> str:
        return f"{self.read(kind, (*axes, 2))}[..., {self.pick((0, 1, -1))}]" if axes else (
            self.read(kind, axes)
        )  # fmt: skip

    def _slice(self, kind: str, axes: Axes) -> str:
        if len(axes) < 2 or not isinstance(axes[-1], int):
            return self.read(kind, axes)
        return f"{self.read(kind, (*axes[:-1], axes[-1] + 1))}[..., :{axes[-1]}]"

    def _stretched(self, kind: str, axes: Axes) -> str:
        if len(axes) < 2 or axes[-1] != 1:
            return self.read(kind, axes)
        return f"{self.read(kind, axes[:-1])}[..., None]"

    def _floats(self) -> list[Any]:
        return [
            lambda _, axes: f"sigmoid({self._inner('float', axes)})",
            lambda _, axes: f"stop_gradient({self._inner('number', axes)})",
            self._softmax,
            self._arithmetic,
            self._mean,
            self._one_hot,
            self._take,
            self._by_channel,
            self._where,
        ]

    def _inner(self, kind: str, axes: Axes) -> str:
        return self.expression(kind, axes, 1 if self.chance(25) else 0)

    def _softmax(self, _: str, axes: Axes) -> str:
        return f"softmax({self._inner('float', axes)})" if len(axes) > 1 else (
            f"exp({self._inner('float', axes)})"
        )  # fmt: skip

    def _arithmetic(self, _: str, axes: Axes) -> str:
        parts = [self._inner("float", axes), self._inner("number", self.coarser(axes))]
        parts = self.draw(st.permutations(parts))
        return f"({parts[0]} {self.pick('+-*/')} {parts[1]})"

    def _mean(self, _: str, axes: Axes) -> str:
        if not axes:
            return self.read("float", axes)
        if len(axes) == 1 and self.chance(50):
            return f"{self.pick(('mean', 'sum'))}({self._inner('number', (*axes, 'h'))})"
        return f"mean({self._inner('number', (*axes, self.pick(('h', 3))))}, axis=-1)"

    def _one_hot(self, _: str, axes: Axes) -> str:
        if len(axes) < 2 or not isinstance(axes[-1], int) or axes[-1] < 1:
            return self.read("float", axes)
        return f"one_hot({self._inner('int', axes[:-1])}, {axes[-1]})"

    def _take(self, _: str, axes: Axes) -> str:
        split = len(axes)
        if len(axes) > 1 and isinstance(axes[-1], int) and axes[-1] > 0 and self.chance(40):
            split -= 1
        return f"take({self.table(axes[split:])}, {self._inner('int', axes[:split])})"

    def _by_channel(self, _: str, axes: Axes) -> str:
        """A vector on the last axis; seldom one that is too long."""
        if len(axes) < 2 or not isinstance(axes[-1], int) or axes[-1] < 1:
            return self.read("float", axes)
        vector = f"last_axis({self.vector(axes[-1] + self.chance(5))})"
        inner, test = self._inner("float", axes), self._inner("bool", axes)
        return self.pick(
            (f"({inner} * {vector})", f"where({test}, {inner}, {vector})", f"clip({inner}, 0, {vector})")
        )  # fmt: skip

    def _where(self, _: str, axes: Axes) -> str:
        test = self._inner("bool", self.coarser(axes))
        return f"where({test}, {self._inner('float', axes)}, 0)"

    def _integers(self) -> list[Any]:
        return [
            lambda _, axes: f"({self._inner('int', axes)} + 1)",
            lambda _, axes: f"({self._inner('int', axes)} // 2)",
            lambda kind, axes: (
                f"argmax({self._inner('number', (*axes, self.pick((3, 'c'))))})"
                if axes
                else self.read(kind, axes)
            ),
        ]

    def _tests(self) -> list[Any]:
        return [
            lambda _, axes: f"({self._inner('number', axes)} > 0)",
            lambda _, axes: f"({self._inner('number', axes)} in [0, 2])",
            lambda _, axes: f"isfinite({self._inner('number', axes)})",
            lambda _, axes: f"(not {self._inner('bool', axes)})",
            lambda _, axes: (
                f"({self._inner('bool', self.coarser(axes))} and {self._inner('bool', axes)})"
            ),
            lambda kind, axes: (
                f"{self.pick(('any', 'all'))}"
                f"({self._inner('bool', (*axes, self.pick(('h', 2))))}, axis=-1)"
                if axes
                else self.read(kind, axes)
            ),
        ]

    # Expressions that know nothing of what they are for.

    def wild(self, tree: t.Tree, axes: Axes) -> str:
        """The text of a tree; the tensors that it reads get axes near these."""
        for node in t.walk(tree):
            if isinstance(node, t.Tensor) and (node.side, node.path[0]) not in self.tensors:
                kind = "bool" if node.path[0] in strategies.FLAGS else "number"
                self.declare(node.side, node.path[0], kind, self.coarser(axes))
            if isinstance(node, t.Constant):
                self.constants[node.name] = _constant(node.name)
        return strategies.written(tree)


def _constant(name: str) -> Any:
    """A constant of the strategies, as a spec has it."""
    if name in strategies.SCALARS:
        return strategies.SCALARS[name]
    dtype, sizes = strategies.TABLES[name]
    rows: Any = 0.5 if dtype == "float32" else 1
    for size in reversed(sizes):
        rows = [rows] * size
    return rows
