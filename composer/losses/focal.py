"""Focal losses: cross entropies that make less of what is already right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import AfterValidator, ValidationInfo, WithJsonSchema

from composer.language.signature import Signature
from composer.losses.base import Loss, NonNegative, PerClass
from composer.losses.entropies import softmax_focal, sparse_softmax_entropy
from composer.losses.numerics import as_indices, focus, match_classes, wrong_length
from composer.losses.sigmoid import sigmoid_focal

if TYPE_CHECKING:
    import tensorflow as tf


class SoftmaxFocal(Loss):
    """The softmax cross entropy with every class scaled down the more its probability is 1.

        values = Σ_c −alpha_c·y_true_c·(1 − p_c)^gamma·log p_c,   p = softmax(y_pred)

    Attributes:
        gamma: how much less is made of what is right; 0 is the cross entropy.
        alpha: what a class counts; a list has one for each class. Without it, 1.

    Units: nats.

    Domain: `y_true` is one-hot or a distribution over the last axis.

    Reference: Lin et al., "Focal Loss for Dense Object Detection", 2017.
    """

    type: Literal["softmax_focal"] = "softmax_focal"
    gamma: NonNegative = 2.0
    alpha: PerClass | None = None
    signature: ClassVar[Signature] = Signature(
        "y_true=number[batch, ..., classes] in distribution,"
        " y_pred=float[batch, ..., classes] in logits"
        " -> float[batch, ...]"
    )

    def mismatches(self, dims: Mapping[str, int | str | None]) -> Iterator[tuple[str, str]]:
        yield from wrong_length("alpha", self.alpha, dims.get("classes"))

    def values(self, y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:  # type: ignore[override]  # roles by name
        import tensorflow as tf

        y_pred = match_classes(y_pred, self.alpha)
        if self.alpha is not None:
            y_true = tf.constant(self.alpha, y_pred.dtype) * y_true
        return softmax_focal(y_true, y_pred, self.gamma)


class SparseSoftmaxFocal(Loss):
    """The sparse softmax cross entropy, scaled down the more the label's probability is 1.

        values = −alpha_y·(1 − p_y)^gamma·log p_y,   p = softmax(y_pred), y = y_true

    Attributes:
        gamma: how much less is made of what is right; 0 is the cross entropy.
        alpha: what a class counts; a list has one for each class. Without it, 1.

    Units: nats.

    Domain: a label outside the classes that no mask removes gives NaN.

    Reference: Lin et al., "Focal Loss for Dense Object Detection", 2017.
    """

    type: Literal["sparse_softmax_focal"] = "sparse_softmax_focal"
    gamma: NonNegative = 2.0
    alpha: PerClass | None = None
    signature: ClassVar[Signature] = Signature(
        "y_true=int[batch, ...] in labels(classes), y_pred=float[batch, ..., classes] in logits"
        " -> float[batch, ...]"
    )

    def mismatches(self, dims: Mapping[str, int | str | None]) -> Iterator[tuple[str, str]]:
        yield from wrong_length("alpha", self.alpha, dims.get("classes"))

    def values(self, y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:  # type: ignore[override]  # roles by name
        import tensorflow as tf

        y_pred = match_classes(y_pred, self.alpha)
        labels = as_indices(y_true)
        entropy = sparse_softmax_entropy(labels, y_pred)
        values = entropy * focus(1 - tf.exp(-entropy), self.gamma)  # exp(-entropy) is p_y
        if self.alpha is None:
            return values
        alpha = tf.constant(self.alpha, y_pred.dtype)
        return values * (tf.gather(alpha, labels) if isinstance(self.alpha, tuple) else alpha)


def _fractions(value: float | tuple[float, ...], info: ValidationInfo) -> float | tuple[float, ...]:
    from composer.fields import fault

    for place, number in enumerate(value if isinstance(value, tuple) else (value,)):
        if number > 1:
            message = f"`{info.field_name}` is at most 1, found `{number:g}`"
            at = {"at": place} if isinstance(value, tuple) else {}
            raise fault("invalid-value", message, **at)
    return value


_SHARE = {"type": "number", "minimum": 0, "maximum": 1}
_SHARES = {**_SHARE, "type": ["number", "array"], "minItems": 1, "items": _SHARE}


class SigmoidFocal(Loss):
    """The sigmoid cross entropy, scaled down the more an element is already right.

        values = −alpha_t·(1 − p_t)^gamma·log p_t for labels of 0 and 1,   p = σ(y_pred),
        p_t = y_true·p + (1 − y_true)·(1 − p),  alpha_t = alpha·y_true + (1 − alpha)·(1 − y_true)

    For labels between 0 and 1 the cross entropy of both takes the place of −log p_t.

    Attributes:
        gamma: how much less is made of what is right; 0 is the cross entropy.
        alpha: what a positive label counts; a negative one counts 1 − alpha. A list has one for
            each class, which is the last axis. Without it, both count 1.

    Units: nats.

    Domain: labels are 0 and 1, or between them.

    Reference: Lin et al., "Focal Loss for Dense Object Detection", 2017.
    """

    type: Literal["sigmoid_focal"] = "sigmoid_focal"
    gamma: NonNegative = 2.0
    alpha: Annotated[PerClass, AfterValidator(_fractions), WithJsonSchema(_SHARES)] | None = None
    signature: ClassVar[Signature] = Signature(
        "y_true=number[...] in zero_one, y_pred=float[...] in logits -> float[...]"
    )

    def bound_signature(self) -> Signature:
        if not isinstance(self.alpha, tuple):
            return self.signature
        return Signature(self.signature.text.replace("[...]", "[batch, ..., classes]"))

    def mismatches(self, dims: Mapping[str, int | str | None]) -> Iterator[tuple[str, str]]:
        yield from wrong_length("alpha", self.alpha, dims.get("classes"))

    def values(self, y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:  # type: ignore[override]  # roles by name
        import tensorflow as tf

        y_pred = match_classes(y_pred, self.alpha)
        values = sigmoid_focal(y_true, y_pred, self.gamma)
        if self.alpha is None:
            return values
        alpha = tf.constant(self.alpha, y_pred.dtype)
        return values * (alpha * y_true + (1 - alpha) * (1 - y_true))
