"""The variables that losses carry from step to step, and how they move."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import tensorflow as tf

from composer.engine.replicas import sum_over_replicas
from composer.language.diagnostics import listing
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

    def require_scope(self) -> None:
        """Raises ValueError where replicas would share variables made outside their strategy.

        TensorFlow would move those once per replica, in silence.
        """
        context = tf.distribute.get_replica_context()
        if context is None or context.num_replicas_in_sync == 1:
            return
        created_in = context.strategy.extended.variable_created_in_scope
        outside = [
            name
            for name, variables in self.by_term.items()
            if not all(map(created_in, variables.values()))
        ]
        if outside:
            raise ValueError(
                "the total loss should be built in the scope that it runs under: "
                f"{listing(outside)} has variables, and each replica would move them once; write "
                "`with strategy.scope(): total_loss = build_total_loss(…)`"
            )

    def update(self, terms: Sequence[TermOnBatch]) -> None:
        """Moves the state of the terms by what all replicas saw; not where one is skipped."""
        self._require_step(terms)
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
                value = tf.cast(value, variables[name].dtype)
                if term.skip is not None:
                    value = tf.where(term.skip, before[term.name][name], value)
                variables[name].assign(value)

    def _require_step(self, terms: Sequence[TermOnBatch]) -> None:
        """Raises ValueError where workers out of step would overwrite each other's moves."""
        context = tf.distribute.get_replica_context()
        strategies = tf.distribute.ParameterServerStrategy
        if terms and context is not None and isinstance(context.strategy, strategies):
            raise ValueError(
                "a loss with variables should train under replicas in step: the workers of a "
                f"ParameterServerStrategy would overwrite each other's moves of "
                f"{listing([term.name for term in terms])}; give `training=False`, or use a "
                "MultiWorkerMirroredStrategy"
            )


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
