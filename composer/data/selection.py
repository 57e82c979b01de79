"""What counts of one term on the arrays of one batch, without computing its loss."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np

from composer.data.evaluate import Evaluator
from composer.data.operands import Array, Value, expand_right
from composer.fitting import TermTypes
from composer.language import tree as t
from composer.language.axis_labels import Label, labels, route
from composer.language.dtypes import widest_float
from composer.language.signature import Axis

Arrays = Mapping[tuple[str, tuple[str, ...]], Array]


@dataclass(frozen=True)
class Selection:
    """What counts of one term on one batch, as `composer.engine.weighting` has it.

    Attributes:
        shape: sizes of the values.
        mask: K, boolean in the shape of the values, or None where nothing is masked.
        weight: W in the shape of the values, exactly 0 where masked, or None for 1.
        keep: for a region loss, the elements that take part; None where all do or for other losses.
    """

    shape: tuple[int, ...]
    mask: Array | None
    weight: Array | None
    keep: Array | None

    @property
    def present(self) -> Array | None:
        """Where K·W is not 0, or None where that is everywhere. A NaN weight is not 0."""
        if self.weight is None:
            return self.mask
        # TensorFlow takes for 0 what is nearer to it than the smallest normal number.
        is_zero = np.abs(self.weight) < np.finfo(self.weight.dtype).tiny
        return np.asarray(~is_zero)


class TermOnArrays:
    """A term's roles, mask and weights; everything is computed when first asked for, once.

    Args:
        types: the term and what is known of it, with the sizes of these arrays.
        arrays: the batch, by side and path; what counts may be told from its targets alone.
        constants: the constants of the spec, as `constant_arrays` gives them.
        step: the training step.
    """

    def __init__(
        self, types: TermTypes, arrays: Arrays, constants: Mapping[str, Value], step: int = 0
    ) -> None:
        self.term = types.term
        self.types = types
        self.arrays = arrays
        self.signature = types.term.loss.bound_signature()
        self.ranks = {name: value.array.ndim for name, value in constants.items()}
        self.evaluator = Evaluator(
            lambda side, path: arrays[side, path], constants, step, width=self.dtype
        )

    @property
    def dtype(self) -> str:
        """The dtype that the loss computes in: the widest float among the predictions."""
        predictions = [
            name
            for name, role in self.signature.roles.items()
            if role.dtype == "float" and name != "y_true"
        ]
        if not all(self._reads(self.term.roles[name].tree) for name in predictions):
            return "float64"
        return widest_float(*(self.types.roles[name].dtype or "float32" for name in predictions))

    @property
    def is_here(self) -> bool:
        """Whether the arrays at hand tell what counts."""
        parts = (*self.term.masks, *self.term.weights)
        region = [self._keep_axes] if self.signature.is_region and self.term.masks else []
        shapes = [self.types.binding.shape(axes) for axes in (self.signature.values, *region)]
        return all(self._reads(part.tree) for part in parts) and all(
            shape.tail is None and all(isinstance(size, int) for size in shape.head)
            for shape in shapes
        )

    def _reads(self, tree: t.Tree) -> bool:
        """Whether all tensors of an expression are at hand."""
        tensors = (node for node in t.walk(tree) if isinstance(node, t.Tensor))
        return all((node.side, node.path) in self.arrays for node in tensors)

    @functools.cached_property
    def roles(self) -> dict[str, Array]:
        """The tensors that the loss reads, by role, in dtypes of their own; those at hand."""
        return {
            name: self.evaluator(part.tree).array
            for name, part in self.term.roles.items()
            if self._reads(part.tree)
        }

    @functools.cached_property
    def selection(self) -> Selection:
        """The mask and the tensor weights, brought to the shape of the values."""
        shape = self._shape(self.signature.values)
        mask, weight, keep = self._mask(), self._tensor_weight(), None
        if mask is not None and self.signature.is_region:
            keep = _broadcast(mask, self._shape(self._keep_axes))
            mask = self._project(keep, self._keep_axes, self.signature.values)
        if mask is not None:
            mask = _broadcast(mask, shape)
        if weight is not None:
            weight = _broadcast(weight, shape)
            if mask is not None:
                # 0 · NaN is not 0: a weight under the mask is selected away, not multiplied.
                weight = np.where(mask, weight, np.zeros_like(weight))
        return Selection(shape, mask, weight, keep)

    def chosen(self, name: str) -> Array | None:
        """Which elements of a role count, in the role's own shape; None for all."""
        target, selection = self.signature.roles[name].axes, self.selection
        parts = []
        if selection.present is not None:
            parts.append(self._project(selection.present, self.signature.values, target))
        if selection.keep is not None:
            parts.append(self._project(selection.keep, self._keep_axes, target))
        if not parts:
            return None
        return np.broadcast_to(functools.reduce(np.logical_and, parts), self.roles[name].shape)

    def counted(self) -> Array:
        """Which elements count: of the values, or of a masked region."""
        selection = self.selection
        if selection.present is None:
            return np.broadcast_to(True, selection.shape)
        if selection.keep is None:
            return selection.present
        present = self._project(selection.present, self.signature.values, self._keep_axes)
        return np.asarray(selection.keep & present)

    def empty_samples(self) -> Array | None:
        """By sample, whether nothing of it counts; None where no axis of `counted` is the batch."""
        axes = self.signature.values if self.selection.keep is None else self._keep_axes
        if self._labels(axes)[:1] not in (["batch"], [("...", 0)]):
            return None
        counted = self.counted()
        return np.asarray(~counted.any(axis=tuple(range(1, counted.ndim))))

    def _mask(self) -> Array | None:
        masks = [self.evaluator(part.tree).array for part in self.term.masks]
        rank = max((mask.ndim for mask in masks), default=0)
        aligned = [expand_right(mask, rank) for mask in masks]
        return functools.reduce(np.logical_and, aligned) if aligned else None

    def _tensor_weight(self) -> Array | None:
        """W, in the dtype of the loss: the tensor weights as they meet the values."""
        rests = [part.split(self.ranks)[1] for part in self.term.weights]
        with np.errstate(all="ignore"):
            weights = [self._on_values(rest) for rest in rests if rest is not None]
            return functools.reduce(np.multiply, weights) if weights else None

    def _on_values(self, weight: t.Tree) -> Array:
        """A weight with as many axes as the values: a vector of `last_axis` at their right."""
        rank = len(self._shape(self.signature.values))
        found = self.evaluator(weight)
        array = found.array.astype(self.dtype)
        if found.place == "last":
            return array.reshape([1] * (rank - 1) + [-1])
        return expand_right(array, rank)

    @property
    def _keep_axes(self) -> tuple[Axis, ...]:
        return self.signature.roles["keep"].axes

    def _shape(self, axes: tuple[Axis, ...]) -> tuple[int, ...]:
        return cast(tuple[int, ...], self.types.binding.shape(axes).head)

    def _labels(self, axes: Sequence[Axis]) -> list[Label]:
        return labels(axes, len(self.types.binding.middle or ()))

    def _project(self, mask: Array, source: Sequence[Axis], target: Sequence[Axis]) -> Array:
        """A boolean over `source` as one that broadcasts over `target`."""
        way = route(self._labels(source), self._labels(target))
        return np.expand_dims(np.transpose(mask.any(axis=way.gone), way.order), way.new)


def _broadcast(array: Array, shape: tuple[int, ...]) -> Array:
    return np.broadcast_to(expand_right(array, len(shape)), shape)
