"""How a Keras model trains with a total loss: the step, the rows, and what is not finite."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from composer.compose import REGULARIZATION, Evaluation, TotalLoss, build_total_loss
from composer.training.batches import (
    by_name,
    in_place,
    target_names,
    with_keras_masks,
    with_sample_weight,
)
from composer.training.clipping import clipped
from composer.training.functions import KerasFunctions
from composer.training.nonfinite import (
    OnNonfinite,
    Watch,
    any_nonfinite,
    nonfinite_flags,
    read_policy,
    zero_where,
)
from composer.training.rows import Rows, first_replica
from composer.training.window_limits import Window, accumulation_steps, require_windows
from composer.training.windows import read_window

do_not_convert = tf.autograph.experimental.do_not_convert


class Batch(NamedTuple):
    """A batch as a total loss takes it."""

    y_true: Mapping[str, Any]
    y_pred: Mapping[str, Any]
    window: Window | None


class TotalLossTrainer(KerasFunctions):
    """Trains and evaluates a Keras model with a total loss; to be mixed into a `keras.Model`.

    Attributes:
        total_loss: what is minimized.
        rows: its table over the epoch.
    """

    total_loss: TotalLoss
    rows: Rows

    def take(self, total_loss: Any, on_nonfinite: str) -> None:
        """Sets up the total loss; called once, when the model is made."""
        # Under the strategy of the model, so that every replica has the same variables.
        with self.distribute_strategy.scope():
            self.total_loss = (
                total_loss if isinstance(total_loss, TotalLoss) else build_total_loss(total_loss)
            )
            self.rows = Rows(self.total_loss.names)
        self.watch = Watch(self.rows, read_policy(on_nonfinite))

    @property
    def on_nonfinite(self) -> OnNonfinite:
        """`report`, `skip_term` or `raise`; another one holds from the next call of `fit` on."""
        return self.watch.policy

    @on_nonfinite.setter
    def on_nonfinite(self, policy: str) -> None:
        self.watch.policy = read_policy(policy)
        self.train_function = None

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: None = None,
        loss_weights: None = None,
        **options: Any,
    ) -> None:
        """As `keras.Model.compile`, without `loss` and `loss_weights`: the spec says both.

        Raises:
            ValueError: there is one of them, or the optimizer belongs to another strategy.
        """
        if loss is not None or loss_weights is not None:
            raise ValueError(
                "`compile` should get no `loss` and no `loss_weights`: the total loss has them; "
                "`training.as_keras_losses(spec)` is for a plain keras.Model"
            )
        with self.distribute_strategy.scope():
            super().compile(optimizer=optimizer, **options)
        self._require_optimizer_in_scope()
        self.watch.forget()

    def _require_optimizer_in_scope(self) -> None:
        """Raises ValueError where each replica would count the steps of the optimizer once."""
        strategy = self._distribute_strategy
        if strategy is None or self.optimizer is None:
            return
        if not strategy.extended.variable_created_in_scope(self.optimizer.variables[0].value):
            raise ValueError(
                "the optimizer should be made in the scope of the model's strategy: each replica "
                "would count its steps once; write `with strategy.scope(): model.compile(…)`"
            )

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compiles a loaded model as it was compiled when it was saved."""
        self.compile(**keras.saving.deserialize_keras_object(config))
        if self.optimizer is not None and self.built:
            self.optimizer.build(self.trainable_variables)

    @property
    def metrics(self) -> list[Any]:
        """The rows, then the metrics of `compile`.

        Keras's own tracker of the loss is left out: it multiplies by the number of replicas, and
        weighs them by their samples where the loss weighs them by what counts.
        """
        others = [each for each in super().metrics if each is not self.rows]
        return [self.rows, *(each for each in others if each is not self._loss_tracker)]

    @do_not_convert  # type: ignore[untyped-decorator]  # TensorFlow ships no types
    def train_step(self, data: Any) -> dict[str, Any]:
        """One step of training: the gradient of the total loss, exact over replicas and windows."""
        x, y_true, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        with tf.GradientTape() as tape:
            y_pred = self(x, training=True)
            batch = self._batch(y_true, y_pred, sample_weight)
            require_windows(self.optimizer, batch.window)
            evaluation = self._evaluate(batch, training=True)
            # Keras applies the mean over the micro-batches of a window, and the sum is due.
            total = evaluation.total * accumulation_steps(self.optimizer)
            scaled = self.optimizer.scale_loss(total)
        variables = self.trainable_variables
        if variables:
            gradients = self._guarded(tape.gradient(scaled, variables))
            gradients = clipped(self.optimizer, gradients)
            # Else the optimizer would count a step for the batch that is missing at the end.
            with tf.control_dependencies([evaluation.total]):
                self.optimizer.apply_gradients(zip(gradients, variables, strict=True))
        else:
            warnings.warn("the model has no trainable variables", stacklevel=2)
        return self.compute_metrics(x, y_true, y_pred, sample_weight)

    def _guarded(self, gradients: list[Any]) -> Any:
        """The gradients, with what `on_nonfinite` makes of them where one is not finite.

        A term left out leaves nothing of itself, but 0 · ∞ behind it is NaN: the square root of a
        model at 0. A LossScaleOptimizer leaves overflows out itself, which are nothing to report,
        unless there is nothing left to scale down.
        """
        bad = any_nonfinite(gradients)
        is_scaled = isinstance(self.optimizer, keras.optimizers.LossScaleOptimizer)
        if is_scaled:
            bad &= tf.convert_to_tensor(self.optimizer.dynamic_scale) <= 1
        self.rows.remember_gradient(bad, self.optimizer.iterations)
        stays = is_scaled or self.on_nonfinite == "report"
        return gradients if stays else zero_where(bad, gradients)

    @do_not_convert  # type: ignore[untyped-decorator]  # TensorFlow ships no types
    def test_step(self, data: Any) -> dict[str, Any]:
        """One step of evaluation."""
        x, y_true, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        y_pred = self(x, training=False)
        batch = self._batch(y_true, y_pred, sample_weight)
        self._evaluate(batch, training=False)
        return self.compute_metrics(x, y_true, y_pred, sample_weight)

    def compute_metrics(
        self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None
    ) -> dict[str, Any]:
        """The rows and the metrics of `compile`, whose targets know nothing of windows."""
        _, y_true = read_window(y)
        if self._compile_metrics is not None:
            names = list(by_name("y_pred", y_pred, self._names(), self.total_loss.paths))
            y_true, sample_weight = (in_place(x, y_pred, names) for x in (y_true, sample_weight))
        found: dict[str, Any] = super().compute_metrics(x, y_true, y_pred, sample_weight)
        return found

    def _names(self) -> list[str] | None:
        """Those of the outputs in order, None where the model has none."""
        return getattr(self, "output_names", None)

    def _batch(self, y_true: Any, y_pred: Any, sample_weight: Any) -> Batch:
        window, y_true = read_window(y_true)
        paths = self.total_loss.paths
        names = self._names()
        predictions = by_name("y_pred", y_pred, names, paths)
        targets = by_name("y_true", y_true, target_names(y_true, y_pred, names), paths)
        if isinstance(sample_weight, list | tuple) and names is not None:
            sample_weight = by_name("sample_weight", sample_weight, names, paths)
        targets = with_sample_weight(targets, sample_weight, paths)
        return Batch(with_keras_masks(targets, predictions, paths), predictions, window)

    def _evaluate(self, batch: Batch, *, training: bool) -> Evaluation:
        """The total loss of a batch, added to the rows."""
        step = None if self.optimizer is None else self.optimizer.iterations
        arguments: dict[str, Any] = {
            "step": step,
            "regularization": self._regularization(),
            "denominators": self._denominators(batch.window),
        }
        skip = None
        if training and self.on_nonfinite != "report":
            stopped = tf.nest.map_structure(tf.stop_gradient, batch.y_pred)
            seen = self.total_loss.evaluate(batch.y_true, stopped, training=False, **arguments)
            skip = nonfinite_flags(seen.breakdown)
        evaluation: Evaluation = self.total_loss.evaluate(
            batch.y_true, batch.y_pred, training=training, skip=skip, **arguments
        )
        self.rows.update_state(evaluation, self._share(batch.window), step, skip)
        return evaluation

    def _regularization(self) -> list[Any] | None:
        """The model's own losses, where there are any or the spec declares them."""
        losses = self.losses
        return losses if losses or REGULARIZATION in self.total_loss.names else None

    def _denominators(self, window: Window | None) -> dict[str, tf.Tensor] | None:
        if window is None:
            return None
        found = dict(window.denominators)
        if REGULARIZATION in self.total_loss.names:
            # It counts calls, and each replica makes one.
            calls = window.size * self.distribute_strategy.num_replicas_in_sync
            found[REGULARIZATION] = tf.constant(calls, tf.float64)
        return found

    def _share(self, window: Window | None) -> tf.Tensor:
        """The part of an update that this call stands for; the first replica answers for all."""
        return first_replica() if window is None else window.share
