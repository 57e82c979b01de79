"""TotalLoss: a Spec and the tensors of a batch to the total and its breakdown."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import tensorflow as tf

from composer.engine.batch_tensors import Batch, Tensors, collect
from composer.engine.compiled import Compiled, stopped
from composer.engine.evaluate import Value
from composer.engine.paying import JitCompile, pays, require_jit_compile
from composer.engine.plan import Plans
from composer.engine.replicas import over_replicas, sum_over_replicas
from composer.engine.state import create_state
from composer.engine.term import TermOnBatch
from composer.engine.total import REGULARIZATION, Computation, Inputs, Term
from composer.engine.weights import constant_values, step_tensor
from composer.language.diagnostics import SpecError, listing
from composer.language.dtypes import widest_float
from composer.losses.base import Loss
from composer.losses.compiler import in_xla
from composer.overrides import Overrides
from composer.reading import examine
from composer.spec import Spec
from composer.terms import reads_step, tensors_read, terms_of

__all__ = ["REGULARIZATION", "Evaluation", "Term", "TotalLoss", "build_total_loss"]

# Nothing here branches on a tensor, so there is nothing for AutoGraph to rewrite.
do_not_convert = tf.autograph.experimental.do_not_convert


class Evaluation(NamedTuple):
    """A total loss on one batch, and by term how many of its elements count, of how many."""

    total: tf.Tensor
    breakdown: dict[str, Term]
    counts: dict[str, tuple[tf.Tensor, tf.Tensor]]


class TotalLoss(tf.Module):
    """The loss of a whole model, and what each of its terms contributes.

    Callable eagerly, in a `tf.function` and under `jit_compile=True`, with the same results. It is
    a `tf.Module`: the state of its losses (the centers of `center`) is tracked and checkpointed.

    Attributes:
        spec: what it was built from.
        names: the rows of the breakdown, in the order of the spec.
        paths: the tensors of a batch that it reads, by side.
        state: the variables of its losses.
        jit_compile: whether XLA compiles it by itself; see `build_total_loss`.
    """

    def __init__(self, spec: Spec, jit_compile: JitCompile = "auto") -> None:
        super().__init__(name="total_loss")
        self.spec = spec
        self.jit_compile = jit_compile
        terms = terms_of(spec)
        rows = [REGULARIZATION] if spec.regularization else []
        self.names = tuple([term.name for term in terms] + rows)
        self.state = create_state(terms)
        self.paths = {side: tuple(paths) for side, paths in tensors_read(spec).items()}
        self._plans = Plans(spec, terms, self.paths, constant_values(spec))
        self._computation = Computation(spec, self._plans, self.paths, self.names)
        self._compiled = Compiled(self._computation)
        self._reads_step = reads_step(spec)

    def __repr__(self) -> str:
        return f"TotalLoss({', '.join(self.names)})"

    @property
    def constants(self) -> Mapping[str, Value]:
        """The constants of the spec by name, as they were when it was built."""
        return self._plans.constants

    @contextmanager
    def uncompiled(self) -> Iterator[None]:
        """Nothing is compiled by itself within: for functions that go where XLA may be missing."""
        before, self.jit_compile = self.jit_compile, False
        try:
            yield
        finally:
            self.jit_compile = before

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
        inputs = self._inputs(y_true, y_pred, step, regularization, skip)
        total, breakdown, _ = self._evaluation(inputs, training, denominators, counted=False)
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
        """What a call gives, and how many elements count; arguments as there."""
        inputs = self._inputs(y_true, y_pred, step, regularization, skip)
        return self._evaluation(inputs, training, denominators, counted=True)

    def _evaluation(
        self,
        inputs: Inputs,
        training: bool,
        denominators: Mapping[str, Any] | None,
        *,
        counted: bool,
    ) -> Evaluation:
        compute = self._compiled if self._is_compiled(inputs) else self._computation
        inputs = inputs._replace(divisors=self._divisors(compute, inputs, denominators))
        outputs = compute(inputs, training=training, counted=counted)
        if training:
            self.state.update(self._plans.terms, inputs.state, outputs.statistics, inputs.skip)
        breakdown = {name: outputs.breakdown[name] for name in self.names}
        return Evaluation(outputs.total, breakdown, outputs.counts)

    def _inputs(
        self,
        y_true: Batch,
        y_pred: Batch,
        step: Any,
        regularization: Sequence[Any] | None,
        skip: Mapping[str, Any] | None,
    ) -> Inputs:
        self.state.require_scope()
        self._require_regularization(regularization)
        tensors = collect(self._plans.paths, y_true, y_pred)
        return Inputs(
            [tensors[place] for place in self._computation.places],
            self._clock(step),
            None if regularization is None else _penalties(regularization),
            None,
            {} if skip is None else self._flags(skip),
            self.state.tensors(),
        )

    def _is_compiled(self, inputs: Inputs) -> bool:
        if self.jit_compile == "auto":
            return pays(inputs.tensors)
        return self.jit_compile and not in_xla()

    def _divisors(
        self,
        compute: Computation | Compiled,
        inputs: Inputs,
        given: Mapping[str, Any] | None,
    ) -> Mapping[str, tf.Tensor] | None:
        """D of every row as given or over all replicas; None for that of this batch."""
        if given is not None:
            return _given(given, self._with_divisor)
        if not over_replicas():
            return None
        return sum_over_replicas(compute.divisors(stopped(inputs)))

    @do_not_convert  # type: ignore[untyped-decorator]  # TensorFlow ships no types
    def values(self, y_true: Batch, y_pred: Batch, *, step: Any = None) -> dict[str, tf.Tensor]:
        """By name, weight·K·W·v: what each element adds to the sum, unreduced and undivided."""
        terms = self._on_batch(y_true, y_pred, step)
        return {term.name: term.weight * term.contributions() for term in terms}

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
            found[REGULARIZATION] = tf.ones([], widest_float(*(term.dtype for term in terms)))
        return found

    def _on_batch(self, y_true: Batch, y_pred: Batch | None, step: Any) -> list[TermOnBatch]:
        clock = self._clock(step)
        tensors = collect(self._plans.paths, y_true, y_pred)
        return self._plans.on_batch(tensors, clock, self.state.tensors())

    def _clock(self, step: Any) -> tf.Tensor | None:
        """The step as a tensor; None where nothing reads it."""
        if self._reads_step and step is None:
            raise ValueError(
                "the spec reads `step` and should get one: total_loss(…, step=optimizer.iterations)"
            )
        return step_tensor(step) if self._reads_step else None

    def terms_on_batch(self, tensors: Tensors, step: Any) -> list[TermOnBatch]:
        """The terms on the tensors of one batch, for whoever takes a total apart."""
        clock = step_tensor(step) if self._reads_step else None
        return self._plans.on_batch(tensors, clock, self.state.tensors())

    @functools.cached_property
    def _with_divisor(self) -> list[str]:
        """The rows that have a denominator."""
        sums = {term.name for term in self._plans.terms if term.reduction == "sum"}
        return [name for name in self.names if name not in sums]

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
    cfg: Any,
    *,
    losses: Sequence[type[Loss]] = (),
    overrides: Overrides = (),
    jit_compile: JitCompile = "auto",
) -> TotalLoss:
    """Builds the total loss of a spec.

    Args:
        cfg: a path, a mapping (OmegaConf's too) or a Spec.
        losses: loss classes of one's own, named in the spec by their `type`.
        overrides: `tasks.depth.weight=0.3` and the like, or a mapping of such paths to values, in
            the place of what the spec says.
        jit_compile: True has XLA compile the loss by itself, wherever it is called; False leaves
            it as it is. "auto", the default, compiles it inside a `tf.function` where that was
            measured to be faster: large predictions, on a processor. In a step that is compiled as
            a whole it is a part of that, and this does nothing.

    Raises:
        SpecError: with every problem that `losscomp check` would show.
        ValueError: `jit_compile` is none of these.
    """
    require_jit_compile(jit_compile)
    spec, problems, source = examine(cfg, losses, overrides)
    errors = [problem for problem in problems if problem.severity == "error"]
    if spec is None or errors:
        raise SpecError(errors, source)
    return TotalLoss(spec, jit_compile)


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


def _given(given: Mapping[str, Any], names: Sequence[str]) -> dict[str, tf.Tensor]:
    """The denominators that the caller added up; all of them, and no others."""
    missing = [name for name in names if name not in given]
    unknown = [name for name in given if name not in names]
    if missing or unknown:
        wrong = f"it lacks {listing(missing)}" if missing else f"it has {listing(unknown)} besides"
        raise ValueError(f"denominators should hold {listing(names)}; {wrong}")
    sums = {name: tf.convert_to_tensor(given[name]) for name in names}
    vectors = [name for name, each in sums.items() if each.shape.rank != 0]
    if vectors:
        raise ValueError(f"denominators should be scalars; {listing(vectors)} are not")
    return sums
