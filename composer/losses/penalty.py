"""Losses of a prediction alone: a penalty on its size, and what the model has computed itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from composer.language.signature import Signature
from composer.losses.base import Loss

if TYPE_CHECKING:
    import tensorflow as tf

_PREDICTION = Signature("y_pred=float[...] -> float[...]")


class L2(Loss):
    """Half the square of a prediction, such as an activation or a code that is to stay small.

        values = y_pred² / 2

    With `reduction: sum` it is `tf.nn.l2_loss`. It has no `y_true`.

    Units: those of `y_pred`, squared.

    Domain: all numbers.

    Reference: Hoerl and Kennard, "Ridge Regression: Biased Estimation for Nonorthogonal Problems",
    1970.
    """

    type: Literal["l2"] = "l2"
    signature: ClassVar[Signature] = _PREDICTION

    def values(self, y_pred: tf.Tensor) -> tf.Tensor:  # type: ignore[override]  # roles by name
        import tensorflow as tf

        return tf.square(y_pred) / 2


class Precomputed(Loss):
    """A loss that the model has computed itself; here it gets its mask, weight and reduction.

        values = y_pred

    It has no `y_true`.

    Units: its own.

    Domain: all numbers.

    Reference: Silberman and Guadarrama, "TF-Slim", 2016: `add_loss`.
    """

    type: Literal["precomputed"] = "precomputed"
    signature: ClassVar[Signature] = _PREDICTION

    def values(self, y_pred: tf.Tensor) -> tf.Tensor:  # type: ignore[override]  # roles by name
        return y_pred
