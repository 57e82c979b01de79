"""The total compiled by XLA by itself, inside a step that is not: one way forward, one back."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from composer.engine.total import Computation, Inputs, Outputs
from composer.language import tree as t
from composer.losses.residuals import Residuals

function = tf.function(jit_compile=True, autograph=False)


class Compiled:
    """A Computation in two functions that XLA compiles: the total, and its gradient.

    Nothing large lies between the two. The gradient computes the total once more, from the same
    tensors, but for what its losses have asked to be remembered; XLA fuses that into one pass.
    Neither communicates: what is summed over replicas comes in with the inputs.
    """

    def __init__(self, computation: Computation) -> None:
        self.computation = computation
        self._forward = function(self._outputs)
        self._backward = function(self._gradient)
        self.divisors = function(computation.divisors)

    def __deepcopy__(self, memo: dict[int, Any]) -> Compiled:
        """Compiles anew: a graph cannot be copied."""
        return Compiled(copy.deepcopy(self.computation, memo))

    def __call__(self, inputs: Inputs, *, training: bool, counted: bool) -> Outputs:
        """As `Computation`."""
        structure: Any = None

        @tf.custom_gradient  # type: ignore[untyped-decorator]  # TensorFlow ships no types
        def run(*_: tf.Tensor) -> Any:
            nonlocal structure
            # Copies of the arguments would have to be kept; and no tape looks into the function,
            # which would have it keep all that lies between.
            outputs, residuals = self._forward(stopped(inputs), training, counted)
            structure = outputs

            def gradient(*upstream: tf.Tensor) -> list[tf.Tensor | None]:
                """One function for each side: a graph leaves out what nobody asks for."""
                numbers = upstream[: len(_numbers(outputs))]
                # Of a gradient that is 0 all over, the first row gives the zeros.
                asked = tuple(n for n, each in enumerate(numbers) if not _is_zero(each)) or (0,)
                above = [upstream[n] for n in asked]
                # Arguments of a function are not found behind `tf.cond`; those of an op are.
                given, kept = tf.nest.map_structure(
                    lambda each: None if each is None else tf.identity(each), (inputs, residuals)
                )
                true = self._backward(given, kept, above, asked, "y_true")
                pred = self._backward(given, kept, above, asked, "y_pred")
                return [a if b is None else b for a, b in zip(true, pred, strict=True)]

            return tf.nest.flatten(outputs), gradient

        flat = run(*self._differentiable(inputs))
        outputs: Outputs = tf.nest.pack_sequence_as(structure, flat)
        return outputs

    def _outputs(
        self, inputs: Inputs, training: bool, counted: bool
    ) -> tuple[Outputs, list[tf.Tensor]]:
        residuals = Residuals()
        with residuals.used():
            outputs = self.computation(inputs, training=training, counted=counted)
        return outputs, residuals.kept

    def _gradient(
        self,
        inputs: Inputs,
        residuals: Sequence[tf.Tensor],
        upstream: Sequence[tf.Tensor],
        asked: Sequence[int],
        side: t.Side,
    ) -> list[tf.Tensor | None]:
        """The gradients of one side, in the order of `_differentiable`; None for the other's.

        Args:
            inputs: what the outputs were computed from.
            residuals: what was remembered of that.
            upstream: the gradients of the outputs that are asked for.
            asked: their places among the numbers.
            side: whose gradients.
        """
        sides = self._sides(inputs)
        pairs = zip(self._differentiable(inputs), sides, strict=True)
        wanted = [source for source, its in pairs if its == side]
        with tf.GradientTape() as tape, Residuals(residuals).used():
            tape.watch(wanted)
            numbers = _numbers(self.computation(inputs, training=False, counted=False))
        targets = [numbers[place] for place in asked]
        found = iter(tape.gradient(targets, wanted, output_gradients=list(upstream)))
        return [next(found) if its == side else None for its in sides]

    def _differentiable(self, inputs: Inputs) -> list[tf.Tensor]:
        floats = [each for each in inputs.tensors if each.dtype.is_floating]
        return [*floats, *(inputs.penalties or [])]

    def _sides(self, inputs: Inputs) -> list[t.Side]:
        """Of each that is differentiable; the model's own losses go with its predictions."""
        pairs = zip(self.computation.places, inputs.tensors, strict=True)
        penalties: list[t.Side] = ["y_pred"] * len(inputs.penalties or [])
        return [place[0] for place, each in pairs if each.dtype.is_floating] + penalties


def _numbers(outputs: Outputs) -> list[tf.Tensor]:
    """What has a gradient: the total and the rows, in the order in which outputs are flattened."""
    found: list[tf.Tensor] = tf.nest.flatten((outputs.total, outputs.breakdown))
    return found


def _is_zero(upstream: tf.Tensor | None) -> bool:
    """Whether nobody asks for the gradient of an output: what comes from above is a constant 0."""
    if upstream is None or (not tf.executing_eagerly() and upstream.op.type == "ZerosLike"):
        return True
    value = tf.get_static_value(upstream)
    return value is not None and not value.any()


def stopped(inputs: Inputs) -> Inputs:
    """The same tensors, which no tape follows."""
    found: Inputs = tf.nest.map_structure(
        lambda each: None if each is None else tf.stop_gradient(each), inputs
    )
    return found
