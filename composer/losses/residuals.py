"""What a forward pass keeps for the backward pass of a compiled total loss."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tensorflow as tf


class Residuals:
    """A few small tensors that are dear to compute, in the order in which they are asked for.

    The backward pass of a compiled total loss computes everything once more from its inputs, which
    costs less than keeping what lies between; but for what is kept here, such as the log-sum-exp of
    every row.

    Args:
        given: what an earlier pass kept, to be given out again; None keeps anew.
    """

    def __init__(self, given: Sequence[tf.Tensor] | None = None) -> None:
        self.kept: list[tf.Tensor] = []
        self._given = None if given is None else iter(given)

    def take(self, compute: Callable[[], tf.Tensor]) -> tf.Tensor:
        """The next tensor: computed and kept, or given out again."""
        if self._given is not None:
            return next(self._given)
        # What is asked for meanwhile is not kept: it is not computed where this is given out.
        token = _CURRENT.set(None)
        try:
            self.kept.append(compute())
        finally:
            _CURRENT.reset(token)
        return self.kept[-1]

    @contextmanager
    def used(self) -> Iterator[None]:
        """`remembered` asks these within."""
        token = _CURRENT.set(self)
        try:
            yield
        finally:
            _CURRENT.reset(token)


_CURRENT: ContextVar[Residuals | None] = ContextVar("residuals", default=None)


def remembered(compute: Callable[[], tf.Tensor]) -> tf.Tensor:
    """What `compute` gives; within the backward pass of a compiled total loss, without computing.

    For tensors through which no gradient flows, or whose gradient is stated elsewhere.
    """
    residuals = _CURRENT.get()
    return compute() if residuals is None else residuals.take(compute)


def is_remembering() -> bool:
    """Whether what is computed here belongs to the two passes of a compiled total loss."""
    return _CURRENT.get() is not None
