"""One walk over an expression for every meaning it has: static types, TensorFlow, NumPy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol, TypeVar

from composer.language import tree as t

V = TypeVar("V")


class Interpreter(Protocol[V]):
    """What each kind of node comes to, given what its children came to."""

    def number(self, node: t.Number, /) -> V: ...
    def tensor(self, node: t.Tensor, /) -> V: ...
    def constant(self, node: t.Constant, /) -> V: ...
    def step(self, node: t.Step, /) -> V: ...
    def unary(self, node: t.Unary, operand: V, /) -> V: ...
    def binary(self, node: t.Binary, left: V, right: V, /) -> V: ...
    def compare(self, node: t.Compare, operands: list[V], /) -> V: ...
    def logic(self, node: t.Logic, operands: list[V], /) -> V: ...
    def member(self, node: t.Member, operand: V, /) -> V: ...
    def index(self, node: t.Index, operand: V, /) -> V: ...
    def call(self, node: t.Call, args: list[V], lists: list[list[V]], /) -> V: ...


def evaluate(tree: t.Tree, meaning: Interpreter[V], given: Mapping[int, V] | None = None) -> V:
    """Evaluates a tree from its leaves up; `given` is what some of its nodes come to, by `id`.

    A part that stands at several places, as a task's `y_true` may, is evaluated once: the number
    of its places may grow with every level of the spec.
    """
    known: dict[int, V] = dict(given or {})

    def value(node: t.Tree) -> V:
        if id(node) not in known:
            known[id(node)] = _meaning(node, meaning, value)
        return known[id(node)]

    return value(tree)


def _meaning(node: t.Tree, meaning: Interpreter[V], value: Callable[[t.Tree], V]) -> V:
    match node:
        case t.Number():
            return meaning.number(node)
        case t.Tensor():
            return meaning.tensor(node)
        case t.Constant():
            return meaning.constant(node)
        case t.Step():
            return meaning.step(node)
        case t.Unary():
            return meaning.unary(node, value(node.operand))
        case t.Binary():
            return meaning.binary(node, value(node.left), value(node.right))
        case t.Compare():
            return meaning.compare(node, [value(operand) for operand in node.operands])
        case t.Logic():
            return meaning.logic(node, [value(operand) for operand in node.operands])
        case t.Member():
            return meaning.member(node, value(node.operand))
        case t.Index():
            return meaning.index(node, value(node.operand))
        case t.Call():
            args = [value(arg) for arg in node.args]
            return meaning.call(node, args, [[value(x) for x in items] for items in node.lists])
    raise TypeError(f"no expression has a {type(node).__name__}")
