"""What replicas and workers train on: batches whose last one does not reach them all."""

from __future__ import annotations

import numpy as np

from tests.training.linear import column, compiled, linear_model

# What a model of weight 1 errs by on targets of 0; the first, the fourth and the fifth count.
X = column(1, 2, 4, 8, 16)
Y = {"depth": 0 * X, "valid": np.array([[True], [False], [False], [True], [True]])}

MEAN = {"tasks": {"depth": {"mask": "y_true.valid", "loss": "absolute_difference"}}}
ROW = "depth/absolute_difference"
EVERY_ROW = {
    "tasks": {
        "depth": {
            "mask": "y_true.valid",
            "weight": "ramp(step, 0, 8)",
            "loss": [
                {"type": "absolute_difference", "name": "mean"},
                {"type": "absolute_difference", "name": "sum", "reduction": "sum"},
                {"type": "absolute_difference", "name": "weighted", "weight": "1 + y_true",
                 "reduction": "weighted_mean"},
                {"type": "absolute_difference", "name": "none", "mask": "y_true > 1"},
            ],
        }
    },
    "regularization": {"weight": 2},
}  # fmt: skip
FACES = {
    "tasks": {
        "face": {
            "y_true": "y_true.who",
            "loss": {"type": "center", "num_classes": 3, "embedding_size": 2},
        },
        "depth": {
            "y_pred": "y_pred.face[:, :1]",
            "mask": "y_true.valid",
            "loss": "absolute_difference",
        },
    }
}
FEATURES = np.arange(10, dtype="float32").reshape(5, 2) / 4
PEOPLE = Y | {"who": np.array([0, 1, 1, 2, 0], "int32")}
# Of the first four samples the last is wrong, which one replica of two sees.
WITH_A_NAN = PEOPLE | {"depth": column(0, 0, 0, np.nan, 0)}


def batches(count=5, of=4, x=X, y=Y):
    """A dataset of the first samples, in batches of four: over two replicas 2 + 2, then 1 + 0."""
    import tensorflow as tf

    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    parts = tf.nest.map_structure(lambda array: array[:count], (x, y))
    return tf.data.Dataset.from_tensor_slices(parts).batch(of).with_options(options)


def faces(policy="report"):
    """A model with centers."""
    return compiled(
        linear_model(FACES, ["face"], units=2, features=2, on_nonfinite=policy), rate=0.05
    )


def of_keras(rate):
    """A plain Keras model of one weight, with the mean of what counts as its loss."""
    import keras

    inputs = keras.Input([1])
    output = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")(inputs)
    model = keras.Model(inputs, output)
    loss = keras.losses.MeanAbsoluteError(reduction="mean_with_sample_weight")
    model.compile(keras.optimizers.SGD(rate), loss=loss)
    return model


def keras_batches(count=5, of=4, x=X, valid=Y["valid"]):
    """The same batches as Keras takes them, the mask as `sample_weight`."""
    return batches(count, of, x, (0 * x, valid.astype("float32"))).map(lambda x, rest: (x, *rest))


def fit(model, data, **options):
    """What `History` holds after a training."""
    return model.fit(data, shuffle=False, verbose=0, **options).history


def in_scope(strategy, build):
    """A model under the strategy, and the same on one device."""
    with strategy.scope():
        over_replicas = build()
    return over_replicas, build()


def error_of(call):
    """What a call raises, as one text; nothing where it does not."""
    try:
        call()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""
