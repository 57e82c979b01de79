"""Where masks and weights belong: aligned at the left, held to the sizes of the values."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pytest

from tests.matrix import MODES, in_mode

every_mode = pytest.mark.parametrize("mode", MODES)
V = np.arange(1, 13, dtype="float32").reshape(2, 3, 2)  # [batch, t, c]


def build(task, **top):
    from composer import build_total_loss

    return build_total_loss({"tasks": {"t": {"loss": "precomputed", **task}}, **top})


def sum_of(task, v=V, constants=None, **targets):
    """Σ K·W·v and the number of elements that count."""
    rows = build(task, constants=constants or {})(targets, {"t": v})[1]
    ((row, *_),) = [list(rows.values())]
    return float(row.loss * row.denominator), float(row.denominator)


@pytest.mark.parametrize(
    ("mask", "expected"),
    [
        pytest.param([True, False], V[0], id="per sample"),
        pytest.param(
            [[True, False, True], [False, False, True]], V[[0, 0, 1], [0, 2, 2]], id="[b, t]"
        ),
        pytest.param([[[True, False]], [[False, True]]], V[[0, 1], :, [0, 1]], id="[b, 1, c]"),
        pytest.param(V % 5 == 0, [5, 10], id="per element"),
        pytest.param([[True, False, True]], V[:, [0, 2]], id="[1, t]"),
    ],
)
def test_a_mask_aligns_at_the_left_with_axes_equal_or_1(mask, expected):
    total, number = sum_of({"mask": "y_true.m"}, m=np.array(mask))
    assert (total, number) == (np.sum(expected), np.size(expected))


@pytest.mark.parametrize("shape", [(2,), (2, 1), (2, 3), (2, 1, 2), (1, 3), (2, 3, 2), (1, 1, 1)])
def test_a_weight_aligns_at_the_left_with_axes_equal_or_1(shape):
    w = np.arange(1, 1 + np.prod(shape), dtype="float32").reshape(shape)
    at_left = w.reshape(shape + (1,) * (3 - len(shape)))
    assert sum_of({"weight": "y_true.w"}, w=w) == ((at_left * V).sum(), 12)


def test_as_many_samples_as_steps_are_not_confused():
    v = np.array([[1, 2], [4, 8]], "float32")
    keep = np.array([True, False])
    assert sum_of({"mask": "y_true.m"}, v, m=keep) == (3, 2)  # the first row, not the first column
    weight = np.array([1, 10], "float32")
    assert sum_of({"weight": "y_true.w"}, v, w=weight) == (123, 4)  # 1 + 2 + 10·(4 + 8)


def test_the_masks_of_task_and_loss_are_anded_aligned_at_the_left():
    losses = {"type": "precomputed", "mask": "y_true.fine"}
    of_sample, of_step = np.array([True, False]), np.array([[True, True, False]] * 2)
    task = {"mask": "y_true.coarse", "loss": losses}
    assert sum_of(task, coarse=of_sample, fine=of_step) == (1 + 2 + 3 + 4, 4)


def test_a_weight_of_samples_times_one_of_the_last_axis():
    # As many samples as channels: aligned at one side both would fit, and be wrong.
    v = np.ones([2, 2], "float32")
    task = {"weight": "y_true.w", "loss": {"type": "precomputed", "weight": "last_axis(c)"}}
    w = np.array([1, 10], "float32")
    values = build(task, constants={"c": [1.0, 3.0]}).values({"w": w}, {"t": v})["t/precomputed"]
    np.testing.assert_array_equal(values, [[1, 3], [10, 30]])


@pytest.mark.parametrize("samples", [2, 3])
def test_a_weight_of_samples_times_one_of_the_last_axis_of_an_image(samples):
    v = np.ones([samples, 2, 2], "float32")
    task = {
        "weight": "y_true.w / y_true.u",
        "loss": {"type": "precomputed", "weight": "2 * last_axis(c)"},
    }
    w = np.arange(1, 1 + samples, dtype="float32")
    u = np.full([samples, 2], [1, 4], "float32")
    values = build(task, constants={"c": [1.0, 3.0]}).values({"w": w, "u": u}, {"t": v})
    expected = 2 * w[:, None, None] * np.array([[1, 3], [0.25, 0.75]])
    np.testing.assert_array_equal(values["t/precomputed"], expected)


def test_within_one_weight_last_axis_is_the_last_axis_of_what_it_meets():
    # It meets u, whose last axis is the second: c weighs the steps, and the channels get the same.
    task = {"weight": "last_axis(c) * y_true.u"}
    u = np.array([[1, 10]], "float32")
    total_loss = build(task, constants={"c": [1.0, 3.0]})
    values = total_loss.values({"u": u}, {"t": np.ones([1, 2, 2], "float32")})["t/precomputed"]
    np.testing.assert_array_equal(values, [[[1, 1], [30, 30]]])


def test_a_finer_mask_is_an_error_that_says_what_to_write():
    from composer import SpecError

    total_loss = build({"loss": "sparse_softmax_cross_entropy", "mask": "y_true.m"})
    batch = {"t": np.array([0, 1]), "m": np.ones([2, 4], bool)}
    with pytest.raises(SpecError) as caught:
        total_loss(batch, {"t": np.zeros([2, 4], "float32")})
    assert str(caught.value) == (
        "<mapping>:4:11: error[shape-mismatch]: a mask of [2, 4] does not fit values of [2], "
        "aligned at the left: 2 axes are more than 1\n"
        "4 |     mask: y_true.m\n"
        "  |           ^^^^^^^^\n"
        "help: write `all(y_true.m, axis=-1)`"
    )


def test_a_finer_weight_is_an_error_that_says_what_to_write():
    from composer import SpecError

    total_loss = build({"loss": "sparse_softmax_cross_entropy", "weight": "y_true.w"})
    batch = {"t": np.array([0, 1]), "w": np.ones([2, 4], "float32")}
    with pytest.raises(SpecError) as caught:
        total_loss(batch, {"t": np.zeros([2, 4], "float32")})
    (problem,) = caught.value.problems
    assert problem.message == (
        "a weight of [2, 4] does not fit values of [2], aligned at the left: 2 axes are more than 1"
    )
    assert problem.help == "write `mean(y_true.w, axis=-1)`"


@pytest.mark.parametrize("shape", [(3,), (2, 2), (1, 2, 2), (2, 3, 3)])
@pytest.mark.parametrize("field", ["mask", "weight"])
def test_a_mask_or_weight_that_fits_at_no_axis_or_at_the_right_alone_is_an_error(field, shape):
    from composer import SpecError

    array = np.ones(shape, bool if field == "mask" else "float32")
    with pytest.raises(SpecError, match=rf"a {field} of .* does not fit values of \[2, 3, 2\]"):
        build({field: "y_true.x"})({"x": array}, {"t": V})


def test_a_region_counts_samples_of_which_anything_is_kept_and_is_weighted_by_samples():
    from composer import SpecError

    task = {"loss": {"type": "mean_pairwise_squared_error", "weight": "y_true.w"}}
    total_loss = build({**task, "mask": "y_true.m"})
    y_true = {
        "t": np.zeros([3, 3], "float32"),
        "m": np.array([[True, True, False], [False] * 3, [True] * 3]),
        "w": np.array([1, 8, 2], "float32"),
    }
    y_pred = {"t": np.array([[1, 3, np.nan], [np.nan] * 3, [0, 3, 3]], "float32")}
    (row,) = total_loss(y_true, y_pred)[1].values()
    # (1 − 3)² of one pair; nothing; (9 + 9 + 0) / 3 of three pairs, twice
    assert (row.denominator, row.loss) == (2, (4 + 2 * 6) / 2)

    coarse = {**y_true, "m": np.array([False, False, True])}  # a mask of whole samples
    assert total_loss(coarse, y_pred)[0] == 12

    with pytest.raises(SpecError) as caught:
        total_loss({**y_true, "w": np.ones([3, 3], "float32")}, y_pred)
    (problem,) = caught.value.problems
    assert problem.message == (
        "a weight of [3, 3] does not fit values of [3], aligned at the left: 2 axes are more than 1"
    )


def unknown(**ranks):
    import tensorflow as tf

    return {name: tf.TensorSpec([None] * rank) for name, rank in ranks.items()}


COMPILED = pytest.mark.parametrize("mode", ["graph", "xla"])


def compiled(total_loss, mode, true_ranks, pred_ranks):
    """The total, traced without any size."""
    import tensorflow as tf

    def total(y_true, y_pred):
        return total_loss(y_true, y_pred)[0]

    signature = [unknown(**true_ranks), unknown(**pred_ranks)]
    return tf.function(total, input_signature=signature, jit_compile=mode == "xla")


@COMPILED
def test_sizes_that_a_trace_does_not_know_must_fit_all_the_same(mode):
    import tensorflow as tf

    failing = (tf.errors.InvalidArgumentError, ValueError)
    x, one = tf.ones, {"t": tf.ones([2, 3])}

    # y_true against y_pred: NumPy would stretch the 1
    total = compiled(build({"loss": "mean_squared_error"}), mode, {"t": 2}, {"t": 2})
    assert total(one, {"t": 2 * x([2, 3])}) == 1
    for shape in ([2, 1], [1, 3], [3, 2], [2, 4]):
        with pytest.raises(failing):
            total({"t": x(shape)}, one)
        with pytest.raises(failing):
            total(one, {"t": x(shape)})

    # a mask and a weight: axes equal or 1, and never larger than the values
    for field, text in (("mask", "y_true.x > 0"), ("weight", "y_true.x")):
        total = compiled(build({field: text}), mode, {"x": 2}, {"t": 2})
        for shape in ([2, 3], [2, 1], [1, 3]):
            assert total({"x": x(shape)}, one) == 1
        for shape in ([3, 3], [2, 2], [4, 1]):
            with pytest.raises(failing):
                total({"x": x(shape)}, one)
        with pytest.raises(failing):
            total({"x": x([2, 3])}, {"t": x([2, 1])})


@COMPILED
def test_sizes_of_classes_and_regions_that_a_trace_does_not_know_must_fit_all_the_same(mode):
    import tensorflow as tf

    failing = (tf.errors.InvalidArgumentError, ValueError)
    x = tf.ones

    labels = {"loss": {"type": "sparse_softmax_cross_entropy", "y_true": "argmax(y_true.one_hot)"}}
    total = compiled(build(labels), mode, {"one_hot": 2}, {"t": 2})
    np.testing.assert_allclose(
        total({"one_hot": x([2, 3])}, {"t": x([2, 3])}), np.log(3), rtol=1e-6
    )
    for samples in (1, 3):
        with pytest.raises(failing):
            total({"one_hot": x([samples, 3])}, {"t": x([2, 3])})

    region = {"mask": "y_true.m > 0", "loss": "mean_pairwise_squared_error"}
    total = compiled(build(region), mode, {"t": 2, "m": 2}, {"t": 2})
    assert total({"t": x([2, 3]), "m": x([2, 3])}, {"t": x([2, 3])}) == 0
    for true, mask, pred in (
        ([2, 3], [2, 3], [2, 1]),
        ([2, 1], [2, 1], [2, 3]),
        ([2, 3], [2, 2], [2, 3]),
        ([2, 3], [3, 3], [2, 3]),
    ):
        with pytest.raises(failing):
            total({"t": x(true), "m": x(mask)}, {"t": x(pred)})


@COMPILED
def test_a_size_that_a_parameter_or_the_signature_names_is_demanded_of_an_unknown_one(mode):
    import tensorflow as tf

    from composer import Loss, Signature, build_total_loss

    loss = {"type": "center", "num_classes": 3, "embedding_size": 2}
    total_loss = build({"loss": loss, "y_true": "argmax(y_true.one_hot)"})
    total = compiled(total_loss, mode, {"one_hot": 2}, {"t": 2})
    assert total({"one_hot": tf.ones([4, 3])}, {"t": tf.ones([4, 2])}) == 1  # (1 + 1) / 2
    for size in (1, 3):
        with pytest.raises((tf.errors.InvalidArgumentError, ValueError)):
            total({"one_hot": tf.ones([4, 3])}, {"t": tf.ones([4, size])})

    class Area(Loss):
        type: str = "area"
        signature: ClassVar[Signature] = Signature("y_pred=float[..., 2] -> float[...]")

        def values(self, y_pred):
            return y_pred[..., 0] * y_pred[..., -1]

    area = build_total_loss({"tasks": {"t": {"loss": "area"}}}, losses=[Area])
    total = compiled(area, mode, {}, {"t": 3})
    assert total({}, {"t": 3 * tf.ones([4, 5, 2])}) == 9
    for size in (1, 3):
        with pytest.raises((tf.errors.InvalidArgumentError, ValueError)):
            total({}, {"t": tf.ones([4, 5, size])})


def test_values_of_y_true_and_y_pred_never_broadcast():
    from composer import SpecError

    total_loss = build({"loss": "mean_squared_error"})
    for true, pred in (([4], [4, 1]), ([4, 1], [4]), ([4, 1], [4, 3]), ([1, 3], [4, 3])):
        with pytest.raises(SpecError, match="shape-mismatch"):
            total_loss({"t": np.zeros(true, "float32")}, {"t": np.zeros(pred, "float32")})


@every_mode
def test_a_mask_of_the_step_and_constant_masks_hold_for_all_elements(mode):
    import tensorflow as tf

    for mask, expected in (("step >= 5", [0, 6.5]), (True, [6.5, 6.5]), (False, [0, 0])):
        total_loss = build({"mask": mask, "weight": "1 + 0 * step"})
        run = in_mode(lambda x, step, f=total_loss: f({}, {"t": x}, step=step)[0], mode)
        found = [float(run(tf.constant(V), tf.constant(step))) for step in (4, 5)]
        assert found == expected


def test_a_product_aligns_in_the_order_that_it_is_written_in():
    """`w * (c * o)`: c meets o, which has its axis, before the two meet the samples' w."""
    total_loss = built(
        {"precomputed": {"weight": "y_true.w * (last_axis(c) * y_true.o)"}},
        constants={"c": [1, 2, 3]},
    )
    ones = np.ones((3, 3), np.float32)
    found = total_loss.values({"w": np.float32([1, 10, 100]), "o": ones}, {"a": ones})
    expected = [[1, 2, 3], [10, 20, 30], [100, 200, 300]]
    np.testing.assert_array_equal(found["a/precomputed"], expected)


@pytest.mark.parametrize("mode", ["graph", "xla"])
def test_a_vector_of_one_does_not_stretch_over_an_axis_unknown_while_tracing(mode):
    import tensorflow as tf

    total_loss = built({"precomputed": {"weight": "last_axis(c)"}}, constants={"c": [2]})
    spec = tf.TensorSpec([None, None])
    run = tf.function(
        lambda a: total_loss({}, {"a": a})[0], input_signature=[spec], jit_compile=mode == "xla"
    )
    assert float(run(tf.ones([2, 1]))) == 2
    with pytest.raises(tf.errors.InvalidArgumentError):
        run(tf.ones([2, 3]))


def test_denominators_of_the_targets_alone_are_exact_in_float64():
    import tensorflow as tf

    total_loss = built({"huber": {"weight": "y_true.w"}}, reduction="weighted_mean")
    weights = np.full(1000, 0.1)
    found = total_loss.denominators({"a": weights, "w": weights})["a/huber"]
    assert found.dtype == tf.float64
    np.testing.assert_allclose(found, weights.sum(), rtol=1e-15)


def test_weights_that_cancel_send_nothing_back_not_even_nan():
    import tensorflow as tf

    total_loss = built({"huber": {"weight": "y_true.w"}}, reduction="weighted_mean")
    y_pred = tf.constant([np.nan, 1.0])
    with tf.GradientTape() as tape:
        tape.watch(y_pred)
        total, _ = total_loss({"a": [1.0, 2.0], "w": [1.0, -1.0]}, {"a": y_pred})
    assert float(total) == 0
    np.testing.assert_array_equal(tape.gradient(total, y_pred), [0, 0])


def built(loss, **spec):
    from composer import build_total_loss

    ((name, options),) = loss.items()
    return build_total_loss({"tasks": {"a": {"loss": {"type": name, **options}}}, **spec})


@COMPILED
@pytest.mark.parametrize("y_true", ["y_true.t", "sqrt(y_true.t)", "y_true.t[..., None][..., 0]"])
def test_vectors_of_sizes_unknown_while_tracing_never_broadcast(y_true, mode):
    import tensorflow as tf

    total = compiled(build({"loss": "huber", "y_true": y_true}), mode, {"t": 1}, {"t": 1})
    assert total({"t": tf.ones([3])}, {"t": 2 * tf.ones([3])}) == 0.5
    for true, pred in ((1, 3), (3, 1)):
        with pytest.raises((tf.errors.InvalidArgumentError, ValueError)):
            total({"t": tf.ones([true])}, {"t": tf.ones([pred])})


@COMPILED
@pytest.mark.parametrize(("field", "text"), [("mask", "y_true.x > 0"), ("weight", "y_true.x")])
def test_a_mask_or_weight_is_not_repeated_to_fill_an_axis_that_it_divides(field, text, mode):
    import tensorflow as tf

    total = compiled(build({field: text}), mode, {"x": 1}, {"t": 1})
    assert total({"x": tf.ones([4])}, {"t": tf.ones([4])}) == 1
    with pytest.raises((tf.errors.InvalidArgumentError, ValueError)):
        total({"x": tf.ones([2])}, {"t": tf.ones([4])})


@COMPILED
def test_a_vector_never_widens_two_tensors_of_an_axis_unknown_while_tracing(mode):
    import tensorflow as tf

    task = {"loss": "huber", "y_pred": "where(y_pred.a > 0, y_pred.b, last_axis(c))"}
    total = compiled(build(task, constants={"c": [1, 2]}), mode, {"t": 2}, {"a": 2, "b": 2})
    two, one = tf.ones([3, 2]), tf.ones([3, 1])
    assert total({"t": two}, {"a": two, "b": two}) == 0
    with pytest.raises((tf.errors.InvalidArgumentError, ValueError)):
        total({"t": two}, {"a": one, "b": one})
