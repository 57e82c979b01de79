"""What each field of an addend comes to, so that addends of two specs can be compared."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from composer.formula.addends import Addend, Factor, Piece
from composer.formula.as_text import parameters_of
from composer.formula.meaning import Meanings, exact, wraps
from composer.language import tree as t

Constants = Mapping[str, Hashable]
"""The values behind the names: a number, or whatever tells one tensor from another."""

Content = dict[str, Hashable]
"""What each field comes to: `type`, roles, parameters, `mask`, `weight` and `reduction`."""


@dataclass(frozen=True)
class Reading:
    """Reads the addends of one spec.

    Attributes:
        meanings: those of both specs.
        constants: the spec's own.
    """

    meanings: Meanings
    constants: Constants

    def content(self, addend: Addend) -> Content:
        """All that an addend is made of but its name; equal for two that compute the same."""
        loss = addend.term.loss
        factors = (each for piece in addend.tensor_weights for each in _multiplied(piece))
        weights = tuple(sorted(map(self._number, factors)))
        # Without a tensor weight these three divide by the same number.
        is_mean = not weights and addend.term.reduction != "sum"
        return {
            "type": loss.type,
            **{role: self._number(piece) for role, piece in addend.roles.items()},
            **{name: _plain(value) for name, value in parameters_of(loss)},
            "mask": frozenset(self._conditions(addend)),
            "weight": (self.product(addend.scalars), weights),
            "reduction": "mean" if is_mean else addend.term.reduction,
        }

    def product(self, factors: list[Factor]) -> Hashable:
        """The product of scalar factors: its number, and what else is in it."""
        number, others = Fraction(1), []
        for tree, divides in (each for factor in factors for each in _taken_apart(*factor)):
            value = self._value(tree)
            if value is None or (divides and value == 0):
                others.append((self.meanings.of(tree, self.constants), divides))
            else:
                number = number / value if divides else number * value
        return number, tuple(sorted(others))

    def _number(self, piece: Piece) -> int:
        return self.meanings.of(piece.resolved, self.constants)

    def _value(self, tree: t.Tree) -> Fraction | None:
        """The number that a factor is, if it is one."""
        if isinstance(tree, t.Constant):
            value = self.constants[tree.name]
            return exact(value) if isinstance(value, bool | int | float) else None
        return exact(tree.value) if isinstance(tree, t.Number) else None

    def _conditions(self, addend: Addend) -> Iterator[int]:
        """All that must hold; what always does is left out."""
        for piece in addend.masks:
            for tree in conjuncts(piece.resolved):
                if not (isinstance(tree, t.Number) and tree.value is True):
                    yield self.meanings.of(tree, self.constants)


def conjuncts(tree: t.Tree) -> Iterator[t.Tree]:
    """What `and` joins, each part once."""
    if _has_last_axis(tree):
        yield tree
        return
    seen: set[int] = set()
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if id(node) not in seen:
            seen.add(id(node))
            if isinstance(node, t.Logic) and node.op == "and":
                waiting += node.children
            else:
                yield node


def _multiplied(piece: Piece) -> Iterator[Piece]:
    """The factors of a tensor weight."""
    tree = piece.tree
    if isinstance(tree, t.Binary) and tree.op == "*" and not _has_last_axis(tree):
        for factor in tree.children:
            yield from _multiplied(Piece(factor, piece.part))
    else:
        yield piece


def _has_last_axis(tree: t.Tree) -> bool:
    """It stands on the last axis of all that it meets, and so holds that together."""
    return any(isinstance(node, t.Call) and node.name == "last_axis" for node in t.walk(tree))


def _taken_apart(tree: t.Tree, divides: bool) -> Iterator[Factor]:
    """The factors of a scalar factor."""
    match tree:
        case t.Binary(op="*" | "/") if not wraps(tree):
            yield from _taken_apart(tree.left, divides)
            yield from _taken_apart(tree.right, divides != (tree.op == "/"))
        case t.Unary(op="-"):
            yield t.Number(tree.start, tree.end, -1), False
            yield from _taken_apart(tree.operand, divides)
        case _:
            yield tree, divides


def _plain(value: object) -> Hashable:
    return tuple(map(_plain, value)) if isinstance(value, list | tuple) else repr(value)
