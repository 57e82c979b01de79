"""Losses of embeddings: distances between vectors, and to the centre of their class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, WithJsonSchema

from composer.fields import Read, fault
from composer.language.signature import Signature
from composer.losses.base import Fraction, Loss, NonNegative
from composer.losses.numerics import as_indices, safe_sqrt, unit
from composer.losses.sums import sum_over

if TYPE_CHECKING:
    import tensorflow as tf

_MOST_AXES = 8
_AXES = {"type": "integer", "enum": [*range(-_MOST_AXES, 0), *range(1, _MOST_AXES + 1)]}


def _axis(axis: int) -> int:
    if axis == 0:
        raise fault(
            "invalid-value",
            "axis 0 is the batch, whose samples no distance is taken across",
            help="write the axis that holds the vectors; -1 is the last",
        )
    if abs(axis) > _MOST_AXES:
        raise fault(
            "invalid-value",
            f"an axis from -{_MOST_AXES} to {_MOST_AXES} is required, found `{axis}`",
        )
    return axis


class CosineDistance(Loss):
    """1 minus the cosine of the angle between prediction and target; the axis stays, with size 1.

        values = 1 − Σ_axis y_pred·y_true

    Attributes:
        axis: where the vectors lie: from the left, the batch being 0, or from the right, the last
            being −1. The batch itself is refused.
        normalize: brings the vectors to length 1 first.

    Units: none; the values are from 0 to 2.

    Domain: vectors of length 1, or else the value is no cosine: [3, 4] against itself gives −24.
    With `normalize: true` a vector of zeros has the value 1 and gradient 0.

    Reference: Salton, Wong and Yang, "A Vector Space Model for Automatic Indexing", 1975; as
    `tf.losses.cosine_distance`.
    """

    type: Literal["cosine_distance"] = "cosine_distance"
    axis: Annotated[int, AfterValidator(_axis), WithJsonSchema(_AXES)] = -1
    normalize: bool = False
    signature: ClassVar[Signature] = Signature(
        "y_true=number[batch, ..., n] in unit, y_pred=float[batch, ..., n] in unit"
        " -> float[batch, ..., 1]"
    )

    def bound_signature(self) -> Signature:
        # The domain `unit` speaks of the last axis.
        domain = " in unit" if self.axis == -1 and not self.normalize else ""
        vectors, kept = _axes(self.axis, "n"), _axes(self.axis, "1")
        return Signature(
            f"y_true=number[{vectors}]{domain}, y_pred=float[{vectors}]{domain} -> float[{kept}]"
        )

    def values(self, y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:  # type: ignore[override]  # roles by name
        import tensorflow as tf

        if self.normalize:
            y_true, y_pred = unit(y_true, self.axis), unit(y_pred, self.axis)
        axis = self.axis % y_pred.shape.rank
        return 1 - tf.expand_dims(sum_over(y_pred * y_true, [axis]), axis)


def _axes(axis: int, size: str) -> str:
    """The axes of a tensor whose axis has this size.

    `batch, axis1, n, ...` counted from the left, `batch, ..., n, behind1` from the right.
    """
    if axis > 0:
        return ", ".join(["batch", *(f"axis{k}" for k in range(1, axis)), size, "..."])
    return ", ".join(["batch", "...", size, *(f"behind{k}" for k in range(1, -axis))])


class Triplet(Loss):
    """How far the negative fails to be further from the anchor than the positive, by a margin.

        values = max(0, d(anchor, positive) − d(anchor, negative) + margin)

    Attributes:
        anchor: the vectors that distances are taken from, such as `y_pred.anchor`.
        positive: vectors that belong to the anchors, row for row.
        negative: vectors that do not.
        margin: by how much the negative is to be further, in the unit of the distance.
        distance: what d is; `cosine` is 1 minus the cosine.

    Units: those of the distance.

    Domain: all numbers. At distance 0 `euclidean` has gradient 0; a vector of zeros has the
    `cosine` distance 1, with gradient 0.

    Reference: Schroff, Kalenichenko and Philbin, "FaceNet: A Unified Embedding for Face Recognition
    and Clustering", 2015.
    """

    type: Literal["triplet"] = "triplet"
    anchor: Read
    positive: Read
    negative: Read
    margin: NonNegative = 1.0
    distance: Literal["squared_euclidean", "euclidean", "cosine"] = "squared_euclidean"
    signature: ClassVar[Signature] = Signature(
        "anchor=float[batch, ..., n], positive=float[batch, ..., n], negative=float[batch, ..., n]"
        " -> float[batch, ...]"
    )

    def values(self, anchor: tf.Tensor, positive: tf.Tensor, negative: tf.Tensor) -> tf.Tensor:  # type: ignore[override]  # roles by name
        import tensorflow as tf

        near, far = self._distance(anchor, positive), self._distance(anchor, negative)
        return tf.nn.relu(near - far + self.margin)

    def _distance(self, a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
        import tensorflow as tf

        if self.distance == "cosine":
            return 1 - sum_over(unit(a, -1) * unit(b, -1), [a.shape.rank - 1])
        square = sum_over(tf.square(a - b), [a.shape.rank - 1])
        return safe_sqrt(square) if self.distance == "euclidean" else square


class Center(Loss):
    """How far embeddings are from the centre of their class, which follows them from step to step.

        values = ‖y_pred − c_y‖² / 2,   y = y_true, c before the step's update
        then, for every class j:  c_j ← c_j − alpha·Σ_{i: y_i = j} (c_j − y_pred_i) / (1 + n_j)

    The centres start at 0 and get no gradient; n_j is the number of rows of class j that take part.

    Attributes:
        num_classes: how many centres there are.
        embedding_size: the length of an embedding, and of a centre.
        alpha: how far the centres move at a step; 0 is not at all.

    Units: those of `y_pred`, squared.

    Domain: a label outside the classes that no mask removes gives NaN.

    Reference: Wen et al., "A Discriminative Feature Learning Approach for Deep Face Recognition",
    2016.
    """

    type: Literal["center"] = "center"
    num_classes: Annotated[int, Field(ge=1, le=2**20)]
    embedding_size: Annotated[int, Field(ge=1, le=65536)]
    alpha: Fraction = 0.5
    signature: ClassVar[Signature] = Signature(
        "y_true=int[batch] in labels(num_classes), y_pred=float[batch, embedding_size]"
        " -> float[batch]"
    )

    def values(self, y_true: tf.Tensor, y_pred: tf.Tensor, centers: tf.Tensor) -> tf.Tensor:  # type: ignore[override]  # roles by name
        import tensorflow as tf

        return tf.reduce_sum(tf.square(_from_center(y_true, y_pred, centers)), -1) / 2

    def state(self) -> Mapping[str, tuple[int, ...]]:
        return {"centers": (self.num_classes, self.embedding_size)}

    def statistics(  # type: ignore[override]  # roles by name
        self, present: tf.Tensor, y_true: tf.Tensor, y_pred: tf.Tensor, centers: tf.Tensor
    ) -> Mapping[str, tf.Tensor]:
        import tensorflow as tf

        labels = as_indices(y_true)
        rows = tf.cast(present, y_pred.dtype)
        apart = tf.stop_gradient(-_from_center(y_true, y_pred, centers))
        apart = tf.where(present[:, tf.newaxis], apart, 0)
        return {
            "counts": tf.math.unsorted_segment_sum(rows, labels, self.num_classes),
            "differences": tf.math.unsorted_segment_sum(apart, labels, self.num_classes),
        }

    def update(
        self, state: Mapping[str, tf.Tensor], statistics: Mapping[str, tf.Tensor]
    ) -> Mapping[str, tf.Tensor]:
        import tensorflow as tf

        divisor = 1 + statistics["counts"][:, tf.newaxis]
        step = self.alpha * statistics["differences"] / divisor
        return {"centers": state["centers"] - tf.cast(step, state["centers"].dtype)}


def _from_center(y_true: tf.Tensor, y_pred: tf.Tensor, centers: tf.Tensor) -> tf.Tensor:
    """Each embedding minus the centre of its class, which gets no gradient."""
    import tensorflow as tf

    own = tf.gather(tf.stop_gradient(centers), as_indices(y_true))
    return y_pred - tf.cast(own, y_pred.dtype)
