"""Exponentials, logarithms and sums of rows by hand, against NumPy in float64."""

from __future__ import annotations

import numpy as np
import pytest

from composer.losses.arithmetic import Arithmetic, exp_of_negative, log1p_of_fraction

BY_HAND = Arithmetic(compiled=True, on_cpu=True)


def ulps(found, true):
    """How far float32 numbers are from the true ones, in units of their last place."""
    return np.abs(found.astype("float64") - true) / np.spacing(true.astype("float32"))


@pytest.fixture(params=["eager", "graph", "xla"])
def compiled(request):
    """A function of arrays in a mode; its ops may be fused, and rounded once for two."""
    import tensorflow as tf

    def compiled(function):
        traced = tf.function(function, jit_compile=request.param == "xla", autograph=False)
        run = function if request.param == "eager" else traced
        return lambda x: run(tf.constant(x)).numpy()

    return compiled


def test_exponentials_are_within_2_ulp(compiled):
    x = np.concatenate([np.linspace(-87, 0, 1_000_001), -np.geomspace(1e-30, 87, 100_001)])
    x = x.astype("float32")
    assert ulps(compiled(exp_of_negative)(x), np.exp(x.astype("float64"))).max() <= 2


def test_ends_of_the_exponential(compiled):
    x = np.array([0, -0.0, -88, -104, -1e4, -3e38, -np.inf, np.nan], "float32")
    found = compiled(exp_of_negative)(x)
    np.testing.assert_array_equal(found, [1, 1, 0, 0, 0, 0, 0, np.nan])


def test_logarithms_are_within_3_ulp(compiled):
    x = np.concatenate([np.linspace(0, 1, 1_000_001)[1:], np.geomspace(1e-37, 1, 100_001)])
    x = x.astype("float32")
    assert ulps(compiled(log1p_of_fraction)(x), np.log1p(x.astype("float64"))).max() <= 3


def test_ends_of_the_logarithm(compiled):
    found = compiled(log1p_of_fraction)(np.array([0, 1, np.nan], "float32"))
    np.testing.assert_allclose(found, [0, np.log(2), np.nan], rtol=1e-7)


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("dear", [False, True])
@pytest.mark.parametrize("shape", [(5, 1), (2, 3, 19), (5, 33), (5, 96), (3, 2053), (2, 6000)])
def test_sums_of_rows(shape, wide, dear, compiled):
    x = np.random.default_rng(0).uniform(size=shape).astype("float32")
    found = compiled(lambda x: BY_HAND.row_sum(x, wide=wide, dear=dear))(x)
    true = x.astype("float64").sum(-1, keepdims=True)
    assert found.shape == true.shape
    assert ulps(found, true).max() <= 32


@pytest.mark.parametrize("classes", [2053, 250_000, 250_007])
def test_wide_sums_of_long_rows_keep_their_digits(classes, compiled):
    x = np.random.default_rng(0).uniform(size=(3, classes)).astype("float32")
    found = compiled(lambda x: BY_HAND.row_sum(x, wide=True))(x)
    assert ulps(found, x.astype("float64").sum(-1, keepdims=True)).max() <= 8


@pytest.mark.parametrize("classes", [3, 150, 3000])
def test_a_row_is_added_up_without_the_others(classes, compiled):
    x = np.ones([3, classes], "float32")
    x[0], x[2, -1] = np.nan, -np.inf
    found = compiled(lambda x: BY_HAND.row_sum(x, wide=True))(x)
    np.testing.assert_array_equal(found, [[np.nan], [classes], [-np.inf]])


def test_float64_is_left_to_the_compiler(compiled):
    x = np.linspace(-87, 0, 1001)
    np.testing.assert_allclose(compiled(BY_HAND.decay)(x), np.exp(x), rtol=1e-14)
    np.testing.assert_allclose(compiled(BY_HAND.log1p)(-x / 87), np.log1p(-x / 87), rtol=1e-14)


class TestWhereItIs:
    """XLA is told by the function that is being traced, and by those around it."""

    @staticmethod
    def seen(**options):
        import tensorflow as tf

        found = []

        @tf.function(**options)
        def outer(x):
            @tf.function
            def inner(x):
                found.append(Arithmetic.here())
                return x

            found.append(Arithmetic.here())
            return tf.map_fn(inner, x)

        outer(tf.zeros([2]))
        return {each.compiled for each in found}

    def test_in_functions_for_xla_and_those_within(self):
        assert self.seen(jit_compile=True) == {True}

    def test_not_in_others(self):
        assert self.seen() == {False}
        assert Arithmetic.here() == Arithmetic(compiled=False, on_cpu=False)

    def test_other_devices_have_exponentials_of_their_own(self, monkeypatch):
        from types import SimpleNamespace

        import tensorflow as tf

        devices = [SimpleNamespace(device_type="CPU"), SimpleNamespace(device_type="GPU")]
        monkeypatch.setattr(tf.config, "list_logical_devices", lambda: devices)
        found = []
        tf.function(lambda: found.append(Arithmetic.here()), jit_compile=True)()
        assert found == [Arithmetic(compiled=True, on_cpu=False)]
