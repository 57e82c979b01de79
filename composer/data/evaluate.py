"""The NumPy meaning of an expression: what TensorFlow computes, without TensorFlow."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from composer.data.calls import Calls
from composer.data.operands import Array, Value, cast, expanded, floordiv, floormod, result, scalar
from composer.language import tree as t
from composer.language.interpret import evaluate
from composer.language.static.dtypes import (
    EXACT,
    arithmetic_dtype,
    binary_dtype,
    compared_dtype,
    computed_dtype,
)

__all__ = ["Evaluator", "Value"]

_ARITHMETIC: dict[str, Callable[[Array, Array], Array]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "//": floordiv,
    "%": floormod,
    "**": np.power,
}
_COMPARE: dict[str, Callable[[Array, Array], Array]] = {
    "==": np.equal,
    "!=": np.not_equal,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}


class Evaluator:
    """Evaluates expressions over one batch, as `composer.engine.evaluate` does in eager mode.

    Functions such as `exp` agree to a few units in the last place. TensorFlow takes floats closer
    to 0 than the smallest normal one for 0, NumPy does not. NumPy has no bfloat16, nor have batch
    files.

    Args:
        tensors: gives the array at a path of the batch.
        constants: the named constants, ready as values.
        step: the training step.
        width: the float dtype that functions compute in at least.
    """

    def __init__(
        self,
        tensors: Callable[[t.Side, tuple[str, ...]], Array],
        constants: Mapping[str, Value],
        step: int = 0,
        width: str = "float32",
    ) -> None:
        self.tensors = tensors
        self.constants = constants
        self.training_step = step
        self.width = width
        self.calls = Calls(self)

    def __call__(self, tree: t.Tree) -> Value:
        # What overflows or has no value is inf or NaN, in silence, as in TensorFlow.
        with np.errstate(all="ignore"):
            return evaluate(tree, self)

    def number(self, node: t.Number) -> Value:
        kinds = {bool: "bool", int: "int", float: "float"}
        return scalar(np.asarray(node.value, EXACT[kinds[type(node.value)]]))

    def tensor(self, node: t.Tensor) -> Value:
        found = self.tensors(node.side, node.path)
        return Value(found, found.dtype.name, "batch")

    def constant(self, node: t.Constant) -> Value:
        return self.constants[node.name]

    def step(self, _node: t.Step) -> Value:
        return scalar(np.asarray(self.training_step, np.int64))

    def unary(self, node: t.Unary, operand: Value) -> Value:
        if node.op == "not":
            return result(np.logical_not(operand.array), [operand])
        number = self.cast(operand, arithmetic_dtype(operand))
        return result(-number if node.op == "-" else number, [operand])

    def binary(self, node: t.Binary, left: Value, right: Value) -> Value:
        a, b = self.aligned([left, right], binary_dtype(node, left, right))
        return result(_ARITHMETIC[node.op](a, b), [left, right])

    def compare(self, node: t.Compare, operands: list[Value]) -> Value:
        # All are aligned before any two are compared: `last_axis` belongs to the last axis of all.
        arrays = expanded(operands)
        links = [
            _compared(op, (node.operands[i : i + 2], operands[i : i + 2], arrays[i : i + 2]))
            for i, op in enumerate(node.ops)
        ]
        return result(functools.reduce(np.logical_and, links), operands)

    def logic(self, node: t.Logic, operands: list[Value]) -> Value:
        combine = np.logical_and if node.op == "and" else np.logical_or
        return result(functools.reduce(combine, expanded(operands)), operands)

    def member(self, node: t.Member, operand: Value) -> Value:
        links = []
        for each in node.values:
            assert isinstance(each, t.Number)
            number = self.number(each)
            pair = ((node.operand, each), (operand, number), (operand.array, number.array))
            links.append(_compared("==", pair))
        found = functools.reduce(np.logical_or, links)
        return result(np.logical_not(found) if node.negated else found, [operand])

    def index(self, node: t.Index, operand: Value) -> Value:
        found = np.asarray(operand.array[tuple(_item(item) for item in node.items)])
        is_number = operand.place == "table" and found.ndim == 0
        return Value(found, operand.dtype, "scalar" if is_number else operand.place)

    def call(self, node: t.Call, args: list[Value], lists: list[list[Value]]) -> Value:
        return self.calls(node, args, lists)

    def cast(self, value: Value, dtype: str | None) -> Array:
        """The value in a dtype that it is computed in by itself."""
        return cast(value.array, self.wide(dtype, [value]))

    def wide(self, dtype: str | None, values: Sequence[Value]) -> str:
        """The dtype to compute in; scalars among themselves are exact."""
        assert dtype is not None
        return computed_dtype(dtype, values, self.width)

    def aligned(self, values: Sequence[Value], dtype: str | None) -> list[Array]:
        """The values in one dtype, with the axes in which they meet."""
        target = self.wide(dtype, values)
        return [cast(array, target) for array in expanded(values)]


def _compared(op: str, pair: tuple[Sequence[t.Tree], Sequence[Value], Sequence[Array]]) -> Array:
    """One link of a chain, from its two nodes, values and aligned arrays."""
    nodes, values, arrays = pair
    dtype = compared_dtype(op, (nodes[0], values[0]), (nodes[1], values[1]))
    return _COMPARE[op](cast(arrays[0], dtype), cast(arrays[1], dtype))


def _item(item: t.Item) -> Any:
    if isinstance(item, t.Slice):
        return slice(item.start, item.stop, item.step)
    return ... if item == "..." else item
