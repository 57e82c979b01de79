"""Of several results computed together, the gradient of one lets those of the others alone."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from composer.engine.samples import OfSeveral


class Isolation:
    """Lets no NaN back to what a result depends on of which nobody asks the gradient.

    What comes from above is 0 for such a result, and 0 times the NaN of its slope is NaN. What is
    asked is carried around the computation: from `leave`, as the gradient of zeros that are added
    to nothing, to `enter`, where it meets what came through.

    Args:
        samples: whose samples those of the tensors are.
        dtype: that of the results.
    """

    def __init__(self, samples: OfSeveral, dtype: str) -> None:
        self.samples = samples
        self.dtype = dtype
        self._carriers: list[tf.Tensor] = []

    def enter(self, tensor: tf.Tensor) -> tf.Tensor:
        """The tensor, before anything is computed from it."""
        samples, dtype = self.samples, self.dtype

        @tf.custom_gradient  # type: ignore[untyped-decorator]  # TensorFlow ships no types
        def identity(
            x: tf.Tensor,
        ) -> tuple[tuple[tf.Tensor, tf.Tensor], Callable[[tf.Tensor, tf.Tensor], tf.Tensor]]:
            def gradient(upstream: tf.Tensor, asked: tf.Tensor) -> tf.Tensor:
                # Of a second derivative nothing comes around: it passes where it is finite.
                is_asked = samples.spread(tf.not_equal(asked, 0), upstream.shape.rank)
                passes = tf.logical_or(tf.math.is_finite(upstream), is_asked)
                return tf.where(passes, upstream, tf.zeros_like(upstream))

            return (tf.identity(x), tf.zeros([samples.terms], dtype)), gradient

        tensor, carrier = identity(tensor)
        self._carriers.append(carrier)
        return tensor

    def leave(self, results: tf.Tensor) -> tf.Tensor:
        """The results, one for each term, computed from what has entered."""

        @tf.custom_gradient  # type: ignore[untyped-decorator]  # TensorFlow ships no types
        def identity(
            x: tf.Tensor, *carriers: tf.Tensor
        ) -> tuple[tf.Tensor, Callable[[tf.Tensor], list[tf.Tensor]]]:
            return tf.identity(x), lambda upstream: [upstream] * (1 + len(carriers))

        return identity(results, *self._carriers)
