"""What plain Keras gives for a configuration: masks as `sample_weight`, replicas, accumulation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import problem
import tensorflow as tf
from configurations import Configuration

Found = dict[str, Any]
WEIGHTED = "mean_with_sample_weight"


class PerSample(keras.losses.Loss):  # type: ignore[misc]  # Keras ships no types
    """A function that gives one value for each sample, reduced by Keras."""

    def __init__(self, function: Callable[..., tf.Tensor], reduction: str) -> None:
        super().__init__(name=function.__name__, reduction=reduction)
        self.function = function

    def call(self, y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:
        return self.function(y_true, y_pred)


def silog(y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:
    """As losscomp's, from the valid pixels of a sample; 0 where it has none."""
    valid = y_true > 0
    keep = tf.cast(valid, y_pred.dtype)
    apart = keep * (tf.math.log(y_pred) - tf.math.log(tf.where(valid, y_true, 1)))
    count = tf.reduce_sum(keep, [1, 2])
    mean = tf.math.divide_no_nan(tf.reduce_sum(apart, [1, 2]), count)
    return tf.math.divide_no_nan(tf.reduce_sum(apart**2, [1, 2]), count) - 0.5 * mean**2


def distance(y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:
    """The absolute differences of a sample, added up."""
    return tf.reduce_sum(tf.abs(y_pred - y_true), -1)


def to_center(y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:
    """The values of `center`; its centers stay, for which a loss of Keras has no place."""
    own = tf.gather(tf.cast(problem.centers(), y_pred.dtype), tf.cast(y_true, tf.int32))
    return tf.reduce_sum((y_pred - own) ** 2, -1) / 2


def compiled(steps: int) -> keras.Model:
    """The model with losses that give on one device what the spec gives.

    A loss reads one output, so that the depth is there twice. The pose is a sum, which Keras's mean
    over the micro-batches would divide: its weight makes up for that.
    """
    inputs, outputs = problem.layers()
    outputs["silog"] = keras.layers.Identity()(outputs["depth"])
    model = keras.Model(inputs, outputs)
    problem.set_weights(model)
    model.compile(
        problem.recorder(steps, model.trainable_variables),
        loss={
            "scene": keras.losses.SparseCategoricalCrossentropy(True, reduction=WEIGHTED),
            "depth": keras.losses.Huber(0.5, reduction=WEIGHTED),
            "silog": PerSample(silog, WEIGHTED),
            "pose": PerSample(distance, "sum"),
            "face": PerSample(to_center, "sum_over_batch_size"),
        },
        loss_weights={
            "scene": 1,
            "depth": 0.5,
            "silog": 0.5 * problem.STEP / 8,
            "pose": 0.1 * steps,
            "face": 0.25,
        },
    )
    return model


def data() -> tuple[Any, dict[str, Any], dict[str, Any]]:
    """The batch as Keras takes it: x, targets and `sample_weight` by output."""
    x, y_true = problem.batch()
    valid = (y_true["depth"][..., 0] > 0).astype(x.dtype)
    weights = {
        "scene": y_true["importance"],
        "depth": valid,
        "silog": valid.max(-1),
        "pose": y_true["has_pose"].astype(x.dtype),
        "face": valid[:, 0] * 0 + 1,
    }
    y_true["silog"] = y_true["depth"]
    return x, {name: y_true[name] for name in weights}, weights


def in_a_loop(strategy: tf.distribute.Strategy, configuration: Configuration) -> Found:
    """One update of a custom loop around `compute_loss`, the mean over its micro-batches."""
    with strategy.scope():
        model = compiled(configuration.steps)

    def on_replica(x: Any, y: Any, sample_weight: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = model.compute_loss(x, y, model(x, training=True), sample_weight)
            total = loss / configuration.steps
        return [total, *tape.gradient(total, model.trainable_variables)]

    @tf.function  # type: ignore[untyped-decorator]  # TensorFlow ships no types
    def update(iterator: Any) -> Any:
        shares = [strategy.run(on_replica, args=next(iterator)) for _ in configuration.shards]
        return [
            tf.add_n([strategy.reduce("SUM", each, axis=None) for each in column])
            for column in zip(*shares, strict=True)
        ]

    total, *gradients = update(iter(problem.dataset(strategy, data(), configuration)))
    return {
        "total": float(total),
        "gradients": [each.numpy().ravel().tolist() for each in gradients],
    }


def under_fit(strategy: tf.distribute.Strategy, configuration: Configuration) -> Found:
    """One update of `fit`."""
    steps = configuration.steps
    with strategy.scope():
        model = compiled(steps)
    batches = problem.dataset(strategy, data(), configuration)
    logs = model.fit(batches, steps_per_epoch=steps, shuffle=False, verbose=0).history
    return {
        "total": logs["loss"][0],
        "gradients": [each.numpy().ravel().tolist() for each in model.trainable_variables],
    }
