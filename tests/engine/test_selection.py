"""Weights scale, masks remove: what stands in a masked place changes no bit, in any loss."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from composer.losses import CATALOGUE
from tests.matrix import (
    CASES,
    MODES,
    STEP,
    assert_close,
    every_run,
    in_mode,
    outcome,
    program,
    unsized,
    with_garbage,
)

# Parts of the largest entry; float16 is cast up before anything is computed from it, but what
# comes back as a gradient is rounded to it.
TOLERANCE = {"float16": 1e-6, "float32": 1e-6, "float64": 1e-12}
GRADIENT = TOLERANCE | {"float16": 1e-3}


def bits(outcome):
    """Everything a caller gets, as bytes."""
    rows = [part for row in outcome.rows.values() for part in row]
    return [each.tobytes() for each in (outcome.total, *rows, *outcome.gradients.values())]


def replaced(batch, **tensors):
    return SimpleNamespace(y_true=batch.y_true | tensors, y_pred=batch.y_pred)


def test_every_loss_of_the_table_of_contents_is_in_the_matrix():
    assert {case.type for case in CASES} == set(CATALOGUE)
    for case in CASES:
        assert case.loss.type == case.type  # else: PARAMETERS lacks what it cannot be made without


@every_run()
def test_what_stands_in_a_masked_place_changes_no_bit(case, mode, dtype):
    run, batch = program(case, mode), case.drawn(dtype)
    expected = outcome(case, mode, dtype)
    assert np.isfinite(expected.total)
    for other in with_garbage(case, batch):
        assert bits(run(other)) == bits(expected)


@every_run()
def test_gradients_at_masked_places_are_exactly_zero_and_others_are_not(case, mode, dtype):
    batch = case.drawn(dtype)
    counted = case.counted(batch.y_true)
    for role, gradient in outcome(case, mode, dtype).gradients.items():
        assert not gradient[~case.spread(counted, role)].any()
        assert gradient[case.spread(counted, role)].any()


@every_run()
def test_masked_arrays_agree_with_compacted_ones(case, mode, dtype):
    batch = case.drawn(dtype)
    # In eager mode: a graph would be traced and compiled anew for them.
    small = program(case, "eager")(case.compacted(batch))
    whole = outcome(case, mode, dtype)
    assert_close(whole.total, small.total, TOLERANCE[dtype])
    for name, row in whole.rows.items():
        assert_close(row, small.rows[name], TOLERANCE[dtype], name)
    for role, gradient in whole.gradients.items():
        of_role = SimpleNamespace(y_true=batch.y_true, y_pred={"gradient": gradient})
        found = case.compacted(of_role).y_pred["gradient"]
        assert_close(found, small.gradients[role], GRADIENT[dtype], role)


@every_run()
def test_all_masked_gives_zero_and_no_gradient(case, mode, dtype):
    batch = case.drawn(dtype)
    nothing = replaced(batch, mask=np.zeros_like(batch.y_true["mask"]))
    found = program(case, mode)(nothing)
    assert found.total == 0
    for name, row in found.rows.items():
        assert row.loss == row.weighted == 0
        # `sum` divides by 1; weights of classes are not masked with a region of the batch
        assert row.denominator == (1 if name == "sum" else 0)
    assert not any(gradient.any() for gradient in found.gradients.values())


@every_run()
def test_the_order_of_the_batch_does_not_matter(case, mode, dtype):
    batch = case.drawn(dtype)
    order = np.random.default_rng(2).permutation(len(batch.y_true["mask"]))
    shuffled = SimpleNamespace(
        y_true={name: array[order] for name, array in batch.y_true.items()},
        y_pred={name: array[order] for name, array in batch.y_pred.items()},
    )
    before, after = outcome(case, mode, dtype), program(case, mode)(shuffled)
    assert_close(after.total, before.total, TOLERANCE[dtype])
    for role, gradient in before.gradients.items():
        assert_close(after.gradients[role], gradient[order], GRADIENT[dtype], role)


@every_run()
def test_twice_the_scalar_weight_is_twice_the_total_and_the_gradient(case, mode, dtype):
    once = outcome(case, mode, dtype)
    twice = program(case, mode)(case.drawn(dtype), step=2 * STEP)
    assert twice.total == 2 * once.total
    for name, row in once.rows.items():
        assert twice.rows[name] == (row.loss, 2 * row.weight, 2 * row.weighted, row.denominator)
    for role, gradient in once.gradients.items():
        tiny = np.finfo(gradient.dtype).smallest_subnormal
        np.testing.assert_allclose(twice.gradients[role], 2 * gradient, rtol=0, atol=2 * tiny)


@every_run()
def test_twice_the_tensor_weight_cancels_out_of_a_weighted_mean_alone(case, mode, dtype):
    batch = case.drawn(dtype)
    once = outcome(case, mode, dtype)
    twice = program(case, mode)(replaced(batch, weight=2 * batch.y_true["weight"]))
    for name, row in once.rows.items():
        factor = 2 if case.batch_is_weighted and name != "weighted_mean" else 1
        assert twice.rows[name].loss == factor * row.loss, name


@every_run()
def test_at_weight_zero_the_loss_is_shown_and_nothing_comes_back(case, mode, dtype):
    found = program(case, mode)(case.drawn(dtype), step=0)
    for name, row in outcome(case, mode, dtype).rows.items():
        assert found.rows[name] == (row.loss, 0, 0, row.denominator)
    assert found.total == 0
    assert not any(gradient.any() for gradient in found.gradients.values())


@every_run()
def test_at_weight_zero_not_even_nan_comes_back(case, mode, dtype):
    batch = case.drawn(dtype)
    nan = {name: np.full_like(array, np.nan) for name, array in batch.y_pred.items()}
    found = program(case, mode)(SimpleNamespace(y_true=batch.y_true, y_pred=nan), step=0)
    for row in found.rows.values():
        assert np.isnan(row.loss)
        assert row.weighted == 0
    assert found.total == 0
    assert not any(gradient.any() for gradient in found.gradients.values())


every_mode = pytest.mark.parametrize("mode", MODES)


def build(task, constants=None):
    from composer import build_total_loss

    return build_total_loss({"tasks": {"t": task}, "constants": constants or {}})


def differentiated(task, mode):
    """f(y_true, y_pred): the total and its gradients by the predictions, as NumPy arrays."""
    import tensorflow as tf

    total_loss = build(task)

    def both(y_true, y_pred):
        with tf.GradientTape() as tape:
            tape.watch(y_pred)
            total, _ = total_loss(y_true, y_pred)
        return total, tape.gradient(total, y_pred)

    run = unsized(both, mode)

    def call(y_true, y_pred):
        tensors = [{k: tf.constant(v) for k, v in side.items()} for side in (y_true, y_pred)]
        return tf.nest.map_structure(np.asarray, run(*tensors))

    return call


KEEP = np.array([[True, False, True], [False, True, True]])
SAFE = np.array([[1.5, 2, 3], [4, 5, 6]], "float32")
BAD = (np.nan, np.inf, -np.inf, 0.0, -1.0, 1.0, 1e38)

COMPUTED = {
    "log(y_pred.t)": {},
    "sqrt(y_pred.t)": {},
    "1 / y_pred.t": {},
    "sqrt(y_pred.t - 1)": {},
    "exp(y_pred.t) * log(y_pred.t)": {},
    "y_pred.t / log(y_pred.t)": {},
    "clip(log(y_pred.t), -1, 1)": {},
    "where(y_pred.t > 2, log(y_pred.t), sqrt(y_pred.t))": {},
    "log(y_pred.both[..., 0]) / y_pred.both[..., 1]": {"both": np.stack([SAFE, SAFE + 1], -1)},
    "log(y_pred.t) / y_pred.sample": {"sample": np.array([2, 3], "float32")},
    "y_pred.t ** 0.5": {},
}


@every_mode
@pytest.mark.parametrize("role", COMPUTED)
def test_a_computed_role_may_be_of_any_slope_at_masked_places(role, mode):
    others = COMPUTED[role]
    call = differentiated({"y_pred": role, "mask": "y_true.k", "loss": "mean_squared_error"}, mode)
    y_true = {"t": np.ones([2, 3], "float32"), "k": KEEP}
    expected = call(y_true, {"t": SAFE} | others)
    assert np.isfinite(expected[0])
    gradients = [each for each in expected[1].values() if each is not None and each.shape]
    assert any(gradient.any() for gradient in gradients)
    for bad in BAD:
        y_pred = {"t": np.where(KEEP, SAFE, np.float32(bad))}
        for name, array in others.items():
            if array.ndim > 1:
                array = np.where(KEEP[..., None], array, np.float32(bad))
            y_pred[name] = array
        found = call(y_true | {"t": np.where(KEEP, 1, np.float32(bad))}, y_pred)
        assert found[0].tobytes() == expected[0].tobytes(), bad
        for name, gradient in expected[1].items():
            assert found[1][name].tobytes() == gradient.tobytes(), (bad, name)
            if gradient.shape[:2] == KEEP.shape:
                assert not gradient[~KEEP].any()


@every_mode
@pytest.mark.parametrize(
    "loss",
    [
        {"type": "dice", "sparse": True, "y_pred": "softmax(y_pred.t)"},
        {
            "type": "mean_squared_error",
            "y_true": "one_hot(y_true.t, 3)",
            "y_pred": "softmax(y_pred.t)",
        },
        {
            "type": "absolute_difference",
            "y_true": "y_true.t",
            "y_pred": "log(softmax(y_pred.t))[..., 0]",
        },
        {"type": "silog", "y_true": "y_true.t + 1", "y_pred": "exp(y_pred.t[..., 0])"},
    ],
    ids=lambda loss: loss["type"],
)
def test_a_softmax_of_masked_rows_may_be_of_anything(loss, mode):
    call = differentiated({"mask": "y_true.k", "loss": loss}, mode)
    labels = np.array([[0, 1, 2], [2, 1, 0]], "int32")
    logits = np.random.default_rng(0).normal(size=(2, 3, 3)).astype("float32")
    expected = call({"t": labels, "k": KEEP}, {"t": logits})
    assert np.isfinite(expected[0])
    assert expected[1]["t"].any()
    for bad in (np.nan, np.inf, -np.inf, 1e38, 0):
        others = np.where(KEEP, labels, 255), np.where(KEEP[..., None], logits, np.float32(bad))
        found = call({"t": others[0], "k": KEEP}, {"t": others[1]})
        assert found[0].tobytes() == expected[0].tobytes()
        assert found[1]["t"].tobytes() == expected[1]["t"].tobytes()
        assert not found[1]["t"][~KEEP].any()


@every_mode
@pytest.mark.parametrize("finer", ["mask", "weight"])
def test_a_mask_or_a_weight_of_the_full_rank_selects_single_classes(finer, mode):
    loss = {"type": "weighted_cross_entropy", "pos_weight": [1, 2, 3]}
    text = {"mask": "y_true.k", "weight": "where(y_true.k, 2, 0)"}[finer]
    call = differentiated({finer: text, "loss": loss}, mode)
    targets = np.array([[1, 0, 1], [0, 1, 0]], "float32")
    expected = call({"t": targets, "k": KEEP}, {"t": SAFE})
    for bad in BAD:
        spoilt = [np.where(KEEP, array, np.float32(bad)) for array in (targets, SAFE)]
        found = call({"t": spoilt[0], "k": KEEP}, {"t": spoilt[1]})
        assert found[0].tobytes() == expected[0].tobytes()
        assert found[1]["t"].tobytes() == expected[1]["t"].tobytes()
        assert not found[1]["t"][~KEEP].any()


@every_mode
def test_a_mask_may_be_decided_by_the_prediction_itself(mode):
    call = differentiated(
        {"mask": "isfinite(y_pred) and y_pred > 1", "loss": "mean_squared_error"}, mode
    )
    y_pred = np.array([[3, np.nan, np.inf], [1, 5, -np.inf]], "float32")
    total, gradients = call({"t": np.ones([2, 3], "float32")}, {"t": y_pred})
    assert total == 10  # ((3 − 1)² + (5 − 1)²) / 2
    np.testing.assert_array_equal(gradients["t"], [[2, 0, 0], [0, 4, 0]])


@every_mode
def test_a_class_of_weight_0_may_hold_anything_in_a_region(mode):
    import tensorflow as tf

    from composer import build_total_loss

    task = {"loss": {"type": "dice", "weight": "last_axis(c)"}}
    total_loss = build_total_loss({"constants": {"c": [1, 0, 2]}, "tasks": {"t": task}})

    def both(y_true, y_pred):
        with tf.GradientTape() as tape:
            tape.watch(y_pred)
            total, rows = total_loss({"t": y_true}, {"t": y_pred})
        return total, rows["t/dice"].denominator, tape.gradient(total, y_pred)

    run = unsized(both, mode)
    targets, probabilities = np.random.default_rng(0).uniform(size=(2, 2, 5, 3)).astype("float32")
    total, divisor, gradient = run(tf.constant(targets), tf.constant(probabilities))
    assert divisor == 4  # 2 samples of 2 classes
    assert not np.any(gradient[..., 1])
    for bad in BAD:
        targets[..., 1] = probabilities[..., 1] = bad
        found = run(tf.constant(targets), tf.constant(probabilities))
        assert found[0].numpy().tobytes() == total.numpy().tobytes()
        assert found[2].numpy().tobytes() == gradient.numpy().tobytes()


REGIONS = [case for case in CASES if case.signature.is_region and case.batch_is_weighted]


@pytest.mark.parametrize("case", REGIONS, ids=lambda case: case.id)
def test_a_mask_leaves_the_inner_sums_of_a_region_as_if_each_sample_held_nothing_else(case):
    batch = case.drawn("float64")
    shape = case.shape("keep")
    # 0, 1, 2, … elements kept, never the first ones alone
    order = np.random.default_rng(1).permuted(
        np.broadcast_to(np.arange(np.prod(shape[1:])), (shape[0], int(np.prod(shape[1:])))), axis=1
    )
    keep = (order < np.arange(shape[0])[:, None]).reshape(shape)
    total_loss = build({"mask": "y_true.k", "loss": case.entry})
    alone = build({"loss": case.entry})
    (found,) = total_loss.values(batch.y_true | {"k": keep}, batch.y_pred).values()
    assert found.shape == case.shape("values")
    for sample in range(shape[0]):
        y_true, y_pred = (
            {"t": side["t"][sample][keep[sample]][None]} for side in (batch.y_true, batch.y_pred)
        )
        (expected,) = alone.values(y_true, y_pred).values()
        if sample == 0:
            assert not np.any(found[0])  # nothing is kept: any(keep) is false
        else:
            assert_close(found[sample], expected[0], 1e-12)


@every_mode
@pytest.mark.parametrize(
    "loss",
    [
        {"type": "sparse_softmax_cross_entropy"},
        {"type": "sparse_softmax_cross_entropy", "label_smoothing": 0.1},
        {"type": "sparse_softmax_focal", "alpha": [1, 2, 3]},
        {"type": "center", "num_classes": 3, "embedding_size": 3},
        {"type": "dice", "sparse": True},
    ],
    ids=lambda loss: loss["type"],
)
def test_labels_out_of_range_make_nan_in_every_mode_unless_they_are_masked(loss, mode):
    import tensorflow as tf

    total_loss = build({"mask": "y_true.k", "loss": {"name": "it", **loss}})
    shape = [4] if loss["type"] == "center" else [4, 1]
    labels = np.array([0, 2, 1, 0]).reshape(shape)
    pred = np.random.default_rng(0).uniform(0.1, 0.9, [*shape, 3]).astype("float32")

    def row(labels, keep):
        _, rows = total_loss({"t": labels, "k": keep}, {"t": tf.constant(pred)}, training=False)
        return rows["t/it"], total_loss.values({"t": labels, "k": keep}, {"t": tf.constant(pred)})

    run = in_mode(row, mode)
    everywhere = tf.fill(shape, True)
    healthy, values = run(tf.constant(labels), everywhere)
    assert np.isfinite(healthy.loss)
    for bad in (-1, 3, 255, -(2**63), 2**63 - 1):
        wrong = labels.copy()
        wrong[1] = bad
        found, of_each = run(tf.constant(wrong), everywhere)
        assert np.isnan(found.loss)
        assert np.isnan(found.weighted)
        assert found.denominator == healthy.denominator
        # in its own value alone
        of_each, others = of_each["t/it"].numpy(), values["t/it"].numpy()
        assert np.isnan(of_each[1]).all()
        np.testing.assert_array_equal(np.delete(of_each, 1, 0), np.delete(others, 1, 0))
        keep = tf.constant(np.arange(4) != 1)
        masked, _ = run(tf.constant(wrong), tf.reshape(keep, shape))
        same, _ = run(tf.constant(labels), tf.reshape(keep, shape))
        assert np.isfinite(masked.loss)
        assert masked.loss.numpy().tobytes() == same.loss.numpy().tobytes()


@pytest.mark.parametrize(
    "dtype", ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"]
)
def test_labels_of_every_integer_dtype_are_taken(dtype):
    total_loss = build({"mask": "y_true.t < 3", "loss": "sparse_softmax_cross_entropy"})
    labels = np.array([0, 2, np.iinfo(dtype).max], dtype)
    total, _ = total_loss({"t": labels}, {"t": np.zeros([3, 3], "float32")})
    np.testing.assert_allclose(total, np.log(3), rtol=1e-6)


SLICED = {
    "log(y_pred.t[..., :2])": 0.0,
    "log(y_pred.t[:, :2])": 0.0,
    "log(y_pred.t)[..., :2]": 0.0,
    "exp(y_pred.t[..., :2])": 1e38,
    "(-sqrt(y_pred.t) * 2)[:, :2]": 0.0,
    "square(y_pred.t)[:, 0:2:1] / 2": 1e38,
}


@pytest.mark.parametrize("selector", ["mask", "weight"])
@pytest.mark.parametrize("role", SLICED)
def test_a_role_that_is_a_part_of_what_is_computed_has_exact_gradients(role, selector):
    import tensorflow as tf

    from composer import build_total_loss

    rule = {"mask": "y_true > 0"} if selector == "mask" else {"weight": "y_true > 0"}
    total_loss = build_total_loss({"tasks": {"a": {"loss": "huber", "y_pred": role, **rule}}})
    y_true = np.float32([[1, 0], [1, 1]])

    def gradient(dropped):
        y_pred = tf.constant([[1, dropped, dropped], [2, 3, dropped]], tf.float32)
        with tf.GradientTape() as tape:
            tape.watch(y_pred)
            total, _ = total_loss({"a": y_true}, {"t": y_pred})
        return tape.gradient(total, y_pred).numpy()

    found = gradient(SLICED[role])
    assert found[0, 1] == found[0, 2] == found[1, 2] == 0
    np.testing.assert_array_equal(found, gradient(1.0))


def test_what_argmax_reads_has_an_axis_that_no_mask_fits():
    constants = {"rows": [[1, 2], [3, 4], [5, 6]]}
    task = {"y_true": "take(rows, argmax(y_true.p))", "loss": "absolute_difference"}
    total_loss = build({**task, "mask": "y_true.has"}, constants)
    y_true = {"p": np.eye(3, dtype="float32"), "has": np.array([True, False, True])}
    total, _ = total_loss(y_true, {"t": np.zeros([3, 2], "float32")})
    assert float(total) == (1 + 2 + 5 + 6) / 4
