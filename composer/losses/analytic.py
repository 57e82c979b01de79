"""Functions of stated gradient, whose further derivatives are those of a plain formula."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import tensorflow as tf

Formula = Callable[..., Any]
"""Tensors to a tensor; TensorFlow ships no types."""

Gradient = Callable[[Any], list[Any]]
"""The gradient of a value to the gradients of its inputs."""

WORTH = 2**15
"""The size from which on stating a gradient saves more time than its ops take to trace."""

_UNKNOWN = 64
"""What a size that is unknown while tracing is taken to be."""


def analytic(plain: Formula, stated: Formula, *inputs: tf.Tensor) -> tf.Tensor:
    """The values that `stated` gives for the inputs, with the gradient that it gives.

    Args:
        plain: the same values in differentiable ops; asked for derivatives of the second order and
            higher, and for everything where there is little to compute.
        stated: the inputs to their values and a function from the gradient of these to those of
            the inputs, None for integers; each is left out where nobody asks for it.
        inputs: every tensor that the formulas read.
    """
    import tensorflow as tf

    # A tape of ops that have run computes the gradient of every input, asked for or not.
    if tf.executing_eagerly() or max(map(_size, inputs)) < WORTH:
        return plain(*inputs)

    @tf.custom_gradient  # type: ignore[untyped-decorator]  # TensorFlow ships no types
    def first(*_: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], list[tf.Tensor | None]]]:
        values, gradient = stated(*inputs)

        def backward(upstream: tf.Tensor) -> list[tf.Tensor | None]:
            # The backward pass may be a function of its own. A gradient of its gradient reaches
            # what is in it, and nothing of this one.
            copies = [tf.identity(each) for each in inputs]
            return [
                None if found is None else _differentiable(plain, place, found, copies, upstream)
                for place, found in enumerate(gradient(upstream))
            ]

        return values, backward

    return first(*inputs)


def _size(tensor: tf.Tensor) -> int:
    return math.prod(_UNKNOWN if size is None else size for size in tensor.shape)


def _differentiable(
    plain: Formula,
    place: int,
    found: tf.Tensor,
    inputs: Sequence[tf.Tensor],
    upstream: tf.Tensor,
) -> tf.Tensor:
    """The gradient of one input, as found, whose own gradient is that of the plain formula."""
    import tensorflow as tf

    # What was found is an input too: a custom gradient searches all ops before its result for
    # variables, and stops at its inputs.
    @tf.custom_gradient  # type: ignore[untyped-decorator]  # TensorFlow ships no types
    def second(found: tf.Tensor, *_: tf.Tensor) -> tuple[tf.Tensor, Callable[..., list[Any]]]:
        return tf.identity(found), lambda cotangent: [
            None,
            *_second(plain, place, inputs, upstream, cotangent),
        ]

    return second(found, *inputs, upstream)


def _second(
    plain: Formula,
    place: int,
    inputs: Sequence[tf.Tensor],
    upstream: tf.Tensor,
    cotangent: tf.Tensor,
) -> list[tf.Tensor | None]:
    """What `cotangent` on the gradient of one input sends back to the inputs and to `upstream`."""
    import tensorflow as tf

    # Not a tape: forward-mode differentiation has tapes stopped where it asks for this.
    inputs, upstream = [tf.identity(each) for each in inputs], tf.identity(upstream)
    sources = [each for each in (*inputs, upstream) if each.dtype.is_floating]
    (gradient,) = tf.gradients(plain(*inputs), inputs[place], upstream)
    zero = tf.UnconnectedGradients.ZERO
    found = iter(tf.gradients(gradient, sources, cotangent, unconnected_gradients=zero))
    return [next(found) if each.dtype.is_floating else None for each in (*inputs, upstream)]
