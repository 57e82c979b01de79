"""Small terms of one form computed together: what they cost is their number of operations."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence
from dataclasses import replace

import tensorflow as tf

from composer.engine.arrangement import Bundle
from composer.engine.forms import Place
from composer.engine.isolation import Isolation
from composer.engine.samples import Even, OfSeveral, Uneven
from composer.engine.term import Sources, TermOnBatch
from composer.engine.weighting import contributions, denominator


class Group(TermOnBatch):
    """Several terms of one form, as one term that has the samples of all.

    No expression and no loss here mixes samples. What is a number of a term is a vector, with one
    number for each. Where the weight of the first is a constant, all are, and 0 where that is.
    """

    def __init__(self, bundle: Bundle, sources: Sources) -> None:
        first = bundle.members[0]
        read, known = lambda side, path: self._tensor((side, path)), sources.known.anew()
        joined = replace(sources, read=read, known=known)
        super().__init__(bundle.types, first.weights, joined, {})
        self.bundle = bundle
        columns = zip(*(member.places for member in bundle.members), strict=True)
        self._separate = {
            place: [sources.read(*each) for each in column]
            for place, column in zip(first.places, columns, strict=True)
        }
        self._tied = set(first.places[: bundle.tied])
        self._joined: dict[Place, tf.Tensor] = {}

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(member.name for member in self.bundle.members)

    def joined(self, scalars: Sequence[tf.Tensor]) -> tf.Tensor:
        return tf.stack(scalars)

    def apart(self, numbers: tf.Tensor) -> list[tf.Tensor]:
        found: list[tf.Tensor] = tf.unstack(numbers, len(self.bundle.members))
        return found

    @functools.cached_property
    def samples(self) -> OfSeveral:
        if self.bundle.each is not None:
            return Even(len(self.bundle.members), self.bundle.each)
        return Uneven([tensors for place, tensors in self._separate.items() if place in self._tied])

    @functools.cached_property
    def isolation(self) -> Isolation:
        return Isolation(self.samples, self.dtype)

    def _tensor(self, place: Place) -> tf.Tensor:
        """What the first term reads at a place, and the others at theirs."""
        if place not in self._joined:
            tensors = self._separate[place]
            if place not in self._tied:
                self._joined[place] = self.samples.stretched(tensors)
            elif tensors[0].dtype.is_floating and self.constant_weight != 0:
                self._joined[place] = self.isolation.enter(self.samples.joined(tensors))
            else:
                self._joined[place] = self.samples.joined(tensors)
        return self._joined[place]

    def _step_weight(self) -> tf.Tensor:
        """One weight for each; those that move alike are computed at once."""
        weights = [member.weights for member in self.bundle.members]
        vectors = []
        for _, found in itertools.groupby(weights, lambda each: each.movement):
            alike = list(found)
            constants = [each.constant for each in alike]
            vectors.append(self.sources.step_weights(constants, alike[0].moving, self.dtype))
        return vectors[0] if len(vectors) == 1 else tf.concat(vectors, 0)

    def spread(self, flag: tf.Tensor, tensor: tf.Tensor) -> tf.Tensor:
        return self.samples.spread(flag, tensor.shape.rank)

    def divisor(self) -> tf.Tensor:
        if self.reduction == "sum":
            return tf.ones([len(self.bundle.members)], self.dtype)
        return denominator(self.selection, self.reduction, self.dtype, self.samples)

    def loss_value(self, divisor: tf.Tensor) -> tf.Tensor:
        if self.reduction == "weighted_mean":
            self._total_divisor = divisor
        sums = self.samples.sums(contributions(self._measured()[0], self.selection))
        return self.isolation.leave(tf.math.divide_no_nan(sums, divisor))

    def counts(self) -> tuple[tf.Tensor, tf.Tensor]:
        counted, shape = self._counted()
        every = self.samples.sizes(shape)
        return every if counted is None else self.samples.sums(tf.cast(counted, tf.int64)), every
