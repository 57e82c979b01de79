"""A small training whose every bit counts: its spec, its data, its model, and all of its state."""

from __future__ import annotations

import copy
import json
import os

import keras
import numpy as np
import tensorflow as tf

from composer.training import MultiTaskModel

BATCHES, EPOCHS = 5, 3
# Three schedules, masks, a loss with state, two reductions and the model's own losses.
SPEC = {
    "tasks": {
        "depth": {
            "mask": "y_true > 0.2",
            "weight": "ramp(step, 0, 10)",
            "loss": {"type": "huber", "weight": "piecewise(step, [4], [1, 0.5])"},
        },
        "face": {
            "mask": "y_true >= 0",
            "weight": "cosine(step, 0, 15, high=0.5, low=0.1)",
            "loss": {
                "type": "center",
                "num_classes": 3,
                "embedding_size": 2,
                "reduction": "sum",
            },
        },
    },
    "regularization": {"weight": 1},
}
# Centers that move do so at every micro-batch, which windows refuse.
HELD = copy.deepcopy(SPEC)
HELD["tasks"]["face"]["loss"]["alpha"] = 0


def functional():
    """Inputs and outputs, dropout with its random seed between them."""
    inputs = keras.Input([4])
    hidden = keras.layers.Dense(3, activation="tanh", kernel_regularizer="l2")(inputs)
    hidden = keras.layers.Dropout(0.5)(hidden)
    heads = {"depth": keras.layers.Dense(1)(hidden), "face": keras.layers.Dense(2)(hidden)}
    return inputs, heads


def compiled(seed=0, accumulate=None, **options):
    """A model that was never trained."""
    keras.utils.set_random_seed(seed)
    model = MultiTaskModel(*functional(), total_loss=HELD if accumulate else SPEC)
    optimizer = keras.optimizers.Adam(0.01, gradient_accumulation_steps=accumulate)
    model.compile(optimizer, metrics={"depth": ["mae"]}, **options)
    return model


def data(batches=BATCHES):
    """The batches of an epoch, four samples in each, in the same order in every process."""
    random = np.random.RandomState(0)
    count = 4 * batches
    y_true = {
        "depth": random.uniform(size=[count, 1]).astype("float32"),
        "face": random.randint(-1, 3, count),
    }
    x = random.uniform(size=[count, 4]).astype("float32")
    return tf.data.Dataset.from_tensor_slices((x, y_true)).batch(4)


def fit(model, dataset, callbacks=(), **options):
    """The history of what `fit` trains, which is nothing where all is trained."""
    options = {"epochs": EPOCHS, "shuffle": False, "verbose": 0, **options}
    return model.fit(dataset, callbacks=list(callbacks), **options).history


def state(model):
    """Every number that the rest of a training depends on, and the table of the last epoch."""
    return numbers(
        [
            *model.variables,
            *model.optimizer.variables,
            *model.total_loss.variables,
            *model.metrics_variables,
        ]
    )


def numbers(variables):
    """Variables as arrays by their place: Keras gives a second model other names."""
    return {str(place): each.numpy() for place, each in enumerate(variables)}


class After(keras.callbacks.Callback):
    """Does something after every batch and epoch, with how many there were in all."""

    def __init__(self, batch=None, epoch=None):
        super().__init__()
        self.batch, self.epoch, self.batches = batch, epoch, 0

    def on_train_batch_end(self, batch, logs=None):
        self.batches += 1
        if self.batch is not None:
            self.batch(self.batches)

    def on_epoch_end(self, epoch, logs=None):
        if self.epoch is not None:
            self.epoch(epoch + 1)


def write(directory, name, state, history=None):
    """State and history for the test to compare; a history is written to the last digit."""
    np.savez(os.path.join(directory, name), **state, history=json.dumps(history))


def in_fork(function, *arguments):
    """Runs a function in a process that has imported all and has computed nothing.

    TensorFlow takes seconds to import, and a test has many processes.
    """
    process = os.fork()
    if process == 0:
        code = 1
        try:
            tf.config.experimental.enable_op_determinism()
            function(*arguments)
            code = 0
        except BaseException:
            import traceback

            traceback.print_exc()
        finally:
            os._exit(code)
    return process


def join(process):
    """Waits for a process; raises where it failed."""
    _, status = os.waitpid(process, 0)
    code = os.waitstatus_to_exitcode(status)
    if code != 0:
        raise RuntimeError(f"a process ended with {code}")
