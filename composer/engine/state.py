"""The variables that losses carry from step to step, and how they move."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import tensorflow as tf

from composer.engine.replicas import sum_over_replicas
from composer.language.diagnostics import listing
from composer.terms import Term

StateTensors = Mapping[str, Mapping[str, tf.Tensor]]
"""Tensors by term and name."""


class State(tf.Module):
    """The variables of every term that has any, tracked under `task/loss/name`."""

    def __init__(self, variables: dict[str, dict[str, tf.Variable]]) -> None:
        super().__init__(name="state")
        self.by_term = variables

    def tensors(self) -> StateTensors:
        """What the variables hold now, by term and name."""
        return {
            term: {name: tf.convert_to_tensor(each) for name, each in variables.items()}
            for term, variables in self.by_term.items()
        }

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

    def update(
        self,
        terms: Sequence[Term],
        before: StateTensors,
        statistics: StateTensors,
        skip: Mapping[str, tf.Tensor],
    ) -> None:
        """Moves the state of some terms by what all replicas saw; not where one is skipped.

        Args:
            terms: those of the spec.
            before: what the variables held when the loss was computed.
            statistics: of this replica's batch, by term and name.
            skip: by term, whether it is left out at this step.
        """
        self._require_step(list(statistics))
        losses = {term.name: term.loss for term in terms}
        for term, sums in sum_over_replicas(statistics).items():
            for name, after in losses[term].update(before[term], sums).items():
                variable = self.by_term[term][name]
                value = tf.cast(after, variable.dtype)
                if term in skip:
                    value = tf.where(skip[term], before[term][name], value)
                variable.assign(value)

    def _require_step(self, terms: Sequence[str]) -> None:
        """Raises ValueError where workers out of step would overwrite each other's moves."""
        context = tf.distribute.get_replica_context()
        strategies = tf.distribute.ParameterServerStrategy
        if terms and context is not None and isinstance(context.strategy, strategies):
            raise ValueError(
                "a loss with variables should train under replicas in step: the workers of a "
                f"ParameterServerStrategy would overwrite each other's moves of "
                f"{listing(terms)}; give `training=False`, or use a "
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
