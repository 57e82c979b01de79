"""Models that Keras saves, and the types of their outputs; each is made only when it is called."""

from __future__ import annotations

import warnings

import keras
import numpy as np
from keras import layers, ops


def save(make, path):
    """Keras warns of its own doings."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        make().save(path)


def image():
    return keras.Input((16, 16, 3))


def sequence():
    return keras.Input((5, 6))


def tasks():
    """A trunk with heads of its own."""
    x = image()
    trunk = layers.GlobalAveragePooling2D()(layers.Conv2D(8, 3, strides=2)(x))
    depth = layers.Conv2D(1, 1)(x)
    return keras.Model(x, {"scene": layers.Dense(27)(trunk), "depth": depth})


def nested_models():
    backbone = keras.Sequential([image(), layers.Conv2D(4, 3), layers.Flatten()])
    x = image()
    inner = keras.Model(x, {"p": backbone(x), "q": backbone(x * 2.0)})
    features = inner(y := image())
    return keras.Model(y, {"p": features["p"], "s": {"q": layers.Dense(2)(features["q"])}})


def mixed_precision():
    x = sequence()
    half = layers.Dense(4, dtype="mixed_float16", name="half")(x)
    return keras.Model(x, [half, layers.Dense(2, name="full", dtype="float32")(half)])


def compiled():
    def loss_of_ones_own(y_true, y_pred):
        return ops.mean(y_true - y_pred)

    net = keras.Model(x := sequence(), layers.Dense(4, name="a")(x))
    net.compile("adam", loss=loss_of_ones_own, metrics=[keras.metrics.MeanSquaredError()])
    return net


def computed(x):
    return {
        "slice": x[..., :2], "mean": ops.mean(x, axis=1, keepdims=True), "twice": x * 2,
        "long": ops.cast(x, "int64") * 10**12, "positive": x > 0, "unstacked": ops.unstack(x, axis=1)[3],
        "concat": ops.concatenate([x, x], axis=-1), "sum": ops.sum(x), "flat": ops.reshape(x, (-1, 30)),
        "argmax": ops.argmax(x, -1), "hot": ops.one_hot(ops.argmax(x, -1), 9), "plus": x + np.ones(6, "float32"),
        "pair": ops.matmul(x, ops.transpose(x, (0, 2, 1))), "stack": ops.stack([x, x]),
    }  # fmt: skip


COMPUTED = {
    "slice": "float32[batch, 5, 2]", "mean": "float32[batch, 1, 6]", "twice": "float32[batch, 5, 6]",
    "long": "int64[batch, 5, 6]", "positive": "bool[batch, 5, 6]", "unstacked": "float32[batch, 6]",
    "concat": "float32[batch, 5, 12]", "sum": "float32[]", "flat": "float32[batch, 30]",
    "argmax": "int32[batch, 5]", "hot": "float32[batch, 5, 9]", "plus": "float32[batch, 5, 6]",
    "pair": "float32[batch, 5, 5]", "stack": "float32[2, ?, 5, 6]",
}  # fmt: skip


def of(make, *inputs):
    """A functional model around what is made of its inputs."""
    return lambda: keras.Model(xs := [each() for each in inputs], make(*xs))


def words():
    return keras.Input((1,), dtype="string")


def indices(count):
    return lambda: keras.Input((count,), dtype="int32")


def adapted(lookup, *data):
    lookup.adapt(np.array(data))
    return lookup


MODELS = {
    "mapping": (tasks, {"scene": "float32[batch, 27]", "depth": "float32[batch, 16, 16, 1]"}),
    "one": (of(lambda x: layers.Dense(4, name="a")(x), sequence), {"a": "float32[batch, 5, 4]"}),
    "list": (
        of(lambda x: [layers.Dense(1, name="b")(x), layers.Dense(2, name="a")(x)], sequence),
        {"b": "float32[batch, 5, 1]", "a": "float32[batch, 5, 2]"},
    ),
    "tuple": (of(lambda x: (layers.ReLU(name="b")(x),), sequence), {"b": "float32[batch, 5, 6]"}),
    "list-in-mapping": (
        of(lambda x: {"z": [layers.Dense(1, name="b")(x), layers.ReLU(name="a")(x)], "y": x}, sequence),
        {"z": {"b": "float32[batch, 5, 1]", "a": "float32[batch, 5, 6]"}, "y": "float32[batch, 5, 6]"},
    ),
    "operations": (of(computed, sequence), COMPUTED),
    "nested-models": (nested_models, {"p": "float32[batch, 784]", "s": {"q": "float32[batch, 2]"}}),
    "mixed-precision": (mixed_precision, {"half": "float16[batch, 5, 4]", "full": "float32[batch, 5, 2]"}),
    "bfloat16": (of(lambda x: layers.Dense(3, dtype="bfloat16", name="a")(x), sequence), {"a": "bfloat16[batch, 5, 3]"}),
    "compiled": (compiled, {"a": "float32[batch, 5, 4]"}),
    "sequential": (
        lambda: keras.Sequential([keras.Input((4,)), layers.Dense(3), layers.Dense(2, name="a")]),
        {"a": "float32[batch, 2]"},
    ),
    "sequential-of-models": (
        lambda: keras.Sequential([image(), tasks()]),
        {"scene": "float32[batch, 27]", "depth": "float32[batch, 16, 16, 1]"},
    ),
    "fixed-batch": (
        lambda: keras.Model(x := keras.Input(batch_shape=(8, 4)), layers.ReLU(name="a")(x)),
        {"a": "float32[8, 4]"},
    ),
    "open-axes": (
        lambda: keras.Model(x := keras.Input((None, None, 3)), layers.Conv2D(2, 1, name="a")(x)),
        {"a": "float32[batch, ?, ?, 2]"},
    ),
    "preprocessing": (
        of(lambda x: layers.Normalization(mean=[1.0, 2.0, 3.0], variance=[1.0, 1.0, 1.0], name="a")(
            layers.Resizing(8, 9)(layers.RandomFlip(seed=3)(layers.Rescaling(1 / 255)(x)))), image),
        {"a": "float32[batch, 8, 9, 3]"},
    ),
    "adapted": (
        lambda: keras.Model(x := words(), adapted(layers.StringLookup(output_mode="one_hot", name="a"), "b", "c")(x)),
        {"a": "float32[batch, 3]"},  # two words, and the one for all others
    ),
    "vocabulary": (
        of(lambda x: layers.StringLookup(vocabulary=["b", "c"], output_mode="multi_hot", name="a")(x), words),
        {"a": "float32[batch, 3]"},
    ),
    "text": (
        of(lambda x: layers.TextVectorization(vocabulary=["b", "c"], output_sequence_length=7, name="a")(x), words),
        {"a": "int64[batch, 7]"},
    ),
    "integers": (of(lambda x: layers.IntegerLookup(vocabulary=[7, 9], name="a")(x), indices(5)), {"a": "int64[batch, 5]"}),
    "hashing": (of(lambda x: layers.Hashing(7, output_mode="one_hot", name="a")(x), indices(1)), {"a": "float32[batch, 7]"}),
    "embedding": (of(lambda x: layers.Embedding(100, 8, name="a")(x), indices(5)), {"a": "float32[batch, 5, 8]"}),
    "recurrent": (
        of(lambda x: layers.Bidirectional(layers.LSTM(4, return_sequences=True), name="a")(layers.Masking()(x)), sequence),
        {"a": "float32[batch, 5, 8]"},
    ),
    "cells": (of(lambda x: layers.RNN([layers.GRUCell(4), layers.LSTMCell(3)], name="a")(x), sequence), {"a": "float32[batch, 3]"}),
    "state": (of(lambda x: layers.GRU(4, name="a")(x, initial_state=x[:, 0, :4]), sequence), {"a": "float32[batch, 4]"}),
    "attention": (
        of(lambda q, v: layers.MultiHeadAttention(2, 4, name="a")(q, v), sequence, sequence),
        {"a": "float32[batch, 5, 6]"},
    ),
    "wrapped": (
        of(lambda x: layers.TimeDistributed(layers.SpectralNormalization(layers.Dense(3)), name="a")(x), sequence),
        {"a": "float32[batch, 5, 3]"},
    ),
    "inputs-by-other-names": (
        lambda: keras.Model({"image": (x := image())}, layers.Flatten(name="a")(x)),  # Keras warns of it
        {"a": "float32[batch, 768]"},
    ),
    "parts": (
        of(lambda x: layers.Dense(4, activation=keras.activations.silu, kernel_initializer=keras.initializers.RandomNormal(
            seed=keras.random.SeedGenerator(3)), bias_initializer=keras.initializers.Constant(2.0),
            kernel_regularizer="l2", kernel_constraint="max_norm", name="a")(x), sequence),
        {"a": "float32[batch, 5, 4]"},
    ),
    "layer-as-activation": (
        of(lambda x: layers.Dense(4, activation=layers.LeakyReLU(0.2), name="a")(x), sequence),
        {"a": "float32[batch, 5, 4]"},
    ),
}  # fmt: skip
