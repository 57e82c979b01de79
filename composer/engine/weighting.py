"""The one formula: masks and weights to what counts, values to a loss.

loss = Σ K·W·v / D,   v the values of a loss, W its tensor weights, K its mask, D its divisor
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import tensorflow as tf

from composer.engine.axes import Axes, hold_shape
from composer.engine.evaluate import expand_right
from composer.engine.gates import gate
from composer.engine.samples import OfOne, Samples
from composer.losses.base import Loss, Reduction
from composer.losses.sums import sum_over


@dataclass(frozen=True)
class Selection:
    """What counts of one loss on one batch.

    Attributes:
        shape: sizes of the values, an int32 vector.
        mask: K, boolean in the shape of the values, or None where nothing is masked.
        weight: W in the shape of the values, exactly 0 where masked, or None for 1.
        keep: for a region loss, the elements that take part; None where all do or for other losses.
    """

    shape: tf.Tensor
    mask: tf.Tensor | None
    weight: tf.Tensor | None
    keep: tf.Tensor | None

    @property
    def present(self) -> tf.Tensor | None:
        """Where K·W is not 0, or None where that is everywhere. A NaN weight is not 0."""
        if self.weight is not None:
            return tf.not_equal(self.weight, 0)
        return self.mask


def select(
    loss: Loss,
    axes: Axes,
    mask: tf.Tensor | None,
    weight: tf.Tensor | None,
) -> Selection:
    """Brings a mask and a weight, aligned at the left, to the shape of the values.

    What does not fit raises in every mode.
    """
    signature = loss.bound_signature()
    shape = axes.shape(signature.values)
    keep = None
    if mask is not None and signature.is_region:
        role = signature.roles["keep"].axes
        keep = _broadcast(mask, axes.shape(role))
        mask = axes.project(keep, role, signature.values)
    if mask is not None:
        mask = _broadcast(mask, shape)
    if weight is not None:
        weight = tf.stop_gradient(_broadcast(weight, shape))
        if mask is not None:
            # 0 · NaN is not 0: a weight under the mask is selected away, not multiplied.
            weight = tf.where(mask, weight, tf.zeros_like(weight))
    return Selection(shape, mask, weight, keep)


def _broadcast(tensor: tf.Tensor, shape: tf.Tensor) -> tf.Tensor:
    if tensor.shape.rank:
        tensor = expand_right(tensor, shape.shape[0])
    if None in tensor.shape or tf.get_static_value(shape) is None:
        # Under XLA, `broadcast_to` alone would repeat an axis of 2 to fill one of 4.
        together = tf.broadcast_dynamic_shape(tf.shape(tensor), shape)
        tensor = tf.broadcast_to(tensor, together)
    return tf.broadcast_to(tensor, shape)


def denominator(
    selection: Selection, reduction: Reduction, dtype: str, samples: Samples | None = None
) -> tf.Tensor:
    """D on this batch: a number that may be added over replicas and micro-batches.

    Args:
        selection: what counts.
        reduction: what the sum is divided by.
        dtype: that of the loss.
        samples: whose samples they are; by default those of one term.
    """
    samples = OfOne() if samples is None else samples
    if reduction == "sum":
        return tf.ones([], dtype)
    if reduction == "weighted_mean" and selection.weight is not None:
        return samples.sums(tf.cast(selection.weight, dtype))
    counted = selection.mask if reduction == "sum_over_batch_size" else selection.present
    if counted is None:
        return tf.cast(samples.sizes(selection.shape), dtype)
    # Counted in integers: a float32 sum of ones stops at 2^24.
    return tf.cast(samples.sums(tf.cast(counted, tf.int64)), dtype)


def measure(
    loss: Loss,
    axes: Axes,
    selection: Selection,
    state: Mapping[str, tf.Tensor],
    dtype: str,
) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
    """The values of a loss, exactly 0 where they do not count, and the roles they come from.

    Selecting is double: what goes in at dropped places is made harmless, forwards or at least
    backwards, and what comes out there is 0. Labels out of range make NaN, in every mode.
    """
    signature = loss.bound_signature()
    roles: dict[str, tf.Tensor] = {}
    bad: tf.Tensor | None = None
    for name in signature.inputs:
        role, tensor = signature.roles[name], axes.tensors[name]
        chosen = chosen_elements(axes, selection, name)
        if role.domain == "labels":
            tensor, wrong = _labels(tensor, axes.shape([role.limit])[0], chosen)
            wrong = axes.project(wrong, role.axes, signature.values)
            bad = wrong if bad is None else tf.logical_or(bad, wrong)
        elif role.dtype in ("float", "number"):
            tensor = tf.cast(tensor, dtype)
        if chosen is not None and role.domain != "labels":
            tensor = _selected(loss, name, tensor, chosen)
        roles[name] = tensor
    extra = {"keep": _keep(selection, axes)} if signature.is_region else {}
    values = loss.values(**roles, **extra, **state)
    values = _checked(values, axes, loss, selection.shape, dtype)
    if bad is not None:
        values = tf.where(bad, tf.constant(math.nan, dtype), values)
    present = selection.present
    if present is not None:
        values = tf.where(present, values, tf.zeros_like(values))
    return values, roles


def _selected(loss: Loss, name: str, tensor: tf.Tensor, chosen: tf.Tensor) -> tf.Tensor:
    """A role that at dropped places does no harm to the loss, nor to the gradient.

    Where a value depends on nothing but its own elements, it may be NaN at a dropped place: it is
    selected away, and so is the gradient behind it. That spares a pass over the tensor, and under
    XLA one for each of its uses.
    """
    if tf.executing_eagerly() or not is_built_in(loss) or loss.coupling != "nothing":
        return tf.where(chosen, tensor, tf.cast(loss.safe.get(name, 0), tensor.dtype))
    return gate(tensor, chosen) if tensor.dtype.is_floating else tensor


def is_built_in(loss: Loss) -> bool:
    """Whether it is one of ours, and not of a user's own, of which nothing can be told."""
    return type(loss).__module__.startswith("composer.losses.")


def chosen_elements(axes: Axes, selection: Selection, name: str) -> tf.Tensor | None:
    """Which elements of a role count: a boolean that broadcasts over it, or None for all."""
    signature = axes.signature
    target = signature.roles[name].axes
    parts = []
    if selection.present is not None:
        parts.append(axes.project(selection.present, signature.values, target))
    if selection.keep is not None:
        parts.append(axes.project(selection.keep, signature.roles["keep"].axes, target))
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else tf.logical_and(*parts)


def _keep(selection: Selection, axes: Axes) -> tf.Tensor:
    if selection.keep is not None:
        return selection.keep
    return tf.fill(axes.shape(axes.signature.roles["keep"].axes), True)


def _labels(
    labels: tf.Tensor, limit: tf.Tensor, chosen: tf.Tensor | None
) -> tuple[tf.Tensor, tf.Tensor]:
    """Labels fit for any op, and where a label that counts is out of range."""
    labels = tf.cast(labels, tf.int64)
    inside = (labels >= 0) & (labels < tf.cast(limit, tf.int64))
    wrong = tf.logical_not(inside)
    if chosen is not None:
        wrong = wrong & chosen
        inside = inside & chosen
    return tf.where(inside, labels, tf.zeros_like(labels)), wrong


def _checked(values: tf.Tensor, axes: Axes, loss: Loss, shape: tf.Tensor, dtype: str) -> tf.Tensor:
    """Holds a loss to its own signature, so that nothing broadcasts behind it."""
    expected = axes.binding.shape(axes.signature.values).head
    sizes = [dim if isinstance(dim, int) else None for dim in expected]
    if not values.shape.is_compatible_with(sizes):
        raise ValueError(
            f"the values of `{loss.type}` should have the shape {sizes} by its signature, "
            f"found {values.shape}"
        )
    values = tf.cast(values, dtype)
    if is_built_in(loss) or None not in sizes:
        return tf.ensure_shape(values, sizes)
    return hold_shape(values, shape, sizes)


def contributions(values: tf.Tensor, selection: Selection) -> tf.Tensor:
    """K·W·v, unreduced."""
    if selection.weight is None:
        return values
    return tf.cast(selection.weight, values.dtype) * values


def reduce(values: tf.Tensor, selection: Selection, divisor: tf.Tensor) -> tf.Tensor:
    """Σ K·W·v / D; nothing counted gives 0 with gradient 0."""
    total = sum_over(contributions(values, selection))
    return tf.math.divide_no_nan(total, divisor)
