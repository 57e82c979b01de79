"""The memory of a process that trains: its resident size after every so many steps.

    scripts/bench_memory.py [--steps N] [--every N] [--way fit|loop]

A model with four terms, schedules, centers and regularization is trained by `fit`, or by a loop of
its own. The first steps trace and fill pools of memory; from then on the size should stay.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

SPEC = {
    "tasks": {
        "depth": {
            "mask": "isfinite(y_true)",
            "weight": "1 + ramp(step, 0, 4000)",
            "loss": ["huber", {"type": "absolute_difference", "weight": "y_true.weight"}],
        },
        "word": {"loss": "sparse_softmax_cross_entropy"},
        "feature": {
            "y_true": "y_true.word",
            "loss": {"type": "center", "num_classes": 10, "embedding_size": 32, "weight": 0.1},
        },
    },
    "regularization": {"weight": "1 - 0.5 * ramp(step, 1000, 3000)"},
}
BATCH = 64


def main() -> None:
    """Prints a line for every so many steps."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=5000)
    parser.add_argument("--every", type=int, default=500)
    parser.add_argument("--way", choices=["fit", "loop"], default="fit")
    arguments = parser.parse_args()
    train = fit if arguments.way == "fit" else loop
    train(model_of(), arguments.steps, reporter(arguments.every))


def reporter(every: int) -> Callable[[int], None]:
    """Prints the resident size when a number of steps is one of those."""

    def report(step: int) -> None:
        if step % every == 0:
            print(f"step {step:6} {resident():8.1f} MiB", flush=True)

    return report


def resident() -> float:
    """MiB that the process holds."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def model_of() -> Any:
    """Three heads on a hidden layer."""
    import keras

    from composer import training

    inputs = keras.Input([16])
    penalty = keras.regularizers.L2(0.01)
    feature = keras.layers.Dense(32, "tanh", kernel_regularizer=penalty)(inputs)
    outputs = {
        "depth": keras.layers.Dense(8)(feature),
        "word": keras.layers.Dense(10)(feature),
        "feature": feature,
    }
    return training.MultiTaskModel(inputs, outputs, total_loss=SPEC)


def batches(steps: int) -> Iterator[Any]:
    """Samples drawn anew for every step."""
    import numpy as np

    random = np.random.default_rng(0)
    for _ in range(steps):
        x = random.normal(size=(BATCH, 16)).astype("float32")
        depth = random.normal(size=(BATCH, 8)).astype("float32")
        depth[random.random(depth.shape) < 0.3] = np.nan
        weight = random.random(BATCH).astype("float32")
        yield x, {"depth": depth, "weight": weight, "word": random.integers(0, 10, BATCH)}


def fit(model: Any, steps: int, report: Callable[[int], None]) -> None:
    """As most train."""
    import keras

    done = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, **_: report(batch + 1))
    model.compile("adam")
    model.fit(batches(steps), steps_per_epoch=steps, verbose=0, callbacks=[done])


def loop(model: Any, steps: int, report: Callable[[int], None]) -> None:
    """In a function of one's own."""
    import keras
    import tensorflow as tf

    optimizer = keras.optimizers.Adam()
    optimizer.build(model.trainable_variables)

    @tf.function  # type: ignore[untyped-decorator]  # TensorFlow ships no types
    def step(x: Any, y: Any) -> Any:
        with tf.GradientTape() as tape:
            total, breakdown = model.total_loss(
                y,
                model(x, training=True),
                step=optimizer.iterations,
                regularization=model.losses,
            )
        variables = model.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(total, variables), variables, strict=True))
        return total, breakdown

    for number, batch in enumerate(batches(steps), start=1):
        step(*tf.nest.map_structure(tf.constant, batch))
        report(number)


if __name__ == "__main__":
    main()
