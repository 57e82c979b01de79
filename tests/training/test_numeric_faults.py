"""The numeric faults that training is known for, each by its number, as a model that trains meets them.

A row is what plain TensorFlow or Keras does wrong, or easily lets one do wrong: its test shows that,
where it is a number, beside what a total loss makes of the same batch.
"""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest

from tests.command import environment
from tests.training.linear import (
    MODES,
    column,
    compiled,
    eagerly_first,
    linear_model,
    weights_of,
)


def row(number):
    return pytest.mark.parametrize("row", [number], ids=[f"row-{number:02}"])


compiled_too = pytest.mark.parametrize(
    "mode", ["graph", pytest.param("xla", marks=pytest.mark.full)]
)


def task(loss="mean_squared_error", reduction=None, **more):
    entry = {"type": loss} if isinstance(loss, str) else loss
    return {"tasks": {"depth": {"loss": entry | ({"reduction": reduction} if reduction else {}), **more}}}  # fmt: skip


def train(spec, x, y, mode="eager", rate=0.1, optimizer=None, start="ones", **options):
    """One step of a model of one weight: what it shows, and the weight after it."""
    model = linear_model(spec, start=start, **options)
    compiled(model, optimizer, mode, rate)
    logs = model.train_on_batch(x, y, return_dict=True)
    return logs, weights_of(model).item(), model


NAN = math.nan


@row(1)
@eagerly_first
def test_the_slope_of_a_masked_logarithm_at_0_stays_out(mode, row):
    """`where(mask, -log(p), 0)` has a NaN gradient."""
    spec = task({"type": "precomputed", "y_pred": "-log(y_pred)"}, mask="y_true.valid")
    y = {"valid": np.array([True, False])}
    logs, weight, _ = train(spec, column(1, 0), y, mode)
    assert logs["loss"] == 0
    assert weight == pytest.approx(1 + 0.1 * 1)  # by −1/p at 1


@row(3)
@eagerly_first
@pytest.mark.parametrize("number", [NAN, math.inf, -math.inf])
def test_a_masked_target_may_be_anything(number, mode, row):
    logs, weight, _ = train(
        task(mask="isfinite(y_true)"), column(1, 1), {"depth": column(0, number)}, mode
    )
    assert (logs["loss"], weight) == (1, pytest.approx(1 - 0.1 * 2))


@row(4)
@eagerly_first
def test_a_masked_prediction_may_be_infinite(mode, row):
    spec = task(mask="y_true.valid")
    y = {"depth": column(0, 0), "valid": np.array([True, False])}
    # 2 · 3e38 is beyond float32. The slope is 2 · 2 · 1 from the first sample, and 0 from the second.
    logs, weight, _ = train(spec, column(1, 3e38), y, mode, start=constant(2.0))
    assert (logs["loss"], weight) == (4, pytest.approx(2 - 0.1 * 4))


def constant(number):
    import keras

    return keras.initializers.Constant(number)


@row(5)
@compiled_too
def test_a_batch_in_which_nothing_counts_is_0_and_moves_nothing(mode, row):
    logs, weight, model = train(
        task(mask="isfinite(y_true)"), column(1, 1), {"depth": column(NAN, NAN)}, mode
    )
    assert (logs["loss"], weight) == (0, 1)
    assert model.rows.table()["depth/mean_squared_error"].kept == 0


@row(6)
def test_what_is_not_finite_is_not_hidden_by_a_divisor_of_0(row, caplog):
    """`divide_no_nan(NaN, 0)` is 0. A weight of NaN that counts makes D NaN, not 0."""
    spec = task(reduction="weighted_mean", weight="y_true.weight")
    y = {"depth": column(0), "weight": np.array([NAN], "float32")}
    logs, _, _ = train(spec, column(1), y)
    assert math.isnan(logs["loss"])
    import tensorflow as tf

    assert float(tf.math.divide_no_nan(NAN, 0.0)) == 0


@row(8)
@compiled_too
def test_all_steps_of_a_sequence_may_be_padding(mode, row):
    import keras

    from composer import training

    inputs = keras.Input([2], dtype="int32")
    words = keras.layers.Embedding(3, 1, mask_zero=True, embeddings_initializer="ones")(inputs)
    spec = {"tasks": {"words": {"mask": "y_true.keras_mask.words", "loss": "mean_squared_error"}}}
    model = compiled(
        training.MultiTaskModel(inputs, {"words": words}, total_loss=spec), mode=mode, rate=0.1
    )
    logs = model.train_on_batch(
        np.zeros([2, 2], int), {"words": np.full([2, 2, 1], 9.0)}, return_dict=True
    )
    assert logs["loss"] == 0
    np.testing.assert_array_equal(weights_of(model), [1, 1, 1])


@row(9)
@pytest.mark.parametrize(
    ("reduction", "loss"),
    [("sum_by_nonzero_weights", 4), ("weighted_mean", 4), ("sum_over_batch_size", 2), ("sum", 4)],
)
def test_a_sample_weight_of_0_has_the_divisor_that_the_spec_names(reduction, loss, row):
    """Keras divides by the two samples and says 2, whatever is meant."""
    import keras

    spec = task(reduction=reduction, weight="y_true.sample_weight")
    model = compiled(linear_model(spec), mode="eager")
    x, y, weight = column(2, 5), column(0, 0), np.array([1, 0], "float32")
    assert model.test_on_batch(x, y, weight, return_dict=True)["loss"] == loss
    assert float(keras.losses.MeanSquaredError()(y, x, weight)) == 2


@row(10)
@eagerly_first
def test_a_target_of_nan_with_the_weight_0_does_not_count(mode, row):
    import keras

    spec = task(weight="y_true.sample_weight")
    model = compiled(linear_model(spec), mode=mode, rate=0.1)
    x, y, weight = column(1, 1), column(0, NAN), np.array([1, 0], "float32")
    assert model.train_on_batch(x, y, weight, return_dict=True)["loss"] == 1
    assert weights_of(model) == pytest.approx(0.8)
    assert math.isnan(keras.losses.MeanSquaredError()(y, x, weight))


def classes(spec, labels, mode="eager", **options):
    """Three logits, of which the weights are 0: cross entropy log 3 for every label."""
    model = compiled(linear_model(spec, units=3, start="zeros", **options), mode=mode, rate=0.3)
    x = np.ones([len(labels), 1], "float32")
    logs = model.train_on_batch(x, {"depth": np.array(labels)}, return_dict=True)
    return logs, weights_of(model), model


@pytest.mark.parametrize("label", [-1, 3, 255])
@pytest.mark.parametrize(
    ("row", "mode"),
    [
        pytest.param(11, "eager", id="row-11"),
        pytest.param(12, "xla", id="row-12", marks=pytest.mark.full),
    ],
)
def test_a_label_out_of_range_is_masked_or_named(row, mode, label, caplog):
    """It raises on a CPU, and is NaN under XLA and on a GPU."""
    masked = task("sparse_softmax_cross_entropy", mask="y_true >= 0 and y_true < 3")
    logs, weights, _ = classes(masked, [0, label], mode)
    assert logs["loss"] == pytest.approx(math.log(3))
    np.testing.assert_allclose(weights, [0.2, -0.1, -0.1], rtol=1e-6)
    _, weights, _ = classes(
        task("sparse_softmax_cross_entropy"), [0, label], mode, on_nonfinite="skip_term"
    )
    np.testing.assert_array_equal(weights, [0, 0, 0])
    assert [r.message for r in caplog.records if r.name == "losscomp"] == [
        "step 0: depth/sparse_softmax_cross_entropy is not finite; its gradient is left out"
    ]


@row(13)
@pytest.mark.parametrize("labels", [[0, 2, 255, 1], [255, 255]], ids=["one ignored", "all"])
def test_a_class_is_ignored_as_keras_does(labels, row):
    import keras

    x = np.array([[2.0, 0.5, -1.0], [0.1, 0.2, 0.3], [9.0, 9.0, 9.0], [1.0, -1.0, 0.0]], "float32")
    x = x[: len(labels)]
    spec = task("sparse_softmax_cross_entropy", mask="y_true != 255")
    model = compiled(
        linear_model(spec, units=3, features=3, start="identity"), mode="eager", rate=0.1
    )
    loss = model.train_on_batch(x, {"depth": np.array(labels)}, return_dict=True)["loss"]
    plain = keras.Sequential([keras.Input([3]), keras.layers.Dense(3, use_bias=False, kernel_initializer="identity")])  # fmt: skip
    entropy = keras.losses.SparseCategoricalCrossentropy(
        from_logits=True, ignore_class=255, reduction="mean_with_sample_weight"
    )
    plain.compile(keras.optimizers.SGD(0.1), entropy, run_eagerly=True)
    assert loss == pytest.approx(float(plain.train_on_batch(x, np.array(labels))), rel=1e-6)
    np.testing.assert_allclose(weights_of(model), weights_of(plain), rtol=1e-6)


def half(dtype, spec, x, y, **options):
    """A step of a model that computes in half precision."""
    import keras

    from composer import training

    inputs = keras.Input([x.shape[-1]])
    dense = keras.layers.Dense(
        1, use_bias=False, kernel_initializer="ones", dtype=f"mixed_{dtype}", name="depth"
    )
    model = training.MultiTaskModel(inputs, {"depth": dense(inputs)}, total_loss=spec)
    compiled(model, mode="eager", **options)
    assert model.output["depth"].dtype == dtype
    return model.train_on_batch(x, y, return_dict=True), model


@row(15)
@pytest.mark.parametrize(("reduction", "loss"), [("sum", 70_000), ("sum_over_batch_size", 1)])
def test_seventy_thousand_ones_in_float16(reduction, loss, row):
    """Their sum is inf in float16, and the mean of as many twos NaN."""
    x = np.ones([70_000, 1], "float32")
    logs, _ = half("float16", task("absolute_difference", reduction), x, {"depth": 0 * x})
    assert logs["loss"] == loss


@row(16)
def test_ten_thousand_ones_in_bfloat16(row):
    """Their sum is 9984, or 256 one after the other."""
    import tensorflow as tf

    x = np.ones([10_000, 1], "float32")
    logs, _ = half("bfloat16", task("absolute_difference", "sum"), x, {"depth": 0 * x})
    assert logs["loss"] == 10_000
    assert float(tf.reduce_sum(tf.ones([10_000], tf.bfloat16))) != 10_000


@row(17)
@pytest.mark.parametrize("weight", [1e-8, 1e5])
def test_weights_beyond_float16(weight, row):
    spec = task({"type": "absolute_difference", "weight": weight}, "sum")
    logs, _ = half("float16", spec, column(2), {"depth": column(0)})
    assert logs["loss"] == pytest.approx(2 * weight, rel=1e-6)


@row(18)
def test_squares_beyond_float16(row):
    import keras
    import tensorflow as tf

    logs, _ = half("float16", task(), column(300), {"depth": column(0)})
    assert logs["loss"] == 90_000
    wrong = keras.losses.mean_squared_error(tf.zeros([1], tf.float16), tf.constant([300], tf.float16))  # fmt: skip
    assert math.isinf(wrong)


@row(35)
@eagerly_first
def test_a_weight_of_a_class_out_of_range_is_named_and_not_that_of_the_last(mode, row):
    """`gather` raises eagerly, and gives the last under XLA."""
    spec = task("sparse_softmax_cross_entropy", weight="take(of_class, y_true)")
    spec["constants"] = {"of_class": [1.0, 2.0, 3.0]}
    logs, weights, _ = classes(spec, [0, 7], mode, on_nonfinite="skip_term")
    assert logs["depth/sparse_softmax_cross_entropy"] == 0
    np.testing.assert_array_equal(weights, [0, 0, 0])


@row(39)
def test_a_weight_that_moves_is_no_new_trace(row):
    """A Python float for every step is a trace for every step; a thousand steps: test_loops.py."""
    import tensorflow as tf

    model = linear_model(task(weight="1 + step"))
    traces = []
    whole = model.train_step
    model.train_step = lambda data: (traces.append(1), whole(data))[1]
    compiled(model)
    batch = (tf.constant(column(1)), {"depth": tf.constant(column(0))})
    seen = [model.train_on_batch(*batch, return_dict=True)["loss"] for _ in range(5)]
    assert seen == [1, 2, 3, 4, 5]
    assert len(traces) == 1


@row(40)
@compiled_too
def test_a_step_beyond_2_24_is_counted(mode, row):
    """In float32 16,777,216 + 1 is 16,777,216."""
    model = linear_model(task(weight="where(step > 16777216, 1, 0)"))
    compiled(model, mode=mode)
    model.optimizer.build(model.trainable_variables)
    model.optimizer.iterations.assign(2**24)
    batch = (column(1), {"depth": column(0)})
    seen = [model.train_on_batch(*batch, return_dict=True)["loss"] for _ in range(2)]
    assert seen == [0, 1]
    assert np.float32(2**24) + np.float32(1) == np.float32(2**24)


@row(41)
@eagerly_first
def test_labels_beyond_2_24_are_compared_as_integers(mode, row):
    spec = task(mask="y_true.number == 16777217")
    y = {"depth": column(0, 0), "number": np.array([16777216, 16777217])}
    logs, _, _ = train(spec, column(1, 3), y, mode)
    assert logs["loss"] == 9
    assert np.float32(16777217) == np.float32(16777216)


@row(42)
@pytest.mark.full
def test_checks_that_xla_drops_are_flags_that_it_keeps(row):
    import tensorflow as tf

    from composer import training

    model = linear_model(task(), on_nonfinite="raise")
    compiled(model, mode="xla")
    with pytest.raises(training.NonFiniteError, match="`depth/mean_squared_error` at step 0"):
        model.fit(column(1), {"depth": column(NAN)}, verbose=0)

    @tf.function(jit_compile=True)
    def checked(x):
        return tf.debugging.check_numerics(x, "never told")

    assert math.isnan(checked(tf.constant(NAN)))


@row(44)
@pytest.mark.full
def test_a_mask_of_what_is_finite_is_the_same_in_every_mode(row):
    found = [
        train(task(mask="isfinite(y_true)"), column(1, 2, 3), {"depth": column(0, NAN, math.inf)}, mode)[:2]
        for mode in MODES
    ]  # fmt: skip
    assert found == [({"depth/mean_squared_error": 1, "depth/mean_squared_error/weighted": 1, "loss": 1}, pytest.approx(0.8))] * 3  # fmt: skip


@row(45)
@compiled_too
def test_an_empty_batch_is_0(mode, row):
    """Keras gives no number at all, but a vector without elements."""
    import keras

    nothing = np.zeros([0, 1], "float32")
    logs, weight, _ = train(task(), nothing, {"depth": nothing}, mode)
    assert (logs["loss"], weight) == (0, 1)
    assert np.shape(logs["loss"]) == ()
    assert math.isnan(float(keras.ops.mean(nothing)))


@pytest.mark.parametrize(
    ("row", "numbers", "loss"),
    [
        pytest.param(46, (1, 2, 9, NAN), (1 + 2 + 9) / 3, id="row-46"),
        pytest.param(47, (1, 2, 9, NAN, 8), (1 + 2 + 9 + 8) / 4, id="row-47"),
    ],
)
def test_two_replicas_with_uneven_masks_are_one(row, numbers, loss, strategy):
    """The mean of their means is 5.25; the fifth sample leaves one of them without any."""
    import keras
    import tensorflow as tf

    x = column(*(1 for _ in numbers))
    data = tf.data.Dataset.from_tensor_slices((x, {"depth": column(*numbers)})).batch(4)
    spec = task("absolute_difference", mask="isfinite(y_true)")
    with strategy.scope():
        model = compiled(linear_model(spec, start="zeros"), keras.optimizers.SGD(0.0))
    history = model.fit(data, shuffle=False, verbose=0).history
    assert history["loss"] == [pytest.approx(loss)]


@row(50)
@eagerly_first
def test_a_task_of_weight_0_may_be_anything(mode, row):
    spec = {"tasks": {"depth": {"loss": "mean_squared_error"}, "off": {"weight": 0, "y_pred": "y_pred.depth", "loss": "mean_squared_error"}}}  # fmt: skip
    logs, weight, _ = train(spec, column(1), {"depth": column(0), "off": column(NAN)}, mode)
    assert math.isnan(logs["off/mean_squared_error"])
    assert logs["off/mean_squared_error/weighted"] == 0
    assert (logs["loss"], weight) == (1, pytest.approx(0.8))


@pytest.mark.parametrize(
    ("row", "clipping"),
    [
        pytest.param(51, {"global_clipnorm": 1.0}, id="row-51"),
        pytest.param(52, {"clipvalue": 1.0}, id="row-52"),
        pytest.param(54, {}, id="row-54"),
    ],
)
@eagerly_first
def test_a_gradient_of_nan_reaches_no_weight(row, clipping, mode):
    """Clipping by the norm makes all NaN, by value leaves NaN; and NaN stays for ever."""
    import keras

    spec = {"tasks": {n: {"loss": "mean_squared_error"} for n in ("depth", "pose")}}

    def weights(policy):
        model = linear_model(spec, ["depth", "pose"], on_nonfinite=policy)
        compiled(model, keras.optimizers.SGD(0.1, **clipping), mode)
        y = {"depth": column(0), "pose": column(NAN)}
        model.train_on_batch(column(0.25), y)
        return weights_of(model)

    depth, pose = weights("skip_term")
    # (0.25·w)² has the slope 0.125 at 1, which no clipping reaches.
    assert (depth, pose) == (pytest.approx(1 - 0.0125), 1)
    harmed = np.isnan(weights("report"))
    assert harmed.tolist() == [bool(clipping.get("global_clipnorm")), True]


@row(53)
def test_overflow_skips_the_step_and_halves_the_scale(row):
    """inf, NaN, and then a step that counts; the total is never scaled. See test_precision.py."""
    import keras

    optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.1))
    model = compiled(linear_model(task()), optimizer, "eager")
    seen = []
    for target in (math.inf, NAN, 0):
        logs = model.train_on_batch(column(1), {"depth": column(target)}, return_dict=True)
        seen.append((logs["loss"], float(optimizer.dynamic_scale), weights_of(model).item()))
    assert [scale for _, scale, _ in seen] == [2.0**14, 2.0**13, 2.0**13]
    assert [weight for _, _, weight in seen] == [1, 1, pytest.approx(0.8)]
    assert seen[2][0] == 1
    assert not hasattr(optimizer, "get_scaled_loss")


CENTER = {"type": "center", "num_classes": 2, "embedding_size": 1}


@row(55)
def test_nothing_of_the_loss_is_trained_by_the_optimizer(row):
    """A tf.Variable is trainable unless it is said otherwise."""
    model = linear_model(task(CENTER, y_true="y_true.label"))
    compiled(model)
    assert [each.path for each in model.trainable_variables] == ["depth/kernel"]
    assert not any(each.trainable for each in model.total_loss.variables)
    assert not any(each.trainable for each in model.rows.variables)
    model.train_on_batch(column(1), {"label": np.array([0])})


@row(56)
def test_the_state_of_the_loss_is_in_a_checkpoint_of_the_model(row, tmp_path):
    import tensorflow as tf

    def trained(steps):
        model = compiled(linear_model(task(CENTER, y_true="y_true.label")), mode="eager")
        for _ in range(steps):
            model.train_on_batch(column(1), {"label": np.array([0])})
        return model

    saved, other = trained(2), trained(1)
    path = tf.train.Checkpoint(model=saved).save(str(tmp_path / "a"))
    tf.train.Checkpoint(model=other).restore(path).assert_consumed()
    (before,), (after,) = saved.total_loss.state.variables, other.total_loss.state.variables
    assert before.numpy()[0, 0] != 0
    np.testing.assert_array_equal(after, before)


DETERMINISTIC = """
import numpy as np, tensorflow as tf
tf.config.experimental.enable_op_determinism()
from tests.training.linear import weights_of
from tests.training.test_loops import model_of, samples
import keras
ends = []
for _ in range(2):
    model = model_of()
    model.compile(keras.optimizers.Adam(0.01))
    model.fit(*samples(32), batch_size=4, shuffle=False, epochs=2, verbose=0)
    ends.append(weights_of(model).tobytes())
print(ends[0] == ends[1])
"""


@row(57)
@pytest.mark.full
def test_training_is_deterministic_where_tensorflow_is_asked_to_be(row):
    """An op that draws without a seed would raise."""
    told = subprocess.run(
        [sys.executable, "-c", DETERMINISTIC],
        capture_output=True, text=True, check=True, env=environment(),
    )  # fmt: skip
    assert told.stdout.strip().endswith("True")


@row(58)
@pytest.mark.full
def test_a_step_repeats_its_bits_and_is_within_1e_6_in_every_mode(row):
    """65,536 squares: twenty times the same, and in float64 the same to seven digits."""
    x = np.random.default_rng(0).normal(size=(65_536, 1)).astype("float32")
    exact = np.mean(np.square(x, dtype="float64"))
    for mode in MODES:
        model = compiled(linear_model(task()), mode=mode)
        seen = {model.train_on_batch(x, {"depth": 0 * x}, return_dict=True)["loss"] for _ in range(20)}  # fmt: skip
        assert len(seen) == 1
        assert seen.pop() == pytest.approx(exact, rel=1e-6)


@row(59)
@compiled_too
def test_terms_are_added_in_the_order_of_the_spec(mode, row):
    """1e8 − 1e8 + 1 is 1, and 1e8 + 1 − 1e8 is 0 in float32."""

    import tensorflow as tf

    from composer import build_total_loss

    def total(weights):
        depth = {"y_true": "y_true.depth", "y_pred": "y_pred.depth", "loss": "absolute_difference"}
        tasks = {f"t{place}": {"weight": each, **depth} for place, each in enumerate(weights)}
        compute = tf.function(build_total_loss({"tasks": tasks}), jit_compile=mode == "xla")
        return float(compute({"depth": column(0)}, {"depth": column(1)})[0])

    assert total([1e8, -1e8, 1]) == 1
    assert total([1e8, 1, -1e8]) == 0
