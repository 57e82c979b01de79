"""The TensorFlow meaning of an expression."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Mapping, Sequence

import tensorflow as tf

from composer.engine.calls import Calls
from composer.engine.operands import Value, expand_right, expanded, result, scalar
from composer.language import tree as t
from composer.language.interpret import evaluate
from composer.language.static.dtypes import (
    EXACT,
    arithmetic_dtype,
    binary_dtype,
    compared_dtype,
    computed_dtype,
    place_of,
)

__all__ = ["Evaluator", "Value", "expand_right"]

_ARITHMETIC: dict[str, Callable[[tf.Tensor, tf.Tensor], tf.Tensor]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": tf.math.floordiv,
    "%": tf.math.floormod,
    "**": tf.pow,
}
_COMPARE: dict[str, Callable[[tf.Tensor, tf.Tensor], tf.Tensor]] = {
    "==": tf.equal,
    "!=": tf.not_equal,
    "<": tf.less,
    "<=": tf.less_equal,
    ">": tf.greater,
    ">=": tf.greater_equal,
}


class Evaluator:
    """Evaluates expressions over one batch.

    Args:
        tensors: gives the tensor at a path of the batch.
        constants: the named constants, ready as values.
        step: the training step, int64, or None where nothing reads it.
        width: the float dtype that functions compute in at least.
        gate: applied to every tensor of the batch before anything is computed from it.
    """

    def __init__(
        self,
        tensors: Callable[[t.Side, tuple[str, ...]], tf.Tensor],
        constants: Mapping[str, Value],
        step: tf.Tensor | None,
        width: str = "float32",
        gate: Callable[[tf.Tensor], tf.Tensor] | None = None,
    ) -> None:
        self.tensors = tensors
        self.constants = constants
        self.training_step = step
        self.width = width
        self.gate = gate
        self.calls = Calls(self)

    def __call__(self, tree: t.Tree) -> Value:
        return evaluate(tree, self)

    def number(self, node: t.Number) -> Value:
        kinds = {bool: "bool", int: "int", float: "float"}
        return scalar(tf.constant(node.value, EXACT[kinds[type(node.value)]]))

    def tensor(self, node: t.Tensor) -> Value:
        found = self.tensors(node.side, node.path)
        return Value(found, found.dtype.name, "batch", is_read=True)

    def constant(self, node: t.Constant) -> Value:
        held = self.constants[node.name]
        # Held as a NumPy array, which no graph owns; here it enters the graph of this call.
        return Value(tf.convert_to_tensor(held.tensor), held.dtype, held.place)

    def step(self, _node: t.Step) -> Value:
        assert self.training_step is not None
        return scalar(self.training_step)

    def unary(self, node: t.Unary, operand: Value) -> Value:
        if node.op == "not":
            return Value(_negated(operand.tensor), "bool", operand.place)
        number = self.cast(self.use(operand), arithmetic_dtype(operand))
        return result(-number if node.op == "-" else number, [operand])

    def binary(self, node: t.Binary, left: Value, right: Value) -> Value:
        a, b = self.aligned([left, right], binary_dtype(node, left, right))
        return result(_ARITHMETIC[node.op](a, b), [left, right])

    def compare(self, node: t.Compare, operands: list[Value]) -> Value:
        # All are aligned before any two are compared: `last_axis` belongs to the last axis of all.
        tensors = expanded(operands)
        links = [
            _compared(op, (node.operands[i : i + 2], operands[i : i + 2], tensors[i : i + 2]))
            for i, op in enumerate(node.ops)
        ]
        return Value(functools.reduce(tf.logical_and, links), "bool", place_of(operands))

    def logic(self, node: t.Logic, operands: list[Value]) -> Value:
        combine = tf.logical_and if node.op == "and" else tf.logical_or
        found = functools.reduce(combine, expanded(operands))
        return Value(found, "bool", place_of(operands))

    def member(self, node: t.Member, operand: Value) -> Value:
        links = []
        for each in node.values:
            assert isinstance(each, t.Number)
            number = self.number(each)
            tensors = [operand.tensor, number.tensor]
            links.append(_compared("==", ((node.operand, each), (operand, number), tensors)))
        found = functools.reduce(tf.logical_or, links)
        return Value(_negated(found) if node.negated else found, "bool", operand.place)

    def index(self, node: t.Index, operand: Value) -> Value:
        found = operand.tensor[tuple(_item(item) for item in node.items)]
        if operand.place == "table" and found.shape.rank == 0:
            return Value(found, operand.dtype, "scalar")
        return Value(found, operand.dtype, operand.place, operand.is_read)

    def call(self, node: t.Call, args: list[Value], lists: list[list[Value]]) -> Value:
        return self.calls(node, args, lists)

    def use(self, value: Value) -> Value:
        """A value about to be computed from; a tensor of the batch passes the gate first."""
        if self.gate is None or not value.is_read or not value.tensor.dtype.is_floating:
            return value
        return Value(self.gate(value.tensor), value.dtype, value.place)

    def cast(self, value: Value, dtype: str | None) -> tf.Tensor:
        """The value in a dtype that it is computed in by itself."""
        return tf.cast(value.tensor, self.wide(dtype, [value]))

    def wide(self, dtype: str | None, values: Sequence[Value]) -> str:
        """The dtype to compute in; scalars among themselves are exact."""
        assert dtype is not None
        return computed_dtype(dtype, values, self.width)

    def aligned(self, values: Sequence[Value], dtype: str | None) -> list[tf.Tensor]:
        """The values in one dtype, with the axes in which they meet."""
        target = self.wide(dtype, values)
        return [tf.cast(tensor, target) for tensor in expanded([self.use(v) for v in values])]


def _compared(
    op: str, pair: tuple[Sequence[t.Tree], Sequence[Value], Sequence[tf.Tensor]]
) -> tf.Tensor:
    """One link of a chain, from its two nodes, values and aligned tensors."""
    nodes, values, tensors = pair
    dtype = compared_dtype(op, (nodes[0], values[0]), (nodes[1], values[1]))
    return _COMPARE[op](tf.cast(tensors[0], dtype), tf.cast(tensors[1], dtype))


def _negated(tensor: tf.Tensor) -> tf.Tensor:
    """`not`. Of a LogicalNot of x < y Grappler makes x >= y, which is another thing for NaN."""
    return tf.equal(tensor, False)


def _item(item: t.Item) -> object:
    if isinstance(item, t.Slice):
        return slice(item.start, item.stop, item.step)
    return ... if item == "..." else tf.newaxis if item is None else item
