"""Random right specs as trees."""

from __future__ import annotations

import random
from collections.abc import Callable

from tests.locations.expressions import Expr, expr
from tests.locations.subjects import (
    CONSTANT_NAMES,
    REDUCTIONS,
    TASK_NAMES,
    TENSOR_NAMES,
    Declared,
    Head,
    Subject,
    key,
)
from tests.locations.tasks import TaskWriter
from tests.locations.tree import PLAIN, Alias, Map, Scalar, Seq, Tree


def subject(rng: random.Random) -> Subject:
    """A right spec of one to four tasks."""
    return SpecWriter(rng).write()


class SpecWriter:
    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.declared: list[Declared] = []
        self.constants: dict[str, Tree] = {}
        self.heads: list[Head] = []
        self.names: list[str] = []
        self.anchors = 0

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def write(self) -> Subject:
        self.names = self.rng.sample(TASK_NAMES, self.rng.randint(1, 3))
        tasks: list[tuple[Scalar, Tree]] = []
        for name in list(self.names):
            tasks.append((key(name), TaskWriter(self, name).write()))
            if self.heads[-1].is_plain and self.chance(0.3):
                tasks.append(self.twin(self.heads[-1]))
        entries: list[tuple[Scalar, Tree]] = [(key("tasks"), Map(tasks))]
        if self.chance(0.3):
            entries.append((key("reduction"), Scalar(self.rng.choice(REDUCTIONS))))
        if self.chance(0.3):
            entries.append((key("regularization"), Map([(key("weight"), self.weight_of_step())])))
        if self.constants:
            pairs = [(key(name), value) for name, value in self.constants.items()]
            entries.append((key("constants"), Map(pairs)))
        entries.append((key("tensors"), self.tensors()))
        self.rng.shuffle(entries)
        return Subject(Map(entries), self.heads, self.declared, self.constants)

    def twin(self, head: Head) -> tuple[Scalar, Tree]:
        """A task that repeats another one, by an alias or a merge."""
        name = self.unused(self.names, TASK_NAMES)
        self.names.append(name)
        self.anchor(head.node)
        for first in head.tensors.values():
            self.declare(first.side, (name,), first.dtype, list(first.axes))
        if self.chance(0.5):
            return key(name), Alias(head.node)
        merge = (Scalar("<<", PLAIN), Alias(head.node))
        more = [(key("weight"), expr("0.25"))] if self.chance(0.7) else []
        return key(name), Map([merge, *more] if self.chance(0.7) else [*more, merge])

    def anchor(self, node: Scalar | Map | Seq) -> None:
        self.anchors += 1
        node.anchor = f"a{self.anchors}"

    def unused(self, taken: list[str], names: tuple[str, ...]) -> str:
        return self.rng.choice([name for name in names if name not in taken])

    def declare(self, side: str, names: tuple[str, ...], dtype: str, axes: list[str]) -> Declared:
        found = Declared(side, names, dtype, axes, Scalar(""))
        found.rewrite()
        self.declared.append(found)
        return found

    def free(self, side: str) -> tuple[str, ...]:
        """A name that no tensor has, and no task: theirs are looked for without being written."""
        taken = [each.names[0] for each in self.declared if each.side == side] + list(TASK_NAMES)
        name = self.unused(taken, TENSOR_NAMES)
        return (name, self.rng.choice(TENSOR_NAMES)) if self.chance(0.2) else (name,)

    def tensors(self) -> Map:
        sides: list[tuple[Scalar, Tree]] = []
        for side in ("y_true", "y_pred"):
            level = Map([])
            for each in (each for each in self.declared if each.side == side):
                inner = level
                for name in each.names[:-1]:
                    inner.entries.append((key(name), Map([])))
                    inner = inner.entries[-1][1]  # type: ignore[assignment]  # the map just made
                inner.entries.append((key(each.names[-1]), each.node))
            self.rng.shuffle(level.entries)
            if level.entries:
                sides.append((key(side), level))
        return Map(sides)

    def constant(self, value: Tree) -> str:
        name = self.unused(list(self.constants), CONSTANT_NAMES)
        self.constants[name] = value
        return name

    def weight_of_step(self) -> Expr:
        ways: list[Callable[[], Expr]] = [
            lambda: expr(self.rng.choice(["0.5", "2", "1e-3", ".5"])),
            lambda: expr("ramp(step, 0, 1000)"),
            lambda: expr("0.5 * cosine(step, 10, 1000, high=2, low=0.5)"),
            lambda: expr("piecewise(step, [100, 200], [0.1, 0.5, 1])"),
            lambda: expr("cycle(step, 10, [1, 2])"),
            lambda: expr(self.constant(Scalar("0.25", PLAIN)), " * 2"),
        ]
        return self.rng.choice(ways)()
