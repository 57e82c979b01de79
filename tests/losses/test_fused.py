"""The fused cross entropies against NumPy in float64: digits, edges, sizes, and what is stored."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from composer.losses.classification import (
    SigmoidCrossEntropy,
    SoftmaxCrossEntropy,
    SparseSoftmaxCrossEntropy,
    WeightedCrossEntropy,
)
from composer.losses.focal import SigmoidFocal, SoftmaxFocal, SparseSoftmaxFocal
from tests.losses import entropies_by_hand as hand

EPSILON = {"float32": 2.0**-23, "float64": 2.0**-52}
CLASSES = 19
BY_CLASS = tuple(np.linspace(0.5, 3, CLASSES).tolist())

LOSSES = {  # the loss, the kind of its labels, and its oracle
    "sparse": (SparseSoftmaxCrossEntropy(), "labels", hand.sparse_softmax_cross_entropy),
    "smoothed": (
        SparseSoftmaxCrossEntropy(label_smoothing=0.1),
        "labels",
        lambda y, x: hand.sparse_softmax_cross_entropy(y, x, 0.1),
    ),
    "dense": (SoftmaxCrossEntropy(), "shares", hand.softmax_cross_entropy),
    "sigmoid": (SigmoidCrossEntropy(), "zero_one", hand.sigmoid_cross_entropy),
    "weighted": (
        WeightedCrossEntropy(pos_weight=2.5),
        "zero_one",
        lambda z, x: hand.sigmoid_cross_entropy(z, x, 2.5),
    ),
    "softmax_focal": (SoftmaxFocal(), "shares", lambda z, x: hand.softmax_focal(z, x, 2)),
    "softmax_focal_half": (
        SoftmaxFocal(gamma=0.5),
        "shares",
        lambda z, x: hand.softmax_focal(z, x, 0.5),
    ),
    "sparse_focal": (
        SparseSoftmaxFocal(),
        "labels",
        lambda y, x: hand.sparse_softmax_focal(y, x, 2),
    ),
    "sigmoid_focal": (SigmoidFocal(), "zero_one", lambda z, x: hand.sigmoid_focal(z, x, 2)),
    "sigmoid_focal_half": (
        SigmoidFocal(gamma=0.5),
        "zero_one",
        lambda z, x: hand.sigmoid_focal(z, x, 0.5),
    ),
    "sigmoid_focal_odd": (
        SigmoidFocal(gamma=1.7),
        "zero_one",
        lambda z, x: hand.sigmoid_focal(z, x, 1.7),
    ),
}
every_loss = pytest.mark.parametrize("name", LOSSES)
every_mode = pytest.mark.parametrize("mode", ["eager", "graph", "xla"])
traced_mode = pytest.mark.parametrize("mode", ["graph", "xla"])
OWN_IN_GRAPHS = ["smoothed", *(n for n in LOSSES if n.startswith(("sigmoid", "weighted")))]
WAYS = [(name, "xla") for name in LOSSES] + [(name, "graph") for name in OWN_IN_GRAPHS]
every_way = pytest.mark.parametrize(("name", "mode"), WAYS)


def labels_of(kind, shape, rng):
    if kind == "labels":
        return rng.integers(0, shape[-1], shape[:-1]).astype("int32")
    if kind == "zero_one":
        return rng.integers(0, 2, shape).astype("float32")
    shares = rng.uniform(size=shape).astype("float32")  # of no particular sum
    return np.where(rng.uniform(size=shape) < 0.3, 0, shares)


def compare(found, expected, blocks, ulps):
    """Every block of rows within so many ulp of the largest number that is in it."""
    for name, rows in blocks.items():
        true, ours = expected[rows], found[rows]
        np.testing.assert_array_equal(np.isfinite(ours), np.isfinite(true), err_msg=name)
        finite = np.isfinite(true)
        scale = np.abs(true[finite]).max(initial=np.finfo("float32").tiny)
        atol = ulps * EPSILON[ours.dtype.name] * scale
        np.testing.assert_allclose(ours[finite], true[finite], rtol=0, atol=atol, err_msg=name)


def check(run, name, mode, logits, blocks, ulps=8, dtype="float32"):
    loss, kind, oracle = LOSSES[name]
    y_true = labels_of(kind, logits.shape, np.random.default_rng(1))
    found = run(loss, mode, dtype, y_true=y_true, y_pred=logits)
    exact = y_true if kind == "labels" else y_true.astype("float64")
    values, of_logits, of_labels = oracle(exact, logits.astype("float64"))
    compare(found.values, values, blocks, ulps)
    compare(found.gradients["y_pred"], of_logits, blocks, ulps)
    if of_labels is not None:
        compare(found.gradients["y_true"], of_labels, blocks, ulps)


def rows_of_all_kinds():
    """Logits in float32, eight rows of each kind."""
    rng = np.random.default_rng(0)
    shape = (8, CLASSES)
    kinds = {
        "normal": rng.normal(size=shape) * 3,
        "large": rng.uniform(-1e4, 1e4, shape),
        "offset": rng.normal(size=shape) * 3 + 1e4,
        "half": (rng.normal(size=shape) * 10).astype("float16"),
        "largest half": rng.uniform(-65504, 65504, shape).astype("float16"),
        "certain": np.where(np.arange(CLASSES) == 4, rng.uniform(5, 40, (8, 1)), 0),
        "ties": rng.integers(0, 2, shape),
        "equal": np.full(shape, -7.5),
        "tails": rng.uniform(-85, 85, shape),
    }
    blocks = {kind: slice(8 * n, 8 * n + 8) for n, kind in enumerate(kinds)}
    return np.concatenate([*kinds.values()]).astype("float32"), blocks


@every_way
def test_values_and_gradients_have_the_digits_of_float32(name, mode, run):
    check(run, name, mode, *rows_of_all_kinds())


@pytest.mark.full
@every_loss
@pytest.mark.parametrize("mode", ["eager", "graph"])
def test_the_plain_formulas_have_half_as_many(name, mode, run):
    check(run, name, mode, *rows_of_all_kinds(), ulps=16)


@pytest.mark.parametrize(
    ("name", "mode"), [("sparse", "xla"), ("dense", "xla"), ("sigmoid_focal", "graph")]
)
def test_float64_has_its_own_digits(name, mode, run):
    logits, blocks = rows_of_all_kinds()
    check(run, name, mode, logits, blocks, dtype="float64", ulps=16)


@pytest.mark.parametrize(
    ("name", "classes"), [("dense", 1), ("sparse", 33), ("dense", 96), ("sparse", 4000)]
)
def test_rows_of_every_length_have_their_digits(name, classes, run):
    logits = np.random.default_rng(0).normal(size=(16, classes)).astype("float32") * 3
    check(run, name, "xla", logits, {"all": slice(None)})


@pytest.mark.full
@pytest.mark.parametrize("classes", [1, 2, 3, 31, 32, 33, 64, 97, 1000, 2047, 2048, 2049, 2053])
@every_loss
@traced_mode
def test_rows_of_every_length_have_their_digits_in_every_loss(name, mode, classes, run):
    logits = np.random.default_rng(0).normal(size=(16, classes)).astype("float32") * 3
    check(run, name, mode, logits, {"all": slice(None)}, ulps=16)


@pytest.mark.parametrize("classes", [250_000, 250_007])  # the second has no divisors
def test_a_quarter_of_a_million_classes(classes, run):
    # float32 added up one by one is wrong by 3e-5, 280 ulp.
    logits = np.random.default_rng(0).normal(size=(4, classes)).astype("float32") * 3
    check(run, "sparse", "xla", logits, {"all": slice(None)}, ulps=2)


def test_smoothed_labels_of_a_quarter_of_a_million_classes(run):
    # Its rows have no equal parts, and each label has a share of every logit.
    logits = np.random.default_rng(0).normal(size=(4, 250_007)).astype("float32") * 3
    labels = np.zeros_like(logits)
    labels[:, 7] = 1
    loss = SoftmaxCrossEntropy(label_smoothing=0.1)
    found = run(loss, "xla", y_true=labels, y_pred=logits)
    exact = 0.9 * labels.astype("float64") + 0.1 / 250_007
    expected = hand.softmax_cross_entropy(exact, logits.astype("float64"))[0]
    np.testing.assert_allclose(found.values, expected, rtol=5e-7)


@pytest.mark.parametrize("name", ["sigmoid", "weighted", "sigmoid_focal"])
@traced_mode
def test_the_smallest_values_and_gradients_keep_their_digits(name, mode, run):
    # σ(x) − z would be 0 for each of them.
    loss, _, oracle = LOSSES[name]
    logits = np.array([-30.0, 30.0, -25.0, 20.0], "float32")
    labels = np.array([0.0, 1.0, 0.0, 1.0], "float32")
    found = run(loss, mode, y_true=labels, y_pred=logits)
    values, slopes, _ = oracle(labels, logits.astype("float64"))
    np.testing.assert_allclose(found.values, values, rtol=1e-6)
    np.testing.assert_allclose(found.gradients["y_pred"], slopes, rtol=1e-6)


@traced_mode
def test_one_weight_for_each_class(mode, run):
    logits, blocks = rows_of_all_kinds()
    labels = labels_of("zero_one", logits.shape, np.random.default_rng(1))
    loss = WeightedCrossEntropy(pos_weight=BY_CLASS)
    found = run(loss, mode, y_true=labels, y_pred=logits)
    exact = (labels.astype("float64"), logits.astype("float64"))
    expected = hand.sigmoid_cross_entropy(*exact, np.float32(BY_CLASS).astype("float64"))
    compare(found.values, expected[0], blocks, ulps=8)
    compare(found.gradients["y_pred"], expected[1], blocks, ulps=8)
    compare(found.gradients["y_true"], expected[2], blocks, ulps=8)


@pytest.mark.parametrize("name", ["sparse", "smoothed", "dense", "softmax_focal", "sigmoid"])
def test_seven_axes(name, run):
    shape = (2, 1, 2, 1, 2, 1, 3)
    logits = np.random.default_rng(0).normal(size=shape).astype("float32")
    check(run, name, "xla", logits, {"all": slice(None)}, ulps=16)


@pytest.mark.parametrize("name", ["sparse", "dense", "softmax_focal", "sigmoid"])
def test_no_rows(name, run):
    loss, kind, _ = LOSSES[name]
    logits = np.zeros([0, 5], "float32")
    labels = labels_of(kind, logits.shape, np.random.default_rng(0))
    found = run(loss, "xla", y_true=labels, y_pred=logits)
    assert found.values.size == 0
    assert found.gradients["y_pred"].shape == (0, 5)


@pytest.mark.parametrize("name", ["sparse", "dense", "softmax_focal", "sparse_focal"])
@pytest.mark.parametrize("mode", ["eager", "xla"])
def test_classes_that_are_ruled_out(name, mode, run):
    loss, kind, oracle = LOSSES[name]
    logits = np.array([[0.5, -np.inf, 1.0], [-np.inf, 2.0, -np.inf]], "float32")
    labels = np.array([2, 1], "int32")
    if kind == "shares":
        labels = hand.one_hot(labels, 3).astype("float32")
    found = run(loss, mode, y_true=labels, y_pred=logits)
    values, slopes, _ = oracle(labels, logits.astype("float64"))
    np.testing.assert_allclose(found.values, values, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(found.gradients["y_pred"], slopes, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("smoothing", [0.1, 1.0])
@every_mode
def test_smoothing_charges_infinitely_much_for_a_class_that_is_ruled_out(smoothing, mode, run):
    loss = SparseSoftmaxCrossEntropy(label_smoothing=smoothing)
    found = run(loss, mode, y_true=[0, 1], y_pred=[[0.0, -np.inf], [0.0, -np.inf]])
    np.testing.assert_array_equal(found.values, [np.inf, np.inf])


@every_mode
def test_the_only_class_costs_nothing_and_is_not_moved(mode, run):
    loss = SparseSoftmaxCrossEntropy(label_smoothing=0.1)
    found = run(loss, mode, y_true=[0, 0], y_pred=[[3.0], [-1e4]])
    np.testing.assert_array_equal(found.values, [0, 0])
    np.testing.assert_array_equal(found.gradients["y_pred"], [[0], [0]])


LOGITS = st.floats(-1e4, 1e4, width=32) | st.floats(-2, 2, width=32) | st.just(-np.inf)


@pytest.fixture(scope="module")
def compiled():
    """Of each loss, its values and the gradient of the logits for [3, 5], compiled once."""
    import tensorflow as tf

    def function(loss):
        def both(y_true, y_pred):
            with tf.GradientTape() as tape:
                tape.watch(y_pred)
                values = loss.values(y_true, y_pred)
            return values, tape.gradient(values, y_pred)

        return tf.function(both, jit_compile=True, autograph=False)

    return {name: function(LOSSES[name][0]) for name in ("sparse", "dense", "sigmoid")}


@pytest.mark.parametrize("name", ["sparse", "dense", "sigmoid"])
@given(logits=arrays("float32", (3, 5), elements=LOGITS), seed=st.integers(0, 9))
@settings(max_examples=40, deadline=None)
def test_any_logits(name, compiled, logits, seed):
    _, kind, oracle = LOSSES[name]
    logits[:, 0] = np.where(np.isinf(logits[:, 0]), 0, logits[:, 0])  # one class is possible
    labels = labels_of(kind, logits.shape, np.random.default_rng(seed))
    found = [each.numpy() for each in compiled[name](labels, logits)]
    exact = labels if kind == "labels" else labels.astype("float64")
    for ours, true in zip(found, oracle(exact, logits.astype("float64")), strict=False):
        compare(ours, true, {str(row): row for row in range(3)}, ulps=8)


def stored(function, *arguments):
    """How many numbers XLA stores in each result of its program, fusions being one."""
    text = function.experimental_get_compiler_ir(*arguments)(stage="optimized_hlo")
    program = text[text.index("\nENTRY ") :]
    results = re.findall(r"= \w+\[([\d,]+)\]\S* (?!parameter)", program)
    return [np.prod([int(size) for size in sizes.split(",")]) for sizes in results]


def gradients_of(loss, asked):
    """A function of labels and logits to the mean and its gradients of those that are asked for."""
    import tensorflow as tf

    def both(y_true, y_pred):
        roles = {"y_true": y_true, "y_pred": y_pred}
        with tf.GradientTape() as tape:
            tape.watch([each for each in roles.values() if each.dtype.is_floating])
            mean = tf.reduce_mean(loss.values(**roles))
        return mean, tape.gradient(mean, [roles[name] for name in asked])

    return tf.function(both, jit_compile=True, autograph=False)


@pytest.mark.parametrize(("name", "classes"), [("sparse", 19), ("dense", 19), ("sparse", 150)])
def test_nothing_as_large_as_the_logits_is_stored_but_the_gradient(name, classes):
    # The plain formula stores the logarithm of the softmax besides, and more.
    loss, kind, _ = LOSSES[name]
    logits = np.zeros([4096, classes], "float32")
    labels = labels_of(kind, logits.shape, np.random.default_rng(0))
    found = stored(gradients_of(loss, ["y_pred"]), labels, logits)
    assert sum(size > logits.size / 2 for size in found) == 1


@pytest.mark.parametrize("name", ["dense", "sigmoid"])
def test_the_gradient_of_labels_is_computed_where_it_is_asked_for(name):
    loss, kind, _ = LOSSES[name]
    logits = np.zeros([4096, 19], "float32")
    labels = labels_of(kind, logits.shape, np.random.default_rng(0))
    without = stored(gradients_of(loss, ["y_pred"]), labels, logits)
    of_both = stored(gradients_of(loss, ["y_pred", "y_true"]), labels, logits)
    assert sum(of_both) >= sum(without) + logits.size

    import tensorflow as tf

    constant = gradients_of(loss, ["y_pred"]).python_function
    unwatched = tf.function(
        lambda y_true, y_pred: constant(tf.stop_gradient(y_true), y_pred), jit_compile=True
    )
    assert without == stored(unwatched, labels, logits)
