"""What losscomp gives for a configuration, in a custom loop and under `fit`."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import keras
import problem
import tensorflow as tf
from configurations import Configuration

from composer import build_total_loss, training
from composer.compose import Term, TotalLoss

Found = dict[str, Any]
Breakdown = dict[str, Term]
MOVING = 0.5


def in_a_loop(
    strategy: tf.distribute.Strategy, configuration: Configuration, **options: Any
) -> Found:
    """One update of a custom loop, compiled by `tf.function`."""
    with strategy.scope():
        total_loss = _total_loss(configuration, **options)
        model = keras.Model(*problem.layers())
        problem.set_weights(model)

    on_replica = functools.partial(_on_replica, total_loss, model)

    @tf.function  # type: ignore[untyped-decorator]  # TensorFlow ships no types
    def update(iterator: Any) -> Any:
        micro_batches = [next(iterator) for _ in configuration.shards]
        total, breakdown, gradients = strategy.run(on_replica, args=micro_batches)
        return (
            strategy.reduce("SUM", total, axis=None),
            training.reduce(strategy, breakdown),
            [strategy.reduce("SUM", each, axis=None) for each in gradients],
        )

    batches = problem.dataset(strategy, problem.batch(), configuration)
    total, breakdown, gradients = update(iter(batches))
    return {
        "total": float(total),
        "breakdown": {name: _row(*row[:3]) for name, row in breakdown.items()},
        "gradients": [each.numpy().ravel().tolist() for each in gradients],
        "centers": _centers(strategy, total_loss),
    }


def _on_replica(total_loss: TotalLoss, model: keras.Model, *micro_batches: Any) -> Any:
    """The share of a replica in an update: its total, its breakdown and its gradients."""
    sums = _denominators(total_loss, micro_batches) if len(micro_batches) > 1 else None
    totals, breakdowns, gradients = [], [], []
    for x, y_true in micro_batches:
        with tf.GradientTape() as tape:
            total, breakdown = total_loss(
                y_true,
                model(x, training=True),
                step=problem.STEP,
                regularization=model.losses,
                denominators=sums,
            )
        totals.append(total)
        breakdowns.append(breakdown)
        gradients.append(tape.gradient(total, model.trainable_variables))
    return tf.add_n(totals), _added(breakdowns), [*map(tf.add_n, zip(*gradients, strict=True))]


def _denominators(total_loss: TotalLoss, micro_batches: Sequence[Any]) -> dict[str, tf.Tensor]:
    """D of an update: over its micro-batches, and over all replicas."""
    parts = [total_loss.denominators(y_true, step=problem.STEP) for _, y_true in micro_batches]
    sums = {
        name: tf.add_n([tf.cast(part[name], tf.float64) for part in parts]) for name in parts[0]
    }
    over_replicas: dict[str, tf.Tensor]
    over_replicas = tf.distribute.get_replica_context().all_reduce("SUM", sums)
    return over_replicas


def _added(breakdowns: Sequence[Breakdown]) -> Breakdown:
    """The breakdown of an update from those of its micro-batches."""
    return {
        name: row._replace(
            loss=tf.add_n([each[name].loss for each in breakdowns]),
            weighted=tf.add_n([each[name].weighted for each in breakdowns]),
        )
        for name, row in breakdowns[0].items()
    }


def under_fit(strategy: tf.distribute.Strategy, configuration: Configuration) -> Found:
    """One update of `fit`."""
    steps = configuration.steps
    with strategy.scope():
        total_loss = _total_loss(configuration)
        model = training.MultiTaskModel(*problem.layers(), total_loss=total_loss)
        problem.set_weights(model)
        model.compile(problem.recorder(steps, model.trainable_variables))
    batches = problem.dataset(strategy, problem.batch(), configuration)
    if steps > 1:
        batches = training.with_denominators(batches, total_loss, steps)
    logs = model.fit(batches, steps_per_epoch=steps, shuffle=False, verbose=0).history
    (total,) = logs["loss"]
    return {
        "total": total,
        "breakdown": {
            name: _row(logs[name][0], row.weight, logs[f"{name}/weighted"][0])
            for name, row in model.rows.table().items()
        },
        "gradients": [each.numpy().ravel().tolist() for each in model.trainable_variables],
        "centers": _centers(strategy, total_loss),
    }


def _total_loss(
    configuration: Configuration, *, alpha: float | None = None, coupled: bool = False
) -> TotalLoss:
    """The loss; over several micro-batches its centers are held, unless `alpha` is given."""
    if alpha is None:
        alpha = MOVING if configuration.steps == 1 else 0
    total_loss = build_total_loss(problem.spec(alpha=alpha, coupled=coupled))
    (variable,) = total_loss.variables
    variable.assign(problem.centers())
    return total_loss


def _row(loss: Any, weight: Any, weighted: Any) -> dict[str, float]:
    return {"loss": float(loss), "weight": float(weight), "weighted": float(weighted)}


def _centers(strategy: tf.distribute.Strategy, total_loss: TotalLoss) -> list[list[float]]:
    """The centers after the update, on every replica of this process."""
    (variable,) = total_loss.variables
    return [each.numpy().ravel().tolist() for each in strategy.experimental_local_results(variable)]
