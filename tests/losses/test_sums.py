"""Sums over any axes of any shape, known or not, with their digits and their gradients."""

from __future__ import annotations

import numpy as np
import pytest

from composer.losses.residuals import Residuals
from composer.losses.sums import sum_over

SUMS = [
    pytest.param((), None, id="a number"),
    pytest.param((0,), None, id="nothing"),
    pytest.param((3, 0), [1], id="rows of nothing"),
    pytest.param((0, 64), [1], id="no rows"),
    pytest.param((6,), None, id="few"),
    pytest.param((4, 3, 128), None, id="all"),
    pytest.param((4, 3, 128), [2], id="rows"),
    pytest.param((4, 3, 128), [1, 2], id="the last two"),
    pytest.param((4, 3, 127), [2, 1], id="of a prime length, in any order"),
    pytest.param((4, 96, 3), [1], id="in between"),
    pytest.param((64, 2), [0], id="the first"),
    pytest.param((4, 3), [], id="over no axis"),
]


def traced(function, shape, *, is_known, jit_compile=True):
    import tensorflow as tf

    sizes = shape if is_known else [None] * len(shape)
    spec = tf.TensorSpec(sizes, tf.float32)
    return tf.function(function, input_signature=[spec], jit_compile=jit_compile, autograph=False)


@pytest.mark.parametrize(("shape", "axes"), SUMS)
@pytest.mark.parametrize("is_known", [True, False], ids=["known", "unknown"])
def test_a_sum_and_its_gradients_are_those_of_numpy(shape, axes, is_known):
    import tensorflow as tf

    x = np.random.RandomState(0).normal(size=shape).astype("float32")
    over = tuple(range(x.ndim)) if axes is None else tuple(axes)

    def computed(tensor):
        with tf.GradientTape() as outer:
            outer.watch(tensor)
            with tf.GradientTape() as inner:
                inner.watch(tensor)
                sums = sum_over(tensor, axes)
                squares = tf.reduce_sum(tf.square(sums))
            first = inner.gradient(squares, tensor)
            along = tf.reduce_sum(first * tensor)
        return sums, first, outer.gradient(along, tensor)

    sums, first, second = traced(computed, shape, is_known=is_known)(x)
    expected = x.astype("float64").sum(axis=over, keepdims=True)
    np.testing.assert_allclose(sums, expected.reshape(sums.shape), rtol=1e-6, atol=1e-5)
    # Σ² has the gradient 2·Σ; that times x, summed, is 2·Σ², whose gradient is 4·Σ.
    np.testing.assert_allclose(first, np.broadcast_to(2 * expected, shape), rtol=1e-5, atol=1e-4)
    np.testing.assert_allclose(second, np.broadcast_to(4 * expected, shape), rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("shape", [(2**20,), (4, 2**18), (2**18, 4), (2, 262_147)])
def test_a_million_numbers_keep_their_digits_under_xla(shape):
    x = np.random.RandomState(1).uniform(size=shape).astype("float32")
    axes = [0] if shape[0] > shape[-1] else [x.ndim - 1]
    found = traced(lambda tensor: sum_over(tensor, axes), shape, is_known=True)(x)
    exact = x.astype("float64").sum(axis=tuple(axes))
    assert np.abs(found / exact - 1).max() < 4e-7  # some three roundings


def test_whole_numbers_and_float64_stay_as_they_are():
    import tensorflow as tf

    for dtype in ("int64", "float64"):
        found = tf.function(sum_over, jit_compile=True)(tf.ones([5, 40], dtype))
        assert (found.dtype, float(found)) == (dtype, 200)


def test_a_remembered_sum_is_not_computed_again_and_has_its_gradient():
    import tensorflow as tf

    x = tf.constant([1.0, 2.0])
    with tf.GradientTape() as tape, Residuals([tf.constant(7.0)]).used():
        tape.watch(x)
        total = tf.square(sum_over(x))
    assert float(total) == 49
    assert tape.gradient(total, x).numpy().tolist() == [14, 14]
