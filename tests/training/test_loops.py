"""A loop of one's own gives what `fit` gives, step for step; neither is traced anew, nor grows."""

from __future__ import annotations

import re
import subprocess
import sys

import numpy as np
import pytest

from tests.command import ROOT, environment
from tests.training.linear import MODES

STEPS = 50
SPEC = {
    "tasks": {
        "depth": {
            "mask": "isfinite(y_true)",
            "weight": "1 + ramp(step, 0, 40)",
            "loss": [
                {"type": "huber", "delta": 0.5},
                {"type": "absolute_difference", "reduction": "weighted_mean", "weight": "y_true.weight"},
            ],
        },
        "word": {"loss": "sparse_softmax_cross_entropy"},
        "feature": {
            "y_true": "y_true.word",
            "loss": {"type": "center", "num_classes": 3, "embedding_size": 4, "weight": 0.1},
        },
    },
    "regularization": {"weight": "1 - 0.5 * ramp(step, 10, 30)"},
}  # fmt: skip


def samples(number):
    random = np.random.default_rng(5)
    x = random.normal(size=(number, 5)).astype("float32")
    depth = random.normal(size=(number, 2)).astype("float32")
    depth[random.random(depth.shape) < 0.3] = np.nan
    weight = random.random(number).astype("float32")
    return x, {"depth": depth, "weight": weight, "word": random.integers(0, 3, number)}


def model_of(spec=SPEC):
    """The same at every call, to the names: Grappler adds gradients up in the order of theirs."""
    import keras

    from composer import training

    keras.utils.set_random_seed(3)
    inputs = keras.Input([5])
    penalty = keras.regularizers.L2(0.01)
    hidden = keras.layers.Dense(4, "tanh", kernel_regularizer=penalty, name="hidden")
    feature = hidden(inputs)
    outputs = {
        "depth": keras.layers.Dense(2, name="depth")(feature),
        "word": keras.layers.Dense(3, name="word")(feature),
        "feature": feature,
    }
    return training.MultiTaskModel(inputs, outputs, name="model", total_loss=spec)


def own_step(model, optimizer, mode, traces=None):
    """The step of a loop, in a way to run it."""
    import tensorflow as tf

    total_loss = model.total_loss
    optimizer.build(model.trainable_variables)

    def step(x, y):
        if traces is not None:
            traces.append(1)
        with tf.GradientTape() as tape:
            y_pred = model(x, training=True)
            total, breakdown = total_loss(
                y, y_pred, step=optimizer.iterations, regularization=model.losses
            )
        variables = model.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(total, variables), variables, strict=True))
        return total, breakdown

    if mode == "eager":
        return step
    return tf.function(step, jit_compile=mode == "xla")


def state_of(model, optimizer):
    """All that training moves: the weights, the optimizer's numbers, the centers."""
    variables = [*model.variables, *optimizer.variables, *model.total_loss.state.variables]
    return {str(i): np.asarray(each.numpy()) for i, each in enumerate(variables)}


@pytest.mark.parametrize("mode", ["graph", *(pytest.param(mode, marks=pytest.mark.full) for mode in ("eager", "xla"))])  # fmt: skip
def test_fifty_steps_of_fit_and_of_a_loop_are_the_same(mode):
    """Bit for bit, after every step."""
    import keras
    import tensorflow as tf

    x, y = samples(4 * STEPS)
    fitted, looped = model_of(), model_of()
    fitted.compile(keras.optimizers.Adam(0.01), **MODES[mode])
    after_fit = []
    recording = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: after_fit.append(state_of(fitted, fitted.optimizer))
    )
    batches = tf.data.Dataset.from_tensor_slices((x, y)).batch(4)
    fitted.fit(batches, shuffle=False, verbose=0, callbacks=[recording])

    optimizer = keras.optimizers.Adam(0.01)
    step = own_step(looped, optimizer, mode)
    assert len(after_fit) == STEPS
    for number, (batch, expected) in enumerate(zip(batches, after_fit, strict=True)):
        step(*batch)
        for name, value in state_of(looped, optimizer).items():
            np.testing.assert_array_equal(value, expected[name], err_msg=f"{number}: {name}")
    (centers,) = looped.total_loss.state.variables
    assert np.abs(centers.numpy()).max() > 0.01


@pytest.mark.full
def test_all_ways_end_within_1e_6_of_each_other():
    """Of the largest entry, after 50 steps of fit in every mode."""
    import keras
    import tensorflow as tf

    x, y = samples(4 * STEPS)
    ends = {}
    for mode in MODES:
        model = model_of()
        model.compile(keras.optimizers.SGD(0.01), **MODES[mode])
        batches = tf.data.Dataset.from_tensor_slices((x, y)).batch(4)
        model.fit(batches, shuffle=False, verbose=0)
        ends[mode] = np.concatenate([np.ravel(each) for each in model.get_weights()])
    for end in ends.values():
        scale = np.abs(ends["eager"]).max()
        np.testing.assert_allclose(end, ends["eager"], 0, 1e-6 * scale)


@pytest.mark.parametrize(
    ("steps", "mode"),
    [
        (20, "graph"),
        pytest.param(1000, "graph", marks=pytest.mark.full),
        pytest.param(1000, "xla", marks=pytest.mark.full),
    ],
)
def test_a_loop_with_schedules_is_traced_once(steps, mode):
    import keras

    model, optimizer, traces = model_of(), keras.optimizers.SGD(0.01), []
    step = own_step(model, optimizer, mode, traces)
    x, y = samples(8)
    weights = {float(step(x, y)[1]["depth/huber"].weight) for _ in range(steps)}
    assert len(traces) == 1
    assert step.experimental_get_tracing_count() == 1
    assert len(weights) > 15


@pytest.mark.parametrize(
    ("steps", "options"),
    [
        (20, {}),
        pytest.param(1000, {}, marks=pytest.mark.full),
        pytest.param(1000, {"jit_compile": True}, marks=pytest.mark.full),
        pytest.param(1000, {"steps_per_execution": 10}, marks=pytest.mark.full),
    ],
    ids=str,
)
def test_fit_with_schedules_is_traced_once(steps, options):
    import keras
    import tensorflow as tf

    traces = []
    model = model_of()

    whole = model.train_step
    model.train_step = lambda data: (traces.append(1), whole(data))[1]
    model.compile(keras.optimizers.Adam(0.01), **options)
    data = tf.data.Dataset.from_tensors(samples(8)).repeat(steps // 2)
    model.fit(data, epochs=2, shuffle=False, verbose=0)
    assert int(model.optimizer.iterations) == steps
    assert len(traces) == 1


def test_batches_of_ever_new_lengths_are_traced_twice():
    """Once for the first, once for any."""
    import keras
    import tensorflow as tf

    traces = []
    model = model_of()
    whole = model.train_step
    model.train_step = lambda data: (traces.append(1), whole(data))[1]
    model.compile(keras.optimizers.SGD(0.01))
    for length in (8, 5, 3, 6, 1):
        model.train_on_batch(*tf.nest.map_structure(tf.constant, samples(length)))
    assert len(traces) == 2


@pytest.mark.full
@pytest.mark.parametrize("way", ["fit", "loop"])
def test_memory_stays_flat_over_5000_steps(way):
    """Less than 8 MiB from the 1,000th step to the last, which 2 kB a step would be."""
    script = ROOT / "scripts" / "bench_memory.py"
    shown = subprocess.run(
        [sys.executable, script, "--steps", "5000", "--way", way],
        capture_output=True, text=True, check=True, env=environment(),
    ).stdout  # fmt: skip
    sizes = {int(step): float(mib) for step, mib in re.findall(r"step +(\d+) +([\d.]+) MiB", shown)}
    assert max(sizes) == 5000
    assert sizes[5000] - sizes[1000] < 8
