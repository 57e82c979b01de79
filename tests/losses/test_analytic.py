"""Stated gradients: derivatives of every order, from inside and outside of a function."""

from __future__ import annotations

import numpy as np
import pytest

from composer.losses.classification import (
    SigmoidCrossEntropy,
    SoftmaxCrossEntropy,
    SparseSoftmaxCrossEntropy,
    WeightedCrossEntropy,
)
from composer.losses.focal import SigmoidFocal, SoftmaxFocal, SparseSoftmaxFocal

traced_mode = pytest.mark.parametrize("mode", ["graph", "xla"])


def textbook():
    """Each loss with its labels and the formula as it is written in books, in TensorFlow's ops."""
    import tensorflow as tf

    def shares(x):
        return tf.exp(x) / tf.reduce_sum(tf.exp(x), -1, keepdims=True)

    def sigmoid(z, x, right=1.0, gamma=0.0):
        p = 1 / (1 + tf.exp(-x))
        miss = (z * (1 - p) + (1 - z) * p) ** gamma
        return miss * (-right * z * tf.math.log(p) - (1 - z) * tf.math.log(1 - p))

    def softmax(z, x, gamma=0.0):
        p = shares(x)
        return -tf.reduce_sum(z * (1 - p) ** gamma * tf.math.log(p), -1)

    def sparse(labels, x, gamma=0.0, smoothing=0.0):
        z = tf.one_hot(labels, 4, dtype=x.dtype) * (1 - smoothing) + smoothing / 4
        return softmax(z, x, gamma)

    rng = np.random.default_rng(0)
    z = rng.uniform(0.1, 1, (3, 4))
    labels = rng.integers(0, 4, 3).astype("int32")
    return {
        "sparse": (SparseSoftmaxCrossEntropy(), labels, sparse),
        "smoothed": (
            SparseSoftmaxCrossEntropy(label_smoothing=0.3),
            labels,
            lambda y, x: sparse(y, x, smoothing=0.3),
        ),
        "dense": (SoftmaxCrossEntropy(), z, softmax),
        "sigmoid": (SigmoidCrossEntropy(), z, sigmoid),
        "weighted": (WeightedCrossEntropy(pos_weight=3), z, lambda z, x: sigmoid(z, x, 3.0)),
        "weighted_by_class": (
            WeightedCrossEntropy(pos_weight=[1, 2, 3, 0.5]),
            z,
            lambda z, x: sigmoid(z, x, tf.constant([1, 2, 3, 0.5], x.dtype)),
        ),
        "softmax_focal": (SoftmaxFocal(), z, lambda z, x: softmax(z, x, 2.0)),
        "sparse_focal": (SparseSoftmaxFocal(), labels, lambda y, x: sparse(y, x, 2.0)),
        "sigmoid_focal": (SigmoidFocal(), z, lambda z, x: sigmoid(z, x, gamma=2.0)),
        "sigmoid_focal_odd": (SigmoidFocal(gamma=1.7), z, lambda z, x: sigmoid(z, x, gamma=1.7)),
    }


NAMES = [
    "sparse",
    "smoothed",
    "dense",
    "sigmoid",
    "weighted",
    "weighted_by_class",
    "softmax_focal",
    "sparse_focal",
    "sigmoid_focal",
    "sigmoid_focal_odd",
]
every_loss = pytest.mark.parametrize("name", NAMES)
LOGITS = np.random.default_rng(1).normal(size=(3, 4))


def test_every_loss_has_a_formula():
    assert list(textbook()) == NAMES


def slopes(function, order):
    """The gradients of the sum of sines of what is one order lower, for labels and logits."""
    import tensorflow as tf

    if order == 0:
        return function
    lower = slopes(function, order - 1)

    def gradient(labels, logits):
        sources = [labels, logits] if labels.dtype.is_floating else [logits]
        with tf.GradientTape() as tape:
            tape.watch(sources)
            found = tf.nest.flatten(lower(labels, logits))
            total = tf.add_n([tf.reduce_sum(tf.sin(each)) for each in found])
        return tape.gradient(total, sources)

    return gradient


def compiled(function, mode):
    import tensorflow as tf

    return tf.function(function, jit_compile=mode == "xla", autograph=False)


def check(name, order, in_mode):
    """Whether what `in_mode` makes of the values has the derivatives of the formula."""
    import tensorflow as tf

    loss, labels, formula = textbook()[name]
    inputs = [tf.constant(labels), tf.constant(LOGITS)]
    expected = slopes(formula, order)(*inputs)
    for ours, true in zip(in_mode(loss.values)(*inputs), expected, strict=True):
        np.testing.assert_allclose(ours, true, rtol=1e-9, atol=1e-11)


@every_loss
def test_second_derivatives_are_those_of_the_formula(name):
    check(name, 2, lambda values: compiled(slopes(values, 2), "xla"))


@pytest.mark.parametrize("name", ["sigmoid", "weighted_by_class", "sigmoid_focal"])
def test_second_derivatives_in_graphs_that_are_not_compiled(name):
    check(name, 2, lambda values: compiled(slopes(values, 2), "graph"))


def test_third_derivatives_are_those_of_the_formula():
    check("weighted", 3, lambda values: compiled(slopes(values, 3), "graph"))


@pytest.mark.parametrize(("name", "mode"), [("dense", "xla"), ("sigmoid", "graph")])
def test_second_derivatives_are_taken_from_outside_of_a_function(name, mode):
    check(name, 2, lambda values: slopes(compiled(values, mode), 2))


@pytest.mark.full
@every_loss
@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("inside", [True, False])
@traced_mode
def test_derivatives_of_every_loss(name, order, inside, mode):
    def in_mode(values):
        if inside:
            return compiled(slopes(values, order), mode)
        return slopes(compiled(values, mode), order)

    check(name, order, in_mode)


@pytest.mark.parametrize(("name", "mode"), [("sparse", "xla"), ("sigmoid", "graph")])
def test_a_gradient_is_taken_through_a_loop(name, mode):
    import tensorflow as tf

    def one_by_one(values):
        def looped(labels, logits):
            each = (labels[:, None], logits[:, None])
            return tf.map_fn(lambda row: values(*row), each, fn_output_signature=logits.dtype)

        return compiled(slopes(looped, 1), mode)

    check(name, 1, one_by_one)


@pytest.mark.parametrize(("name", "mode"), [("sparse", "xla"), ("sigmoid", "graph")])
def test_forward_mode_differentiation(name, mode):
    import tensorflow as tf

    loss, labels, formula = textbook()[name]
    labels, logits = tf.constant(labels), tf.constant(LOGITS)
    found = []
    for function in (compiled(loss.values, mode), formula):
        with tf.autodiff.ForwardAccumulator(logits, tf.cos(logits)) as forward:
            values = function(labels, logits)
        found.append(forward.jvp(values))
    np.testing.assert_allclose(*found, rtol=1e-12)


def test_a_second_gradient_of_one_pass_is_the_first():
    # Nothing that one backward pass computes may be left to the next, which is another function.
    import tensorflow as tf

    _, z, _ = textbook()["sigmoid"]
    labels, logits = tf.constant(z), tf.constant(LOGITS)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(logits)
        values = compiled(SigmoidFocal().values, "graph")(labels, logits)
    first, second = (tape.gradient(values, logits, above) for above in (None, tf.ones_like(values)))
    np.testing.assert_array_equal(first, second)


class TestWhereThereIsLittleToCompute:
    """A function of few ops is traced sooner, and what it computes takes no time either way."""

    @staticmethod
    def ops(shape, worth, monkeypatch):
        import tensorflow as tf

        monkeypatch.setattr("composer.losses.analytic.WORTH", worth)
        spec = tf.TensorSpec(shape, "float32")
        function = compiled(SigmoidCrossEntropy().values, "xla").get_concrete_function(spec, spec)
        return len(function.graph.get_operations())

    @pytest.mark.parametrize(
        ("shape", "is_plain"),
        [
            ([64], True),
            ([32, 32], True),
            ([None, None], True),
            ([1024, 32], False),
            ([None, 512], False),
            ([None, None, None], False),
        ],
        ids=str,
    )
    def test_the_formula_is_the_plain_one(self, shape, is_plain, monkeypatch):
        from composer.losses.analytic import WORTH

        assert WORTH == 0, "a fixture sets it"
        found, plain = (self.ops(shape, worth, monkeypatch) for worth in (2**15, 2**40))
        assert (found == plain) == is_plain
