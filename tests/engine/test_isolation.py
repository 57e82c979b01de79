"""Of terms computed together nothing of one reaches another; their derivatives are their own."""

from __future__ import annotations

import numpy as np
import pytest

from tests.joined import HEADS, HUBER, PLAIN, batch_of, build, build_alone, check, each, in_way
from tests.matrix import MODES

every_way = pytest.mark.parametrize("way", ["eager", "graph", "xla", "unknown"])
graphs = pytest.mark.parametrize("way", ["eager", "graph", "unknown"])


@every_way
def test_what_is_not_finite_stays_with_its_term(way):
    y_true, y_pred = batch_of(HEADS)
    y_true["b"][2] = np.nan
    y_pred["c"][0] = np.inf
    total, rows, _, gradients = check(PLAIN, (y_true, y_pred), way)
    assert [bool(np.isfinite(row.loss)) for row in rows.values()] == [True, False, False, True]
    assert [int(np.isnan(gradients[name]).sum()) for name in HEADS] == [0, 1, 0, 0]
    assert np.isnan(total)


@pytest.mark.parametrize("mode", MODES)
def test_a_label_out_of_range_is_nan_in_its_term_alone(mode):
    labels = {name: np.array([0, 1, 2, 1], "int32") for name in HEADS}
    labels["c"][1] = 3
    tasks = each({"loss": "sparse_softmax_cross_entropy"})
    total, rows, _, _ = check(tasks, (labels, batch_of(HEADS, (4, 3))[1]), mode)
    assert [bool(np.isnan(row.loss)) for row in rows.values()] == [False, False, True, False]
    assert np.isnan(total)


@graphs
def test_a_row_of_weight_0_has_exactly_no_gradient_and_the_others_have_theirs(way):
    y_true, y_pred = batch_of(HEADS)
    y_pred["b"][0] = np.nan
    ends = {"a": 1, "b": 0, "c": 2, "d": 3}
    tasks = {
        name: {"weight": f"piecewise(step, [2], [1, {end}])", **HUBER} for name, end in ends.items()
    }
    _, rows, _, gradients = check(tasks, (y_true, y_pred), way, options={"step": 3})
    assert np.isnan(rows["b/huber"].loss)
    assert rows["b/huber"].weighted == 0
    assert [bool(np.any(gradients[name])) for name in HEADS] == [True, False, True, True]


@graphs
def test_weights_that_cancel_have_no_gradient_in_their_term_alone(way):
    y_true, y_pred = batch_of(HEADS)
    y_true |= {f"{name}_weight": np.ones((6, 1), "float32") for name in HEADS}
    y_true["b_weight"][::2] = -1
    y_pred = {name: np.abs(x) + 1 for name, x in y_pred.items()}
    y_pred["b"][0] = 0  # where the logarithm has an infinite slope
    weighted = {"type": "huber", "reduction": "weighted_mean", "y_pred": "log(y_pred.#)"}
    tasks = each({"weight": "y_true.#_weight", "loss": weighted})
    _, rows, _, gradients = check(tasks, (y_true, y_pred), way)
    assert rows["b/huber"].denominator == rows["b/huber"].loss == 0
    assert [bool(np.any(gradients[name])) for name in HEADS] == [True, False, True, True]


@every_way
def test_the_gradient_of_one_row_reaches_no_other_term(way):
    import tensorflow as tf

    # At 0 log has the slope 1/0, and 0 · ∞ would go back to it from every row.
    tasks = each({"y_pred": "log(y_pred.#)", "y_true": "y_true.#", **HUBER})
    y_true, y_pred = batch_of(HEADS)
    y_pred = {name: np.abs(x) + 1 for name, x in y_pred.items()}
    y_pred["b"][2] = 0
    y_true["c"][3] = np.nan
    total_loss = build(tasks)

    def gradients(y_true, y_pred):
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(y_pred)
            _, rows = total_loss(y_true, y_pred)
        zero = tf.UnconnectedGradients.ZERO
        return {
            name[0]: tape.gradient(row.weighted, y_pred, unconnected_gradients=zero)
            for name, row in rows.items()
        }

    batch = tf.nest.map_structure(tf.constant, (y_true, y_pred))
    found = tf.nest.map_structure(np.asarray, in_way(gradients, batch, way)(*batch))
    for row in HEADS:
        for name in set(HEADS) - {row}:
            np.testing.assert_array_equal(found[row][name], np.zeros((6, 1)))
    assert np.isnan(found["c"]["c"]).sum() == 1
    assert not np.isfinite(found["b"]["b"][2])
    assert np.isfinite(found["a"]["a"]).all()
    assert np.any(found["d"]["d"])


@graphs
def test_second_derivatives_are_those_of_each_term(way):
    import tensorflow as tf

    tasks = each({"y_true": "y_true.#", "y_pred": "exp(y_pred.#)", "loss": "mean_squared_error"})
    y_true, y_pred = batch_of(HEADS, (3, 1))

    def second(y_true, y_pred):
        with tf.GradientTape() as outer:
            outer.watch(y_pred)
            with tf.GradientTape(persistent=True) as inner:
                inner.watch(y_pred)
                _, rows = build(tasks)(y_true, y_pred)
            first = [inner.gradient(rows[f"{x}/mean_squared_error"].loss, y_pred) for x in HEADS]
            squares = [tf.reduce_sum(x**2) for x in tf.nest.flatten(first)]
            norm = tf.add_n(squares)
        return outer.gradient(norm, y_pred)

    batch = tf.nest.map_structure(tf.constant, (y_true, y_pred))
    found = in_way(second, batch, way)(*batch)
    for name in HEADS:
        # The loss is (e^x − y)² / 3, and that of its slope squared is twice slope times bend.
        power, y = np.exp(y_pred[name].astype("float64")), y_true[name]
        slope, bend = 2 * (power - y) * power / 3, 2 * (2 * power - y) * power / 3
        np.testing.assert_allclose(found[name], 2 * slope * bend, rtol=1e-4)


def test_a_second_derivative_is_finite_where_that_of_another_term_is_not():
    import tensorflow as tf

    tasks = each({"y_pred": "log(y_pred.#)", "y_true": "y_true.#", "loss": "mean_squared_error"})
    y_true, y_pred = batch_of(HEADS, (3, 1))
    y_pred = {name: np.abs(x) + 1 for name, x in y_pred.items()}
    y_pred["b"][1] = 0

    def second(total_loss):
        batch = tf.nest.map_structure(tf.constant, (y_true, y_pred))
        with tf.GradientTape() as outer:
            outer.watch(batch)
            with tf.GradientTape() as inner:
                inner.watch(batch)
                total, _ = total_loss(*batch)
            first = inner.gradient(total, batch[1]["a"])
        return outer.gradient(first, batch[1]["a"])

    found = second(build(tasks))
    np.testing.assert_allclose(found, second(build_alone(tasks)), rtol=1e-6)
    assert np.isfinite(found).all()
