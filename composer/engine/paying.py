"""Where it pays that XLA compiles the loss by itself: the rule behind `jit_compile="auto"`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import tensorflow as tf

from composer.losses.compiler import in_xla, on_processors_alone

JitCompile = bool | Literal["auto"]

_LARGE = 2**16
"""Elements of the largest tensor from which on compiling wins.

Measured with value and gradient, from 2^12 to 2^20: cross entropies, masked Huber losses and three
tasks together break even at some 2^14, take half the time at 2^16 and a third at 2^18. A squared
error without a mask, two operations in all, breaks even at 2^18.
"""

_SAMPLES = 8
"""What a batch of unknown size is taken to hold."""


def require_jit_compile(value: object) -> None:
    """Raises ValueError for what is neither a boolean nor "auto"."""
    if not isinstance(value, bool) and value != "auto":
        raise ValueError(f'jit_compile should be True, False or "auto", found {value!r}')


def pays(tensors: Sequence[tf.Tensor]) -> bool:
    """Whether a loss of these tensors, called here, is faster for being compiled by itself.

    Not op by op, where one looks at single numbers and every new size would be compiled anew; nor
    where sizes besides the batch's are unknown, since XLA compiles once for each that comes; nor on
    other devices, where XLA may be missing, as in Apple's plugin, and was not timed.
    """
    return (
        not tf.executing_eagerly()
        and not in_xla()
        and all(None not in _sample(each) for each in tensors)
        and max(map(_elements, tensors), default=0) >= _LARGE
        and on_processors_alone()
    )


def _sample(tensor: tf.Tensor) -> list[int | None]:
    """The sizes behind the batch axis; one unknown where the rank is."""
    if tensor.shape.rank is None:
        return [None]
    sizes: list[int | None] = tensor.shape.as_list()[1:]
    return sizes


def _elements(tensor: tf.Tensor) -> int:
    samples = [size or _SAMPLES for size in tensor.shape.as_list()[:1]]
    return math.prod([*samples, *tensor.shape.as_list()[1:]])
