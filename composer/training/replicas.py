"""The breakdown of all replicas from what each of them returned."""

from __future__ import annotations

from collections.abc import Mapping

import tensorflow as tf

from composer.compose import Term


def reduce(strategy: tf.distribute.Strategy, breakdown: Mapping[str, Term]) -> dict[str, Term]:
    """What `strategy.run` returned of a breakdown, as the numbers of one device.

    `loss` and `weighted` are shares, and are added; `weight` and `denominator` are equal on all
    replicas. Of the total: `strategy.reduce("SUM", total, axis=None)`.

    Args:
        strategy: the strategy that ran the total loss.
        breakdown: per-replica values by row.
    """

    def added(value: tf.Tensor) -> tf.Tensor:
        return strategy.reduce(tf.distribute.ReduceOp.SUM, value, axis=None)

    def first(value: tf.Tensor) -> tf.Tensor:
        return strategy.experimental_local_results(value)[0]

    return {
        name: Term(added(row.loss), first(row.weight), added(row.weighted), first(row.denominator))
        for name, row in breakdown.items()
    }
