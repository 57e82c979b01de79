"""Losses of real numbers, element by element."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from composer.language.signature import Signature
from composer.losses.base import Loss, Positive

if TYPE_CHECKING:
    import tensorflow as tf

_ELEMENTS = Signature("y_true=number[...], y_pred=float[...] -> float[...]")


class AbsoluteDifference(Loss):
    """The distance between prediction and target.

        values = |y_pred − y_true|

    Units: those of `y_true`.

    Domain: all numbers. The gradient is 0 where the two are equal.

    Reference: Boscovich, "De litteraria expeditione per pontificiam ditionem", 1757; as
    `tf.losses.absolute_difference`.
    """

    type: Literal["absolute_difference"] = "absolute_difference"
    signature: ClassVar[Signature] = _ELEMENTS

    def values(self, y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:  # type: ignore[override]  # roles by name
        import tensorflow as tf

        return tf.abs(y_pred - y_true)


class MeanSquaredError(Loss):
    """The square of the difference; the mean is the reduction's.

        values = (y_pred − y_true)²

    Units: those of `y_true`, squared.

    Domain: all numbers.

    Reference: Legendre, "Nouvelles méthodes pour la détermination des orbites des comètes", 1805;
    as `tf.losses.mean_squared_error`.
    """

    type: Literal["mean_squared_error"] = "mean_squared_error"
    signature: ClassVar[Signature] = _ELEMENTS

    def values(self, y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:  # type: ignore[override]  # roles by name
        import tensorflow as tf

        return tf.square(y_pred - y_true)


class Huber(Loss):
    """Quadratic within `delta` of the target, linear beyond it.

        values = 0.5·e² where |e| ≤ delta, else delta·(|e| − 0.5·delta),   e = y_pred − y_true

    Attributes:
        delta: the error at which the quadratic part ends, in the unit of `y_true`.

    Units: those of `y_true`, squared.

    Domain: all numbers.

    Reference: Huber, "Robust Estimation of a Location Parameter", 1964.
    """

    type: Literal["huber"] = "huber"
    delta: Positive = 1.0
    signature: ClassVar[Signature] = _ELEMENTS

    def values(self, y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:  # type: ignore[override]  # roles by name
        import tensorflow as tf

        error = tf.abs(y_pred - y_true)
        quadratic = tf.minimum(error, self.delta)
        # error - quadratic is max(error - delta, 0), without a second path for the gradient.
        return 0.5 * tf.square(quadratic) + self.delta * (error - quadratic)
