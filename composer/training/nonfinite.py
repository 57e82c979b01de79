"""What happens when a term is not finite: the compiled step gives flags as data, judged here."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, get_args

import tensorflow as tf

from composer.compose import Term
from composer.engine.replicas import sum_over_replicas
from composer.language.diagnostics import listing, quote
from composer.training.rows import GRADIENT, Rows

OnNonfinite = Literal["report", "raise", "skip_term"]

log = logging.getLogger("losscomp")


class NonFiniteError(ArithmeticError):
    """A term is not finite, or the gradient, under `on_nonfinite="raise"`.

    Attributes:
        steps: by the name of each such row, or `gradient`, the step at which it was first seen.
    """

    def __init__(self, steps: Mapping[str, int], message: str) -> None:
        super().__init__(message)
        self.steps = dict(steps)


def read_policy(value: str) -> OnNonfinite:
    """One of the policies; raises ValueError for any other."""
    if value not in get_args(OnNonfinite):
        raise ValueError(
            f"on_nonfinite should be one of {listing(get_args(OnNonfinite))}, found {quote(value)}"
        )
    return value  # type: ignore[return-value]  # just checked


def nonfinite_flags(breakdown: Mapping[str, Term]) -> dict[str, tf.Tensor]:
    """By name, whether a row is not finite on any replica: boolean scalars, equal on all."""
    wrong = [
        ~tf.math.is_finite(row.loss) | ~tf.math.is_finite(row.weighted)
        for row in breakdown.values()
    ]
    anywhere = sum_over_replicas(tf.cast(tf.stack(wrong), tf.int32)) > 0
    return dict(zip(breakdown, tf.unstack(anywhere), strict=True))


def any_nonfinite(gradients: Sequence[Any]) -> tf.Tensor:
    """Whether a gradient is not finite on any replica: a boolean scalar, equal on all."""
    numbers = [
        part
        for part in tf.nest.flatten(gradients, expand_composites=True)
        if part is not None and part.dtype.is_floating
    ]
    finite = [tf.reduce_all(tf.math.is_finite(part)) for part in numbers]
    here = tf.logical_not(tf.reduce_all(finite)) if finite else tf.constant(False)
    return sum_over_replicas(tf.cast(here, tf.int32)) > 0


def zero_where(flag: tf.Tensor, gradients: Sequence[Any]) -> Any:
    """The gradients, or 0 in the place of all of them; selected, since 0 · NaN is NaN."""

    def selected(part: Any) -> Any:
        if part is None or not part.dtype.is_floating:
            return part
        return tf.where(flag, tf.zeros_like(part), part)

    return tf.nest.map_structure(selected, gradients, expand_composites=True)


class Watch:
    """Looks, after a call of a compiled step, which rows have been not finite for the first time.

    Args:
        rows: the rows that the step adds to.
        policy: what to do about it.

    Attributes:
        told: by the name of each such row, the step of training at which it was first seen.
        told_in_evaluation: likewise, of evaluation.
        listeners: called with name and step of what is new, before anything is raised.
    """

    def __init__(self, rows: Rows, policy: OnNonfinite) -> None:
        self.rows = rows
        self.policy = policy
        self.told: dict[str, int] = {}
        self.told_in_evaluation: dict[str, int] = {}
        self.listeners: set[Callable[[str, int], None]] = set()

    def look(self, *, evaluating: bool = False) -> None:
        """Reports what is new; raises NonFiniteError under `raise`."""
        found = self.rows.first_steps()
        if not found:
            return
        told = self.told_in_evaluation if evaluating else self.told
        new = {
            name: step
            for name, step in found.items()
            if name not in self.told and name not in told and not self._is_explained(name, found)
        }
        told |= new
        for name, step in new.items():
            log.warning("%s", self._sentence(name, step, evaluating))
            for listener in self.listeners:
                listener(name, step)
        if evaluating:
            # Training has its own first step to tell.
            self.rows.forget_steps(keep=self.told)
        if new and self.policy == "raise":
            self.forget()
            raise NonFiniteError(new, _message(new, evaluating))

    def _is_explained(self, name: str, found: Mapping[str, int]) -> bool:
        """Whether it is a gradient that a term told of explains."""
        others = [step for other, step in found.items() if other != GRADIENT]
        return (
            name == GRADIENT
            and self.policy == "report"
            and any(step <= found[GRADIENT] for step in others)
        )

    def _sentence(self, name: str, step: int, evaluating: bool) -> str:
        kept = self.policy == "report"
        if evaluating:
            return f"step {step}: {name} is not finite in evaluation"
        if name == GRADIENT:
            rest = ", though the losses are" if kept else "; 0 takes its place"
            return f"step {step}: the gradient is not finite{rest}"
        left_out = "" if kept else "; its gradient is left out"
        return f"step {step}: {name} is not finite{left_out}"

    def forget(self) -> None:
        """Begins anew."""
        self.told = {}
        self.told_in_evaluation = {}
        self.rows.forget_steps()


def _message(new: Mapping[str, int], evaluating: bool) -> str:
    steps = ", ".join(f"{quote(name)} at step {step}" for name, step in new.items())
    found = (
        f"not finite in evaluation: {steps}"
        if evaluating
        else f"not finite: {steps}; no gradient of theirs reached the model"
    )
    where = "`losscomp check --batch` and `losscomp build --batch` show where in a batch"
    return f"{found}. {where}"
