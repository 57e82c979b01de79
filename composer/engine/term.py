"""One term on one batch: what counts, its weight, its values and its loss."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import tensorflow as tf

from composer.engine.axes import Axes
from composer.engine.evaluate import Evaluator, Value, expand_right
from composer.engine.forms import Place
from composer.engine.gates import GatedEvaluator, gate, index_first, is_computed
from composer.engine.samples import OfOne
from composer.engine.sharing import Known, SharingEvaluator
from composer.engine.weighting import (
    Selection,
    chosen_elements,
    contributions,
    denominator,
    measure,
    reduce,
    select,
)
from composer.engine.weights import StepWeights, Weights
from composer.fitting import TermTypes
from composer.language import tree as t
from composer.language.dtypes import widest_float

Reader = Callable[[t.Side, tuple[str, ...]], tf.Tensor]


@dataclass(frozen=True)
class Sources:
    """What all terms of one call are computed from.

    Attributes:
        read: gives the tensor at a place of the batch.
        places: of the tensors at hand.
        constants: the named constants.
        step: the training step, or None where nothing reads it.
        step_weights: the scalar weights at this step.
        known: the expressions that have been computed.
    """

    read: Reader
    places: set[Place]
    constants: Mapping[str, Value]
    step: tf.Tensor | None
    step_weights: StepWeights
    known: Known


def dtype_of(types: TermTypes) -> str:
    """What a term computes in: the widest float among its predictions, at least float32."""
    return widest_float(*(types.roles[name].dtype or "float32" for name in _predictions(types)))


def _predictions(types: TermTypes) -> list[str]:
    """The roles that hold predictions."""
    roles = types.term.loss.bound_signature().roles
    return [name for name, role in roles.items() if role.dtype == "float" and name != "y_true"]


class TermOnBatch:
    """Computes a term; everything is computed when first asked for, once."""

    def __init__(
        self,
        types: TermTypes,
        weights: Weights,
        sources: Sources,
        variables: Mapping[str, tf.Tensor],
    ) -> None:
        self.term = types.term
        self.types = types
        self.weights = weights
        self.sources = sources
        self.variables = variables
        self.name = types.term.name
        self.reduction = types.term.reduction
        self.signature = types.term.loss.bound_signature()
        self.skip: tf.Tensor | None = None
        self._total_divisor: tf.Tensor | None = None
        self._measurement: tuple[tf.Tensor, dict[str, tf.Tensor]] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The rows that it computes: one here, several in a group."""
        return (self.name,)

    def joined(self, scalars: Sequence[tf.Tensor]) -> tf.Tensor:
        """One number for each of its names, as its own numbers are held."""
        return scalars[0]

    def apart(self, numbers: tf.Tensor) -> list[tf.Tensor]:
        """The scalars again, in the order of its names."""
        return [numbers]

    @functools.cached_property
    def dtype(self) -> str:
        """The widest float among the predictions, at least float32."""
        if not all(self._is_here(self.term.roles[name].tree) for name in _predictions(self.types)):
            # Denominators from the targets alone: exact, whatever the predictions will be.
            return "float64"
        return dtype_of(self.types)

    @functools.cached_property
    def evaluator(self) -> Evaluator:
        sources = self.sources
        return SharingEvaluator(
            sources.read, sources.constants, sources.step, self.dtype, sources.known
        )

    @functools.cached_property
    def axes(self) -> Axes:
        """The roles as the batch holds them, with the sizes that must be equal held so."""
        roles = {
            name: self.evaluator(part.tree).tensor
            for name, part in self.term.roles.items()
            if self._is_here(part.tree)
        }
        return Axes(self.signature, self.types.binding, roles).tied()

    def _is_here(self, tree: t.Tree) -> bool:
        return all(
            (node.side, node.path) in self.sources.places
            for node in t.walk(tree)
            if isinstance(node, t.Tensor)
        )

    @property
    def has_divisor(self) -> bool:
        """Whether D can be computed from the tensors at hand."""
        if self.reduction == "sum":
            return True
        trees = [part.tree for part in (*self.term.masks, *self.term.weights)]
        region = [self.signature.roles["keep"].axes] if self.signature.is_region else []
        axes = [self.signature.values, *(region if self.term.masks else [])]
        return all(map(self._is_here, trees)) and all(map(self.axes.is_known, axes))

    @functools.cached_property
    def selection(self) -> Selection:
        return select(self.term.loss, self.axes, self._mask(), self._tensor_weight())

    def _mask(self) -> tf.Tensor | None:
        masks = [self.evaluator(part.tree).tensor for part in self.term.masks]
        if not masks:
            return None
        rank = max(mask.shape.rank for mask in masks)
        aligned = [expand_right(mask, rank) if mask.shape.rank else mask for mask in masks]
        return functools.reduce(tf.logical_and, aligned)

    @functools.cached_property
    def _weights(self) -> list[Value]:
        """Its tensor weights, each aligned within itself."""
        return [self.evaluator(tree) for tree in self.weights.tensors]

    def _tensor_weight(self) -> tf.Tensor | None:
        """W, in the dtype of the loss: the tensor weights as they meet the values."""
        weights = [self._on_values(weight) for weight in self._weights]
        return functools.reduce(tf.multiply, weights) if weights else None

    def _on_values(self, weight: Value) -> tf.Tensor:
        """A weight with as many axes as the values: a vector of `last_axis` at their right."""
        rank = len(self.axes.labels(self.signature.values))
        tensor = tf.cast(weight.tensor, self.dtype)
        if weight.place == "last":
            return tf.reshape(tensor, [1] * (rank - 1) + [-1])
        return expand_right(tensor, rank)

    @functools.cached_property
    def weight(self) -> tf.Tensor:
        """The product of the scalar weights at this step; 0 where the term is skipped."""
        weight = self._step_weight()
        return weight if self.skip is None else tf.where(self.skip, tf.zeros_like(weight), weight)

    def _step_weight(self) -> tf.Tensor:
        return self.sources.step_weights(self.weights.constant, self.weights.moving, self.dtype)

    @functools.cached_property
    def constant_weight(self) -> float | None:
        """The scalar weight where it reads no step, and no flag decides on it."""
        return None if self.skip is not None else self.weights.constant_in(self.dtype)

    def divisor(self) -> tf.Tensor:
        """D on this batch alone."""
        return denominator(self.selection, self.reduction, self.dtype)

    def contributions(self) -> tf.Tensor:
        """K·W·v, unreduced."""
        return contributions(self._measured()[0], self.selection)

    def loss_value(self, divisor: tf.Tensor) -> tf.Tensor:
        """Σ K·W·v / D."""
        if self.reduction == "weighted_mean":
            self._total_divisor = divisor
        return reduce(self._measured()[0], self.selection, divisor)

    def weigh(self, loss: tf.Tensor) -> tf.Tensor:
        """weight × loss; exactly 0 where the weight is 0, whatever the loss is."""
        if self.constant_weight is not None:
            return self.weight * loss if self.constant_weight != 0 else tf.zeros_like(loss)
        return tf.where(tf.equal(self.weight, 0), tf.zeros_like(loss), self.weight * loss)

    def _measured(self) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        """The values and the roles they come from, computed once."""
        if self._measurement is None:
            variables = {name: tf.cast(each, self.dtype) for name, each in self.variables.items()}
            axes = self._trained_axes()
            try:
                values, roles = measure(self.term.loss, axes, self.selection, variables, self.dtype)
            except Exception as error:
                error.add_note(f"in the loss `{self.name}`")
                raise
            self._measurement = self._held(values), roles
        return self._measurement

    def _held(self, values: tf.Tensor) -> tf.Tensor:
        """The values; where a vector weighs their last axis, that is as long as the vector.

        A 1 on an axis unknown while tracing would let the weight broadcast over it.
        """
        for weight in self._weights:
            if weight.place == "last":
                sizes = [*[None] * (values.shape.rank - 1), weight.tensor.shape[0]]
                values = tf.ensure_shape(values, sizes)
        return values

    def _trained_axes(self) -> Axes:
        """The roles as gradients flow through them: not where nothing counts, nor at weight 0."""
        roles, again = {}, False
        for name, part in self.term.roles.items():
            tensor = self.axes.tensors[name]
            if is_computed(part.tree):
                roles[name] = self._gated(part.tree, name, tensor)
                again |= roles[name] is not tensor
            else:
                roles[name] = self._weight_gate(tensor) if tensor.dtype.is_floating else tensor
        axes = Axes(self.signature, self.types.binding, roles)
        # What was computed once more has to be held to its sizes once more.
        return axes.tied() if again else axes

    def _gated(self, tree: t.Tree, name: str, tensor: tf.Tensor) -> tf.Tensor:
        """A computed role once more, from gated tensors: its own slope may be infinite."""
        chosen = chosen_elements(self.axes, self.selection, name)
        if chosen is None and self.constant_weight not in (None, 0):
            return self._weight_gate(tensor)
        tree = index_first(tree, self.evaluator)
        opened = GatedEvaluator(self.evaluator, tree, chosen, self._weight_gate)
        return opened(tree).tensor

    def _weight_gate(self, tensor: tf.Tensor) -> tf.Tensor:
        """A term of weight 0, or of divisor 0, sends back exactly no gradient, NaN or not."""
        if self.constant_weight == 0:
            return tf.stop_gradient(tensor)
        if self.constant_weight is None:
            tensor = gate(tensor, self.spread(tf.not_equal(self.weight, 0), tensor))
        if self._total_divisor is not None and self.selection.weight is not None:
            # Weights of both signs may cancel: a loss of 0 by its divisor has no gradient either.
            tensor = gate(tensor, self.spread(tf.not_equal(self._total_divisor, 0), tensor))
        return tensor

    def spread(self, flag: tf.Tensor, tensor: tf.Tensor) -> tf.Tensor:  # noqa: ARG002  # see Group
        """A flag for each of its names as one that broadcasts over a tensor of the batch."""
        return flag

    def counts(self) -> tuple[tf.Tensor, tf.Tensor]:
        """How many of its elements count, and how many there are; of a region loss, that it reads.

        Two int64 scalars.
        """
        counted, shape = self._counted()
        every = OfOne().sizes(shape)
        return every if counted is None else tf.math.count_nonzero(counted), every

    def _counted(self) -> tuple[tf.Tensor | None, tf.Tensor]:
        """What counts of its elements, None for all, and their shape."""
        counted = self.selection.present
        if self.selection.keep is None:
            return counted, self.selection.shape
        role = self.signature.roles["keep"].axes
        assert counted is not None
        kept = self.selection.keep & self.axes.project(counted, self.signature.values, role)
        return kept, self.axes.shape(role)

    def counted_part(self) -> float:
        """The part of its elements that count, from 0 to 1, eagerly; 1 where there are none."""
        counted, every = self.counts()
        return int(counted) / int(every) if every else 1.0

    @property
    def is_stateful(self) -> bool:
        return bool(self.term.loss.state())

    def statistics(self) -> Mapping[str, tf.Tensor]:
        """What an update of the state needs of this batch."""
        _, roles = self._measured()
        present = self.selection.present
        if present is None:
            present = tf.fill(self.selection.shape, True)
        for name, role in self.signature.roles.items():
            if role.domain == "labels":
                present = present & self._in_range(name)
        stopped = {name: tf.stop_gradient(tensor) for name, tensor in roles.items()}
        return self.term.loss.statistics(present, **stopped, **self.variables)

    def _in_range(self, name: str) -> tf.Tensor:
        """Whether the labels of every value are those of a class; remapped ones are not."""
        role = self.signature.roles[name]
        limit = tf.cast(self.axes.shape([role.limit])[0], tf.int64)
        labels = tf.cast(self.axes.tensors[name], tf.int64)
        wrong = (labels < 0) | (labels >= limit)
        return tf.logical_not(self.axes.project(wrong, role.axes, self.signature.values))
