"""The static meaning of an expression: its dtype and shape, or what is wrong with it."""

from __future__ import annotations

from composer.language import tree as t
from composer.language.interpret import evaluate
from composer.language.shape import Shape
from composer.language.static.alignment import combine
from composer.language.static.calls import call_type
from composer.language.static.dtypes import arithmetic_dtype, binary_dtype
from composer.language.static.index import index_shape
from composer.language.static.types import Names, Place, Type, error, noun, require_bool

__all__ = ["Names", "Place", "Type", "infer"]


def infer(tree: t.Tree, names: Names) -> Type:
    """The type of an expression; raises ExpressionError for the first thing wrong with it."""
    return evaluate(tree, _Static(names))


class _Static:
    """What each kind of node comes to, given the types of its children."""

    def __init__(self, names: Names) -> None:
        self.names = names

    def number(self, node: t.Number) -> Type:
        return Type(_literal_dtype(node.value), Shape(), "scalar")

    def tensor(self, node: t.Tensor) -> Type:
        return self.names.tensor(node)

    def constant(self, node: t.Constant) -> Type:
        return self.names.constant(node)

    def step(self, _node: t.Step) -> Type:
        return Type("int64", Shape(), "scalar")

    def unary(self, node: t.Unary, operand: Type) -> Type:
        if node.op == "not":
            require_bool(node.operand, operand, "`not`")
            return Type("bool", operand.shape, operand.place)
        return Type(arithmetic_dtype(operand), operand.shape, operand.place)

    def binary(self, node: t.Binary, left: Type, right: Type) -> Type:
        return combine(node, [left, right], binary_dtype(node, left, right))

    def compare(self, node: t.Compare, operands: list[Type]) -> Type:
        return combine(node, operands, "bool")

    def logic(self, node: t.Logic, operands: list[Type]) -> Type:
        for child, operand in zip(node.operands, operands, strict=True):
            require_bool(child, operand, f"`{node.op}`")
        return combine(node, operands, "bool")

    def member(self, _node: t.Member, operand: Type) -> Type:
        return Type("bool", operand.shape, operand.place)

    def index(self, node: t.Index, operand: Type) -> Type:
        if operand.place in ("scalar", "last"):
            raise error(node, f"a {noun(operand)} has no axes to index", "shape-mismatch")
        shape = index_shape(node, operand.shape, keeps_batch=operand.place == "batch")
        is_number = operand.place == "table" and shape.rank == 0
        return Type(operand.dtype, shape, "scalar" if is_number else operand.place)

    def call(self, node: t.Call, args: list[Type], lists: list[list[Type]]) -> Type:
        return call_type(node, args, lists)


def _literal_dtype(value: float) -> str:
    if isinstance(value, bool):
        return "bool"
    return "int64" if isinstance(value, int) else "float32"
