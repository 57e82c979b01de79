"""Linear models for tests of training, and the ways to run them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

MODES = {"eager": {"run_eagerly": True}, "graph": {}, "xla": {"jit_compile": True}}
# XLA takes seconds to compile what the other two run at once.
in_two_modes = pytest.mark.parametrize(
    "mode", ["eager", "graph", pytest.param("xla", marks=pytest.mark.full)]
)
eagerly_first = pytest.mark.parametrize(
    "mode", ["eager", *(pytest.param(mode, marks=pytest.mark.full) for mode in ("graph", "xla"))]
)


def linear_model(spec, heads=("depth",), *, units=1, features=1, start="ones", **options):
    """One matrix without bias for every head, on features that they share."""
    import keras

    from composer import training

    inputs = keras.Input([features])
    outputs = {
        name: keras.layers.Dense(units, use_bias=False, kernel_initializer=start, name=name)(inputs)
        for name in heads
    }
    return training.MultiTaskModel(inputs, outputs, total_loss=spec, **options)


def compiled(model, optimizer=None, mode="graph", rate=0.0, **options):
    """The model, compiled with plain gradient descent unless an optimizer is given."""
    import keras

    model.compile(optimizer or keras.optimizers.SGD(rate), **MODES[mode] | options)
    return model


def column(*numbers, dtype="float32"):
    """One number a sample."""
    return np.array(numbers, dtype)[:, None]


def batches_of(x, y_true, sizes):
    """A dataset of batches of these sizes, of unknown length."""
    import tensorflow as tf

    ends = np.cumsum([0, *sizes])

    def each():
        for start, end in itertools.pairwise(ends):
            yield x[start:end], {name: array[start:end] for name, array in y_true.items()}

    signature = (
        tf.TensorSpec([None, *x.shape[1:]], x.dtype),
        {name: tf.TensorSpec([None, *a.shape[1:]], a.dtype) for name, a in y_true.items()},
    )
    return tf.data.Dataset.from_generator(each, output_signature=signature)


def known_batches_of(x, y_true, sizes):
    """The same of a known length."""
    import tensorflow as tf

    dataset = batches_of(x, y_true, sizes)
    return dataset.apply(tf.data.experimental.assert_cardinality(len(sizes)))


def weights_of(model):
    """All numbers that the model learns, in one vector."""
    return np.concatenate([np.ravel(each) for each in model.get_weights()])
