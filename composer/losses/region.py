"""Losses of a region: one value for a sample, a class or the batch, from all it keeps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from composer.language.signature import Signature
from composer.losses.base import Couples, Fraction, Loss, NonNegative
from composer.losses.numerics import one_hot_like, safe_sqrt
from composer.losses.residuals import remembered
from composer.losses.sums import sum_over

if TYPE_CHECKING:
    import tensorflow as tf


class MeanPairwiseSquaredError(Loss):
    """How the differences between the elements of a sample are met; a common offset costs nothing.

        values = Σ_{i<j} (d_i − d_j)² / (n·(n − 1)/2) = 2·Σ (d_i − mean d)² / (n − 1),
        d = y_pred − y_true over the n elements kept of a sample

    `reduction: sum` gives the number of `tf.losses`, which adds up the samples.

    Attributes:
        unbiased: divides by n − 1; `false` divides by n, as `tf.contrib.losses` did.

    Units: those of `y_true`, squared.

    Domain: all numbers. A sample with one element kept, or none, has the value 0.

    Reference: Eigen, Puhrsch and Fergus, "Depth Map Prediction from a Single Image using a
    Multi-Scale Deep Network", 2014.
    """

    type: Literal["mean_pairwise_squared_error"] = "mean_pairwise_squared_error"
    unbiased: bool = True
    signature: ClassVar[Signature] = Signature(
        "y_true=number[batch, ...], y_pred=float[batch, ...], keep=bool[batch, ...] -> float[batch]"
    )
    couples: ClassVar[Couples] = "sample"

    def values(self, y_true: tf.Tensor, y_pred: tf.Tensor, keep: tf.Tensor) -> tf.Tensor:  # type: ignore[override]  # roles by name
        import tensorflow as tf

        number, _, squares = _moments(y_pred - y_true, keep)
        pairs = number - 1 if self.unbiased else number
        return 2 * squares / tf.maximum(pairs, 1)


class SILog(Loss):
    """The error of the logarithm, with the scale of the whole sample counted only in part.

        values = mean d² − lambda·(mean d)²,   d = log y_pred − log y_true over the elements kept

    AdaBins has `lambda: 0.85`, `root: true` and `weight: 10`.

    Attributes:
        lambda_: how much of a common factor is forgiven: nothing at 0, where it is the plain error
            of the logarithm; all of it at 1.
        root: gives the square root.

    Units: none.

    Domain: both tensors are positive; an element that is 0 or below, and that no mask removes,
    makes its sample NaN. A sample with no element kept has the value 0, and so has a perfect
    prediction, both with gradient 0.

    Reference: Eigen, Puhrsch and Fergus, "Depth Map Prediction from a Single Image using a
    Multi-Scale Deep Network", 2014; the root: Bhat et al., "AdaBins", 2021.
    """

    type: Literal["silog"] = "silog"
    lambda_: Fraction = Field(0.5, alias="lambda")
    root: bool = False
    signature: ClassVar[Signature] = Signature(
        "y_true=number[batch, ...] in positive, y_pred=float[batch, ...] in positive,"
        " keep=bool[batch, ...] -> float[batch]"
    )
    safe: ClassVar[Mapping[str, float]] = {"y_true": 1.0, "y_pred": 1.0}
    couples: ClassVar[Couples] = "sample"

    def values(self, y_true: tf.Tensor, y_pred: tf.Tensor, keep: tf.Tensor) -> tf.Tensor:  # type: ignore[override]  # roles by name
        import tensorflow as tf

        number, mean, squares = _moments(tf.math.log(y_pred) - tf.math.log(y_true), keep)
        # mean d² is the variance plus (mean d)²: as a sum of squares it is never below 0.
        error = squares / tf.maximum(number, 1) + (1 - self.lambda_) * tf.square(mean)
        return safe_sqrt(error) if self.root else error


class Dice(Loss):
    """How badly the predicted and the true region of a class overlap.

        values = 1 − (2·Σ p·g + smooth) / (Σ p² + Σ g² + smooth),   p = y_pred, g = y_true

    The sums run over the pixels kept. With logits at hand, write `y_pred: softmax(y_pred)`.

    Attributes:
        per: sums over an `image`, or over the whole `batch`.
        smooth: pulls the values of small regions towards 0, and lets a class that is absent still
            push its p down; in pixels.
        sparse: takes class numbers as targets.

    Units: none; the values are from 0 to 1, as p and g are.

    Domain: probabilities and targets from 0 to 1. With `smooth: 0` a region that is empty in both
    has the value 0 and gradient 0.

    Reference: Milletari, Navab and Ahmadi, "V-Net: Fully Convolutional Neural Networks for
    Volumetric Medical Image Segmentation", 2016.
    """

    type: Literal["dice"] = "dice"
    per: Literal["image", "batch"] = "image"
    smooth: NonNegative = 1.0
    sparse: bool = False
    signature: ClassVar[Signature] = Signature(
        "y_true=number[batch, ..., classes] in probabilities,"
        " y_pred=float[batch, ..., classes] in probabilities, keep=bool[batch, ...]"
        " -> float[batch, classes]"
    )
    couples: ClassVar[Couples] = "sample"

    @property
    def coupling(self) -> Couples:
        return "batch" if self.per == "batch" else "sample"

    def bound_signature(self) -> Signature:
        dense = "number[batch, ..., classes] in probabilities"
        y_true = "int[batch, ...] in labels(classes)" if self.sparse else dense
        return Signature(
            f"y_true={y_true}, y_pred=float[batch, ..., classes] in probabilities,"
            f" keep=bool[batch, ...] -> float[{'' if self.per == 'batch' else 'batch, '}classes]"
        )

    def values(self, y_true: tf.Tensor, y_pred: tf.Tensor, keep: tf.Tensor) -> tf.Tensor:  # type: ignore[override]  # roles by name
        import tensorflow as tf

        if self.sparse:
            y_true = one_hot_like(y_true, y_pred)
        axes = list(range(0 if self.per == "batch" else 1, y_pred.shape.rank - 1))
        kept = tf.expand_dims(keep, -1)
        sizes = _kept_sum(tf.square(y_pred) + tf.square(y_true), kept, axes) + self.smooth
        # 1 − (2·Σ p·g + s) / (Σ p² + Σ g² + s), brought over one denominator: never below 0.
        apart = _kept_sum(tf.square(y_pred - y_true), kept, axes)
        return apart / tf.where(sizes > 0, sizes, 1)


def _kept_sum(x: tf.Tensor, keep: tf.Tensor, axes: list[int]) -> tf.Tensor:
    """The sum over axes of what is kept."""
    import tensorflow as tf

    return sum_over(tf.where(keep, x, 0), axes)


def _moments(d: tf.Tensor, keep: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Of each sample: how many elements are kept, their mean, and Σ (d − mean)² over them.

    With the mean taken off first, large offsets cost no digits.
    """
    import tensorflow as tf

    axes = list(range(1, d.shape.rank))
    # Counted in integers: float32 stops at 2²⁴.
    number = remembered(lambda: tf.cast(tf.math.count_nonzero(keep, axes), d.dtype))
    mean = _kept_sum(d, keep, axes) / tf.maximum(number, 1)
    centred = d - tf.reshape(mean, [-1] + [1] * len(axes))
    return number, mean, _kept_sum(tf.square(centred), keep, axes)
