"""State: the centers are tracked, saved and restored, and move by what all replicas saw."""

from __future__ import annotations

import numpy as np
import pytest

from tests.matrix import MODES, in_mode, per_replica

every_mode = pytest.mark.parametrize("mode", MODES)
CENTER = {"type": "center", "num_classes": 3, "embedding_size": 2, "alpha": 0.5}
LABELS = np.array([0, 1, 1], "int32")
ROWS = np.array([[2.0, 4], [1, 1], [2, 0]], "float32")
# From centers at 0: class 0 moves by 0.5·(2, 4)/(1 + 1), class 1 by 0.5·(3, 1)/(1 + 2).
MOVED = np.array([[0.5, 1], [0.5, 1 / 6], [0, 0]])


def build(**task):
    from composer import build_total_loss

    return build_total_loss({"tasks": {"id": {"loss": CENTER, **task}}})


def centers(total_loss):
    (variable,) = total_loss.variables
    return variable


@every_mode
def test_centers_move_after_the_loss_is_computed(mode):
    import tensorflow as tf

    total_loss = build()

    def step(labels, rows):
        return total_loss({"id": labels}, {"id": rows})[0]

    step = in_mode(step, mode)
    first = step(tf.constant(LABELS), tf.constant(ROWS))
    np.testing.assert_allclose(first, 13 / 3, rtol=1e-6)  # (10 + 1 + 2) / 3, from centers at 0
    np.testing.assert_allclose(centers(total_loss), MOVED, rtol=1e-6)
    second = step(tf.constant(LABELS), tf.constant(ROWS))
    apart = ROWS - MOVED[LABELS]
    np.testing.assert_allclose(second, (apart**2).sum() / 2 / 3, rtol=1e-6)


@every_mode
def test_training_false_does_not_move_them(mode):
    import tensorflow as tf

    total_loss = build()

    def evaluate(labels, rows):
        return total_loss({"id": labels}, {"id": rows}, training=False)[0]

    in_mode(evaluate, mode)(tf.constant(LABELS), tf.constant(ROWS))
    total_loss.values({"id": LABELS}, {"id": ROWS})
    total_loss.denominators({"id": LABELS}, {"id": ROWS})
    np.testing.assert_array_equal(centers(total_loss), np.zeros([3, 2]))


@every_mode
@pytest.mark.parametrize("task", [{"mask": "y_true.k"}, {"weight": "where(y_true.k, 1, 0)"}])
def test_rows_that_do_not_count_do_not_move_them_whatever_they_hold(task, mode):
    import tensorflow as tf

    total_loss = build(**task)
    keep = np.array([True, False, True, False, True])
    labels, rows = np.full(5, 2**31 - 1, "int32"), np.full([5, 2], np.nan, "float32")
    labels[keep], rows[keep] = LABELS, ROWS

    def step(labels, keep, rows):
        return total_loss({"id": labels, "k": keep}, {"id": rows})[0]

    total = in_mode(step, mode)(tf.constant(labels), tf.constant(keep), tf.constant(rows))
    np.testing.assert_allclose(total, 13 / 3, rtol=1e-6)
    np.testing.assert_allclose(centers(total_loss), MOVED, rtol=1e-6)


@every_mode
def test_a_label_out_of_range_makes_the_loss_nan_and_moves_nothing(mode):
    import tensorflow as tf

    total_loss = build()
    labels = np.array([0, 1, 1, 3, -1], "int32")
    rows = np.concatenate([ROWS, [[9, 9], [9, 9]]]).astype("float32")

    def step(labels, rows):
        return total_loss({"id": labels}, {"id": rows})[0]

    assert np.isnan(in_mode(step, mode)(tf.constant(labels), tf.constant(rows)))
    np.testing.assert_allclose(centers(total_loss), MOVED, rtol=1e-6)


def test_an_empty_batch_and_one_that_is_masked_move_nothing():
    total_loss = build(mask="y_true.k")
    total_loss({"id": LABELS, "k": np.array([False] * 3)}, {"id": ROWS})
    total_loss({"id": LABELS[:0], "k": np.array([], bool)}, {"id": ROWS[:0]})
    np.testing.assert_array_equal(centers(total_loss), np.zeros([3, 2]))


def test_a_scalar_weight_of_0_does_not_stop_the_centers():
    total_loss = build(weight=0)
    total, rows = total_loss({"id": LABELS}, {"id": ROWS})
    assert total == 0
    np.testing.assert_allclose(rows["id/center"].loss, 13 / 3, rtol=1e-6)
    np.testing.assert_allclose(centers(total_loss), MOVED, rtol=1e-6)


def test_centers_get_no_gradient_and_are_not_trainable():
    import tensorflow as tf

    total_loss = build()
    assert total_loss.trainable_variables == ()
    with tf.GradientTape() as tape:
        tape.watch(centers(total_loss))
        total, _ = total_loss({"id": LABELS}, {"id": ROWS}, training=False)
    assert tape.gradient(total, centers(total_loss)) is None


def test_total_loss_is_a_module_that_tracks_them_under_the_name_of_their_term():
    import tensorflow as tf

    from composer import build_total_loss

    total_loss = build_total_loss(
        {"tasks": {"b": {"loss": [CENTER, {**CENTER, "name": "other"}, "l2"]}, "a": {"loss": "l2"}}}
    )
    assert isinstance(total_loss, tf.Module)
    assert [each.name for each in total_loss.variables] == [
        "b/center/centers:0",
        "b/other/centers:0",
    ]
    assert all(each.shape == (3, 2) and each.dtype == tf.float32 for each in total_loss.variables)
    assert build_total_loss({"tasks": {"a": {"loss": "l2"}}}).variables == ()


def test_a_checkpoint_brings_them_back(tmp_path):
    import tensorflow as tf

    saved = build()
    saved({"id": LABELS}, {"id": ROWS})
    path = tf.train.Checkpoint(total_loss=saved).save(tmp_path / "centers")
    restored = build()
    status = tf.train.Checkpoint(total_loss=restored).restore(path)
    status.assert_consumed()
    np.testing.assert_array_equal(centers(restored), centers(saved))
    # and the run goes on as if it had never stopped
    for each in (saved, restored):
        each({"id": LABELS}, {"id": ROWS})
    np.testing.assert_array_equal(centers(restored), centers(saved))


def test_centers_compute_in_the_dtype_of_the_prediction_and_are_kept_in_float32():
    for dtype in ("float16", "float32", "float64"):
        total_loss = build()
        total, _ = total_loss({"id": LABELS}, {"id": ROWS.astype(dtype)})
        assert total.dtype == ("float64" if dtype == "float64" else "float32")
        assert centers(total_loss).dtype == "float32"
        np.testing.assert_allclose(centers(total_loss), MOVED, rtol=1e-6)


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "graph"])
@pytest.mark.parametrize("sizes", [(1, 2), (3, 0), (0, 3)])
def test_over_two_replicas_they_move_as_on_one_device(strategy, sizes, compiled):
    import tensorflow as tf

    one = build()
    with strategy.scope():
        two = build()

    def step(labels, rows):
        return two({"id": labels}, {"id": rows})[0]

    def run():
        shards = (per_replica(strategy, array, sizes) for array in (LABELS, ROWS))
        shares = strategy.run(step, args=tuple(shards))
        return strategy.reduce("SUM", shares, axis=None)

    for _ in range(3):
        expected, _ = one({"id": LABELS}, {"id": ROWS})
        total = (tf.function(run) if compiled else run)()
        np.testing.assert_allclose(total, expected, rtol=1e-6)
        for each in strategy.experimental_local_results(centers(two)):
            np.testing.assert_allclose(each, centers(one), rtol=1e-6)


def test_centers_made_outside_the_scope_they_run_under_are_refused(strategy):
    total_loss = build()

    def step(labels, rows):
        return total_loss({"id": labels}, {"id": rows})[0]

    shards = tuple(per_replica(strategy, array, (1, 2)) for array in (LABELS, ROWS))
    with pytest.raises(ValueError) as caught:  # noqa: PT011  # the whole text is below
        strategy.run(step, args=shards)
    assert str(caught.value) == (
        "the total loss should be built in the scope that it runs under: `id/center` has variables, "
        "and each replica would move them once; "
        "write `with strategy.scope(): total_loss = build_total_loss(…)`"
    )
    np.testing.assert_array_equal(centers(total_loss), np.zeros([3, 2]))


@every_mode
def test_a_skipped_term_adds_nothing_and_moves_nothing(mode):
    import tensorflow as tf

    total_loss = build()

    def step(labels, rows, flag):
        return total_loss({"id": labels}, {"id": rows}, skip={"id/center": flag})

    step = in_mode(step, mode)
    rows = np.where([[False], [True], [False]], np.nan, ROWS).astype("float32")
    total, found = step(tf.constant(LABELS), tf.constant(rows), tf.constant(True))
    assert total == 0
    assert np.isnan(found["id/center"].loss)
    assert found["id/center"].weight == found["id/center"].weighted == 0
    np.testing.assert_array_equal(centers(total_loss), np.zeros([3, 2]))
    total, _ = step(tf.constant(LABELS), tf.constant(ROWS), tf.constant(False))
    np.testing.assert_allclose(total, 13 / 3, rtol=1e-6)
    np.testing.assert_allclose(centers(total_loss), MOVED, rtol=1e-6)
