"""The functions that Keras makes of a step, and what happens around each of their calls."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import tensorflow as tf

from composer.training.nonfinite import Watch
from composer.training.window_limits import require_start

if TYPE_CHECKING:
    from keras import Model as Base
else:
    # Keras puts its functional model in the place of `keras.Model` among the bases of a subclass,
    # and would do so here for all who share this class.
    Base = object


class KerasFunctions(Base):
    """Stands between the loops of `fit` and `evaluate` and the steps of a model.

    Attributes:
        watch: looks for what is not finite after every call.
        pass_over: while a training is resumed: takes batches that were trained before, and gives
            their logs.
        epoch_iterator: the batches of `fit`, of which Keras tells its callbacks nothing.
        begins: whether the batches of `fit` are about to begin.
    """

    watch: Watch
    train_function: Any
    test_function: Any
    pass_over: Any = None
    epoch_iterator: Callable[[], Any] | None = None
    begins = False

    def _make_function(self, step_function: Any) -> Any:
        """Keras's own, which averages what workers log along an axis that a number lacks."""
        strategy = self.distribute_strategy
        workers = isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy)
        if not (workers and strategy.extended._in_multi_worker_mode()):
            return super()._make_function(step_function)

        def with_axis(data: Any) -> Any:
            return tf.nest.map_structure(lambda each: tf.reshape(each, [1]), step_function(data))

        return super()._make_function(with_axis)

    def make_train_function(self, force: bool = False) -> Any:
        """Keras's own, which then looks for what is not finite."""
        # Those of a training that broke off.
        self.watch.listeners.clear()
        self.pass_over = None
        self._initial_epoch = None
        self.begins = True
        if self.built and self.optimizer is not None and not self.optimizer.built:
            # In the first trace it would make a second one necessary.
            with self.distribute_strategy.scope():
                self.optimizer.build(self.trainable_variables)
        if self.train_function is None or force:
            super().make_train_function(force)
            self.train_function = self._resumed(self._watched(self.train_function))
        return self.train_function

    def make_test_function(self, force: bool = False) -> Any:
        """Likewise."""
        if self.test_function is None or force:
            super().make_test_function(force)
            self.test_function = self._watched(self.test_function, evaluating=True)
        return self.test_function

    def _maybe_symbolic_build(self, iterator: Any = None, data_batch: Any = None) -> None:
        """Keras's own, from the share of one replica.

        Keras adds the shares up to learn their shapes, and fails where the first batch is uneven.
        """
        strategy = self._distribute_strategy
        if isinstance(strategy, tf.distribute.ParameterServerStrategy):
            raise ValueError(
                "a model should train under replicas in step: Keras has no `fit` for a "
                "ParameterServerStrategy; call the total loss in a function that a "
                "ClusterCoordinator schedules"
            )
        if data_batch is not None and self.distribute_strategy.num_replicas_in_sync > 1:
            raise ValueError(
                "`train_on_batch` and `test_on_batch` give every replica the whole batch, and sums "
                "would count it as often; use `fit` and `evaluate`, which share it out"
            )
        if iterator is not None:
            self.epoch_iterator = weakref.ref(iterator)
        if strategy is not None and iterator is not None:
            _, _, batches = next(iter(iterator))
            data_batch = tf.nest.map_structure(
                lambda each: strategy.experimental_local_results(each)[0], next(batches)
            )
            iterator = None
        super()._maybe_symbolic_build(iterator=iterator, data_batch=data_batch)

    def _resumed(self, function: Any) -> Any:
        def call(iterator: Any) -> Any:
            if self.begins and self.pass_over is None and isinstance(iterator, tf.data.Iterator):
                require_start(self.optimizer)
            self.begins = False
            passed = None if self.pass_over is None else self.pass_over(iterator)
            return function(iterator) if passed is None else passed

        return call

    def _watched(self, function: Any, *, evaluating: bool = False) -> Any:
        def call(iterator: Any) -> Any:
            try:
                logs = function(iterator)
            except (StopIteration, tf.errors.OpError):
                raise  # it was traced, and the end of the data is one of these
            except Exception:
                # A function whose first trace fails may make no variables in its second.
                self.train_function = self.test_function = None
                raise
            self.watch.look(evaluating=evaluating)
            return logs

        return call
