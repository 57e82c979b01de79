"""Gates: identities that let no gradient through at places that do not count."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from composer.language import tree as t
from composer.language.functions import REDUCTIONS


def gate(tensor: tf.Tensor, is_open: tf.Tensor) -> tf.Tensor:
    """The tensor itself; its gradient is selected, so that NaN behind a closed gate stays there."""

    @tf.custom_gradient  # type: ignore[untyped-decorator]  # TensorFlow ships no types
    def identity(x: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
        def gradient(upstream: tf.Tensor) -> tf.Tensor:
            return tf.where(is_open, upstream, tf.zeros_like(upstream))

        return tf.identity(x), gradient

    return identity(tensor)


def read_gate(role: t.Tree, chosen: tf.Tensor) -> Callable[[tf.Tensor], tf.Tensor]:
    """A gate for what a role's expression reads, from which elements of the role count.

    A role that is computed (`log(y_pred.depth)`) may have an infinite slope at a dropped place; the
    gate stands before the computation. Where the expression mixes elements, those that feed any
    element that counts stay open.
    """
    chosen = _unmixed(role, chosen)
    alone = sum(isinstance(node, t.Tensor) for node in t.walk(role)) == 1
    return lambda tensor: gate(tensor, _fitted(chosen, tensor, alone=alone))


def is_computed(role: t.Tree) -> bool:
    """Whether a role is more than a tensor of the batch, or a part of one."""
    return any(not isinstance(node, t.Tensor | t.Index) for node in t.walk(role))


def _unmixed(role: t.Tree, chosen: tf.Tensor) -> tf.Tensor:
    names = {node.name for node in t.walk(role) if isinstance(node, t.Call)}
    rank = chosen.shape.rank
    moved = any(isinstance(node, t.Index) and node.children[0].children for node in t.walk(role))
    if moved or names & (REDUCTIONS | {"take", "argmax"}):
        return tf.reduce_any(chosen, axis=list(range(1, rank)), keepdims=True)
    if names & {"softmax", "one_hot"}:
        return tf.reduce_any(chosen, axis=-1, keepdims=True)
    return chosen


def _fitted(chosen: tf.Tensor, tensor: tf.Tensor, *, alone: bool) -> tf.Tensor:
    """Brings `chosen`, aligned at the left, to axes that are 1 or the tensor's.

    Unknown sizes are equal where the role reads this tensor alone; else it may be 1 and broadcast.
    """
    rank = tensor.shape.rank
    extra = list(range(rank, chosen.shape.rank))
    if extra:
        chosen = tf.reduce_any(chosen, axis=extra)
    pairs = enumerate(zip(chosen.shape, tensor.shape, strict=False))
    unequal = [axis for axis, (x, y) in pairs if axis > 0 and not _may_select(x, y, alone)]
    if unequal:
        first = unequal[0]
        chosen = tf.reduce_any(chosen, axis=list(range(first, chosen.shape.rank)), keepdims=True)
    missing = rank - chosen.shape.rank
    return chosen[(..., *[tf.newaxis] * missing)] if missing > 0 else chosen


def _may_select(x: int | None, y: int | None, alone: bool) -> bool:
    return x == 1 or (alone if x is None or y is None else x == y)
