"""The table of an epoch: what every term came to, as a Keras metric that adds up."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

from composer.compose import Evaluation
from composer.compose import Term as Row
from composer.engine.replicas import sum_over_replicas

LOSS = "loss"
# Stands beside the names of rows, which have a stroke in them or are `regularization`.
GRADIENT = "gradient"

# What is added up for every row; a step counts once, however many replicas and micro-batches
# share it.
COLUMNS = (
    "numerator",  # loss · D
    "weighted",  # weight · loss · D
    "denominator",  # D
    "weight",  # of each step
    "steps",
    "counted",  # elements that count
    "elements",
    "skipped",  # calls that `skip_term` left out, which are in no other column
)
_PLACE = {name: place for place, name in enumerate(COLUMNS)}
NEVER = -1


@dataclass(frozen=True)
class EpochRow:
    """One term over several steps.

    Attributes:
        loss: Σ numerator / ΣD; for `sum` the mean over the steps.
        weighted: Σ weight · numerator / ΣD.
        weight: the mean of the scalar weight over the steps.
        kept: the part of its elements that count, from 0 to 1.
        skipped: the number of steps, or micro-batches, left out for not being finite.
    """

    loss: float
    weighted: float
    weight: float
    kept: float
    skipped: int


@keras.saving.register_keras_serializable(package="losscomp")
class Rows(keras.metrics.Metric):
    """Adds up the breakdowns of an epoch: `loss`, and of every row `name` and `name/weighted`.

    `loss` is the sum of the `weighted` rows. All numbers are over all replicas, the same on each.

    Args:
        names: the rows of the breakdown, in the order of the spec.
    """

    def __init__(self, names: Sequence[str]) -> None:
        # The name of the metric is that of its first number, which is how Keras finds its place.
        super().__init__(name=LOSS)
        self.names = tuple(names)
        # float64: a float32 sum over the pixels of an epoch loses its last digits.
        self.sums = self._table("sums", (len(names), len(COLUMNS)), "float64")
        self.last = self._table("last", (len(names), len(COLUMNS)), "float64")
        # The first step at which each was not finite, and the gradient behind them.
        self.first_nonfinite = self._table("first_nonfinite", (len(names) + 1,), "int64", NEVER)

    @staticmethod
    def _table(name: str, shape: tuple[int, ...], dtype: str, value: int = 0) -> Any:
        # Every replica assigns what all came to; a sum on read would count it once for each.
        return keras.Variable(
            keras.initializers.Constant(value),
            shape=shape,
            dtype=dtype,
            trainable=False,
            aggregation="only_first_replica",
            name=name,
        )

    def update_state(
        self,
        evaluation: Evaluation,
        share: tf.Tensor,
        step: Any,
        skip: Mapping[str, tf.Tensor] | None = None,
    ) -> None:
        """Adds one call of the total loss.

        Args:
            evaluation: what it gave; in a replica, its share.
            share: the part of a step that this call stands for: over all the calls, on all
                replicas, that share one update it adds up to 1.
            step: of the training, to name where a term is first not finite.
            skip: by name, whether a term was left out.
        """
        flags = {} if skip is None else skip
        added = sum_over_replicas(
            tf.stack(
                [
                    _columns(row, evaluation.counts.get(name), share, flags.get(name))
                    for name, row in evaluation.breakdown.items()
                ]
            )
        )
        self.last.assign(added)
        self.sums.assign(tf.convert_to_tensor(self.sums) + added)
        self._remember(added, step)

    def _remember(self, added: tf.Tensor, step: Any) -> None:
        """Keeps the first step at which a row was not finite, or was left out for that."""
        bad = tf.logical_not(tf.math.is_finite(_column(added, "numerator")))
        bad = bad | tf.logical_not(tf.math.is_finite(_column(added, "weighted")))
        bad = bad | (_column(added, "skipped") > 0)
        self._keep_first(tf.concat([bad, [False]], axis=0), step)

    def remember_gradient(self, is_bad: tf.Tensor, step: Any) -> None:
        """Keeps the first step at which the gradient was not finite, equal on all replicas."""
        others = tf.fill([len(self.names)], False)
        self._keep_first(tf.concat([others, is_bad[tf.newaxis]], axis=0), step)

    def _keep_first(self, bad: tf.Tensor, step: Any) -> None:
        known = tf.convert_to_tensor(self.first_nonfinite)
        at = tf.cast(0 if step is None else step, tf.int64)
        self.first_nonfinite.assign(tf.where(bad & (known == NEVER), at, known))

    def first_steps(self) -> dict[str, int]:
        """By the name of each row that has not been finite, or `gradient`, its first such step.

        Earlier steps stand first.
        """
        steps = tf.convert_to_tensor(self.first_nonfinite).numpy().tolist()
        found = zip((*self.names, GRADIENT), steps, strict=True)
        by_step = sorted(found, key=lambda pair: pair[1])
        return {name: step for name, step in by_step if step != NEVER}

    def forget_steps(self, *, keep: Collection[str] = ()) -> None:
        """Forgets what has not been finite, but for some names."""
        known = self.first_steps()
        steps = [
            known[name] if name in known and name in keep else NEVER
            for name in (*self.names, GRADIENT)
        ]
        self.first_nonfinite.assign(steps)

    def reset_state(self) -> None:
        """Begins a new epoch; which rows have been not finite stays known."""
        self.sums.assign(tf.zeros_like(tf.convert_to_tensor(self.sums)))

    def result(self) -> dict[str, tf.Tensor]:
        """`loss`, then `name` and `name/weighted` of every row; float64 scalars."""
        sums = tf.convert_to_tensor(self.sums)
        loss = tf.math.divide_no_nan(_column(sums, "numerator"), _column(sums, "denominator"))
        weighted = tf.math.divide_no_nan(_column(sums, "weighted"), _column(sums, "denominator"))
        found = {LOSS: tf.reduce_sum(weighted)}
        for place, name in enumerate(self.names):
            found[name] = loss[place]
            found[f"{name}/weighted"] = weighted[place]
        return found

    def table(self) -> dict[str, EpochRow]:
        """The rows of the epoch so far, as numbers."""
        return _rows(self.names, self.sums)

    def last_step(self) -> dict[str, EpochRow]:
        """The rows of the last step alone; of a window of micro-batches, of its last one."""
        return _rows(self.names, self.last)

    def get_config(self) -> dict[str, Any]:
        return {"names": list(self.names)}


def _columns(
    row: Row,
    counts: tuple[tf.Tensor, tf.Tensor] | None,
    share: tf.Tensor,
    skip: tf.Tensor | None,
) -> tf.Tensor:
    """What one call adds to the columns of a row."""
    loss, weight, weighted, divisor = (tf.cast(tf.stop_gradient(x), tf.float64) for x in row)
    # A row of the model's own losses has no elements: it is there, or it is not.
    counted, elements = (share, share) if counts is None else counts
    numbers = [loss * divisor, weighted * divisor, divisor * share, weight * share, share]
    numbers += [tf.cast(counted, tf.float64), tf.cast(elements, tf.float64)]
    columns = tf.stack([*numbers, tf.zeros_like(share)])
    if skip is None:
        return columns
    skipped = first_replica() * tf.one_hot(_PLACE["skipped"], len(COLUMNS), dtype=tf.float64)
    return tf.where(skip, skipped, columns)


def first_replica() -> tf.Tensor:
    """1 on the first replica, 0 on all others: a sum over them counts a step once; float64."""
    context = tf.distribute.get_replica_context()
    return tf.cast(tf.equal(context.replica_id_in_sync_group, 0), tf.float64)


def _column(sums: tf.Tensor, name: str) -> tf.Tensor:
    return sums[:, _PLACE[name]]


def _rows(names: Sequence[str], variable: Any) -> dict[str, EpochRow]:
    found = {}
    for name, numbers in zip(names, tf.convert_to_tensor(variable).numpy().tolist(), strict=True):
        of = dict(zip(COLUMNS, numbers, strict=True))
        found[name] = EpochRow(
            loss=_ratio(of["numerator"], of["denominator"]),
            weighted=_ratio(of["weighted"], of["denominator"]),
            weight=_ratio(of["weight"], of["steps"]),
            kept=_ratio(of["counted"], of["elements"]),
            skipped=round(of["skipped"]),
        )
    return found


def _ratio(above: float, below: float) -> float:
    return above / below if below else 0.0
