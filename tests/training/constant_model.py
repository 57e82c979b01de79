"""A model that never learns, so that what is logged of it can be done in the head."""

from __future__ import annotations

import numpy as np
import pytest

# Keras 3.15 reads its variables in a way that NumPy 2.4 deprecates.
KERAS_WARNS = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

# The errors are 1, 1, 2 and 2. Of `depth` the first and the last count: (1 + 4) / 2 = 2.5, and half
# of it. Of `pose` the sums of two batches of two are 2 and 8, on average 5.
SPEC = {
    "tasks": {
        "depth": {
            "mask": "y_true.valid",
            "loss": {"type": "mean_squared_error", "weight": 0.5, "name": "mse"},
        },
        "pose": {
            "y_true": "y_true.depth",
            "y_pred": "y_pred.depth",
            "loss": {"type": "mean_squared_error", "reduction": "sum", "name": "mse"},
        },
    }
}
X = np.zeros((4, 1), "float32")
Y = {
    "depth": np.array([[1], [1], [2], [2]], "float32"),
    "valid": np.array([[True], [False], [False], [True]]),
}
DEPTH = {"loss": 2.5, "weighted": 1.25, "weight": 0.5, "kept": 0.5, "skipped": 0}
POSE = {"loss": 5.0, "weighted": 5.0, "weight": 1.0, "kept": 1.0, "skipped": 0}
TOTAL = 6.25
# In one batch: 2 and 10.
WHOLE_POSE = POSE | {"loss": 10.0, "weighted": 10.0}
WHOLE_TOTAL = 11.25


def constant_model(spec=SPEC, on_nonfinite="report", rate=0.0, **options):
    """Predicts 0 from X; `options` are those of `compile`."""
    import keras

    from composer import training

    inputs = keras.Input([1])
    outputs = keras.layers.Dense(1, kernel_initializer="ones", name="depth")(inputs)
    model = training.MultiTaskModel(
        inputs, {"depth": outputs}, total_loss=spec, on_nonfinite=on_nonfinite
    )
    model.compile(keras.optimizers.SGD(rate), **options)
    return model


def fit(model, callbacks, x=X, y=Y, **options):
    """Two epochs of two batches in order, validated on all at once."""
    given = {
        "batch_size": 2, "epochs": 2, "shuffle": False, "verbose": 0,
        "validation_data": (X, Y), "validation_batch_size": 4,
    }  # fmt: skip
    return model.fit(x, y, callbacks=callbacks, **given | options)
