"""Values of the focal losses, in closed form, and what they are at the ends of the logits."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from composer.losses.classification import (
    SigmoidCrossEntropy,
    SoftmaxCrossEntropy,
    SparseSoftmaxCrossEntropy,
)
from composer.losses.focal import SigmoidFocal, SoftmaxFocal, SparseSoftmaxFocal

LOG_2, LOG_4 = np.log(2), np.log(4)
THIRDS = [0.0, np.log(3)]  # softmax 1/4, 3/4
ONE_TO_THREE = np.log(1 / 3)  # sigmoid 1/4

VALUES = [  # closed form: alpha · (1 − p)^gamma · −log p
    (SoftmaxFocal(), [[1.0, 0.0]], [THIRDS], [0.75**2 * LOG_4]),
    (SoftmaxFocal(gamma=1, alpha=0.25), [[1.0, 0.0]], [THIRDS], [0.25 * 0.75 * LOG_4]),
    (
        SoftmaxFocal(gamma=1, alpha=[2, 3]),
        [[0.5, 0.5]],
        [THIRDS],
        [0.5 * 2 * 0.75 * LOG_4 + 0.5 * 3 * 0.25 * np.log(4 / 3)],
    ),
    (SparseSoftmaxFocal(), [0, 1], [THIRDS] * 2, [0.75**2 * LOG_4, 0.25**2 * np.log(4 / 3)]),
    (SparseSoftmaxFocal(gamma=1, alpha=[2, 3]), [0, 1], [[0.0, 0.0]] * 2, [LOG_2, 1.5 * LOG_2]),
    (SigmoidFocal(), [1.0, 0.0], [ONE_TO_THREE] * 2, [0.75**2 * LOG_4, 0.25**2 * np.log(4 / 3)]),
    (SigmoidFocal(gamma=1, alpha=0.25), [1.0, 0.0], [0.0, 0.0], [LOG_2 / 8, LOG_2 * 3 / 8]),
    (SigmoidFocal(gamma=1, alpha=[0.25, 1]), [[1.0, 0.0]], [[0.0, 0.0]], [[LOG_2 / 8, 0]]),
]


@pytest.mark.parametrize(("loss", "y_true", "y_pred", "expected"), VALUES)
def test_values(loss, y_true, y_pred, expected, run):
    found = run(loss, y_true=y_true, y_pred=y_pred).values
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize(
    ("focal", "plain", "y_true"),
    [
        (SoftmaxFocal(gamma=0), SoftmaxCrossEntropy(), [[1.0, 0.0], [0.3, 0.7]]),
        (SparseSoftmaxFocal(gamma=0), SparseSoftmaxCrossEntropy(), [0, 1]),
        (SigmoidFocal(gamma=0), SigmoidCrossEntropy(), [[1.0, 0.0], [0.3, 0.7]]),
    ],
    ids=["softmax", "sparse", "sigmoid"],
)
def test_gamma_0_is_the_cross_entropy_to_the_bit(focal, plain, y_true, run):
    logits = [[-20.0, 3.0], [0.5, 0.1]]
    ours, theirs = (
        run(focal, y_true=y_true, y_pred=logits),
        run(plain, y_true=y_true, y_pred=logits),
    )
    np.testing.assert_array_equal(ours.values, theirs.values)
    np.testing.assert_array_equal(ours.gradients["y_pred"], theirs.gradients["y_pred"])


@pytest.mark.parametrize("gamma", [0, 0.5, 1, 2])
@pytest.mark.parametrize("cls", [SoftmaxFocal, SparseSoftmaxFocal, SigmoidFocal])
def test_the_ends_of_the_logits_are_finite(cls, gamma, run_everywhere):
    # By hand: right beyond doubt costs nothing and pulls nowhere; wrong beyond doubt is linear.
    if cls is SigmoidFocal:
        y_true, y_pred = [1.0, 1.0, 0.0, 0.0], [500.0, -500.0, -500.0, 500.0]
        expected, slopes = [0, 500, 0, 500], [0, -1, 0, 1]
    else:
        y_pred = [[500.0, -500.0], [-500.0, 500.0]]
        y_true = [0, 0] if cls is SparseSoftmaxFocal else [[1.0, 0.0], [1.0, 0.0]]
        expected, slopes = [0, 1000], [[0, 0], [-1, 1]]
    found = run_everywhere(cls(gamma=gamma), y_true=y_true, y_pred=y_pred)
    np.testing.assert_allclose(found.values, expected)
    np.testing.assert_allclose(found.gradients["y_pred"], slopes)


@pytest.mark.parametrize("cls", [SoftmaxFocal, SparseSoftmaxFocal])
def test_a_class_ruled_out_costs_nothing(cls, run_everywhere):
    y_true = [[1.0, 0.0, 0.0]] if cls is SoftmaxFocal else [0]
    found = run_everywhere(cls(), y_true=y_true, y_pred=[[0.0, -np.inf, np.log(3)]])
    np.testing.assert_allclose(found.values, [0.75**2 * LOG_4], rtol=1e-6)
    assert np.isfinite(found.gradients["y_pred"]).all()


def test_sparse_labels_are_their_one_hot(run):
    rng = np.random.default_rng(0)
    logits, labels = rng.normal(size=(2, 3, 4)), rng.integers(0, 4, (2, 3)).astype("uint8")
    parameters = {"gamma": 1.5, "alpha": [1, 2, 3, 4]}
    dense = run(SoftmaxFocal(**parameters), y_true=np.eye(4)[labels], y_pred=logits)
    sparse = run(SparseSoftmaxFocal(**parameters), y_true=labels, y_pred=logits)
    np.testing.assert_allclose(sparse.values, dense.values, rtol=1e-5)
    np.testing.assert_allclose(
        sparse.gradients["y_pred"], dense.gradients["y_pred"], rtol=1e-5, atol=1e-6
    )


def test_agrees_with_keras(run):
    import keras

    rng = np.random.default_rng(0)
    logits = rng.normal(size=(3, 4)).astype("float32")
    labels = np.eye(4, dtype="float32")[[0, 2, 3]]
    theirs = keras.losses.categorical_focal_crossentropy(
        labels, logits, 0.25, 2.0, from_logits=True
    )
    ours = run(SoftmaxFocal(alpha=0.25), y_true=labels, y_pred=logits).values
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)
    theirs = keras.losses.binary_focal_crossentropy(
        labels, logits, apply_class_balancing=True, alpha=0.25, from_logits=True
    )
    ours = run(SigmoidFocal(alpha=0.25), y_true=labels, y_pred=logits).values
    np.testing.assert_allclose(ours.mean(-1), theirs, rtol=1e-5)


@pytest.mark.parametrize("cls", [SoftmaxFocal, SparseSoftmaxFocal, SigmoidFocal])
def test_alpha_goes_with_the_classes(cls):
    loss = cls(alpha=[0.1, 0.2])
    assert list(loss.mismatches({"classes": 2})) == []
    assert list(loss.mismatches({"classes": 5})) == [
        ("alpha", "`alpha` has 2 numbers, one per class, for 5 classes")
    ]


@pytest.mark.parametrize("mode", ["eager", "graph", "xla"])
def test_a_wrong_number_of_alphas_raises_in_every_mode(mode, run):
    import tensorflow as tf

    with pytest.raises(tf.errors.InvalidArgumentError):
        run(SparseSoftmaxFocal(alpha=[1, 2, 3]), mode, y_true=[0], y_pred=[[1.0, 2.0]])


@pytest.mark.parametrize(
    ("cls", "wrong"),
    [
        (SoftmaxFocal, {"gamma": -0.5}),
        (SoftmaxFocal, {"alpha": -1}),
        (SparseSoftmaxFocal, {"alpha": [1, -1]}),
        (SigmoidFocal, {"alpha": 1.5}),
        (SigmoidFocal, {"alpha": [0.5, 1.5]}),
    ],
)
def test_parameters_out_of_range(cls, wrong):
    with pytest.raises(ValidationError):
        cls(**wrong)


def test_logits_of_six_axes(run_everywhere):
    y_true = np.full([1, 1, 1, 1, 1, 2], [1.0, 0])
    y_pred = np.full(y_true.shape, THIRDS, "float32")
    found = run_everywhere(SoftmaxFocal(), y_true=y_true, y_pred=y_pred).values
    np.testing.assert_allclose(found, np.full([1] * 5, 0.75**2 * LOG_4), rtol=1e-6)
