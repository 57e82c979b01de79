"""TotalLoss: a Spec and the tensors of a batch to the total and its breakdown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import tensorflow as tf

from composer.engine.batch_tensors import Batch, Tensors, collect
from composer.engine.evaluate import Value
from composer.engine.gates import gate
from composer.engine.plan import Plans
from composer.engine.replicas import sum_over_replicas
from composer.engine.state import create_state
from composer.engine.term import TermOnBatch
from composer.engine.weights import constant_values, scalar_of, step_tensor
from composer.language.diagnostics import SpecError, listing
from composer.losses.base import Loss
from composer.overrides import Overrides
from composer.reading import examine
from composer.spec import Spec
from composer.terms import reads_step, tensors_read, terms_of

REGULARIZATION = "regularization"

# Nothing here branches on a tensor, so there is nothing for AutoGraph to rewrite.
do_not_convert = tf.autograph.experimental.do_not_convert


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


class Evaluation(NamedTuple):
    """A total loss on one batch, with the terms that it was computed from."""

    total: tf.Tensor
    breakdown: dict[str, Term]
    terms: list[TermOnBatch]


class TotalLoss(tf.Module):
    """The loss of a whole model, and what each of its terms contributes.

    Callable eagerly, in a `tf.function` and under `jit_compile=True`, with the same results. It is
    a `tf.Module`: the state of its losses (the centers of `center`) is tracked and checkpointed.

    Attributes:
        spec: what it was built from.
        names: the rows of the breakdown, in the order of the spec.
        paths: the tensors of a batch that it reads, by side.
        state: the variables of its losses.
    """

    def __init__(self, spec: Spec) -> None:
        super().__init__(name="total_loss")
        self.spec = spec
        terms = terms_of(spec)
        rows = [REGULARIZATION] if spec.regularization else []
        self.names = tuple([term.name for term in terms] + rows)
        self.state = create_state(terms)
        self.paths = {side: tuple(paths) for side, paths in tensors_read(spec).items()}
        self._plans = Plans(spec, terms, self.paths, constant_values(spec))
        self._reads_step = reads_step(spec)

    def __repr__(self) -> str:
        return f"TotalLoss({', '.join(self.names)})"

    @property
    def constants(self) -> Mapping[str, Value]:
        """The constants of the spec by name, as they were when it was built."""
        return self._plans.constants

    @do_not_convert  # type: ignore[untyped-decorator]  # TensorFlow ships no types
    def __call__(
        self,
        y_true: Batch,
        y_pred: Batch,
        *,
        step: Any = None,
        regularization: Sequence[Any] | None = None,
        training: bool = True,
        denominators: Mapping[str, Any] | None = None,
        skip: Mapping[str, Any] | None = None,
    ) -> tuple[tf.Tensor, dict[str, Term]]:
        """The total and the breakdown of one batch.

        Args:
            y_true: targets by name, nested as the spec names them; NumPy arrays are converted.
            y_pred: predictions by name.
            step: the training step, needed where the spec reads it: an int, variable or tensor.
            regularization: the model's own losses, as `keras_model.losses` gives them; needed
                exactly where the spec declares `regularization:` (`[]` for none).
            training: True also moves the centers of `center` losses, after the loss is computed.
            denominators: what `denominators()` gave, added up over all replicas and
                micro-batches that share one update; nothing is added to them here. By default they
                are computed here, and added over replicas.
            skip: by name, boolean scalars. A term whose flag is True has the weight 0 at this call:
                nothing of it reaches the total or the gradient, and its centers stay. The flags
                should be equal on all replicas.

        Returns:
            The total, a scalar in the widest dtype of the terms, and the breakdown by name. In a
            replica context both hold this replica's share: their SUM over replicas is the number of
            one device.

        Raises:
            SpecError: the tensors do not fit the spec.
            ValueError: a tensor, the step or the regularization is missing, or not asked for; or
                replicas share state that was made outside their strategy's scope.
        """
        total, breakdown, _ = self.evaluate(
            y_true,
            y_pred,
            step=step,
            regularization=regularization,
            training=training,
            denominators=denominators,
            skip=skip,
        )
        return total, breakdown

    @do_not_convert  # type: ignore[untyped-decorator]  # TensorFlow ships no types
    def evaluate(
        self,
        y_true: Batch,
        y_pred: Batch,
        *,
        step: Any = None,
        regularization: Sequence[Any] | None = None,
        training: bool = True,
        denominators: Mapping[str, Any] | None = None,
        skip: Mapping[str, Any] | None = None,
    ) -> Evaluation:
        """What a call gives, with the terms for whoever looks into them; arguments as there."""
        self.state.require_scope()
        self._require_regularization(regularization)
        penalties = [] if regularization is None else _penalties(regularization)
        terms = self._on_batch(y_true, y_pred, step)
        flags = {} if skip is None else self._flags(skip)
        for term in terms:
            term.skip = flags.get(term.name)
        dtype = _widest_name([*(term.dtype for term in terms), *(p.dtype.name for p in penalties)])
        divisors = self._divisors(terms, denominators, dtype)
        breakdown = {term.name: self._row(term, divisors[term.name]) for term in terms}
        if regularization is not None:
            breakdown[REGULARIZATION] = self._regularization_row(
                penalties, divisors[REGULARIZATION], step, flags.get(REGULARIZATION)
            )
        if training:
            self.state.update([term for term in terms if term.is_stateful])
        return Evaluation(_total(breakdown), breakdown, terms)

    @do_not_convert  # type: ignore[untyped-decorator]  # TensorFlow ships no types
    def values(self, y_true: Batch, y_pred: Batch, *, step: Any = None) -> dict[str, tf.Tensor]:
        """By name, weight·K·W·v: what each element adds to the sum, unreduced and undivided."""
        terms = self._on_batch(y_true, y_pred, step)
        return {term.name: term.weight * term.contributions(self.state) for term in terms}

    @do_not_convert  # type: ignore[untyped-decorator]  # TensorFlow ships no types
    def denominators(
        self, y_true: Batch, y_pred: Batch | None = None, *, step: Any = None
    ) -> dict[str, tf.Tensor]:
        """By name, D of this batch: numbers that may be added over replicas and micro-batches.

        A `sum` term has none. `regularization` counts 1 per call.

        Raises:
            ValueError: no `y_pred` was given and terms need it, named in the message.
        """
        terms = self._on_batch(y_true, y_pred, step)
        unknown = [term.name for term in terms if not term.has_divisor]
        if unknown:
            raise ValueError(
                f"the denominators of {listing(unknown)} need y_pred; give it to `denominators`"
            )
        found = {term.name: term.divisor() for term in terms if term.reduction != "sum"}
        if self.spec.regularization is not None:
            found[REGULARIZATION] = tf.ones([], _widest_name([term.dtype for term in terms]))
        return found

    def _on_batch(self, y_true: Batch, y_pred: Batch | None, step: Any) -> list[TermOnBatch]:
        if self._reads_step and step is None:
            raise ValueError(
                "the spec reads `step` and should get one: total_loss(…, step=optimizer.iterations)"
            )
        return self.terms_on_batch(collect(self._plans.paths, y_true, y_pred), step)

    def terms_on_batch(self, tensors: Tensors, step: Any) -> list[TermOnBatch]:
        """The terms on the tensors of one batch, for whoever takes a total apart."""
        return self._plans.on_batch(tensors, step_tensor(step) if self._reads_step else None)

    def _divisors(
        self, terms: Sequence[TermOnBatch], given: Mapping[str, Any] | None, dtype: str
    ) -> dict[str, tf.Tensor]:
        """D of every row over all replicas, or as given; `dtype` is that of the regularization."""
        local = {term.name: term.divisor() for term in terms if term.reduction != "sum"}
        if self.spec.regularization is not None:
            local[REGULARIZATION] = tf.ones([], dtype)
        found = sum_over_replicas(local) if given is None else _given(given, local)
        return found | {t.name: tf.ones([], t.dtype) for t in terms if t.reduction == "sum"}

    def _row(self, term: TermOnBatch, divisor: tf.Tensor) -> Term:
        loss = term.loss_value(self.state, divisor)
        return Term(loss, term.weight, term.weigh(loss), divisor)

    def _regularization_row(
        self, losses: Sequence[tf.Tensor], divisor: tf.Tensor, step: Any, skip: tf.Tensor | None
    ) -> Term:
        assert self.spec.regularization is not None
        dtype = divisor.dtype
        given = [tf.cast(each, dtype) for each in losses]
        if skip is not None:
            given = [gate(each, tf.logical_not(skip)) for each in given]
        loss = (tf.add_n(given) if given else tf.zeros([], dtype)) / divisor
        tree = self.spec.regularization.weight.tree
        clock = step_tensor(step) if self._reads_step else None
        weight = scalar_of([tree], self._plans.constants, clock, dtype.name)
        if skip is not None:
            weight = tf.where(skip, tf.zeros_like(weight), weight)
        weighted = tf.where(tf.equal(weight, 0), tf.zeros([], dtype), weight * loss)
        return Term(loss, weight, weighted, divisor)

    def _flags(self, skip: Mapping[str, Any]) -> dict[str, tf.Tensor]:
        unknown = [name for name in skip if name not in self.names]
        if unknown:
            raise ValueError(f"skip should name rows of the breakdown; it has {listing(unknown)}")
        return {name: tf.cast(flag, tf.bool) for name, flag in skip.items()}

    def _require_regularization(self, given: Sequence[Any] | None) -> None:
        declared = self.spec.regularization is not None
        if declared and given is None:
            raise ValueError(
                "the spec declares `regularization:` and should get it: "
                "total_loss(…, regularization=model.losses), or [] for none"
            )
        if not declared and given is not None:
            raise ValueError(
                "the spec should declare `regularization:` where total_loss gets it; "
                "write `regularization: {weight: 1}`"
            )


def build_total_loss(
    cfg: Any, *, losses: Sequence[type[Loss]] = (), overrides: Overrides = ()
) -> TotalLoss:
    """Builds the total loss of a spec.

    Args:
        cfg: a path, a mapping (OmegaConf's too) or a Spec.
        losses: loss classes of one's own, named in the spec by their `type`.
        overrides: `tasks.depth.weight=0.3` and the like, or a mapping of such paths to values, in
            the place of what the spec says.

    Raises:
        SpecError: with every problem that `losscomp check` would show.
    """
    spec, problems, source = examine(cfg, losses, overrides)
    errors = [problem for problem in problems if problem.severity == "error"]
    if spec is None or errors:
        raise SpecError(errors, source)
    return TotalLoss(spec)


def _total(breakdown: Mapping[str, Term]) -> tf.Tensor:
    """The `weighted` column added in order: addition of floats is not associative."""
    dtype = _widest_name([row.weighted.dtype.name for row in breakdown.values()])
    total = tf.zeros([], dtype)
    for row in breakdown.values():
        # Grappler gathers additions into one AddN, in an order of its own; not across IdentityN.
        total, addend = tf.identity_n([total, tf.cast(row.weighted, dtype)])
        total = total + addend
    return total


def _penalties(given: Any) -> list[tf.Tensor]:
    """The model's own losses as scalars; raises ValueError for anything else."""
    if isinstance(given, str | Mapping | tf.Tensor) or not isinstance(given, Iterable):
        raise ValueError(
            "regularization should be a list of scalars, as `keras_model.losses` gives them, "
            f"found {type(given).__name__}"
        )
    tensors = [tf.convert_to_tensor(each) for each in given]
    for tensor in tensors:
        if tensor.shape.rank != 0 or not tensor.dtype.is_floating:
            raise ValueError(
                "regularization should hold scalars, reduced over the batch, "
                f"found {tensor.dtype.name}{tensor.shape}"
            )
    return tensors


def _widest_name(dtypes: Sequence[str]) -> str:
    return "float64" if "float64" in dtypes else "float32"


def _given(given: Mapping[str, Any], local: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """The denominators that the caller added up; all of them, and no others."""
    missing = [name for name in local if name not in given]
    unknown = [name for name in given if name not in local]
    if missing or unknown:
        wrong = f"it lacks {listing(missing)}" if missing else f"it has {listing(unknown)} besides"
        raise ValueError(f"denominators should hold {listing(local)}; {wrong}")
    sums = {name: tf.cast(given[name], tensor.dtype) for name, tensor in local.items()}
    vectors = [name for name, each in sums.items() if each.shape.rank != 0]
    if vectors:
        raise ValueError(f"denominators should be scalars; {listing(vectors)} are not")
    return sums
