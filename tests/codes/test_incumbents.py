"""What the explanations of warnings say of Keras, TensorFlow and NumPy is true.

Each test computes a number with the installed ones and finds it in the text.
"""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from composer.codes import CATALOGUE, find
from composer.codes.base import explanation
from tests.codes.claims import says
from tests.codes.incumbents import MARKS, ONES, WRITTEN_FOR, gradient, number, two_heads

pytestmark = MARKS

BOTH = {"depth": "mae", "pose": "mae"}


def test_versions():
    for code in CATALOGUE:
        reason = explanation(find(code)).reason
        for name, word in (("keras", "Keras "), ("tensorflow", "TensorFlow ")):
            for rest in reason.split(word)[1:]:
                if rest[0].isdigit():
                    assert rest.startswith(WRITTEN_FOR[name]), code


def test_output_without_a_loss(keras):
    with pytest.warns(UserWarning, match="Gradients do not exist for variables"):
        two_heads(keras, {"depth": "mae"})
    image = keras.Input((1,))
    trunk = keras.layers.Dense(2)(image)
    outputs = {
        "depth": keras.layers.Dense(1)(trunk),
        "normal": keras.layers.Identity()(trunk),
    }
    model = keras.Model(image, outputs)
    model.compile("sgd", loss={"depth": "mae"})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.fit(ONES, {"depth": ONES, "normal": np.ones((4, 2))}, verbose=0)
    says("unused-tensor", '`loss={"depth": "mae"}`', "warns", "says nothing")
    says("unused-output", "warns", "says nothing")


def test_nothing_counts(keras, tf):
    none = np.zeros(4, "float32")
    assert number(keras.losses.MeanAbsoluteError()(ONES, 0 * ONES, sample_weight=none)) == 0
    v1 = tf.compat.v1.losses
    assert number(v1.absolute_difference(ONES, 0 * ONES, weights=0.0)) == 0
    assert np.isnan(tf.reduce_mean(tf.boolean_mask(ONES, ONES > 5)))
    says("contradiction", "give 0 too", "is NaN")
    says("nothing-counts", "gives 0", "is NaN")


def test_bytes_are_compared_with_what_is_left_of_a_number(tf):
    found = tf.constant([0, 3, 255], tf.uint8)
    assert (found == 256).numpy().tolist() == [True, False, False]
    assert (found != -1).numpy().tolist() == [True, True, False]
    assert (found >= 0).numpy().all()
    says("impossible-comparison", "`tf.constant([0, 3, 255], tf.uint8) == 256` is true for 0")
    says("impossible-comparison", "`!= -1` is false for 255")
    says("constant-mask", "`depth >= 0`")


def test_equality(tf):
    assert not (np.float32([0.9]) == np.float64(0.9)).any()
    assert (tf.constant([0.9]) == 0.9).numpy().all()
    rows = tf.nn.softmax(tf.random.stateless_normal([1000, 27], [0, 0]))
    share = tf.reduce_mean(tf.cast(tf.reduce_sum(rows, -1) == 1, "float32"))
    assert 0.4 < number(share) < 0.8
    assert tf.constant(16_777_217.0) == tf.constant(16_777_216.0)
    says("inexact-comparison", "`np.float32([0.9]) == np.float64(0.9)` is false", "16,777,216")
    says("inexact-comparison", "`tf.constant([0.9]) == 0.9` is true", "602 rows")


def test_weight_of_0(keras, tf):
    depth, measured = np.array([[1.0], [np.nan]], "float32"), np.array([[1.0], [0.0]], "float32")
    of_keras = keras.losses.MeanAbsoluteError()
    assert np.isnan(number(of_keras(depth, 0 * measured, sample_weight=measured)))
    assert np.isnan(tf.compat.v1.losses.absolute_difference(depth, 0 * measured, measured))
    image = keras.Input((1,))
    heads = {name: keras.layers.Identity(name=name)(image) for name in ("depth", "pose")}
    model = keras.Model(image, heads)
    model.compile(loss=BOTH, loss_weights={"depth": 0.0, "pose": 1.0})
    targets = {"depth": ONES * np.nan, "pose": ONES}
    assert np.isnan(model.evaluate(ONES, targets, verbose=0, return_dict=True)["loss"])
    says("zero-weight", '`loss_weights={"depth": 0.0, "pose": 1.0}`', "the total is NaN")
    says("not-finite", "NaN times 0 is NaN")


def test_weights_out_of_range(keras):
    for weight in (1e-40, 1e-50):
        depth, pose, shown = two_heads(keras, BOTH, {"depth": weight, "pose": 1.0})
        assert (depth, pose, shown["depth_loss"]) == (0, 0.5, 1)
    with np.errstate(over="ignore"):
        depth, pose, shown = two_heads(keras, BOTH, {"depth": 1e39, "pose": 1.0})
    assert (depth, pose, shown["loss"]) == (np.inf, 0.5, np.inf)
    says("vanishing-weight", "1e-40 or 1e-50", "stay where they are")
    says("overflowing-weight", "1e39", "are infinite")


def test_negative_weights(keras):
    depth, _, shown = two_heads(keras, BOTH, {"depth": -2.0, "pose": 1.0})
    assert (depth, shown["depth_loss"]) == (-1, 1)
    errors = np.array([[1.0], [2.0]])
    mean = keras.losses.MeanAbsoluteError(reduction="mean_with_sample_weight")
    found = mean(errors, 0 * errors, sample_weight=np.array([1.0, -0.9]))
    assert number(found) == pytest.approx(-8)  # (1 - 1.8) / (1 - 0.9)
    says("negative-weight", "goes to -1", "errors of 1 and 2", "1 and -0.9", "mean of -8")


def test_schedules(tf):
    weight = 1.0

    @tf.function
    def weighted(loss):
        return weight * loss

    found = [number(weighted(tf.constant(1.0)))]
    weight = 1000.0
    assert [*found, number(weighted(tf.constant(1.0)))] == [1, 1]
    says("idle-schedule", "1.0 stays 1.0 when it is set to 1000")
    assert np.interp([0, 250, 500, 1000], [1000, 0], [0, 1]).tolist() == [0, 1, 1, 1]
    says("backward-schedule", "`np.interp(step, [1000, 0], [0, 1])` is 0 at step 0 and 1 at the")


def test_ramp_backwards():
    from composer import build_total_loss

    task = {"weight": "ramp(step, 1000, 0)", "loss": "absolute_difference"}
    total_loss = build_total_loss({"tasks": {"pose": task}})
    batch = {"pose": ONES}, {"pose": 0 * ONES}
    assert [number(total_loss(*batch, step=step)[0]) for step in (0, 500, 1000, 2000)] == [
        1, 0.5, 0, 0,
    ]  # fmt: skip
    says("backward-schedule", "is 1 at step 0, 0.5 at step 500 and 0 from step 1000 on")


def test_probabilities_as_logits(keras, tf):
    loss = keras.losses.SparseCategoricalCrossentropy
    classes, certain = np.arange(3), 100 * np.eye(3, dtype="float32")
    assert f"{number(loss(from_logits=True)(classes, tf.nn.softmax(certain))):.4f}" == "0.5514"
    with pytest.warns(UserWarning, match="from_logits"):
        undone = loss(from_logits=True)(classes, keras.ops.softmax(certain))
    assert number(undone) == 0
    logits = np.array([[-2.0, 5.0, 1.0]], "float32")
    taken = [number(loss(from_logits=known)(np.array([0]), logits)) for known in (False, True)]
    assert [f"{each:.1f}" for each in taken] == ["16.8", "7.0"]
    assert [f"{np.log(np.e + others) - 1:.2f}" for others in (2, 26)] == ["0.55", "2.36"]
    says("probabilities-as-logits", "= 0.55", "2.36", "0.5514", "-2, 5, 1", "16.8 instead of 7.0")
    says("looks-like-probabilities", "0.55")


def test_dice_of_logits(keras):
    truth = np.array([1, 1, 0, 0], "float32").reshape(1, 4, 1)
    logits = np.array([5, 5, -5, -5], "float32").reshape(1, 4, 1)
    dice = keras.losses.Dice()
    assert number(dice(truth, logits)) == -9
    assert f"{number(dice(truth, keras.ops.sigmoid(logits))):.3f}" == "0.007"
    says("mixed-meaning", "5, 5, -5, -5", "1, 1, 0, 0", "it gives -9", "0.007")


def test_no_gradient(keras):
    def dead(y_true, y_pred):
        found = keras.ops.cast(keras.ops.argmax(y_pred, -1), "float32")
        return keras.ops.mean(keras.ops.abs(y_true[:, 0] - found))

    with pytest.warns(UserWarning, match="depth/kernel") as told:
        depth, pose, shown = two_heads(keras, {"depth": dead, "pose": "mae"})
    assert (depth, pose, shown["depth_loss"]) == (0, 0.5, 1)
    assert not any("dead" in str(each.message) for each in told)
    says("no-gradient", "shows both", "warns of variables without a gradient", "is not named")


def test_swapped_sides(keras, tf):
    labels, logits = np.array([[0, 0, 1]], "float32"), np.array([[2, -1, 3]], "float32")
    cross_entropy = tf.nn.softmax_cross_entropy_with_logits
    of_keras = keras.losses.CategoricalCrossentropy(from_logits=True)
    for compute in (cross_entropy, of_keras):
        found = [compute(labels, logits), compute(logits, labels)]
        assert [f"{number(each):.3g}" for each in found] == ["0.327", "3.21"]
    says("swapped-sides", "2, -1, 3", "0, 0, 1", "cost 0.327", "cost 3.21")


def test_equal_roles(keras):
    assert number(keras.losses.MeanSquaredError()(ONES, ONES)) == 0
    says("equal-roles", "Keras 3.15.1 gives 0")


def test_one_class(keras, tf):
    sparse = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    loss, slope = gradient(tf, lambda logit: sparse(np.array([0]), logit), 2)
    assert (loss, slope.tolist()) == (0, [0])
    dense = keras.losses.CategoricalCrossentropy(from_logits=True)
    with pytest.warns(SyntaxWarning, match="num_classes > 1"):
        assert number(dense(ONES, 2 * ONES)) == 0
    says("one-class", "gives 0 with a gradient of 0, and says nothing", "gives 0 and warns")


def test_one_element(tf):
    compute = tf.compat.v1.losses.mean_pairwise_squared_error
    errors = tf.constant([[3.0], [-4.0], [7.0]])

    @tf.function
    def graph():
        return compute(0 * errors, errors)

    assert number(graph()) == 0
    assert f"{number(compute(0 * errors, errors)):.1f}" == "49.3"
    says("one-element", "3, -4 and 7 cost 0 in a graph and 49.3 in eager mode")


def test_couples_batch(keras):
    truth = np.array([[1, 1, 0, 0], [0, 0, 0, 1]], "float32").reshape(2, 4, 1)
    found = np.array([[1, 1, 0, 0], [0, 0, 1, 0]], "float32").reshape(2, 4, 1)
    dice = keras.losses.Dice()
    assert f"{number(dice(truth, found)):.2f}" == "0.33"
    assert [number(dice(truth[n : n + 1], found[n : n + 1])) for n in (0, 1)] == [0, 1]
    says("couples-batch", "cost 0.33 together", "cost 0 and 1", "0.5 on average")
