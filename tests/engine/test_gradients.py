"""Gradients: those of the total, in every mode and dtype, and where none may flow."""

from __future__ import annotations

import functools
from types import SimpleNamespace

import numpy as np
import pytest

from tests.matrix import (
    DTYPES,
    MODES,
    assert_close,
    every_case,
    every_run,
    outcome,
    program,
)

STEP = 1e-6
# Parts of the largest entry: of the difference quotient's own error, or of what the dtype holds.
TOLERANCE = {"float16": 1e-3, "float32": 1e-5, "float64": 1e-7}


def build(task, **top):
    from composer import build_total_loss

    return build_total_loss({"tasks": {"t": task}, **top})


@functools.cache
def difference_quotients(case):
    """By role, (total(x + h) − total(x − h)) / 2h in float64, element by element where it counts."""
    batch, run = case.drawn("float64"), program(case, "graph")
    counted = case.counted(batch.y_true)
    found = {}
    for role in outcome(case, "graph", "float64").gradients:
        side, name = case.places[role]
        array = getattr(batch, side)[name]
        found[role] = np.zeros_like(array)
        for place in np.argwhere(case.spread(counted, role)):
            totals = []
            for step in (STEP, -STEP):
                moved = array.copy()
                moved[tuple(place)] += step
                sides = {"y_true": batch.y_true, "y_pred": batch.y_pred}
                sides[side] = sides[side] | {name: moved}
                totals.append(run(SimpleNamespace(**sides)).total)
            found[role][tuple(place)] = (totals[0] - totals[1]) / (2 * STEP)
    return found


@every_run(quick=lambda case: case.place == 0)
def test_gradients_are_those_of_the_total_by_central_differences(case, mode, dtype):
    expected = difference_quotients(case)
    for role, gradient in outcome(case, mode, dtype).gradients.items():
        assert gradient.dtype == dtype
        assert_close(gradient, expected[role], TOLERANCE[dtype], role)


@every_run(quick=lambda case: case.place == 0)
def test_modes_agree(case, mode, dtype):
    eager, other = outcome(case, "eager", dtype), outcome(case, mode, dtype)
    tolerance = 1e-12 if dtype == "float64" else 1e-6
    assert_close(other.total, eager.total, tolerance)
    for name, row in eager.rows.items():
        assert_close(other.rows[name], row, tolerance, name)
    for role, gradient in eager.gradients.items():
        rounding = 1e-3 if dtype == "float16" else tolerance
        assert_close(other.gradients[role], gradient, rounding, role)


@every_case
def test_float16_is_float32_but_for_the_rounding_of_gradients(case):
    half, single = outcome(case, "eager", "float16"), outcome(case, "eager", "float32")
    assert half.total.dtype == np.float32
    assert half.total.tobytes() == single.total.tobytes()
    for name, row in single.rows.items():
        assert half.rows[name] == row
    # Each of the two losses sends its own gradient back, and rounding goes before their addition.
    for role, gradient in single.gradients.items():
        assert_close(half.gradients[role], gradient, 2**-10, role)


@every_case
def test_float64_stays_float64_and_float32_agrees_with_it(case):
    single, double = outcome(case, "eager", "float32"), outcome(case, "eager", "float64")
    assert {part.dtype for row in double.rows.values() for part in row} == {np.dtype("float64")}
    assert double.total.dtype == np.float64
    assert_close(single.total, double.total, 1e-6)
    for role, gradient in double.gradients.items():
        assert_close(single.gradients[role], gradient, 1e-6, role)


def test_gradients_flow_through_every_role_but_not_through_weights_and_masks():
    import tensorflow as tf

    total_loss = build({"mask": "y_pred.m > 0", "weight": "y_pred.w", "loss": "mean_squared_error"})
    y_true = {"t": tf.constant([1.0, 2.0])}
    y_pred = {name: tf.constant([3.0, 5.0]) for name in ("t", "w", "m")}
    with tf.GradientTape() as tape:
        tape.watch([y_true, y_pred])
        total, _ = total_loss(y_true, y_pred)
    true, pred = tape.gradient(total, [y_true, y_pred])
    # (3·(3 − 1)² + 5·(5 − 2)²) / 2; its slope is 3·2·(3 − 1)/2 = 6 and 5·2·(5 − 2)/2 = 15
    assert total == 28.5
    np.testing.assert_array_equal(pred["t"], [6, 15])
    np.testing.assert_array_equal(true["t"], [-6, -15])
    assert pred["w"] is None
    assert pred["m"] is None


def test_a_constant_weight_of_zero_is_computed_for_the_breakdown_without_any_gradient():
    import tensorflow as tf

    total_loss = build({"loss": {"type": "l2", "weight": 0}})
    y_pred = {"t": tf.constant([2.0, 4.0])}
    with tf.GradientTape() as tape:
        tape.watch(y_pred)
        total, rows = total_loss({}, y_pred)
    assert rows["t/l2"].loss == 5  # (2 + 8) / 2
    assert rows["t/l2"].weighted == total == 0
    assert tape.gradient(total, y_pred["t"]) is None


def test_a_constant_weight_of_zero_puts_no_gradient_into_the_graph(request):
    import tensorflow as tf

    if request.config.getoption("--compiled"):
        pytest.skip("what is compiled by itself is one operation of the graph")

    def operations(weight):
        total_loss = build({"loss": {"type": "l2", "weight": weight}})

        @tf.function(input_signature=[tf.TensorSpec([None])])
        def gradient(x):
            zero = tf.UnconnectedGradients.ZERO
            return tf.gradients(total_loss({}, {"t": x})[0], x, unconnected_gradients=zero)

        return [op.type for op in gradient.get_concrete_function().graph.get_operations()]

    assert len(operations(0)) < len(operations(1))
    assert "DivNoNanGrad" not in operations(0)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_at_weight_zero_of_this_step_nan_and_inf_come_back_as_exactly_zero(bad):
    import tensorflow as tf

    total_loss = build(
        {"weight": "ramp(step, 10, 20)", "y_pred": "log(y_pred.t)", "loss": "mean_squared_error"}
    )
    y_pred = {"t": tf.constant([bad, 1.0, 0.0])}
    with tf.GradientTape() as tape:
        tape.watch(y_pred)
        total, rows = total_loss({"t": tf.constant([0.0, 1.0, 0.0])}, y_pred, step=10)
    (row,) = rows.values()
    assert not np.isfinite(row.loss)
    assert row.weight == row.weighted == total == 0
    np.testing.assert_array_equal(tape.gradient(total, y_pred)["t"], [0, 0, 0])


def test_an_empty_mask_and_a_weight_of_zero_give_gradients_of_zero_not_none():
    import tensorflow as tf

    for task in ({"mask": "y_true.t > 9"}, {"weight": "y_true.t - y_true.t"}):
        total_loss = build({**task, "loss": "mean_squared_error"})
        y_pred = {"t": tf.constant([2.0, 4.0])}
        with tf.GradientTape() as tape:
            tape.watch(y_pred)
            total, _ = total_loss({"t": tf.constant([1.0, 1.0])}, y_pred)
        assert total == 0
        np.testing.assert_array_equal(tape.gradient(total, y_pred)["t"], [0, 0])


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_mean_over_many_float16_elements_neither_overflows_nor_loses_digits(mode, dtype):
    import tensorflow as tf

    total_loss = build({"loss": "absolute_difference"})
    ones = tf.ones([70_000], dtype)  # a float16 sum is inf from 65,520 on

    def both(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            total, _ = total_loss({"t": 0 * x}, {"t": x})
        return total, tape.gradient(total, x)

    run = both if mode == "eager" else tf.function(both, jit_compile=mode == "xla")
    total, gradient = run(ones)
    assert total == 1
    np.testing.assert_array_equal(gradient, np.full(70_000, np.asarray(1 / 70_000, dtype)))
