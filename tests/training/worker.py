"""One of two workers: trains, evaluates and calls a loss of its own, and prints what it found as JSON."""

from __future__ import annotations

import json
import sys

import tensorflow as tf

strategy = tf.distribute.MultiWorkerMirroredStrategy()  # before anything is computed

from composer import training  # noqa: E402  # after the strategy
from tests.training.shared_out import (  # noqa: E402
    FEATURES,
    MEAN,
    PEOPLE,
    WITH_A_NAN,
    batches,
    error_of,
    faces,
    fit,
    keras_batches,
    of_keras,
)


def trained():
    """Two epochs with validation, of batches of 2 + 2 and 1 + 0 samples."""
    with strategy.scope():
        model = faces()
    data = batches(x=FEATURES, y=PEOPLE)
    history = fit(model, data, validation_data=data, epochs=2)
    evaluated = model.evaluate(data, verbose=0, return_dict=True)
    return {"history": history, "evaluated": evaluated, **kept(model)}


def skipped():
    """The first worker alone sees a NaN."""
    with strategy.scope():
        model = faces("skip_term")
    fit(model, batches(x=FEATURES[::-1], y={name: y[::-1] for name, y in WITH_A_NAN.items()}))
    return kept(model)


def kept(model):
    """What a training leaves."""
    rows = {name: vars(row) for name, row in model.rows.table().items()}
    (centers,) = model.total_loss.variables
    return {
        "rows": rows,
        "weights": [each.tolist() for each in model.get_weights()],
        "centers": centers.numpy().tolist(),
        "first_nonfinite": model.rows.first_nonfinite.numpy().tolist(),
    }


def in_a_loop():
    """The breakdown of a batch of 3 + 2 samples."""
    from composer import build_total_loss

    total_loss = build_total_loss(MEAN)

    @tf.function
    def step(x, y_true):
        total, breakdown = strategy.run(lambda x, y: total_loss(y, {"depth": x}), args=(x, y_true))
        return strategy.reduce("SUM", total, axis=None), training.reduce(strategy, breakdown)

    (batch,) = strategy.experimental_distribute_dataset(batches(of=6))
    total, breakdown = step(*batch)
    return {
        "total": float(total),
        "rows": {name: list(map(float, r)) for name, r in breakdown.items()},
    }


def keras_alone():
    """How a plain Keras model fails: before it is built, and when it is."""
    with strategy.scope():
        model = of_keras(0.1)
    return [error_of(lambda: fit(model, keras_batches(4))), error_of(lambda: logs_of(model))]


def logs_of(model):
    """The step of Keras without the building before it, where it fails first."""
    model._symbolic_build(data_batch=next(iter(keras_batches(4))))
    model._maybe_symbolic_build = lambda **_: None
    fit(model, keras_batches(4))


found = {
    "replicas": strategy.num_replicas_in_sync,
    "trained": trained(),
    "skipped": skipped(),
    "loop": in_a_loop(),
    "keras": keras_alone(),
}
sys.stdout.write(json.dumps(found))
