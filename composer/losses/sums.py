"""Sums over many elements, with the digits that float32 has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from composer.losses.arithmetic import Arithmetic
from composer.losses.residuals import is_remembering, remembered

if TYPE_CHECKING:
    import tensorflow as tf

_LEAST, _MOST = 32, 1024
"""Lengths of the parts that are added up one by one."""


def sum_over(x: tf.Tensor, axes: Sequence[int] | None = None) -> tf.Tensor:
    """Σ over axes, from the left; by default over all.

    XLA adds up one after the other on a processor: of a million numbers four digits are lost.
    """
    import tensorflow as tf

    axes = list(range(x.shape.rank)) if axes is None else sorted(axes)
    by_parts = Arithmetic.here().on_cpu and x.dtype.name == "float32"
    if not by_parts and not is_remembering():
        return tf.reduce_sum(x, axes)

    @tf.custom_gradient  # type: ignore[untyped-decorator]  # TensorFlow ships no types
    def total(_: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
        def gradient(upstream: tf.Tensor) -> tf.Tensor:
            for axis in axes:
                upstream = tf.expand_dims(upstream, axis)
            return tf.broadcast_to(upstream, tf.shape(x))

        return remembered(lambda: _sum(x, axes, by_parts)), gradient

    return total(x)


def _sum(x: tf.Tensor, axes: Sequence[int], by_parts: bool) -> tf.Tensor:
    import tensorflow as tf

    length = _part(x.shape.as_list(), axes) if by_parts else None
    if length is not None:
        # A product with ones is what XLA vectorizes, part by part.
        kept = tf.shape(x)[: x.shape.rank - len(axes)]
        parts = tf.matmul(tf.reshape(x, [-1, length]), tf.ones([length, 1], x.dtype))
        x = tf.reshape(parts, tf.concat([kept, [-1]], 0))
        axes = [x.shape.rank - 1]
    if not by_parts:
        return tf.reduce_sum(x, axes)
    return tf.cast(tf.reduce_sum(tf.cast(x, tf.float64), axes), x.dtype)


def _part(shape: Sequence[int | None], axes: Sequence[int]) -> int | None:
    """A length that cuts what is added up into equal parts, where that is behind what is kept."""
    first = len(shape) - len(axes)
    if list(axes) != list(range(first, len(shape))):
        return None
    known = 1
    for size in reversed(shape[first:]):
        if size is None:
            break
        known *= size
    return next((n for n in range(min(_MOST, known), _LEAST - 1, -1) if known % n == 0), None)
