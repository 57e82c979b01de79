"""What the explanations of errors say of Keras and TensorFlow is what the installed ones do."""

from __future__ import annotations

import importlib.metadata
import math

import numpy as np
import pytest

from tests.codes.claims import says

pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(
        not importlib.metadata.version("keras").startswith("3.15"),
        reason="the explanations speak of Keras 3.15",
    ),
]
ONES = np.ones((4, 1), "float32")


@pytest.fixture(scope="module")
def keras():
    return pytest.importorskip("keras")


@pytest.fixture(scope="module")
def tf():
    return pytest.importorskip("tensorflow")


def two_heads(keras, loss, weights=None):
    """A model whose heads are off by 2 and by 1: squared errors of 4 and 1."""
    image = keras.Input((1,))
    heads = {name: keras.layers.Identity(name=name)(image) for name in ("a", "b")}
    model = keras.Model(image, heads)
    model.compile(loss=loss, loss_weights=weights)
    return model


def shown(model):
    batch = {"a": 3 * ONES, "b": 2 * ONES}
    return model.evaluate(ONES, batch, verbose=0, return_dict=True)


def test_a_misspelt_weight(keras):
    model = two_heads(keras, {"a": "mse", "b": "mse"}, {"b": 0.0, "z": 1.0})
    assert shown(model)["loss"] == 1.0
    says("unknown-field", '`{"b": 0.0, "z": 1.0}` gives `a` the weight 0 and `b` the weight 1')


def test_the_keys_of_losses_and_weights(keras):
    model = two_heads(keras, {"a": "mse", "z": "mse"})
    with pytest.raises(KeyError, match="'z'"):
        shown(model)
    says("unknown-tensor", "checks the keys of `loss` when the first batch arrives")
    shown(two_heads(keras, {"a": "mse", "b": "mse"}, {"y": 1.0, "z": 1.0}))
    says("unknown-tensor", "those of `loss_weights` never")


def test_an_unknown_loss(keras):
    model = two_heads(keras, {"a": "hubber", "b": "mse"})
    with pytest.raises(ValueError, match="Could not interpret loss identifier: hubber"):
        shown(model)
    says(
        "unknown-loss", "Keras takes any name in `compile`", "`Could not interpret loss identifier`"
    )


def test_an_output_without_a_loss(keras):
    image = keras.Input((1,))
    heads = {name: keras.layers.Dense(1, name=name)(image) for name in ("a", "b")}
    model = keras.Model(image, heads)
    model.compile(loss={"a": "mse"})
    with pytest.warns(UserWarning, match="Gradients do not exist for variables"):
        model.fit(ONES, {"a": ONES, "b": ONES}, verbose=0)
    says("missing-field", "a warning about variables without gradients")


def test_values_that_are_not_checked(keras):
    assert float(keras.losses.Huber(delta=0.0)(ONES, 2 * ONES)) == 0
    says("invalid-value", "`Huber(delta=0.0)` is 0 whatever the error")
    assert float(keras.losses.Huber(delta=-1.0)(ONES, 2 * ONES)) < 0
    says("invalid-value", "`Huber(delta=-1.0)` is negative")
    smoothed = keras.losses.CategoricalCrossentropy(label_smoothing=10, from_logits=True)
    label, right, wrong = np.array([[1.0, 0.0]]), np.array([[5.0, -5.0]]), np.array([[-5.0, 5.0]])
    assert float(smoothed(label, wrong)) < float(smoothed(label, right))
    says("invalid-value", "`CategoricalCrossentropy(label_smoothing=10)` trains towards the wrong")
    model = two_heads(keras, {"a": "mse", "b": "mse"}, {"a": math.nan, "b": 1.0})
    assert math.isnan(shown(model)["loss"])
    says("invalid-value", "a loss weight of NaN makes the total NaN")


def test_types_that_are_not_checked(keras):
    model = two_heads(keras, {"a": keras.losses.Huber(delta="0.5"), "b": "mse"})
    with pytest.raises(TypeError):
        shown(model)
    says("invalid-type", 'Keras 3.15 makes a `Huber(delta="0.5")` and fails when the first batch')
    model = two_heads(keras, {"a": "mse", "b": "mse"}, {"a": True, "b": 1.0})
    assert shown(model)["loss"] == 5.0
    says("invalid-type", "`True` as one of its `loss_weights` counts as 1")


def test_two_losses_of_one_output(keras):
    metrics = shown(two_heads(keras, {"a": ["mse", "mae"], "b": "mse"}))
    assert metrics == {"a_loss": 2.0, "b_loss": 1.0, "loss": 4.0 + 2.0 + 1.0}
    says("duplicate-name", "shows one number, that of the last")
    image = keras.Input((1,))
    model = keras.Model(image, keras.layers.Identity()(image))
    model.compile(loss=["mse", "mae"])
    assert model.evaluate(ONES, 3 * ONES, verbose=0, return_dict=True)["loss"] == 4.0
    says("duplicate-name", "trains the first and drops the other")


def test_a_falling_schedule(keras):
    schedule = keras.optimizers.schedules.PiecewiseConstantDecay([5000, 1000], [1.0, 0.5, 0.1])
    assert float(schedule(2000)) == pytest.approx(1.1, abs=1e-6)
    says("invalid-argument", "is 1.1 at step 2000, the sum of two of its values")


def test_names(tf):
    with tf.Graph().as_default(), pytest.raises(ValueError, match="not a valid root scope name"):
        tf.name_scope("größe").__enter__()
    says("invalid-name", "TensorFlow, which refuses letters outside ASCII when the graph is built")


def test_shapes_and_dtypes(keras, tf):
    squared = keras.losses.MeanSquaredError()
    assert float(squared(np.zeros((4, 1)), np.ones((4, 3)))) == 1.0
    says("shape-mismatch", "Keras 3.15 compares `(4, 1)` with `(4, 3)` without a word")
    sparse, logits = (
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        np.array([[0.0, 5.0]]),
    )
    assert float(sparse(np.array([1.7]), logits)) == float(sparse(np.array([1]), logits))
    says("dtype-mismatch", "takes a label of 1.7 for class 1")
    product = tf.constant([True, False]) * tf.constant([2.0, 3.0])
    assert (product.dtype, product.numpy().tolist()) == (tf.bool, [True, False])
    says("dtype-mismatch", "TensorFlow makes of a boolean times a float a boolean")
