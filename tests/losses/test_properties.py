"""What holds for every loss, on inputs that its own signature gives."""

from __future__ import annotations

import numpy as np
import pytest

from composer.losses import CATALOGUE, find

TRIPLET = {"anchor": "y_pred.a", "positive": "y_pred.p", "negative": "y_pred.n"}
LOSSES = [
    ("absolute_difference", {}),
    ("mean_squared_error", {}),
    ("huber", {"delta": 0.7}),
    ("mean_pairwise_squared_error", {}),
    ("mean_pairwise_squared_error", {"unbiased": False}),
    ("silog", {}),
    ("silog", {"lambda": 1, "root": True}),
    ("dice", {}),
    ("dice", {"per": "batch", "smooth": 0, "sparse": True}),
    ("hinge", {}),
    ("hinge", {"labels": "signed"}),
    ("log_loss", {"epsilon": 0.01}),
    ("sigmoid_cross_entropy", {"label_smoothing": 0.1}),
    ("weighted_cross_entropy", {"pos_weight": 3}),
    ("weighted_cross_entropy", {"pos_weight": [1, 2, 0.5, 4]}),
    ("softmax_cross_entropy", {}),
    ("softmax_cross_entropy", {"label_smoothing": 0.1}),
    ("sparse_softmax_cross_entropy", {}),
    ("sparse_softmax_cross_entropy", {"label_smoothing": 0.1}),
    ("softmax_focal", {"gamma": 0.5}),
    ("softmax_focal", {"alpha": [1, 2, 0.5, 4]}),
    ("sparse_softmax_focal", {"gamma": 0.5, "alpha": 0.25}),
    ("sparse_softmax_focal", {"alpha": [1, 2, 0.5, 4]}),
    ("sigmoid_focal", {"gamma": 0.5, "alpha": 0.25}),
    ("sigmoid_focal", {"alpha": [1, 0.2, 0.5, 0.4]}),
    ("cosine_distance", {}),
    ("cosine_distance", {"axis": 1, "normalize": True}),
    ("cosine_distance", {"axis": -2, "normalize": True}),
    ("triplet", {**TRIPLET, "margin": 30}),
    ("triplet", {**TRIPLET, "margin": 30, "distance": "euclidean"}),
    ("triplet", {**TRIPLET, "margin": 30, "distance": "cosine"}),
    ("center", {"num_classes": 3, "embedding_size": 2}),
    ("l2", {}),
    ("precomputed", {}),
]
SIZES = {"batch": 2, "classes": 4, "n": 4, "behind1": 3}

every_loss = pytest.mark.parametrize(
    "loss", [pytest.param(find(t)(**p), id=f"{t}-{i}") for i, (t, p) in enumerate(LOSSES)]
)


def shape_of(loss, axes):
    sizes = SIZES | loss.sizes()
    expanded = [(3,) if axis == "..." else (sizes.get(axis, axis),) for axis in axes]
    return sum(expanded, ())


def in_domain(role, shape, rng, limit):
    logits = rng.normal(size=shape)
    match role.domain:
        case "labels":
            return rng.integers(0, limit, shape)
        case "zero_one":
            return rng.integers(0, 2, shape).astype(float)
        case "signed":
            return rng.choice([-1.0, 1.0], shape)
        case "probabilities":
            return rng.uniform(0.1, 0.9, shape)
        case "distribution":
            return np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
        case "unit":
            return logits / np.linalg.norm(logits, axis=-1, keepdims=True)
        case "positive":
            return np.exp(logits)
        case "logits" | None:
            return logits
    raise AssertionError(f"no inputs for the domain {role.domain}")


def inputs_of(loss, seed=0):
    """Arrays for every role of a loss, within their domains, and for its state."""
    rng = np.random.default_rng(seed)
    sizes = SIZES | loss.sizes()
    arrays = {}
    for name, role in loss.bound_signature().roles.items():
        shape = shape_of(loss, role.axes)
        if role.dtype == "bool":
            arrays[name] = np.arange(np.prod(shape)).reshape(shape) % 4 != 1
        else:
            arrays[name] = in_domain(role, shape, rng, sizes.get(role.limit))
    return arrays | {name: rng.normal(size=shape) for name, shape in loss.state().items()}


def test_every_loss_is_covered():
    assert {name for name, _ in LOSSES} == set(CATALOGUE)


@every_loss
def test_modes_agree_and_values_have_the_shape_of_the_signature(loss, run_everywhere):
    found = run_everywhere(loss, **inputs_of(loss))
    assert found.values.shape == shape_of(loss, loss.bound_signature().values)
    assert found.values.dtype == np.float32
    assert np.isfinite(found.values).all()


@every_loss
def test_gradients_are_those_of_the_values(loss, run):
    arrays = inputs_of(loss)
    values = run(loss, dtype="float64", **arrays).values
    cotangent = np.random.default_rng(1).normal(size=values.shape)
    found = run(loss, dtype="float64", cotangent=cotangent, **arrays).gradients
    for role in set(found) - set(loss.state()):
        expected = np.zeros_like(arrays[role])
        for place in np.ndindex(expected.shape):
            step = np.zeros_like(expected)
            step[place] = 1e-6
            above = run(loss, dtype="float64", **arrays | {role: arrays[role] + step}).values
            below = run(loss, dtype="float64", **arrays | {role: arrays[role] - step}).values
            expected[place] = ((above - below) * cotangent).sum() / 2e-6
        np.testing.assert_allclose(found[role], expected, rtol=1e-5, atol=1e-7, err_msg=role)


@every_loss
def test_second_derivatives_are_those_of_the_gradients(loss, run):
    import tensorflow as tf

    arrays = inputs_of(loss)
    role = "anchor" if loss.type == "triplet" else "y_pred"
    direction = np.random.default_rng(2).normal(size=arrays[role].shape)
    others = {k: tf.constant(v) for k, v in arrays.items() if k != role}
    x = tf.constant(arrays[role])
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            values = loss.values(**others, **{role: x})
        slope = tf.reduce_sum(inner.gradient(values, x) * direction)
    found = outer.gradient(slope, x, unconnected_gradients=tf.UnconnectedGradients.ZERO)

    above = run(loss, dtype="float64", **arrays | {role: arrays[role] + 1e-6 * direction})
    below = run(loss, dtype="float64", **arrays | {role: arrays[role] - 1e-6 * direction})
    expected = (above.gradients[role] - below.gradients[role]) / 2e-6
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


@every_loss
def test_safe_values_have_finite_values_and_gradients(loss, run):
    arrays = {
        name: np.full_like(array, loss.safe.get(name, 0)) for name, array in inputs_of(loss).items()
    }
    found = run(loss, **arrays)
    assert np.isfinite(found.values).all()
    assert all(np.isfinite(gradient).all() for gradient in found.gradients.values())


@every_loss
def test_an_empty_batch_has_finite_values(loss, run):
    rows = {k: v if k in loss.state() else v[:0] for k, v in inputs_of(loss).items()}
    assert np.isfinite(run(loss, **rows).values).all()


@pytest.mark.parametrize(
    "loss",
    [find(t)(**p) for t, p in LOSSES if find(t)(**p).bound_signature().is_region],
    ids=lambda loss: loss.type,
)
def test_what_is_dropped_changes_no_bit_of_a_region(loss, run):
    arrays = inputs_of(loss)
    keep = arrays["keep"]
    tampered = {}
    for name, array in arrays.items():
        dropped = np.broadcast_to(~keep.reshape(keep.shape + (1,) * (array.ndim - 2)), array.shape)
        other = 0 if array.dtype.kind == "i" else 0.75
        tampered[name] = np.where(dropped, other, array) if name != "keep" else keep
    before, after = run(loss, **arrays), run(loss, **tampered)
    np.testing.assert_array_equal(before.values, after.values)
    for role, gradient in before.gradients.items():
        np.testing.assert_array_equal(gradient, after.gradients[role])


@pytest.mark.parametrize(
    "loss",
    [find(t)(**p) for t, p in LOSSES if find(t)(**p).coupling == "nothing"],
    ids=lambda loss: loss.type,
)
def test_a_sample_does_not_see_the_others(loss, run):
    arrays = inputs_of(loss)
    first = {k: v if k in loss.state() else v[:1] for k, v in arrays.items()}
    np.testing.assert_allclose(
        run(loss, **first).values, run(loss, **arrays).values[:1], rtol=1e-6, atol=1e-7
    )
