"""Values of the regression losses, against hand and against tf.compat.v1.losses."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from composer.losses.regression import AbsoluteDifference, Huber, MeanSquaredError

Y_TRUE = [[1.0, 9.0, 2.0], [-5.0, -2.0, 6.0]]
Y_PRED = [[4.0, 8.0, 12.0], [8.0, 1.0, 3.0]]
# The differences are 3, -1, 10 and 13, 3, -3.

VALUES = [  # by hand
    (AbsoluteDifference(), [[3, 1, 10], [13, 3, 3]]),
    (MeanSquaredError(), [[9, 1, 100], [169, 9, 9]]),
    (Huber(), [[2.5, 0.5, 9.5], [12.5, 2.5, 2.5]]),
    (Huber(delta=2.0), [[4, 0.5, 18], [24, 4, 4]]),
    (Huber(delta=3.0), [[4.5, 0.5, 25.5], [34.5, 4.5, 4.5]]),
]


@pytest.mark.parametrize(("loss", "expected"), VALUES, ids=lambda x: getattr(x, "type", ""))
def test_values(loss, expected, run):
    np.testing.assert_allclose(run(loss, y_true=Y_TRUE, y_pred=Y_PRED).values, expected)


@pytest.mark.parametrize(
    ("loss", "name", "parameters"),
    [
        (AbsoluteDifference(), "absolute_difference", {}),
        (MeanSquaredError(), "mean_squared_error", {}),
        (Huber(delta=2.5), "huber_loss", {"delta": 2.5}),
    ],
    ids=lambda x: getattr(x, "type", None),
)
def test_agrees_with_tf_losses(loss, name, parameters, run):
    import tensorflow as tf

    theirs = getattr(tf.compat.v1.losses, name)(Y_TRUE, Y_PRED, reduction="none", **parameters)
    np.testing.assert_allclose(run(loss, y_true=Y_TRUE, y_pred=Y_PRED).values, theirs)


@pytest.mark.parametrize(
    ("loss", "errors", "slopes"),
    [
        (AbsoluteDifference(), [-2.0, 0.0, 2.0], [-1, 0, 1]),
        (MeanSquaredError(), [-2.0, 0.0, 2.0], [-4, 0, 4]),
        (Huber(delta=2.0), [-9.0, -2.0, -1.0, 0.0, 1.0, 2.0, 9.0], [-2, -2, -1, 0, 1, 2, 2]),
    ],
    ids=lambda x: getattr(x, "type", ""),
)
def test_gradients_at_the_kinks(loss, errors, slopes, run_everywhere):
    found = run_everywhere(loss, y_true=np.zeros(len(errors)), y_pred=np.array(errors))
    np.testing.assert_array_equal(found.gradients["y_pred"], slopes)
    np.testing.assert_array_equal(found.gradients["y_true"], np.negative(slopes))


def test_huber_stays_finite_where_its_square_does_not(run):
    found = run(Huber(), y_true=[0.0], y_pred=[1e30])
    np.testing.assert_allclose(found.values, [1e30])
    np.testing.assert_array_equal(found.gradients["y_pred"], [1])


def test_huber_of_the_largest_delta_is_half_the_square(run):
    np.testing.assert_allclose(run(Huber(delta=1e30), y_true=[1.0], y_pred=[4.0]).values, [4.5])


@pytest.mark.parametrize("delta", [0.0, -1.0, 1e-40, 1e31, float("inf"), float("nan"), "1", True])
def test_huber_refuses_a_delta_that_float32_does_not_hold(delta):
    # delta 0 would be a loss without gradient, silently (fault 25); 1e-40 is 0 in float32.
    with pytest.raises(ValidationError):
        Huber(delta=delta)


def test_float64_keeps_its_digits(run):
    # tf.compat.v1.losses gives 0 here: it computes in float32.
    found = run(MeanSquaredError(), dtype="float64", y_true=[1e8 + 1], y_pred=[1e8])
    np.testing.assert_array_equal(found.values, [1.0])
    assert found.values.dtype == np.float64
