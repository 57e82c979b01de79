"""The fused cross entropies in a total loss: what is masked changes no bit of anything."""

from __future__ import annotations

import numpy as np
import pytest

SHAPE = (2, 32, 32, 19)  # large enough for the fused formulas
SPECS = {
    "sparse": "sparse_softmax_cross_entropy",
    "smoothed": {"type": "sparse_softmax_cross_entropy", "label_smoothing": 0.1},
    "sparse_focal": "sparse_softmax_focal",
    "dense": "softmax_cross_entropy",
    "softmax_focal": "softmax_focal",
    "sigmoid": "sigmoid_cross_entropy",
    "weighted": {"type": "weighted_cross_entropy", "pos_weight": 2},
    "sigmoid_focal": "sigmoid_focal",
}
SPARSE = ("sparse", "smoothed", "sparse_focal")


@pytest.fixture(autouse=True)
def stated_gradients():
    """Sizes decide here, as for users: in the place of the fixture of the same name."""


def batch(bad):
    """Labels, logits and a mask; what it removes holds `bad`."""
    rng = np.random.default_rng(0)
    keep = rng.uniform(size=SHAPE[:3]) < 0.6
    labels = rng.integers(0, SHAPE[-1], SHAPE[:3])
    dense = np.eye(SHAPE[-1], dtype="float32")[labels]
    logits = rng.normal(size=SHAPE).astype("float32")
    y_true = {"keep": keep, "labels": np.where(keep, labels, 255)}
    y_true["dense"] = np.where(keep[..., None], dense, np.float32(bad))
    return y_true, np.where(keep[..., None], logits, np.float32(bad))


@pytest.fixture(scope="module")
def of_a_batch():
    """The total and its gradient for one loss in a mode, with `bad` where the mask removes."""
    import tensorflow as tf

    from composer import build_total_loss

    functions = {}

    def function(name, mode):
        y_true = "y_true.labels" if name in SPARSE else "y_true.dense"
        task = {"y_true": y_true, "mask": "y_true.keep", "loss": SPECS[name]}
        total_loss = build_total_loss({"tasks": {"x": task}})

        def both(y_true, logits):
            with tf.GradientTape() as tape:
                tape.watch(logits)
                total, _ = total_loss(y_true, {"x": logits})
            return total, tape.gradient(total, logits)

        return both if mode == "eager" else tf.function(both, jit_compile=mode == "xla")

    def of_a_batch(name, mode, bad):
        if (name, mode) not in functions:
            functions[name, mode] = function(name, mode)
        y_true, logits = batch(bad)
        y_true = {key: tf.constant(value) for key, value in y_true.items()}
        return [each.numpy() for each in functions[name, mode](y_true, tf.constant(logits))]

    return of_a_batch


quickly = [
    name
    if name in ("sparse", "dense", "sigmoid_focal")
    else pytest.param(name, marks=pytest.mark.full)
    for name in SPECS
]


@pytest.mark.parametrize("mode", ["eager", "graph", "xla"])
@pytest.mark.parametrize("name", quickly)
def test_masked_rows_change_no_bit(name, mode, of_a_batch):
    total, gradient = of_a_batch(name, mode, 0.0)
    keep = batch(0.0)[0]["keep"]
    assert np.isfinite(total)
    assert gradient[keep].any()
    assert not gradient[~keep].any()
    for bad in (np.nan, np.inf, -np.inf, 3e38):
        again, its_gradient = of_a_batch(name, mode, bad)
        assert again == total
        np.testing.assert_array_equal(its_gradient, gradient)


@pytest.mark.parametrize("name", quickly)
def test_modes_agree(name, of_a_batch):
    total, gradient = of_a_batch(name, "eager", np.nan)
    for mode in ("graph", "xla"):
        again, its_gradient = of_a_batch(name, mode, np.nan)
        np.testing.assert_allclose(again, total, rtol=2e-6)
        np.testing.assert_allclose(its_gradient, gradient, rtol=0, atol=2e-6 * abs(gradient).max())
