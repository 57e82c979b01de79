"""What the explanations of codes of `--batch` say of Keras, TensorFlow and NumPy is true.

Each test computes a number with the installed ones and finds it in the text.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from tests.codes.claims import says
from tests.codes.incumbents import MARKS, YES, gradient, number

pytestmark = MARKS


def test_dominant_weight(keras):
    errors, weights = np.ones((10, 1)), np.ones(10)
    errors[0], weights[0] = 0.001, 1e6
    mean = keras.losses.MeanAbsoluteError(reduction="mean_with_sample_weight")
    assert f"{number(mean(errors, 0 * errors, sample_weight=weights)):.3g}" == "0.00101"
    says("dominant-weight", "nine errors of 1, and one of 0.001", "a million", "0.00101")


def test_labels_out_of_range(keras, tf):
    logits = tf.constant([[1.0, 2.0, 3.0]])
    sparse = tf.nn.sparse_softmax_cross_entropy_with_logits

    def compute():
        return sparse(tf.constant([3]), logits)

    with pytest.raises(tf.errors.InvalidArgumentError):
        compute()
    assert np.isnan(tf.function(compute, jit_compile=True)())
    row = tf.one_hot([3], 3)
    assert row.numpy().tolist() == [[0, 0, 0]]
    assert number(tf.nn.softmax_cross_entropy_with_logits(row, logits)[0]) == 0
    binary = keras.losses.BinaryCrossentropy(from_logits=True)
    assert f"{number(binary(255 * YES, 2 * YES)):.0f}" == "-508"
    says("label-out-of-range", "raises on the CPU and gives NaN under XLA", "costs 0", "-508")


def test_probabilities(keras, tf):
    assert np.isnan(tf.compat.v1.losses.log_loss([[0.0]], [[1.5]]))
    binary = keras.losses.BinaryCrossentropy()
    loss, slope = gradient(tf, lambda logit: binary(YES, logit), -7)
    assert (f"{loss:.1f}", slope.tolist()) == ("16.1", [0])
    says(
        "not-probabilities", "NaN for a probability of 1.5 and the label 0", "the logit -7", "16.1"
    )


def test_rows_of_zeros(keras, tf):
    zeros = np.zeros((1, 3), "float32")
    of_keras = keras.losses.CategoricalCrossentropy(from_logits=True)
    for compute in (tf.nn.softmax_cross_entropy_with_logits, of_keras):
        loss, slope = gradient(tf, partial(compute, zeros), 1, 2, 3)
        assert (loss, [f"{each:.2f}" for each in slope]) == (0, ["0.09", "0.24", "0.67"])
    says("not-a-distribution", "logits of 1, 2, 3", "gradient 0.09, 0.24, 0.67")


def test_logarithms(keras, tf):
    squared = keras.losses.MeanSquaredLogarithmicError()
    _, slope = gradient(tf, lambda depth: squared(YES, depth), -2)
    assert slope.tolist() == [0]
    says("not-positive", "a prediction of -2 a gradient of exactly 0")


def test_unit_vectors(keras, tf):
    vector = np.array([[3.0, 4.0]], "float32")
    assert number(tf.compat.v1.losses.cosine_distance(vector, vector, axis=-1)) == -24
    assert number(keras.losses.CosineSimilarity()(vector, vector)) == pytest.approx(-1)
    says("not-unit-length", "-24 for the vector 3, 4")


def test_broadcasting(keras):
    squared = keras.losses.MeanSquaredError()
    assert number(squared(np.ones((4, 1)), np.zeros((4, 3)))) == 1
    row = np.arange(4.0)
    assert np.square(row - row[:, None]).mean() == 2.5
    says("tensor-mismatch", "(4, 1)", "(4, 3)", "2.5 for 0, 1, 2, 3")
