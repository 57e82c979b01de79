"""The nodes of an expression, and how to go through them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

Side = Literal["y_true", "y_pred"]


@dataclass(frozen=True, slots=True)
class Tree:
    """A part of an expression. Two are equal that say the same, wherever they stand.

    Attributes:
        start: offset of its first character in the text.
        end: offset just past its last.
    """

    start: int = field(compare=False)
    end: int = field(compare=False)

    @property
    def children(self) -> tuple[Tree, ...]:
        return ()


@dataclass(frozen=True, slots=True)
class Number(Tree):
    """A literal: an integer, a float, `True` or `False`."""

    value: bool | int | float


@dataclass(frozen=True, slots=True)
class Tensor(Tree):
    """A tensor of the batch. The empty path is the task's own `y_true` or `y_pred`."""

    side: Side
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Constant(Tree):
    """A name from `constants:`."""

    name: str


@dataclass(frozen=True, slots=True)
class Step(Tree):
    """The training step."""


@dataclass(frozen=True, slots=True)
class Unary(Tree):
    """`-x`, `+x`, `not x`."""

    op: str
    operand: Tree

    @property
    def children(self) -> tuple[Tree, ...]:
        return (self.operand,)


@dataclass(frozen=True, slots=True)
class Binary(Tree):
    """Arithmetic on two operands."""

    op: str
    left: Tree
    right: Tree

    @property
    def children(self) -> tuple[Tree, ...]:
        return (self.left, self.right)


@dataclass(frozen=True, slots=True)
class Compare(Tree):
    """A comparison or a chain of them: `operands[i] ops[i] operands[i + 1]`, all and-ed."""

    ops: tuple[str, ...]
    operands: tuple[Tree, ...]

    @property
    def children(self) -> tuple[Tree, ...]:
        return self.operands


@dataclass(frozen=True, slots=True)
class Logic(Tree):
    """`and` or `or` over two operands or more."""

    op: str
    operands: tuple[Tree, ...]

    @property
    def children(self) -> tuple[Tree, ...]:
        return self.operands


@dataclass(frozen=True, slots=True)
class Member(Tree):
    """`x in [a, b, c]`, or `not in`."""

    operand: Tree
    values: tuple[Tree, ...]
    negated: bool

    @property
    def children(self) -> tuple[Tree, ...]:
        return (self.operand, *self.values)


@dataclass(frozen=True, slots=True)
class Slice:
    """`start:stop:step` of one axis."""

    start: int | None
    stop: int | None
    step: int | None


Item = int | Slice | Literal["..."] | None


@dataclass(frozen=True, slots=True)
class Index(Tree):
    """Basic indexing: integers, slices, `...` and `None`."""

    operand: Tree
    items: tuple[Item, ...]

    @property
    def children(self) -> tuple[Tree, ...]:
        return (self.operand,)


@dataclass(frozen=True, slots=True)
class Call(Tree):
    """A function of `functions.py`: its arguments in the order of its parameters.

    `lists` holds the arguments that are lists, `axis` and `size` the ones that are whole numbers.
    """

    name: str
    args: tuple[Tree, ...]
    lists: tuple[tuple[Tree, ...], ...] = ()
    axis: tuple[int, ...] | None = None
    size: int | None = None

    @property
    def children(self) -> tuple[Tree, ...]:
        return self.args + tuple(item for items in self.lists for item in items)


def walk(tree: Tree) -> Iterator[Tree]:
    """The tree and everything below it, outermost first, left to right.

    A part that stands at several places, as a task's `y_true` may, comes once.
    """
    seen: set[int] = set()
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if id(node) not in seen:
            seen.add(id(node))
            yield node
            waiting += reversed(node.children)
