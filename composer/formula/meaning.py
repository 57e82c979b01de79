"""What an expression computes, as a number: trees that compute the same have the same one.

The order of operands, the side on which a comparison is read, the names of constants and the way
numbers are written mean nothing here.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from composer.language import tree as t
from composer.language.interpret import evaluate

_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
_SYMMETRIC = frozenset({"+", "*", "minimum", "maximum"})


@dataclass
class Meanings:
    """Numbers for all that two specs compute; equal parts share one.

    Attributes:
        numbers: the number of each part, by what it is made of.
    """

    numbers: dict[Hashable, int] = field(default_factory=dict)

    def number(self, *key: Hashable) -> int:
        """The number of what is made of these; a new one where it is not known yet."""
        return self.numbers.setdefault(key, len(self.numbers))

    def of(self, tree: t.Tree, constants: Mapping[str, Hashable]) -> int:
        """The number of a tree; `constants` are the values behind their names."""
        is_exact = not any(isinstance(node, t.Tensor) or wraps(node) for node in t.walk(tree))
        return evaluate(tree, _Meaning(self, constants, is_exact))


def exact(value: float) -> Fraction:
    """The number as it is written: 0.1 is a tenth, 1 and 1.0 are one."""
    return Fraction(repr(value)) if isinstance(value, float) else Fraction(int(value))


def wraps(tree: t.Tree) -> bool:
    """Whether it multiplies steps as whole numbers: int64 wraps around where floats go on."""
    if not isinstance(tree, t.Binary) or tree.op not in ("*", "**"):
        return False
    factors = [tree.left, tree.right] if tree.op == "*" else [tree.left]
    return _is_whole(tree) and all(map(_reads_step, factors))


def _is_whole(tree: t.Tree) -> bool:
    """Whether it may be a whole number, by all that it is made of."""
    return all(
        isinstance(node, t.Step | t.Constant | t.Unary)
        or (isinstance(node, t.Number) and not isinstance(node.value, float))
        or (isinstance(node, t.Binary) and node.op != "/")
        for node in t.walk(tree)
    )


def _reads_step(tree: t.Tree) -> bool:
    return any(isinstance(node, t.Step) for node in t.walk(tree))


class _Meaning:
    """The number of every kind of node, given those of its children."""

    def __init__(
        self, meanings: Meanings, constants: Mapping[str, Hashable], is_exact: bool
    ) -> None:
        self.made = meanings.number
        self.constants = constants
        self.is_exact = is_exact

    def number(self, node: t.Number) -> int:
        return self._value(node.value)

    def _value(self, value: float) -> int:
        # Beside tensors 2 computes in integers where 2.0 computes in floats, and so it does where
        # the step is multiplied by itself.
        if self.is_exact and not isinstance(value, bool):
            return self.made("number", exact(value))
        return self.made("number", type(value).__name__, repr(value))

    def tensor(self, node: t.Tensor) -> int:
        return self.made("tensor", node.side, node.path)

    def constant(self, node: t.Constant) -> int:
        value = self.constants[node.name]
        if isinstance(value, bool | int | float):
            return self._value(value)
        return self.made("constant", value)

    def step(self, _node: t.Step) -> int:
        return self.made("step")

    def unary(self, node: t.Unary, operand: int) -> int:
        return self.made("unary", node.op, operand)

    def binary(self, node: t.Binary, left: int, right: int) -> int:
        return self.made("binary", node.op, _ordered(node.op, [left, right]))

    def compare(self, node: t.Compare, operands: list[int]) -> int:
        forwards = (node.ops, tuple(operands))
        ops = tuple(_MIRRORED[op] for op in reversed(node.ops))
        return self.made("compare", min(forwards, (ops, tuple(reversed(operands)))))

    def logic(self, node: t.Logic, operands: list[int]) -> int:
        return self.made("logic", node.op, tuple(sorted(set(operands))))

    def member(self, node: t.Member, operand: int) -> int:
        values = {self.number(value) for value in node.values if isinstance(value, t.Number)}
        return self.made("member", operand, tuple(sorted(values)), node.negated)

    def index(self, node: t.Index, operand: int) -> int:
        return self.made("index", operand, node.items)

    def call(self, node: t.Call, args: list[int], lists: list[list[int]]) -> int:
        axis = None if node.axis is None else tuple(sorted(set(node.axis)))
        parts = (_ordered(node.name, args), tuple(map(tuple, lists)), axis, node.size)
        return self.made("call", node.name, *parts)


def _ordered(name: str, operands: Sequence[int]) -> tuple[int, ...]:
    return tuple(sorted(operands) if name in _SYMMETRIC else operands)
