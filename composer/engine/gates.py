"""Gates: identities that let no gradient through at places that do not count."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import replace

import tensorflow as tf

from composer.engine.evaluate import Evaluator
from composer.engine.operands import Value, expand_right
from composer.language import tree as t
from composer.language.functions import REDUCTIONS
from composer.language.interpret import evaluate

_ALIGNED = frozenset({"minimum", "maximum", "clip", "where"})


def gate(tensor: tf.Tensor, is_open: tf.Tensor) -> tf.Tensor:
    """The tensor itself; its gradient is selected, so that NaN behind a closed gate stays there."""

    @tf.custom_gradient  # type: ignore[untyped-decorator]  # TensorFlow ships no types
    def identity(x: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
        def gradient(upstream: tf.Tensor) -> tf.Tensor:
            return tf.where(is_open, upstream, tf.zeros_like(upstream))

        return tf.identity(x), gradient

    return identity(tensor)


def is_computed(role: t.Tree) -> bool:
    """Whether a role is more than a tensor of the batch, or a part of one."""
    return not is_read(role)


def is_read(node: t.Tree) -> bool:
    """Whether it is a tensor of the batch or a part of one: a gate may stand right behind it."""
    return all(isinstance(each, t.Tensor | t.Index) for each in t.walk(node))


class GatedEvaluator(Evaluator):
    """Evaluates a computed role so that only what counts of it sends a gradient back.

    `log(y_pred.depth)` may have an infinite slope at a dropped place, and 0·∞ is NaN: the gates
    stand before the computation, and where a tensor is about to be stretched over a finer one.

    Args:
        plain: the evaluator that gives the same values.
        role: the expression to be evaluated.
        chosen: which elements of the role count, or None for all.
        gate: applied to every tensor of the batch besides.
    """

    def __init__(
        self,
        plain: Evaluator,
        role: t.Tree,
        chosen: tf.Tensor | None,
        gate: Callable[[tf.Tensor], tf.Tensor],
    ) -> None:
        super().__init__(
            plain.tensors,
            plain.constants,
            plain.training_step,
            plain.width,
            lambda tensor: self._selected(gate(tensor)),
        )
        self.plain = plain
        self.chosen = None
        if chosen is not None:
            aligned = min(_Ranks(plain).aligned(role), chosen.shape.rank)
            self.chosen = _any_behind(chosen, aligned)

    def __call__(self, tree: t.Tree) -> Value:
        """The value; what `argmax` reads sends nothing back, and has an axis that no gate fits."""
        argmaxes = [x for x in t.walk(tree) if isinstance(x, t.Call) and x.name == "argmax"]
        return evaluate(tree, self, {id(node): self.plain(node) for node in argmaxes})

    def binary(self, node: t.Binary, left: Value, right: Value) -> Value:
        return super().binary(node, *self._stretched([left, right]))

    def call(self, node: t.Call, args: list[Value], lists: list[list[Value]]) -> Value:
        if node.name in _ALIGNED:
            args = self._stretched(args)
        return super().call(node, args, lists)

    def _selected(self, tensor: tf.Tensor) -> tf.Tensor:
        return tensor if self.chosen is None else gate(tensor, _fitted(self.chosen, tensor))

    def _stretched(self, values: list[Value]) -> list[Value]:
        """Floats of the batch in the shape they have together, each behind a gate of its own.

        What comes back to a coarse one is a sum over the finer, masked elements and all.
        """
        batch = [value.tensor for value in values if value.place == "batch"]
        shapes = {tuple(tensor.shape) for tensor in batch}
        if self.chosen is None or (len(shapes) < 2 and None not in set().union(*shapes)):
            return values
        rank = max(tensor.shape.rank for tensor in batch)
        expanded = [tf.shape(expand_right(tensor, rank)) for tensor in batch]
        together = functools.reduce(tf.broadcast_dynamic_shape, expanded)
        return [self._as_large(value, together, rank) for value in values]

    def _as_large(self, value: Value, shape: tf.Tensor, rank: int) -> Value:
        if value.place != "batch" or not value.tensor.dtype.is_floating:
            return value
        used = self.use(value)
        large = tf.broadcast_to(expand_right(used.tensor, rank), shape)
        return Value(self._selected(large), used.dtype, used.place)


class _Ranks:
    """The ranks in an expression, and how many of its leading axes are nowhere mixed or moved."""

    def __init__(self, plain: Evaluator) -> None:
        self.plain = plain

    def aligned(self, role: t.Tree) -> int:
        """The number of axes, from the left, that mean the same all through the expression."""
        mixing = [self._kept(node) for node in t.walk(role)]
        return min((kept for kept in mixing if kept is not None), default=self(role))

    def _kept(self, node: t.Tree) -> int | None:
        """How many leading axes a node leaves alone; None for all, or where no gradient flows."""
        match node:
            case t.Call(name="softmax"):
                return self(node) - 1
            case t.Call() if node.name in REDUCTIONS:
                rank = self(node.args[0])
                return 1 if node.axis is None else min(axis % rank for axis in node.axis)
            case t.Index() if not is_read(node):
                return self._kept_by_index(node.items, self(node))
        return None

    def _kept_by_index(self, items: Sequence[t.Item], rank: int) -> int:
        ahead = 0
        while ahead < len(items) and items[ahead] == t.Slice(None, None, None):
            ahead += 1
        rest = items[ahead:]
        if not rest:
            return rank
        if rest[0] != "...":
            return ahead
        return rank - sum(item is None or isinstance(item, t.Slice) for item in rest[1:])

    def __call__(self, node: t.Tree) -> int:
        """The rank of what a part of the expression comes to."""
        match node:
            case t.Tensor():
                return int(self.plain.tensors(node.side, node.path).shape.rank)
            case t.Constant():
                return int(self.plain.constants[node.name].tensor.ndim)
            case t.Index():
                taken = sum(isinstance(item, int) for item in node.items)
                return self(node.operand) - taken + node.items.count(None)
            case t.Call(name="last_axis"):
                return 0
            case t.Call(name="one_hot"):
                return self(node.args[0]) + 1
            case t.Call(name="argmax"):
                return self(node.args[0]) - 1
            case t.Call(name="take"):
                return self(node.args[1]) + self(node.args[0]) - 1
            case t.Call() if node.name in REDUCTIONS:
                return 1 if node.axis is None else self(node.args[0]) - len(set(node.axis))
        return max(map(self, node.children), default=0)


def _any_behind(chosen: tf.Tensor, axes: int) -> tf.Tensor:
    """Of the axes behind the first few, whether anything counts."""
    rank = chosen.shape.rank
    return tf.reduce_any(chosen, axis=list(range(axes, rank))) if axes < rank else chosen


def _fitted(chosen: tf.Tensor, tensor: tf.Tensor) -> tf.Tensor:
    """Brings `chosen`, aligned at the left, to axes that are 1 or the tensor's."""
    rank = tensor.shape.rank
    fitted = expand_right(_any_behind(chosen, rank), rank)
    pairs = list(zip(fitted.shape, tensor.shape, strict=True))
    if all(x == 1 or (x == y and x is not None) for x, y in pairs):
        return fitted
    # The axes over which a gradient of this size is summed to one of the tensor's size.
    _, axes = tf.raw_ops.BroadcastGradientArgs(s0=tf.shape(fitted), s1=tf.shape(tensor))
    return tf.reduce_any(fitted, axis=axes, keepdims=True)


_ELEMENTWISE = frozenset({"abs", "exp", "log", "sqrt", "square", "sigmoid", "stop_gradient"})


def index_first(tree: t.Tree, plain: Evaluator) -> t.Tree:
    """The same values, indexed before they are computed where that is element by element.

    `log(x)[..., :2]` becomes `log(x[..., :2])`: what the index leaves out is never computed, and a
    gate can stand behind the index.
    """
    match tree:
        case t.Index(operand=t.Call() as call) if call.name in _ELEMENTWISE:
            inner = replace(tree, operand=call.args[0])
            return replace(call, args=(index_first(inner, plain),))
        case t.Index(operand=t.Unary(op="-" | "+") as unary):
            return replace(unary, operand=index_first(replace(tree, operand=unary.operand), plain))
        case t.Index(operand=t.Binary() as binary) if _same_axes(binary, plain):
            left, right = (_indexed(tree, side, plain) for side in (binary.left, binary.right))
            return replace(binary, left=left, right=right)
        case t.Call() if tree.name in _ELEMENTWISE:
            return replace(tree, args=(index_first(tree.args[0], plain),))
        case t.Unary():
            return replace(tree, operand=index_first(tree.operand, plain))
        case t.Binary():
            left, right = index_first(tree.left, plain), index_first(tree.right, plain)
            return replace(tree, left=left, right=right)
    return tree


def _same_axes(node: t.Binary, plain: Evaluator) -> bool:
    """Whether both sides are numbers, or tensors of the same known sizes."""
    values = [plain(side) for side in (node.left, node.right)]
    batch = [value.tensor.shape for value in values if value.place == "batch"]
    others = {value.place for value in values} - {"batch"}
    known = all(None not in shape for shape in batch)
    return others <= {"scalar"} and (len(batch) < 2 or (known and batch[0] == batch[1]))


def _indexed(index: t.Index, side: t.Tree, plain: Evaluator) -> t.Tree:
    if plain(side).place == "scalar":
        return side
    return index_first(replace(index, operand=side), plain)
