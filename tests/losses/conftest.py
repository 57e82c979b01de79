"""Runs a loss in the three modes and differentiates it, for all tests of losses."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

MODES = ("eager", "graph", "xla")


@pytest.fixture(autouse=True)
def stated_gradients(monkeypatch):
    """However small the tensors of a test are, compiled functions run the fused formulas."""
    monkeypatch.setattr("composer.losses.analytic.WORTH", 0)


def _tensors(arrays, dtype):
    import tensorflow as tf

    return {
        name: tf.constant(array, dtype if np.asarray(array).dtype.kind == "f" else None)
        for name, array in arrays.items()
    }


def _in_mode(function, mode, tensors):
    """The function as a mode runs it; graphs are traced without knowing any size."""
    import tensorflow as tf

    if mode == "eager":
        return function
    spec = {k: tf.TensorSpec([None] * t.shape.rank, t.dtype) for k, t in tensors.items()}
    return tf.function(function, input_signature=[spec], jit_compile=mode == "xla")


@pytest.fixture(scope="session")
def run():
    """run(loss, role=array, …): its values, and the gradients of their sum by role."""

    def run(loss, mode="eager", dtype="float32", cotangent=None, **arrays):
        import tensorflow as tf

        tensors = _tensors(arrays, dtype)

        def both(tensors):
            floats = {k: t for k, t in tensors.items() if t.dtype.is_floating}
            with tf.GradientTape() as tape:
                tape.watch(floats)
                values = loss.values(**tensors)
            zero = tf.UnconnectedGradients.ZERO
            return values, tape.gradient(values, floats, cotangent, unconnected_gradients=zero)

        values, gradients = _in_mode(both, mode, tensors)(tensors)
        return SimpleNamespace(
            values=values.numpy(), gradients={k: g.numpy() for k, g in gradients.items()}
        )

    return run


@pytest.fixture(scope="session")
def run_everywhere(run):
    """The same in every mode, which must agree; what eager mode gives."""

    def run_everywhere(loss, dtype="float32", **arrays):
        eager, *others = (run(loss, mode, dtype, **arrays) for mode in MODES)
        for other in others:
            np.testing.assert_allclose(other.values, eager.values, rtol=1e-5, atol=1e-6)
            for role, gradient in eager.gradients.items():
                np.testing.assert_allclose(other.gradients[role], gradient, rtol=1e-5, atol=1e-6)
        return eager

    return run_everywhere
