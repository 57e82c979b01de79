"""The form of an expression: a number that those share that compute alike."""

from __future__ import annotations

import itertools
from collections.abc import Hashable

from composer.language import tree as t
from composer.language.interpret import evaluate

Place = tuple[t.Side, tuple[str, ...]]
"""A side of a batch and a path in it."""


class Forms:
    """Gives equal things equal numbers, and others others."""

    def __init__(self) -> None:
        self._numbers: dict[Hashable, int] = {}
        self._next = itertools.count()

    def number(self, *parts: Hashable) -> int:
        """A number for these parts; no other parts get it, from whichever thread they come."""
        return self._numbers.setdefault(parts, next(self._next))

    def of(self, tree: t.Tree, leaves: dict[Place, int] | None = None) -> int:
        """The form of an expression, in which tensors are told by numbers instead of names.

        Args:
            tree: the expression.
            leaves: the numbers of the tensors; those it does not have yet are added.
        """
        return evaluate(tree, _Former(self, {} if leaves is None else leaves))


class _Former:
    """What each kind of node comes to, given the forms of its children."""

    def __init__(self, forms: Forms, leaves: dict[Place, int]) -> None:
        self.form = forms.number
        self.leaves = leaves

    def number(self, node: t.Number) -> int:
        # 1, 1.0 and True are equal, but do not compute alike; nor do 0.0 and -0.0.
        return self.form("number", repr(node.value))

    def tensor(self, node: t.Tensor) -> int:
        leaf = self.leaves.setdefault((node.side, node.path), len(self.leaves))
        return self.form("tensor", leaf)

    def constant(self, node: t.Constant) -> int:
        return self.form("constant", node.name)

    def step(self, _node: t.Step) -> int:
        return self.form("step")

    def unary(self, node: t.Unary, operand: int) -> int:
        return self.form("unary", node.op, operand)

    def binary(self, node: t.Binary, left: int, right: int) -> int:
        return self.form("binary", node.op, left, right)

    def compare(self, node: t.Compare, operands: list[int]) -> int:
        return self.form("compare", node.ops, *operands)

    def logic(self, node: t.Logic, operands: list[int]) -> int:
        return self.form("logic", node.op, *operands)

    def member(self, node: t.Member, operand: int) -> int:
        values = [self.number(each) for each in node.values if isinstance(each, t.Number)]
        return self.form("member", node.negated, operand, *values)

    def index(self, node: t.Index, operand: int) -> int:
        return self.form("index", node.items, operand)

    def call(self, node: t.Call, args: list[int], lists: list[list[int]]) -> int:
        inner = tuple(map(tuple, lists))
        return self.form("call", node.name, node.axis, node.size, tuple(args), inner)
