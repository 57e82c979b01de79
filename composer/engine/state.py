"""The variables that losses carry from step to step, and how they move."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import tensorflow as tf

from composer.engine.replicas import sum_over_replicas
from composer.terms import Term

if TYPE_CHECKING:
    from composer.engine.term import TermOnBatch


class State(tf.Module):
    """The variables of every term that has any, tracked under `task/loss/name`."""

    def __init__(self, variables: dict[str, dict[str, tf.Variable]]) -> None:
        super().__init__(name="state")
        self.by_term = variables

    def of(self, name: str) -> dict[str, tf.Variable]:
        """The variables of one term."""
        return dict(self.by_term.get(name, {}))

    def update(self, terms: Sequence[TermOnBatch]) -> None:
        """Moves the state of the terms by what all replicas saw."""
        # Read before the replicas meet: outside a strategy's scope they share one variable, and
        # the first to go on from there would have moved it already.
        before = {
            term.name: {
                name: tf.convert_to_tensor(each) for name, each in self.of(term.name).items()
            }
            for term in terms
        }
        statistics = sum_over_replicas({term.name: term.statistics(self) for term in terms})
        for term in terms:
            variables = self.of(term.name)
            after = term.term.loss.update(before[term.name], statistics[term.name])
            for name, value in after.items():
                variables[name].assign(tf.cast(value, variables[name].dtype))


def create_state(terms: Sequence[Term]) -> State:
    """Variables at 0 for the losses that have state; equal on every replica ever after."""
    return State(
        {
            term.name: {
                name: tf.Variable(
                    tf.zeros(shape),
                    trainable=False,
                    name=plain_name(f"{term.name}/{name}"),
                    aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA,
                )
                for name, shape in term.loss.state().items()
            }
            for term in terms
            if term.loss.state()
        }
    )


def plain_name(name: str) -> str:
    """A name that TensorFlow takes for a variable."""
    return "".join(char if char.isalnum() or char in "_./-" else "_" for char in name)
