"""Whose samples those of a tensor are: of one term, or of several one after the other."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Protocol

import tensorflow as tf

from composer.engine.axes import demand_equal
from composer.losses.sums import sum_over


class Samples(Protocol):
    """Adds up what belongs to one term."""

    def sums(self, tensor: tf.Tensor) -> tf.Tensor:
        """The sum of a tensor's elements, for each term."""

    def sizes(self, shape: tf.Tensor) -> tf.Tensor:
        """How many elements of a tensor of this shape are of each term; int64."""


class OfOne:
    """All samples are of one term, and the results are scalars."""

    def sums(self, tensor: tf.Tensor) -> tf.Tensor:
        return sum_over(tensor)

    def sizes(self, shape: tf.Tensor) -> tf.Tensor:
        known = tf.get_static_value(shape)
        if known is not None:
            return tf.constant(math.prod(map(int, known)), tf.int64)
        return tf.reduce_prod(tf.cast(shape, tf.int64))


class OfSeveral(Samples, Protocol):
    """The samples of several terms; a result is a vector of one number for each.

    Attributes:
        terms: how many terms.
    """

    terms: int

    def joined(self, tensors: Sequence[tf.Tensor]) -> tf.Tensor:
        """Tensors of equally many samples as all others, one for each term, as one tensor."""

    def stretched(self, tensors: Sequence[tf.Tensor]) -> tf.Tensor:
        """The same of tensors that may have a single sample, which stands for all; no gradient."""

    def spread(self, flags: tf.Tensor, rank: int) -> tf.Tensor:
        """A flag for each term as one for each sample, with as many axes as told."""


class Even:
    """As many samples of each term.

    Args:
        terms: how many terms.
        each: how many samples of each.
    """

    def __init__(self, terms: int, each: int) -> None:
        self.terms = terms
        self.each = each

    def joined(self, tensors: Sequence[tf.Tensor]) -> tf.Tensor:
        if _is_one(tensors):
            return _repeated(tensors)
        return tf.reshape(tf.stack(tensors), [self.terms * self.each, *tensors[0].shape[1:]])

    stretched = joined

    def sums(self, tensor: tf.Tensor) -> tf.Tensor:
        elements = tensor.shape.num_elements() // self.terms
        return tf.reduce_sum(tf.reshape(tensor, [self.terms, elements]), 1)

    def sizes(self, shape: tf.Tensor) -> tf.Tensor:
        elements = math.prod(map(int, tf.get_static_value(shape))) // self.terms
        return tf.constant(elements, tf.int64, [self.terms])

    def spread(self, flags: tf.Tensor, rank: int) -> tf.Tensor:
        samples = tf.tile(flags[:, tf.newaxis], [1, self.each])
        return tf.reshape(samples, [self.terms * self.each] + [1] * (rank - 1))


class Uneven:
    """As many samples of each term as come, which is unknown while tracing.

    Args:
        tied: tensors of equally many samples, one for each term, and more such; what is not so
            raises in every mode.
    """

    def __init__(self, tied: Sequence[Sequence[tf.Tensor]]) -> None:
        self.terms = len(tied[0])
        first, *others = map(_numbers, tied)
        demands = [_nothing(tf.not_equal(first, other)) for other in others]
        self._numbers = tf.add_n([first, *demands])

    def joined(self, tensors: Sequence[tf.Tensor]) -> tf.Tensor:
        return _repeated(tensors) if _is_one(tensors) else tf.concat(tensors, 0)

    def stretched(self, tensors: Sequence[tf.Tensor]) -> tf.Tensor:
        found = _numbers(tensors)
        is_single = tf.equal(found, 1)
        misfit = tf.logical_not(is_single | tf.equal(found, self._numbers))
        start = tf.cumsum(found, exclusive=True) + _nothing(misfit)
        inside = tf.where(tf.gather(is_single, self._term), 0, self._place)
        return tf.gather(tf.concat(tensors, 0), tf.gather(start, self._term) + inside)

    def sums(self, tensor: tf.Tensor) -> tf.Tensor:
        samples = tf.reduce_sum(tensor, list(range(1, tensor.shape.rank)))
        # One after the other: float32 would lose what a sum in parts does not.
        exact = tf.cast(samples, tf.float64 if samples.dtype.is_floating else samples.dtype)
        return tf.cast(tf.math.unsorted_segment_sum(exact, self._term, self.terms), samples.dtype)

    def sizes(self, shape: tf.Tensor) -> tf.Tensor:
        numbers = tf.cast(self._numbers, tf.int64)
        return numbers * tf.reduce_prod(tf.cast(shape[1:], tf.int64))

    def spread(self, flags: tf.Tensor, rank: int) -> tf.Tensor:
        return tf.reshape(tf.gather(flags, self._term), [-1] + [1] * (rank - 1))

    @functools.cached_property
    def _term(self) -> tf.Tensor:
        """The number of the term that each sample is of."""
        every = tf.range(tf.reduce_sum(self._numbers))
        return tf.searchsorted(tf.cumsum(self._numbers), every, side="right")

    @functools.cached_property
    def _place(self) -> tf.Tensor:
        """The number of each sample among those of its term."""
        start = tf.cumsum(self._numbers, exclusive=True)
        return tf.range(tf.reduce_sum(self._numbers)) - tf.gather(start, self._term)


def _is_one(tensors: Sequence[tf.Tensor]) -> bool:
    """Whether all terms read the same tensor."""
    return all(tensor is tensors[0] for tensor in tensors)


def _repeated(tensors: Sequence[tf.Tensor]) -> tf.Tensor:
    return tf.tile(tensors[0], [len(tensors)] + [1] * (tensors[0].shape.rank - 1))


def _numbers(tensors: Sequence[tf.Tensor]) -> tf.Tensor:
    """How many samples each tensor has."""
    if _is_one(tensors):
        return tf.fill([len(tensors)], tf.shape(tensors[0])[0])
    return tf.stack(tf.shape_n(tensors))[:, 0]


def _nothing(wrong: tf.Tensor) -> tf.Tensor:
    """Zeros, or an error where anything is wrong."""
    demand = demand_equal([tf.math.count_nonzero(wrong, dtype=tf.int32), 0])
    return tf.fill(wrong.shape, tf.cast(demand, tf.int32))
