"""Losses of classes: from logits, but for `log_loss`, which takes probabilities."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from composer.language.signature import Signature
from composer.losses.base import Fraction, Loss, PerClass
from composer.losses.entropies import softmax_entropy, sparse_softmax_entropy
from composer.losses.numerics import as_indices, match_classes, wrong_length
from composer.losses.sigmoid import sigmoid_entropy

if TYPE_CHECKING:
    import tensorflow as tf

_SIGNED = Signature("y_true=number[...] in signed, y_pred=float[...] in logits -> float[...]")
_PER_CLASS = Signature(
    "y_true=number[batch, ..., classes] in zero_one, y_pred=float[batch, ..., classes] in logits"
    " -> float[batch, ..., classes]"
)


class Hinge(Loss):
    """0 where the logit is on the right side by at least 1, linear below.

        values = max(0, 1 − s·y_pred),   s = 2·y_true − 1 (`labels: zero_one`) or y_true (`signed`)

    Attributes:
        labels: what the labels are: 0 and 1, or with `signed` −1 and 1.

    Units: that of a logit.

    Domain: labels of the one kind read as the other are wrong without a sign of it: −1 as one of
    `zero_one` becomes −3. The gradient is 0 where the margin is exactly 1.

    Reference: Cortes and Vapnik, "Support-Vector Networks", 1995; as `tf.losses.hinge_loss`.
    """

    type: Literal["hinge"] = "hinge"
    labels: Literal["zero_one", "signed"] = "zero_one"
    signature: ClassVar[Signature] = Signature(
        "y_true=number[...] in zero_one, y_pred=float[...] in logits -> float[...]"
    )

    def bound_signature(self) -> Signature:
        return _SIGNED if self.labels == "signed" else self.signature

    def values(self, y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:  # type: ignore[override]  # roles by name
        import tensorflow as tf

        side = y_true if self.labels == "signed" else 2 * y_true - 1
        return tf.nn.relu(1 - side * y_pred)


class LogLoss(Loss):
    """The negative log-likelihood of a probability, element by element.

        values = −y_true·log(y_pred + epsilon) − (1 − y_true)·log(1 − y_pred + epsilon)

    Where logits are at hand, `sigmoid_cross_entropy` loses no digits.

    Attributes:
        epsilon: keeps 0 and 1 finite, and makes the best value −log(1 + epsilon), a little below 0.

    Units: nats.

    Domain: a probability that is further than `epsilon` outside [0, 1] gives NaN.

    Reference: Good, "Rational Decisions", 1952; as `tf.losses.log_loss`.
    """

    type: Literal["log_loss"] = "log_loss"
    epsilon: Annotated[float, Field(ge=1e-18, le=1)] = 1e-7
    signature: ClassVar[Signature] = Signature(
        "y_true=number[...] in zero_one, y_pred=float[...] in probabilities -> float[...]"
    )
    safe: ClassVar[Mapping[str, float]] = {"y_pred": 0.5}

    def values(self, y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:  # type: ignore[override]  # roles by name
        import tensorflow as tf

        # 1 - y_pred first: float32 has no 1 + 1e-7.
        present = tf.math.log(y_pred + self.epsilon)
        absent = tf.math.log((1 - y_pred) + self.epsilon)
        return -y_true * present - (1 - y_true) * absent


class SigmoidCrossEntropy(Loss):
    """The cross entropy of independent yes-or-no classes, from logits.

        values = −z·log σ(y_pred) − (1 − z)·log(1 − σ(y_pred)),
        z = y_true·(1 − label_smoothing) + 0.5·label_smoothing

    Attributes:
        label_smoothing: how far the labels are drawn towards 0.5.

    Units: nats.

    Domain: labels are 0 and 1, or between them. An infinite logit on the label's side costs
    nothing, on the other infinitely much.

    Reference: Cox, "The Regression Analysis of Binary Sequences", 1958; as
    `tf.losses.sigmoid_cross_entropy`.
    """

    type: Literal["sigmoid_cross_entropy"] = "sigmoid_cross_entropy"
    label_smoothing: Fraction = 0.0
    signature: ClassVar[Signature] = Signature(
        "y_true=number[...] in zero_one, y_pred=float[...] in logits -> float[...]"
    )

    def values(self, y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:  # type: ignore[override]  # roles by name
        smoothed = y_true * (1 - self.label_smoothing) + 0.5 * self.label_smoothing
        return sigmoid_entropy(smoothed, y_pred)


class WeightedCrossEntropy(Loss):
    """The sigmoid cross entropy with the positive labels made more or less of.

        values = −pos_weight·y_true·log σ(y_pred) − (1 − y_true)·log(1 − σ(y_pred))

    Attributes:
        pos_weight: what a positive label counts: above 1 it favours recall, below 1 precision. A
            list has one for each class, which is the last axis.

    Units: nats.

    Domain: labels are 0 and 1, or between them.

    Reference: King and Zeng, "Logistic Regression in Rare Events Data", 2001; as
    `tf.nn.weighted_cross_entropy_with_logits`, whose gradient at a logit of exactly 0 is wrong.
    """

    type: Literal["weighted_cross_entropy"] = "weighted_cross_entropy"
    pos_weight: PerClass
    signature: ClassVar[Signature] = Signature(
        "y_true=number[...] in zero_one, y_pred=float[...] in logits -> float[...]"
    )

    def bound_signature(self) -> Signature:
        return _PER_CLASS if isinstance(self.pos_weight, tuple) else self.signature

    def mismatches(self, dims: Mapping[str, int | str | None]) -> Iterator[tuple[str, str]]:
        yield from wrong_length("pos_weight", self.pos_weight, dims.get("classes"))

    def values(self, y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:  # type: ignore[override]  # roles by name
        return sigmoid_entropy(y_true, match_classes(y_pred, self.pos_weight), self.pos_weight)


class SoftmaxCrossEntropy(Loss):
    """The cross entropy of classes that exclude each other, from logits and their distribution.

        values = −Σ_c z_c·log softmax(y_pred)_c,
        z = y_true·(1 − label_smoothing) + label_smoothing / classes

    Attributes:
        label_smoothing: how far the labels are drawn towards equal shares of all classes.

    Units: nats.

    Domain: `y_true` is one-hot or a distribution over the last axis. A row that does not sum to 1
    is taken as it is, in the value and in the gradient: all zeros have the value 0 and gradient 0.
    A logit of −inf rules a class out, which costs nothing where z is 0.

    Reference: Bridle, "Probabilistic Interpretation of Feedforward Classification Network Outputs",
    1990; label smoothing: Szegedy et al., "Rethinking the Inception Architecture", 2016.
    """

    type: Literal["softmax_cross_entropy"] = "softmax_cross_entropy"
    label_smoothing: Fraction = 0.0
    signature: ClassVar[Signature] = Signature(
        "y_true=number[batch, ..., classes] in distribution,"
        " y_pred=float[batch, ..., classes] in logits"
        " -> float[batch, ...]"
    )

    def values(self, y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:  # type: ignore[override]  # roles by name
        import tensorflow as tf

        if self.label_smoothing:
            classes = tf.cast(tf.shape(y_pred)[-1], y_pred.dtype)
            y_true = y_true * (1 - self.label_smoothing) + self.label_smoothing / classes
        return softmax_entropy(y_true, y_pred)


class SparseSoftmaxCrossEntropy(Loss):
    """The cross entropy of classes that exclude each other, from logits and class numbers.

        values = −(1 − label_smoothing)·log p_y − label_smoothing·mean_c log p_c,
        p = softmax(y_pred), y = y_true

    Attributes:
        label_smoothing: how far the labels are drawn towards equal shares of all classes.

    Units: nats.

    Domain: a label outside the classes that no mask removes gives NaN. A logit of −inf rules a
    class out; without smoothing it costs nothing, unless it is the label's.

    Reference: Bridle, "Probabilistic Interpretation of Feedforward Classification Network Outputs",
    1990; label smoothing: Szegedy et al., "Rethinking the Inception Architecture", 2016.
    """

    type: Literal["sparse_softmax_cross_entropy"] = "sparse_softmax_cross_entropy"
    label_smoothing: Fraction = 0.0
    signature: ClassVar[Signature] = Signature(
        "y_true=int[batch, ...] in labels(classes), y_pred=float[batch, ..., classes] in logits"
        " -> float[batch, ...]"
    )

    def values(self, y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:  # type: ignore[override]  # roles by name
        return sparse_softmax_entropy(as_indices(y_true), y_pred, self.label_smoothing)
