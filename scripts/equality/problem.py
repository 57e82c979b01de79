"""The one problem of all configurations: a batch, a small model of four heads, and its loss."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from configurations import Configuration

SAMPLES, FEATURES, PIXELS, SCENES, PEOPLE, SIZE = 8, 10, 12, 4, 3, 4
STEP = 3  # of training, where the ramp below is 3/8

Arrays = dict[str, np.ndarray]


def spec(*, alpha: float, coupled: bool = False) -> dict[str, Any]:
    """Every reduction, a tensor weight, a ramp, masks of pixels and of samples, state.

    Args:
        alpha: how far the centers of `face/center` move at a call.
        coupled: with `road/dice`, which couples the samples of a batch.
    """
    center = {"type": "center", "num_classes": PEOPLE, "embedding_size": SIZE, "alpha": alpha}
    tasks: dict[str, Any] = {
        "scene": {
            "weight": "y_true.importance",
            "loss": {"type": "sparse_softmax_cross_entropy", "reduction": "weighted_mean"},
        },
        "depth": {
            "weight": 0.5,
            "mask": "y_true > 0",
            "loss": [
                {"type": "huber", "delta": 0.5},
                {"type": "silog", "weight": "ramp(step, 0, 8)"},
            ],
        },
        "pose": {
            "weight": 0.1,
            "mask": "y_true.has_pose",
            "loss": {"type": "absolute_difference", "reduction": "sum"},
        },
        "face": {"weight": 0.25, "loss": {**center, "reduction": "sum_over_batch_size"}},
    }
    if coupled:
        dice = {"type": "dice", "per": "batch", "y_pred": "sigmoid(y_pred.depth - 1)"}
        tasks["road"] = {"loss": dice}
    return {"tasks": tasks, "regularization": {"weight": 1}}


def batch() -> tuple[np.ndarray, Arrays]:
    """Eight samples: the depth is mostly in the first, the pose in the last, the third has none."""
    draw = np.random.default_rng(7)
    floats = keras.config.floatx()
    valid = draw.random([SAMPLES, PIXELS, 1]) < np.linspace(1, 0.1, SAMPLES).reshape(-1, 1, 1)
    valid[2] = False
    y_true = {
        "scene": draw.integers(0, SCENES, SAMPLES).astype("int32"),
        "importance": np.array([1, 4, 0.5, 2, 1, 0, 3, 1], floats),
        "depth": np.where(valid, draw.uniform(0.5, 3, valid.shape), 0).astype(floats),
        "pose": draw.normal(size=[SAMPLES, 3]).astype(floats),
        "has_pose": np.array([1, 0, 0, 0, 1, 1, 1, 1], bool),
        "face": draw.integers(0, PEOPLE, SAMPLES).astype("int32"),
        "road": (draw.random(valid.shape) < 0.5).astype(floats),
    }
    return draw.normal(size=[SAMPLES, FEATURES]).astype(floats), y_true


def centers() -> np.ndarray:
    """Where the centers start; float32, in which they are kept, holds them exactly."""
    return np.arange(PEOPLE * SIZE).reshape(PEOPLE, SIZE) / 8


def layers() -> tuple[Any, dict[str, Any]]:
    """Inputs and outputs of the model."""
    inputs = keras.Input([FEATURES])
    penalty = keras.regularizers.L2(0.01)
    hidden = keras.layers.Dense(8, "tanh", kernel_regularizer=penalty)(inputs)
    sizes = {"scene": SCENES, "depth": PIXELS, "pose": 3, "face": SIZE}
    outputs = {name: keras.layers.Dense(size)(hidden) for name, size in sizes.items()}
    positive = keras.activations.softplus(outputs["depth"])
    return inputs, outputs | {"depth": keras.layers.Reshape([PIXELS, 1])(positive)}


def set_weights(model: keras.Model) -> None:
    """The same weights in every process, strategy and dtype."""
    draw = np.random.default_rng(11)
    model.set_weights([draw.normal(scale=0.3, size=each.shape) for each in model.weights])


class Recorder(keras.optimizers.SGD):  # type: ignore[misc]  # Keras ships no types
    """An optimizer after whose step every variable is its own gradient, to the last digit."""

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:  # noqa: ARG002  # Keras's signature
        self.assign(variable, gradient)


def recorder(steps: int, variables: list[Any]) -> Recorder:
    """A recorder at the step of the problem that accumulates over so many micro-batches."""
    optimizer = Recorder(gradient_accumulation_steps=steps if steps > 1 else None)
    optimizer.build(variables)
    counter = optimizer.variables[0]  # which counts micro-batches
    counter.assign(STEP * steps)
    return optimizer


def dataset(strategy: tf.distribute.Strategy, parts: Any, configuration: Configuration) -> Any:
    """The micro-batches of a structure of arrays, of which every replica reads its own shards."""

    def pipeline(context: tf.distribute.InputContext) -> tf.data.Dataset:
        mine = slice(context.input_pipeline_id, None, context.num_input_pipelines)

        def shards() -> Any:
            for pieces in configuration.pieces:
                for piece in pieces[mine]:
                    yield tf.nest.map_structure(lambda array, piece=piece: array[piece], parts)

        def spec_of(array: np.ndarray) -> tf.TensorSpec:
            return tf.TensorSpec([None, *array.shape[1:]], array.dtype)

        signature = tf.nest.map_structure(spec_of, parts)
        return tf.data.Dataset.from_generator(shards, output_signature=signature)

    if strategy.num_replicas_in_sync == 1:
        return pipeline(tf.distribute.InputContext())
    return strategy.distribute_datasets_from_function(pipeline)
