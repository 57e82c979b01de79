"""What happens when a term is not finite: the compiled step gives flags as data, judged here."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Literal, get_args

import keras
import tensorflow as tf

from composer.compose import Term
from composer.engine.replicas import sum_over_replicas
from composer.language.diagnostics import listing, quote
from composer.training.rows import NEVER, Rows

OnNonfinite = Literal["report", "raise", "skip_term"]

log = logging.getLogger("losscomp")


class NonFiniteError(ArithmeticError):
    """A term is not finite, under `on_nonfinite="raise"`.

    Attributes:
        steps: by the name of each such row, the step at which it was first seen.
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


class Watch:
    """Looks, after a call of a compiled step, which rows have been not finite for the first time.

    Args:
        rows: the rows that the step adds to.
        policy: what to do about it.
    """

    def __init__(self, rows: Rows, policy: OnNonfinite) -> None:
        self.rows = rows
        self.policy = policy
        self.told: dict[str, int] = {}

    def look(self) -> None:
        """Reports what is new; raises NonFiniteError under `raise`."""
        first = keras.ops.convert_to_numpy(self.rows.first_nonfinite).tolist()
        if all(step == NEVER for step in first):
            return
        found = {name: step for name, step in zip(self.rows.names, first, strict=True) if step >= 0}
        new = {name: step for name, step in found.items() if name not in self.told}
        self.told |= new
        for name, step in new.items():
            log.warning("%s", self._sentence(name, step))
        if new and self.policy == "raise":
            steps = ", ".join(f"{quote(name)} at step {step}" for name, step in new.items())
            raise NonFiniteError(
                new,
                f"not finite: {steps}; no gradient of theirs reached the model. "
                "`losscomp check --batch` and `losscomp build --batch` show where in a batch",
            )

    def _sentence(self, name: str, step: int) -> str:
        left_out = "" if self.policy == "report" else "; its gradient is left out"
        return f"step {step}: {name} is not finite{left_out}"

    def forget(self) -> None:
        """Begins anew."""
        self.told = {}
        self.rows.first_nonfinite.assign(
            tf.fill([len(self.rows.names)], tf.constant(NEVER, tf.int64))
        )
