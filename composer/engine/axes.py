"""Moving masks between the tensors of one loss by the names of their axes, and their sizes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import tensorflow as tf

from composer.language.axis_labels import Label, labels, route
from composer.language.binding import Binding
from composer.language.signature import Axis, Signature


class Axes:
    """The axes of one loss, bound to the tensors of one batch.

    Args:
        signature: the loss's signature.
        binding: its axes as the static types have bound them.
        tensors: the tensors by role; roles may be missing where only sizes are asked for.
    """

    def __init__(
        self, signature: Signature, binding: Binding, tensors: Mapping[str, tf.Tensor]
    ) -> None:
        self.signature = signature
        self.binding = binding
        self.tensors = tensors
        self.middle = len(binding.middle or ())

    def labels(self, axes: Sequence[Axis]) -> list[Label]:
        """A label for every axis; `...` becomes as many as it stands for, sizes have none."""
        return labels(axes, self.middle)

    def project(self, mask: tf.Tensor, source: Sequence[Axis], target: Sequence[Axis]) -> tf.Tensor:
        """A boolean over `source` as one that broadcasts over `target`.

        An axis that the target lacks is reduced by `any`; one that the source lacks gets size 1.
        Axes without a name are nobody else's.
        """
        way = route(self.labels(source), self.labels(target))
        if way.gone:
            mask = tf.reduce_any(mask, axis=way.gone)
        if list(way.order) != sorted(way.order):
            mask = tf.transpose(mask, way.order)
        for place in way.new:
            mask = tf.expand_dims(mask, place)
        return mask

    def shape(self, axes: Sequence[Axis]) -> tf.Tensor:
        """The sizes of axes, as an int32 vector; from static sizes where they are known."""
        return tf.stack([self._size(label) for label in self._resolved(axes)]) if (
            self._resolved(axes)
        ) else tf.zeros([0], tf.int32)  # fmt: skip

    def is_known(self, axes: Sequence[Axis]) -> bool:
        """Whether the sizes can be had from the tensors at hand."""
        if "..." in axes and self.binding.middle is None:
            return False
        return all(self._source(label) is not None for label in self._resolved(axes))

    def _resolved(self, axes: Sequence[Axis]) -> list[int | str | tuple[str, int]]:
        resolved: list[int | str | tuple[str, int]] = []
        for axis in axes:
            if axis == "...":
                resolved += [("...", offset) for offset in range(self.middle)]
            elif axis is not None:
                resolved.append(axis)
        return resolved

    def _size(self, label: int | str | tuple[str, int]) -> tf.Tensor | int:
        source = self._source(label)
        if isinstance(source, int):
            return source
        assert source is not None
        role, axis = source
        return tf.shape(self.tensors[role])[axis]

    def _source(self, label: int | str | tuple[str, int]) -> int | tuple[str, int] | None:
        """A size, or the role and axis that have it."""
        if isinstance(label, int):
            return label
        if isinstance(label, tuple):
            assert self.binding.middle is not None
            static, key = self.binding.middle[label[1]], label[1]
        else:
            static, key = self.binding.dims.get(label), label  # type: ignore[assignment]  # int or str
        if isinstance(static, int):
            return static
        places = self.binding.places.get(key, [])
        return next(((role, axis) for role, axis in places if role in self.tensors), None)

    def tied(self) -> Axes:
        """The same, with every axis of the tensors held to the size that the signature demands.

        What is unknown while tracing is demanded by an op: an assert would vanish under XLA.
        """
        tied = {name: self._ensured(name, tensor) for name, tensor in self.tensors.items()}
        demands: dict[str, list[tf.Tensor]] = {}
        for places in self.binding.places.values():
            present = [(role, axis) for role, axis in places if role in tied]
            sizes = [tied[role].shape[axis] for role, axis in present]
            if len(present) > 1 and None in sizes:
                demand = demand_equal([tf.shape(tied[role])[axis] for role, axis in present])
                demands.setdefault(present[0][0], []).append(demand)
        for role, zeros in demands.items():
            tied[role] = _demanding(tied[role], tf.add_n(zeros))
        return Axes(self.signature, self.binding, tied)

    def _ensured(self, name: str, tensor: tf.Tensor) -> tf.Tensor:
        """The tensor, with the sizes that parameters and other tensors have."""
        sizes = self.binding.shape(self.signature.roles[name].axes).head
        known = [size if isinstance(size, int) else None for size in sizes]
        return tensor if tensor.shape.as_list() == known else tf.ensure_shape(tensor, known)


def _demanding(tensor: tf.Tensor, nothing: tf.Tensor) -> tf.Tensor:
    """The tensor, which is not to be had without the 0: the slice that starts there is all of it.

    It moves no data. A reshape would not do: Grappler drops one of a vector, or before another.
    """
    start = tf.fill([tensor.shape.rank], tf.cast(nothing, tf.int32))
    whole = tf.slice(tensor, start, tf.shape(tensor))
    whole.set_shape(tensor.shape)
    return whole


def hold_shape(tensor: tf.Tensor, shape: tf.Tensor, sizes: Sequence[int | None]) -> tf.Tensor:
    """The tensor, held to sizes that are unknown while tracing, in every mode.

    The 0 of the demand is added, which costs the gradient nothing.
    """
    for axis, size in enumerate(sizes):
        if size is None:
            nothing = demand_equal([tf.shape(tensor)[axis], shape[axis]])
            tensor = tensor + tf.cast(nothing, tensor.dtype)
    return tf.ensure_shape(tensor, sizes)


def demand_equal(sizes: Sequence[tf.Tensor]) -> tf.Tensor:
    """0, or an error where the sizes differ: an assert would vanish under XLA, `add_n` does not.

    Ones are added up, since Grappler takes an `add_n` of zeros apart.
    """
    rows = [tf.ones([size]) for size in sizes]
    return tf.reduce_sum(tf.add_n(rows) - len(rows))
