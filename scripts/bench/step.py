"""Step: value, gradient of all predictions and breakdown, eagerly, as a graph or under XLA."""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

import tensorflow as tf

from bench.case import Case, Loss, Row, Tensors

MODES = ("eager", "graph", "xla")
_SMALL = 128
"""The elements of the largest tensor that TensorFlow makes a constant instead of capturing it."""


class Found(NamedTuple):
    """What a step gives.

    Attributes:
        total: the total.
        rows: every number of the breakdown in one vector, for every rival alike.
        gradients: of the total, by prediction.
    """

    total: tf.Tensor
    rows: tf.Tensor
    gradients: dict[str, tf.Tensor]


class Step:
    """Computes a loss on a batch, as often as it is called.

    The tensors are captured: as arguments of a function, a thousand of them would cost more than
    their loss, and under a model they are none.
    """

    def __init__(self, case: Case, loss: Loss, mode: str) -> None:
        self.case = case
        self.loss = loss
        self.run = self._eager if mode == "eager" else self._traced(jit_compile=mode == "xla")

    def __call__(self) -> Found:
        found: Found = self.run()
        return found

    def _eager(self) -> Found:
        return self._compute(*self.case.tensors)

    def _traced(self, *, jit_compile: bool) -> Any:
        given = self.case.tensors
        # A small tensor that is captured becomes a constant of the graph: it is an argument.
        few = [{n: t for n, t in side.items() if _is_small(t)} for side in given]

        def symbolic(few: list[Tensors]) -> Found:
            # What a trace sees as it is, it may compute from once for all.
            return self._compute(
                *(
                    {n: tf.identity(small.get(n, t)) for n, t in side.items()}
                    for side, small in zip(given, few, strict=True)
                )
            )

        function = tf.function(symbolic, jit_compile=jit_compile, autograph=False)
        captured = {id(tensor) for tensor in function.get_concrete_function(few).captured_inputs}
        assert all(id(t) in captured for side in given for t in side.values() if not _is_small(t))
        return functools.partial(function, few)

    def _compute(self, y_true: Tensors, y_pred: Tensors) -> Found:
        with tf.GradientTape() as tape:
            tape.watch(y_pred)
            total, rows = self.loss(y_true, y_pred)
            scaled = total * self.case.loss_scale
        return Found(total, stacked(rows), tape.gradient(scaled, y_pred))


def _is_small(tensor: tf.Tensor) -> bool:
    return bool(tensor.shape.num_elements() <= _SMALL)


def stacked(rows: dict[str, Row]) -> tf.Tensor:
    """Every number of a breakdown."""
    numbers = [number for row in rows.values() for number in row if number is not None]
    return tf.stack(numbers) if numbers else tf.zeros([0])
