"""Values of the classification losses, and the gradients that other libraries get wrong."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from composer.losses.classification import (
    Hinge,
    LogLoss,
    SigmoidCrossEntropy,
    SoftmaxCrossEntropy,
    SparseSoftmaxCrossEntropy,
    WeightedCrossEntropy,
)

INF = float("inf")
LOG_2 = np.log(2)
ROW = [1.0, 2.0, 3.0]  # its softmax is 0.09003057, 0.24472848, 0.66524094 (seed 003)
XENT = 0.4076059644  # -log of the last (seed 003)

VALUES = [
    # By hand.
    (Hinge(), [0.0, 0.0, 1.0, 1.0], [-3.0, 0.5, 0.5, 3.0], [0, 1.5, 0.5, 0]),
    (Hinge(labels="signed"), [-1.0, -1.0, 1.0], [-3.0, 0.5, 0.5], [0, 1.5, 0.5]),
    (LogLoss(), [1.0, 0.0, 1.0, 0.0], [0.5, 0.5, 1.0, 0.0], [LOG_2, LOG_2, 0, 0]),
    # tf.compat.v1.losses: -log 1e-7, and not NaN.
    (LogLoss(), [1.0, 0.0], [0.0, 1.0], [16.118095, 16.118095]),
    (LogLoss(epsilon=1e-18), [1.0, 0.0], [0.0, 1.0], [41.446533, 41.446533]),
    # Closed form: log(1 + e^∓x), at 0 log 2.
    (SigmoidCrossEntropy(), [1.0, 0.0, 1.0], [0.0, 0.0, -500.0], [LOG_2, LOG_2, 500]),
    # By hand: smoothing moves the label 1 to 0.9 and 0 to 0.1.
    (SigmoidCrossEntropy(label_smoothing=0.2), [1.0, 0.0], [500.0, 500.0], [50, 450]),
    (
        WeightedCrossEntropy(pos_weight=2),
        [1.0, 0.0, 0.5],
        [0.0, 0.0, 0.0],
        np.array([2, 1, 1.5]) * LOG_2,
    ),
    (WeightedCrossEntropy(pos_weight=2), [1.0, 0.0], [-500.0, 500.0], [1000, 500]),
    (WeightedCrossEntropy(pos_weight=[2, 3]), [[1.0, 1.0]], [[-50.0, -50.0]], [[100, 150]]),
    (SoftmaxCrossEntropy(), [[0.0, 0.0, 1.0], [0.0, 1.0, 0.0]], [ROW, ROW], [XENT, XENT + 1]),
    # By hand: 0.9 of the last, and 0.1 spread over the three, which are XENT + 0, 1 and 2.
    (SoftmaxCrossEntropy(label_smoothing=0.1), [[0.0, 0.0, 1.0]], [ROW], [XENT + 0.1]),
    (SparseSoftmaxCrossEntropy(), [2, 1, 0], [ROW, ROW, ROW], [XENT, XENT + 1, XENT + 2]),
    (SparseSoftmaxCrossEntropy(label_smoothing=0.1), [2], [ROW], [XENT + 0.1]),
    (SparseSoftmaxCrossEntropy(label_smoothing=1), [2], [ROW], [XENT + 1]),
]


@pytest.mark.parametrize(("loss", "y_true", "y_pred", "expected"), VALUES)
def test_values(loss, y_true, y_pred, expected, run):
    found = run(loss, y_true=y_true, y_pred=y_pred).values
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=2e-7)


@pytest.mark.parametrize(
    ("loss", "name", "parameters"),
    [
        (Hinge(), "hinge_loss", {}),
        (SigmoidCrossEntropy(), "sigmoid_cross_entropy", {}),
        (
            SigmoidCrossEntropy(label_smoothing=0.3),
            "sigmoid_cross_entropy",
            {"label_smoothing": 0.3},
        ),
        (SoftmaxCrossEntropy(), "softmax_cross_entropy", {}),
        (
            SoftmaxCrossEntropy(label_smoothing=0.3),
            "softmax_cross_entropy",
            {"label_smoothing": 0.3},
        ),
    ],
    ids=lambda x: getattr(x, "type", None),
)
def test_agrees_with_tf_losses(loss, name, parameters, run):
    import tensorflow as tf

    rng = np.random.default_rng(0)
    logits = rng.normal(size=(2, 3, 4)).astype("float32") * 5
    labels = np.eye(4, dtype="float32")[rng.integers(0, 4, (2, 3))]
    theirs = getattr(tf.compat.v1.losses, name)(labels, logits, reduction="none", **parameters)
    ours = run(loss, y_true=labels, y_pred=logits).values
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


def test_log_loss_agrees_with_tf_losses(run):
    import tensorflow as tf

    labels = np.array([[0.0, 1.0, 1.0, 0.0]], "float32")
    probabilities = np.array([[0.0, 1.0, 0.25, 1.0]], "float32")
    theirs = tf.compat.v1.losses.log_loss(labels, probabilities, reduction="none")
    ours = run(LogLoss(), y_true=labels, y_pred=probabilities).values
    np.testing.assert_allclose(ours, theirs, rtol=1e-6)


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int32", "int64", "uint16"])
def test_sparse_labels_of_any_integer_dtype_are_their_one_hot(dtype, run):
    rng = np.random.default_rng(0)
    logits, labels = rng.normal(size=(2, 3, 4)), rng.integers(0, 4, (2, 3))
    dense = run(SoftmaxCrossEntropy(), y_true=np.eye(4)[labels], y_pred=logits)
    sparse = run(SparseSoftmaxCrossEntropy(), y_true=labels.astype(dtype), y_pred=logits)
    np.testing.assert_allclose(sparse.values, dense.values, rtol=1e-6)


def test_hinge_has_no_gradient_at_the_margin(run_everywhere):
    found = run_everywhere(Hinge(), y_true=[0.0, 1.0, 1.0], y_pred=[-1.0, 1.0, 0.0])
    np.testing.assert_array_equal(found.gradients["y_pred"], [0, 0, -1])


def test_log_loss_outside_its_domain_is_nan(run):
    assert np.isnan(run(LogLoss(), y_true=[0.0], y_pred=[1.0001]).values).all()


class TestWeightedCrossEntropy:
    def test_gradient_at_logit_0(self, run_everywhere):
        # tf.nn.weighted_cross_entropy_with_logits gives 0 and 1: a head that starts at 0 learns
        # nothing from positives. By hand: pos_weight·(σ(0) − 1) and σ(0).
        loss = WeightedCrossEntropy(pos_weight=2)
        found = run_everywhere(loss, y_true=[1.0, 0.0], y_pred=[0.0, 0.0])
        np.testing.assert_array_equal(found.gradients["y_pred"], [-1, 0.5])

    def test_agrees_with_tf_nn_away_from_0(self, run):
        import tensorflow as tf

        rng = np.random.default_rng(0)
        logits = rng.normal(size=(3, 4)).astype("float32") * 10
        labels = rng.uniform(size=(3, 4)).astype("float32")
        weights = np.array([1.0, 2.0, 0.5, 0.0], "float32")
        theirs = tf.nn.weighted_cross_entropy_with_logits(labels, logits, weights)
        ours = run(WeightedCrossEntropy(pos_weight=weights.tolist()), y_true=labels, y_pred=logits)
        np.testing.assert_allclose(ours.values, theirs, rtol=1e-5, atol=1e-6)

    def test_weight_1_is_the_sigmoid_cross_entropy(self, run):
        arrays = {"y_true": [1.0, 0.0, 0.3], "y_pred": [-3.0, 0.0, 40.0]}
        weighted = run(WeightedCrossEntropy(pos_weight=1), **arrays)
        plain = run(SigmoidCrossEntropy(), **arrays)
        np.testing.assert_allclose(weighted.values, plain.values, rtol=1e-6)
        np.testing.assert_allclose(weighted.gradients["y_pred"], plain.gradients["y_pred"])

    def test_the_smallest_values_keep_their_digits(self, run):
        found = run(WeightedCrossEntropy(pos_weight=2), y_true=[0.0, 1.0], y_pred=[-30.0, 30.0])
        np.testing.assert_allclose(found.values, [np.exp(-30), 2 * np.exp(-30)], rtol=1e-5)

    def test_one_weight_per_class(self):
        loss = WeightedCrossEntropy(pos_weight=[1, 2, 3])
        assert loss.bound_signature().values == ("batch", "...", "classes")
        assert list(loss.mismatches({"classes": 3})) == []
        assert list(loss.mismatches({"classes": None})) == []
        assert list(loss.mismatches({"classes": "channels"})) == [
            ("pos_weight", "`pos_weight` has 3 numbers, one per class, for channels classes")
        ]
        assert list(loss.mismatches({"classes": 2})) == [
            ("pos_weight", "`pos_weight` has 3 numbers, one per class, for 2 classes")
        ]
        assert list(WeightedCrossEntropy(pos_weight=2).mismatches({"classes": 2})) == []

    @pytest.mark.parametrize("mode", ["eager", "graph", "xla"])
    def test_a_wrong_number_of_weights_raises_in_every_mode(self, mode, run):
        import tensorflow as tf

        loss = WeightedCrossEntropy(pos_weight=[1, 2, 3])
        with pytest.raises(tf.errors.InvalidArgumentError):
            run(loss, mode, y_true=[[1.0]], y_pred=[[0.0]])

    @pytest.mark.parametrize(
        "wrong", [{}, {"pos_weight": -1}, {"pos_weight": []}, {"pos_weight": [1, "a"]}]
    )
    def test_pos_weight_is_required_and_not_negative(self, wrong):
        with pytest.raises(ValidationError):
            WeightedCrossEntropy(**wrong)


@pytest.mark.parametrize(
    ("loss", "wrong"), [(SigmoidCrossEntropy(), 1), (WeightedCrossEntropy(pos_weight=2), 2)]
)
def test_infinite_logits(loss, wrong, run_everywhere):
    # By hand: right costs nothing, wrong infinitely much. tf.nn gives NaN where it is right.
    y_true, y_pred = [1.0, 0.0, 1.0, 0.0], [INF, -INF, -INF, INF]
    found = run_everywhere(loss, y_true=y_true, y_pred=y_pred)
    np.testing.assert_array_equal(found.values, [0, 0, INF, INF])
    np.testing.assert_array_equal(found.gradients["y_pred"], [0, 0, -wrong, 1])


class TestSoftmaxCrossEntropy:
    def test_gradient_fits_rows_that_do_not_sum_to_1(self, run_everywhere):
        # By hand, with softmax s: Σz·s − z. tf.nn's fused op gives s − z, even for zeros.
        s = np.array([0.09003057, 0.24472848, 0.66524094])
        rows = np.array([[0.0, 0.0, 2.0], [0.0, 0.0, 0.0], [1.0, 1.0, 0.0]])
        found = run_everywhere(SoftmaxCrossEntropy(), y_true=rows, y_pred=[ROW] * 3)
        np.testing.assert_allclose(found.values, [2 * XENT, 0, 2 * XENT + 3], rtol=1e-6)
        expected = rows.sum(-1, keepdims=True) * s - rows
        np.testing.assert_allclose(found.gradients["y_pred"], expected, rtol=1e-5, atol=1e-7)

    @pytest.mark.parametrize(
        ("loss", "y_true"),
        [
            (SoftmaxCrossEntropy(), [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]),
            (SparseSoftmaxCrossEntropy(), [0, 1]),
        ],
        ids=["dense", "sparse"],
    )
    def test_a_class_ruled_out_costs_nothing(self, loss, y_true, run_everywhere):
        # By hand: the softmax of (0, 1) and of (0) alone. tf.nn's dense op gives NaN.
        logits = [[0.0, -INF, 1.0], [-INF, 0.0, -INF]]
        found = run_everywhere(loss, y_true=y_true, y_pred=logits)
        np.testing.assert_allclose(found.values, [np.log1p(np.e), 0], rtol=1e-6)
        share = 1 / (1 + np.e)
        expected = [[share - 1, 0, 1 - share], [0, 0, 0]]
        np.testing.assert_allclose(found.gradients["y_pred"], expected, rtol=1e-5, atol=1e-7)

    @pytest.mark.parametrize(
        ("loss", "y_true"),
        [(SoftmaxCrossEntropy(), [[1.0, 0.0]]), (SparseSoftmaxCrossEntropy(), [0])],
        ids=["dense", "sparse"],
    )
    def test_a_label_ruled_out_costs_infinitely_much(self, loss, y_true, run):
        assert run(loss, y_true=y_true, y_pred=[[-INF, 0.0]]).values == INF

    def test_logits_of_500(self, run_everywhere):
        logits = [[500.0, -500.0], [-500.0, 500.0]]
        found = run_everywhere(SparseSoftmaxCrossEntropy(), y_true=[0, 0], y_pred=logits)
        np.testing.assert_allclose(found.values, [0, 1000])
        np.testing.assert_allclose(found.gradients["y_pred"], [[0, 0], [-1, 1]])


@pytest.mark.parametrize("smoothing", [-0.1, 1.1, float("nan")])
@pytest.mark.parametrize(
    "cls", [SigmoidCrossEntropy, SoftmaxCrossEntropy, SparseSoftmaxCrossEntropy]
)
def test_label_smoothing_is_from_0_to_1(cls, smoothing):
    with pytest.raises(ValidationError):
        cls(label_smoothing=smoothing)


@pytest.mark.parametrize("epsilon", [0, 1e-30, 2.0])
def test_epsilon_stays_in_float32(epsilon):
    with pytest.raises(ValidationError):
        LogLoss(epsilon=epsilon)


def test_hinge_domain_follows_its_labels():
    assert Hinge().bound_signature().roles["y_true"].domain == "zero_one"
    assert Hinge(labels="signed").bound_signature().roles["y_true"].domain == "signed"
