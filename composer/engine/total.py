"""The total and the breakdown of one batch, as one function of tensors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import tensorflow as tf

from composer.engine.batch_tensors import Paths
from composer.engine.gates import gate
from composer.engine.plan import Plans
from composer.engine.state import StateTensors
from composer.engine.term import TermOnBatch
from composer.engine.weights import scalar_of
from composer.language.dtypes import widest_float
from composer.losses.residuals import remembered
from composer.spec import Spec

REGULARIZATION = "regularization"


class Term(NamedTuple):
    """One row of the breakdown: four scalars of one float dtype.

    Attributes:
        loss: Σ K·W·v / D; in a replica, its share of it.
        weight: the product of its scalar weights at this step.
        weighted: weight × loss, what the total adds; exactly 0 where the weight is.
        denominator: D, over all replicas.
    """

    loss: tf.Tensor
    weight: tf.Tensor
    weighted: tf.Tensor
    denominator: tf.Tensor


class Inputs(NamedTuple):
    """All that a total is computed from.

    Attributes:
        tensors: those of the batch, in the order of `Computation.places`.
        step: the training step, int64, or None where nothing reads it.
        penalties: the model's own losses, or None where the spec declares none.
        divisors: D by row over all replicas and micro-batches, or None for that of this batch.
        skip: by row, whether it is left out.
        state: the variables of the losses.
    """

    tensors: list[tf.Tensor]
    step: tf.Tensor | None
    penalties: list[tf.Tensor] | None
    divisors: Mapping[str, tf.Tensor] | None
    skip: Mapping[str, tf.Tensor]
    state: StateTensors


class Outputs(NamedTuple):
    """What comes of it.

    Attributes:
        total: a scalar in the widest dtype of the terms.
        breakdown: its rows.
        counts: by term, how many of its elements count and how many there are; int64.
        statistics: by term and name, what an update of the state needs.
    """

    total: tf.Tensor
    breakdown: dict[str, Term]
    counts: dict[str, tuple[tf.Tensor, tf.Tensor]]
    statistics: dict[str, Mapping[str, tf.Tensor]]


class Computation:
    """The formula of a spec.

    Args:
        spec: the spec.
        plans: its terms for each kind of batch.
        paths: the tensors that it reads, by side.
        names: the rows of the breakdown, in order.
    """

    def __init__(self, spec: Spec, plans: Plans, paths: Paths, names: Sequence[str]) -> None:
        self.spec = spec
        self.names = tuple(names)
        self.plans = plans
        self.places = [(side, path) for side, found in paths.items() for path in found]

    def __call__(self, inputs: Inputs, *, training: bool, counted: bool) -> Outputs:
        """The total and its rows.

        Args:
            inputs: what they are computed from.
            training: gives `statistics` besides.
            counted: gives `counts` besides.
        """
        terms = self._terms(inputs)
        rows: dict[str, Term] = {}
        for term, divisor in zip(terms, self._divisors(terms, inputs.divisors), strict=True):
            rows |= _rows(term, divisor)
        if inputs.penalties is not None:
            rows[REGULARIZATION] = self._regularization(inputs, self._dtype(terms, inputs))
        breakdown = {name: rows[name] for name in self.names}
        moved = [term for term in terms if training and term.is_stateful]
        return Outputs(
            total_of(breakdown),
            breakdown,
            _counts(terms) if counted else {},
            {term.name: term.statistics() for term in moved},
        )

    def divisors(self, inputs: Inputs) -> dict[str, tf.Tensor]:
        """By row, D of this batch alone; a `sum` term has none."""
        terms = self._terms(inputs)
        found = {
            name: scalar
            for term in terms
            if term.reduction != "sum"
            for name, scalar in zip(term.names, term.apart(term.divisor()), strict=True)
        }
        if inputs.penalties is not None:
            found[REGULARIZATION] = tf.ones([], self._dtype(terms, inputs))
        return found

    def _terms(self, inputs: Inputs) -> list[TermOnBatch]:
        tensors = dict(zip(self.places, inputs.tensors, strict=True))
        terms = self.plans.together(tensors, inputs.step, inputs.state)
        for term in terms:
            if any(name in inputs.skip for name in term.names):
                never = tf.constant(False)
                term.skip = term.joined([inputs.skip.get(name, never) for name in term.names])
        return terms

    def _divisors(
        self, terms: Sequence[TermOnBatch], given: Mapping[str, tf.Tensor] | None
    ) -> list[tf.Tensor]:
        """D of every term, over all replicas or as given."""
        if given is None:
            return [remembered(term.divisor) for term in terms]
        return [
            term.joined([tf.ones([], term.dtype)] * len(term.names))
            if term.reduction == "sum"
            else term.joined([tf.cast(given[name], term.dtype) for name in term.names])
            for term in terms
        ]

    def _dtype(self, terms: Sequence[TermOnBatch], inputs: Inputs) -> str:
        """That of the regularization: the widest of all that it meets."""
        penalties = inputs.penalties or []
        return widest_float(
            "float32", *(x.dtype for x in terms), *(x.dtype.name for x in penalties)
        )

    def _regularization(self, inputs: Inputs, dtype: str) -> Term:
        assert self.spec.regularization is not None
        assert inputs.penalties is not None
        skip = inputs.skip.get(REGULARIZATION)
        given = [tf.cast(each, dtype) for each in inputs.penalties]
        if skip is not None:
            given = [gate(each, tf.logical_not(skip)) for each in given]
        divisor = tf.ones([], dtype)
        if inputs.divisors is not None:
            divisor = tf.cast(inputs.divisors[REGULARIZATION], dtype)
        loss = (tf.add_n(given) if given else tf.zeros([], dtype)) / divisor
        tree = self.spec.regularization.weight.tree
        weight = scalar_of([tree], self.plans.constants, inputs.step, dtype)
        if skip is not None:
            weight = tf.where(skip, tf.zeros_like(weight), weight)
        weighted = tf.where(tf.equal(weight, 0), tf.zeros([], dtype), weight * loss)
        return Term(loss, weight, weighted, divisor)


def _rows(term: TermOnBatch, divisor: tf.Tensor) -> dict[str, Term]:
    """The rows of a term, or of all terms of a group."""
    losses = term.loss_value(divisor)
    columns = (losses, term.weight, term.weigh(losses), divisor)
    scalars = zip(*map(term.apart, columns), strict=True)
    return {name: Term(*row) for name, row in zip(term.names, scalars, strict=True)}


def _counts(terms: Sequence[TermOnBatch]) -> dict[str, tuple[tf.Tensor, tf.Tensor]]:
    found: dict[str, tuple[tf.Tensor, tf.Tensor]] = {}
    for term in terms:
        counted, every = map(term.apart, term.counts())
        found |= dict(zip(term.names, zip(counted, every, strict=True), strict=True))
    return found


_AT_ONCE = 8
"""So many numbers TensorFlow's AddN adds in order on a processor; of more it adds parts."""


def total_of(breakdown: Mapping[str, Term]) -> tf.Tensor:
    """The `weighted` column added in order: addition of floats is not associative."""
    dtype = widest_float("float32", *(row.weighted.dtype.name for row in breakdown.values()))
    addends = [tf.cast(row.weighted, dtype) for row in breakdown.values()]
    total = tf.zeros([], dtype)
    while addends:
        # Grappler gathers additions into one AddN, in an order of its own; not across IdentityN.
        total = tf.add_n(tf.identity_n([total, *addends[: _AT_ONCE - 1]]))
        addends = addends[_AT_ONCE - 1 :]
    return total
