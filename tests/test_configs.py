"""Every shipped config: it checks, it builds, and the worked examples give their known numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from composer import build_total_loss, check_spec, load_spec
from composer.command.batch_file import read_batch
from composer.command.drawing import draw_batch

CONFIGS = Path(__file__).parent.parent / "configs"
ALL = sorted(CONFIGS.rglob("*.yaml"))


def run(name: str, y_true: dict, y_pred: dict, **options: object):
    total, breakdown = build_total_loss(CONFIGS / name)(
        {key: np.asarray(value) for key, value in y_true.items()},
        {key: np.asarray(value) for key, value in y_pred.items()},
        **options,
    )
    return float(total), {row: float(term.loss) for row, term in breakdown.items()}


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_a_config_is_sound(path: Path):
    assert check_spec(path) == []


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_a_config_runs_on_a_batch_drawn_from_its_tensors(path: Path):
    total_loss = build_total_loss(path)
    regularization = [] if total_loss.spec.regularization else None
    total, breakdown = total_loss(
        *draw_batch(load_spec(path)), step=10, regularization=regularization
    )
    assert np.isfinite(float(total))
    assert list(breakdown) == list(total_loss.names)


def test_the_stereo_pair_masked_agrees_with_numpy():
    y_true, y_pred = read_batch(str(CONFIGS / "data/aloe_stereo.npz"))
    target = y_true["disparity"].astype(np.float64)
    known = target > 0
    error = np.abs(y_pred["disparity"] - target)[known]
    logs = np.log(y_pred["disparity"][known].astype(np.float64)) - np.log(target[known])
    _, losses = run("stereo.yaml", y_true, y_pred)
    huber = np.where(error < 1, error**2 / 2, error - 0.5).mean()
    assert losses["disparity/huber"] == pytest.approx(huber, rel=1e-5)
    assert losses["disparity/absolute_difference"] == pytest.approx(error.mean(), rel=1e-5)
    silog = (logs**2).mean() - 0.5 * logs.mean() ** 2
    assert losses["disparity/silog"] == pytest.approx(silog, rel=1e-5)


def test_the_stereo_pair_unmasked_is_not_finite_in_silog_alone():
    _, losses = run("stereo_unmasked.yaml", *read_batch(str(CONFIGS / "data/aloe_stereo.npz")))
    assert np.isfinite(losses["disparity/huber"])
    assert np.isnan(losses["disparity/silog"])


def test_two_log_loss_plus_mse():
    # -log 0.5 = 0.6931472 twice over, and (2² + 0²) / 2 = 2.
    total, losses = run(
        "examples/two_log_loss_plus_mse.yaml",
        {"click": np.float32([1, 0]), "price": np.float32([1, 2])},
        {"click": np.float32([0.5, 0.5]), "price": np.float32([3, 2])},
    )
    assert losses["click/log_loss"] == pytest.approx(0.6931470, abs=1e-6)
    assert losses["price/mean_squared_error"] == 2
    assert total == pytest.approx(2 * 0.6931470 + 2, abs=1e-6)


def test_a_class_counts_five_times():
    # All logits 0: every row costs log 4. Weights 5 and 1, both non-zero: (5 + 1)·log 4 / 2.
    total, _ = run(
        "examples/class_counts_five_times.yaml",
        {"label": np.int32([3, 0])},
        {"label": np.zeros((2, 4), np.float32)},
    )
    assert total == pytest.approx(3 * np.log(4), rel=1e-6)


def test_missing_depths_do_not_count():
    # Known are 2 (error 1) and 4 (error 3): (1 + 9) / 2. NaN stands where nothing is known.
    total, _ = run(
        "examples/missing_depths.yaml",
        {"depth": np.float32([[[0, 2], [4, 0]]])},
        {"depth": np.float32([[[np.nan, 3], [1, np.inf]]])},
    )
    assert total == 5


def test_the_weighted_average_under_every_divisor():
    # l = [4, 1, 2, 3], w = [1, .5, 3, 9]: Σ l·w = 37.5, Σ w = 13.5, 4 elements.
    _, losses = run(
        "examples/weighted_average.yaml",
        {"weight": np.float32([1, 0.5, 3, 9])},
        {"losses": np.float32([4, 1, 2, 3])},
    )
    assert losses["example/by_nonzero_weights"] == 9.375
    assert losses["example/mean"] == pytest.approx(2.7777778, rel=1e-6)
    assert losses["example/by_size"] == 9.375
    assert losses["example/sum"] == 37.5


def test_the_recipe_of_weights_over_their_number_is_no_average():
    y_true, y_pred = {"weight": [1, 0.5, 3, 9]}, {"losses": np.float32([4, 1, 2, 3])}
    total_loss = build_total_loss(CONFIGS / "examples/weighted_average.yaml")
    _, breakdown = total_loss(y_true, y_pred)
    assert float(breakdown["example/recipe"].weighted) == 2.34375


def test_the_total_of_tf_slim_with_a_custom_loss_and_regularizers():
    # Cross entropy of even logits is log 10; depths are off by 2 everywhere; 0.5 custom; 0.25 + 0.125.
    total, losses = run(
        "examples/classification_depth_and_custom.yaml",
        {"images": np.eye(10, dtype=np.float32)[:2], "depths": np.ones((2, 3, 3, 1), np.float32)},
        {
            "images": np.zeros((2, 10), np.float32),
            "depths": np.full((2, 3, 3, 1), 3, np.float32),
            "pose_loss": np.float32(0.5),
        },
        regularization=[0.25, 0.125],
    )
    assert losses["depths/sum_of_squares"] == 4
    assert losses["regularization"] == 0.375
    assert total == pytest.approx(np.log(10) + 4 + 0.5 + 0.375, rel=1e-6)


def test_three_rows_of_logits():
    # tf.nn: 3 · 0.40760598 = 1.2228179.
    _, losses = run(
        "examples/three_rows_of_logits.yaml",
        {"one_hot": np.float32([[0, 0, 1]] * 3), "label": np.int32([2, 2, 2])},
        {"logits": np.float32([[1, 2, 3]] * 3)},
    )
    assert losses["rows/summed"] == pytest.approx(1.2228179, rel=1e-6)
    assert losses["rows/sparse"] == pytest.approx(1.2228179, rel=1e-6)
    assert losses["rows/mean"] == pytest.approx(0.40760598, rel=1e-6)


def test_l2_and_the_dtype_of_the_total():
    # (1 + 4 + 9 + 16) / 2 = 15; logits 0 cost log 2, in float64, which makes the total float64.
    total_loss = build_total_loss(CONFIGS / "examples/sigmoid_and_l2.yaml")
    total, breakdown = total_loss(
        {"labels": np.ones((5, 3))},
        {"logits": np.zeros((5, 3)), "matrix": np.float32([[1, 2], [3, 4]])},
    )
    assert float(breakdown["matrix/l2"].loss) == 15
    assert breakdown["matrix/l2"].loss.dtype == tf.float32
    assert total.dtype == tf.float64
    assert float(total) == pytest.approx(15 + np.log(2), rel=1e-12)


def test_an_ignored_label_does_not_count_in_either_loss():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(2, 4, 4, 5)).astype(np.float32)
    labels = rng.integers(0, 5, (2, 4, 4)).astype(np.uint8)
    labels[:, :2] = 255
    _, whole = run(
        "segmentation_ignored_label.yaml", {"segmentation": labels}, {"segmentation": logits}
    )
    _, cut = run(
        "segmentation_ignored_label.yaml",
        {"segmentation": labels[:, 2:]},
        {"segmentation": logits[:, 2:]},
    )
    assert whole == pytest.approx(cut, rel=1e-6)


def test_missing_labels_of_a_table_do_not_count():
    total, losses = run(
        "tabular_missing_labels.yaml",
        {
            "price": np.float32([1, np.nan]),
            "rooms": np.float32([np.nan, np.nan]),
            "district": np.int32([-1, 0]),
            "sold": np.int8([1, -1]),
        },
        {
            "price": np.float32([2, 9]),
            "rooms": np.float32([2, 9]),
            "district": np.zeros((2, 12), np.float32),
            "sold": np.float32([0, 0]),
        },
    )
    assert losses["price/huber"] == 0.5
    assert losses["rooms/mean_squared_error"] == 0
    assert losses["district/sparse_softmax_cross_entropy"] == pytest.approx(np.log(12), rel=1e-6)
    assert losses["sold/sigmoid_cross_entropy"] == pytest.approx(np.log(2), rel=1e-6)
    assert total == pytest.approx(0.5 + np.log(12) + 2 * np.log(2), rel=1e-6)
