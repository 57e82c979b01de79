"""The one formula, Σ K·W·v / D and what becomes of it, with numbers that can be done in the head."""

from __future__ import annotations

import numpy as np
import pytest

from tests.matrix import MODES, REDUCTIONS, in_mode

# |v| is 1, 2, 4, 8: every sum tells which of them are in it.
V = np.array([1.0, 2.0, 4.0, 8.0], "float32")
every_mode = pytest.mark.parametrize("mode", MODES)


def build(task=None, **top):
    from composer import build_total_loss

    if task is not None:
        top["tasks"] = {"t": {"loss": "absolute_difference"} | task}
    return build_total_loss(top)


def row_of(task, mode="eager", step=None, v=V, **targets):
    """The one row of a task whose values are |v|, and the gradient of the total by v."""
    import tensorflow as tf

    total_loss = build(task)

    def both(targets, v):
        with tf.GradientTape() as tape:
            tape.watch(v)
            total, rows = total_loss({"t": tf.zeros_like(v)} | targets, {"t": v}, step=step)
        (row,) = rows.values()
        return total, row, tape.gradient(total, v, unconnected_gradients="zero")

    targets = {name: tf.constant(each) for name, each in targets.items()}
    total, row, gradient = in_mode(both, mode)(targets, tf.constant(v))
    assert total == row.weighted or np.isnan(total)
    return row, gradient.numpy()


# K = 1 1 1 0, W = 3 1 0 7: ΣK·W·v = 3·1 + 1·2 = 5; K·W ≠ 0 at two, ΣK·W = 4, K at three.
@pytest.mark.parametrize(
    ("reduction", "divisor", "loss"),
    [
        ("sum_by_nonzero_weights", 2, 2.5),
        ("weighted_mean", 4, 1.25),
        ("sum_over_batch_size", 3, 5 / 3),
        ("sum", 1, 5),
    ],
)
@every_mode
def test_each_reduction_divides_by_its_own_count(reduction, divisor, loss, mode):
    task = {
        "mask": "y_true.k",
        "weight": "y_true.w",
        "loss": {"type": "absolute_difference", "reduction": reduction},
    }
    k, w = np.array([True, True, True, False]), np.array([3, 1, 0, 7], "float32")
    row, gradient = row_of(task, mode, k=k, w=w)
    assert row.denominator == divisor
    assert row.loss == np.float32(loss)
    assert row.weight == 1
    assert row.weighted == row.loss
    np.testing.assert_allclose(gradient, w * k / divisor, rtol=1e-6)


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_without_mask_and_weight_every_reduction_but_sum_divides_by_the_number(reduction):
    row, _ = row_of({"loss": {"type": "absolute_difference", "reduction": reduction}})
    assert row.denominator == (1 if reduction == "sum" else 4)
    assert row.loss == 15 / row.denominator


def test_the_default_reduction_is_that_of_the_spec_and_before_it_sum_by_nonzero_weights():
    task = {"t": {"loss": "absolute_difference", "weight": "y_true.w"}}
    batch = {"t": np.zeros(4, "float32"), "w": np.array([3, 0, 0, 1.0], "float32")}
    for reduction, divisor in [({}, 2), ({"reduction": "weighted_mean"}, 4)]:
        _, rows = build(tasks=task, **reduction)(batch, {"t": V})
        assert rows["t/absolute_difference"].denominator == divisor
        assert rows["t/absolute_difference"].loss == 11 / divisor


@every_mode
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize(
    "batch",
    [
        pytest.param({"k": [False] * 4, "w": [1.0] * 4}, id="all masked"),
        pytest.param({"k": [True] * 4, "w": [0.0] * 4}, id="all of weight 0"),
        pytest.param({"k": [True] * 4, "w": [1.0, -1.0, 1.0, -1.0]}, id="mixed signs"),
    ],
)
def test_a_divisor_of_zero_gives_loss_0_and_gradient_0(batch, reduction, mode):
    loss = {"type": "absolute_difference", "reduction": reduction}
    k, w = np.array(batch["k"]), np.array(batch["w"], "float32")
    row, gradient = row_of({"mask": "y_true.k", "weight": "y_true.w", "loss": loss}, mode, k=k, w=w)
    # 1 − 2 + 4 − 8 = −5 is divided by 4 or 1, but by 0 = 1 − 1 + 1 − 1 in a weighted mean
    divisors = {
        "sum": 1,
        "weighted_mean": (k * w).sum(),
        "sum_by_nonzero_weights": (k * w != 0).sum(),
        "sum_over_batch_size": k.sum(),
    }
    divisor = divisors[reduction]
    assert row.denominator == divisor
    assert row.loss == ((k * w * V).sum() / divisor if divisor else 0)
    assert row.weighted == row.loss
    np.testing.assert_array_equal(gradient, k * w / divisor if divisor else np.zeros(4))


@every_mode
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_an_empty_batch_gives_0(reduction, mode):
    loss = {"type": "absolute_difference", "reduction": reduction}
    nothing = np.zeros([0], "float32")
    task = {"loss": loss, "mask": "y_true.k", "weight": "y_true.w"}
    for kwargs in ({"task": {"loss": loss}}, {"task": task, "k": nothing > 0, "w": nothing}):
        row, gradient = row_of(kwargs.pop("task"), mode, v=nothing, **kwargs)
        assert row.loss == row.weighted == 0
        assert row.denominator == (1 if reduction == "sum" else 0)
        assert gradient.shape == (0,)


@every_mode
def test_a_weight_of_0_stays_in_the_divisor_of_sum_over_batch_size_and_a_masked_element_does_not(
    mode,
):
    loss = {"type": "absolute_difference", "reduction": "sum_over_batch_size"}
    w = np.array([1, 1, 0, 0], "float32")
    weighted, _ = row_of({"loss": loss, "weight": "y_true.w"}, mode, w=w)
    masked, _ = row_of({"loss": loss, "mask": "y_true.w > 0"}, mode, w=w)
    assert (weighted.loss, weighted.denominator) == (0.75, 4)  # (1 + 2) / 4
    assert (masked.loss, masked.denominator) == (1.5, 2)  # (1 + 2) / 2


@every_mode
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_a_nan_weight_under_the_mask_is_not_counted_and_one_without_a_mask_makes_nan(
    reduction, mode
):
    loss = {"type": "absolute_difference", "reduction": reduction}
    w = np.array([2, np.nan, 2, 0], "float32")
    task = {"loss": loss, "weight": "y_true.w"}
    kept, gradient = row_of({**task, "mask": "isfinite(y_true.w)"}, mode, w=w)
    divisor = dict(zip(REDUCTIONS, (2, 4, 3, 1), strict=True))[reduction]
    assert (kept.loss, kept.denominator) == (np.float32(10 / divisor), divisor)  # 2·1 + 2·4
    np.testing.assert_allclose(gradient, np.array([2, 0, 2, 0]) / divisor, rtol=1e-6)
    nan, _ = row_of(task, mode, w=w)
    assert np.isnan(nan.loss)
    assert np.isnan(nan.weighted)


@every_mode
def test_an_infinite_weight_under_the_mask_is_not_counted(mode):
    loss = {"type": "absolute_difference", "reduction": "weighted_mean"}
    w = np.array([np.inf, 1, -np.inf, 1], "float32")
    row, _ = row_of({"loss": loss, "weight": "y_true.w", "mask": "isfinite(y_true.w)"}, mode, w=w)
    assert (row.loss, row.denominator) == (5, 2)  # (2 + 8) / 2


@every_mode
def test_a_product_is_split_into_its_scalar_and_its_tensor_factors(mode):
    import tensorflow as tf

    # 3·w/2·ramp: the scalars 3, 1/2 and 1/4 make the weight 3/8, W is w
    task = {
        "weight": "3 * y_true.w / 2 * ramp(step, 0, 4)",
        "loss": {"type": "absolute_difference", "reduction": "weighted_mean"},
    }
    row, _ = row_of(task, mode, step=tf.constant(1), w=np.array([1, 0, 0, 3], "float32"))
    assert row.denominator == 4
    assert row.loss == 6.25  # (1·1 + 3·8) / 4
    assert row.weight == 0.375
    assert row.weighted == 2.34375


def test_a_divisor_within_a_product_and_a_minus_sign_are_split_too():
    # −w / (2·u) · 4: the scalars −1, 1/2 and 4 make −2; W is w/u = 1/1, 4/2, 0, 0
    task = {
        "weight": "-y_true.w / (2 * y_true.u) * 4",
        "loss": {"type": "absolute_difference", "reduction": "sum"},
    }
    row, _ = row_of(task, w=np.array([1, 4, 0, 0], "float32"), u=np.array([1, 2, 1, 1], "float32"))
    assert (row.weight, row.loss, row.weighted) == (-2, 5, -10)  # 1·1 + 2·2


def test_a_sum_is_one_tensor_weight():
    task = {
        "weight": "1 + y_true.w",
        "loss": {"type": "absolute_difference", "reduction": "weighted_mean"},
    }
    row, _ = row_of(task, w=np.array([0, 0, 0, 4], "float32"))
    assert (row.weight, row.denominator, row.loss) == (1, 8, 5.875)  # (1 + 2 + 4 + 5·8) / 8


def test_a_ramp_does_not_cancel_out_of_a_weighted_mean():
    task = {
        "weight": "ramp(step, 0, 10) * y_true.w",
        "loss": {"type": "absolute_difference", "reduction": "weighted_mean"},
    }
    w = np.array([1, 1, 1, 1], "float32")
    rows = [row_of(task, step=step, w=w)[0] for step in (1, 2, 20)]
    assert [float(row.loss) for row in rows] == [3.75] * 3
    np.testing.assert_allclose([row.weighted for row in rows], [0.375, 0.75, 3.75], rtol=1e-6)


def test_constants_of_rank_0_are_scalars_and_others_are_not():
    total_loss = build(
        constants={"two": 2, "table": [1.0, 3.0]},
        tasks={
            "t": {
                "weight": "two * take(table, y_true.c)",
                "loss": {"type": "absolute_difference", "reduction": "weighted_mean"},
            }
        },
    )
    batch = {"t": np.zeros(4, "float32"), "c": np.array([0, 1, 0, 1])}
    _, rows = total_loss(batch, {"t": V})
    (row,) = rows.values()
    # W = 1 3 1 3: (1 + 6 + 4 + 24) / 8
    assert (row.weight, row.denominator, row.loss, row.weighted) == (2, 8, 4.375, 8.75)


def test_the_weights_of_task_and_loss_multiply_scalar_by_scalar_and_tensor_by_tensor():
    task = {
        "weight": "2 * y_true.w",
        "loss": {
            "type": "absolute_difference",
            "weight": "5 * y_true.u",
            "reduction": "weighted_mean",
        },
    }
    row, _ = row_of(task, w=np.array([1, 2, 0, 1], "float32"), u=np.array([2, 1, 5, 0], "float32"))
    assert row.weight == 10
    assert row.denominator == 4  # 1·2 + 2·1
    assert row.loss == 1.5  # (2·1 + 2·2) / 4
    assert row.weighted == 15


def test_a_task_weight_applies_to_each_of_its_losses():
    losses = ["absolute_difference", {"type": "mean_squared_error", "weight": 3}]
    total, rows = build({"weight": 2, "loss": losses})({"t": np.zeros(4, "float32")}, {"t": V})
    assert rows["t/absolute_difference"].weighted == 2 * 3.75
    assert rows["t/mean_squared_error"].weighted == 6 * 21.25  # (1 + 4 + 16 + 64) / 4
    assert total == 135


@every_mode
@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e38])
def test_at_scalar_weight_0_of_this_step_the_loss_is_shown_and_the_rest_is_exactly_0(bad, mode):
    import tensorflow as tf

    task = {"weight": "ramp(step, 10, 20)", "loss": "mean_squared_error"}
    v = np.array([bad, 1], "float32")
    row, gradient = row_of(task, mode, step=tf.constant(10), v=v)
    assert np.isnan(row.loss) if np.isnan(bad) else np.isinf(row.loss)
    assert row.weight == row.weighted == 0
    np.testing.assert_array_equal(gradient, [0, 0])
    healthy, _ = row_of(task, mode, step=tf.constant(10))
    assert (healthy.loss, healthy.weight, healthy.weighted) == (21.25, 0, 0)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_constant_weight_of_0_shows_the_loss_and_weighs_exactly_0(bad):
    row, gradient = row_of({"weight": 0}, v=np.array([bad, 1], "float32"))
    np.testing.assert_equal(row.loss.numpy(), np.float32(bad))
    assert row.weight == row.weighted == 0
    np.testing.assert_array_equal(gradient, [0, 0])


@every_mode
def test_the_total_is_the_weighted_column_added_in_the_order_of_the_spec_bit_for_bit(mode):
    import tensorflow as tf

    # In float32 (2^24 + 1) − 2^24 + 3 is 3, and in another order 4: the order shows.
    weights = {"d": 2**24, "a": 1, "c": -(2**24), "b": 3}
    tasks = {name: {"weight": w, "loss": "l2"} for name, w in weights.items()}
    total_loss = build(tasks=tasks)
    y_pred = {name: tf.constant([2.0, 0.0]) for name in weights}
    total, rows = in_mode(lambda y_pred: total_loss({}, y_pred), mode)(y_pred)
    assert [row.weighted.numpy() for row in rows.values()] == list(weights.values())
    assert total == 3
    assert total_loss.names == tuple(rows) == tuple(f"{name}/l2" for name in weights)


@every_mode
def test_rows_of_one_weight_are_multiplied_before_they_are_added(mode):
    import tensorflow as tf

    total_loss = build(
        tasks={name: {"weight": "ramp(step, 0, 10)", "loss": "l2"} for name in "abc"}
    )
    y_pred = {name: tf.constant([x]) for name, x in zip("abc", (0.7, 1.1, 1.3), strict=True)}
    run = in_mode(lambda y_pred, step: total_loss({}, y_pred, step=step), mode)
    for step in range(1, 10):
        total, rows = run(y_pred, tf.constant(step))
        a, b, c = (row.weighted.numpy() for row in rows.values())
        assert total.numpy().tobytes() == ((a + b) + c).tobytes()


def test_weighted_is_weight_times_loss_bit_for_bit():
    row, _ = row_of({"weight": 0.1}, v=np.array([1 / 3, 0.7, 1e-3], "float32"))
    assert row.weighted.numpy() == row.weight.numpy() * row.loss.numpy()
    assert row.weight.numpy() == np.float32(0.1)


def test_counts_are_exact_beyond_what_float32_adds_one_by_one():
    import tensorflow as tf

    number = 2**24 + 2  # 16,777,216 + 1 is 16,777,216 in float32
    total_loss = build({"mask": "y_true.k", "loss": "precomputed"})
    _, rows = total_loss({"k": tf.ones([number], bool)}, {"t": tf.zeros([number])})
    assert rows["t/precomputed"].denominator == number
