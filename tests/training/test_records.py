"""What is read of a model, and when, while Keras trains and evaluates it."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from tests.training.constant_model import (
    DEPTH,
    POSE,
    SPEC,
    TOTAL,
    WHOLE_POSE,
    WHOLE_TOTAL,
    X,
    Y,
    constant_model,
    fit,
)


def keeper(every="epoch"):
    """A logger that keeps its records in a list."""
    from composer.training.records import RowsLogger

    class Keeper(RowsLogger):
        def __init__(self):
            super().__init__("every", every)
            self.records = []
            self.told = []

        def start(self, step):
            self.told.append(("start", step))

        def write(self, record):
            self.records.append(record)

        def finish(self):
            self.told.append("finish")

        @property
        def places(self):
            return [(each.epoch, each.step, each.split) for each in self.records]

    return Keeper()


def numbers(record):
    return {name: asdict(row) for name, row in record.rows.items()}


def test_an_epoch_is_read_before_it_is_validated():
    logger = keeper()
    fit(constant_model(), [logger])
    assert logger.places == [
        (0, 2, "train"), (0, 2, "validation"), (1, 4, "train"), (1, 4, "validation"),
    ]  # fmt: skip
    for place, record in enumerate(logger.records):
        validates = place % 2
        assert numbers(record) == {"depth/mse": DEPTH, "pose/mse": [POSE, WHOLE_POSE][validates]}
        assert record.total == [TOTAL, WHOLE_TOTAL][validates]
    assert logger.told == [("start", 0), "finish"]


def test_epochs_without_validation_are_read_at_their_end():
    logger = keeper()
    fit(constant_model(), [logger], epochs=5, initial_epoch=2, validation_freq=2)
    assert logger.places == [
        (2, 2, "train"), (3, 4, "train"), (3, 4, "validation"), (4, 6, "train"),
    ]  # fmt: skip
    assert [record.total for record in logger.records] == [TOTAL, TOTAL, WHOLE_TOTAL, TOTAL]


def test_an_evaluation_by_itself_has_no_epoch():
    model, logger = constant_model(), keeper()
    fit(model, [])
    model.evaluate(X, Y, batch_size=4, verbose=0, callbacks=[logger])
    assert logger.places == [(None, 4, "validation")]
    assert logger.records[0].total == WHOLE_TOTAL
    assert logger.told == [("start", None), "finish"]


@pytest.mark.full
def test_one_logger_serves_several_trainings():
    model, logger = constant_model(), keeper()
    fit(model, [logger], epochs=1, validation_data=None)
    fit(model, [logger], epochs=1, validation_data=None)
    assert logger.places == [(0, 2, "train"), (0, 4, "train")]
    assert logger.told == [("start", 0), "finish", ("start", 2), "finish"]
    assert not model.watch.listeners


def test_every_second_step_is_read_alone():
    logger = keeper(every=2)
    fit(constant_model(), [logger], batch_size=1, epochs=1)
    assert logger.places == [(0, 2, "train"), (0, 4, "train"), (0, 4, "validation")]
    # The second sample has the error 1 and does not count, the fourth has 2 and does.
    second, fourth = (numbers(record) for record in logger.records[:2])
    assert second["depth/mse"] == DEPTH | {"loss": 0.0, "weighted": 0.0, "kept": 0.0}
    assert fourth["depth/mse"] == DEPTH | {"loss": 4.0, "weighted": 2.0, "kept": 1.0}
    assert [record.total for record in logger.records] == [1, 2 + 4, WHOLE_TOTAL]


@pytest.mark.full
def test_steps_go_on_counting_over_epochs():
    logger = keeper(every=3)
    fit(constant_model(), [logger], epochs=4, validation_data=None)
    assert logger.places == [(1, 3, "train"), (2, 6, "train")]


def test_of_steps_that_run_in_one_execution_the_last_is_read():
    logger = keeper(every=2)
    model = constant_model(steps_per_execution=3)
    fit(model, [logger], batch_size=1, epochs=1, validation_data=None)
    # The executions end after steps 3 and 4; the errors are 2 and 2, of which the last counts.
    assert logger.places == [(0, 3, "train"), (0, 4, "train")]
    assert [record.total for record in logger.records] == [4, 0.5 * 4 + 4]


def test_a_window_of_micro_batches_is_one_step():
    import keras
    import tensorflow as tf

    from composer import training

    model, logger = constant_model(), keeper(every=1)
    model.compile(keras.optimizers.SGD(0.0, gradient_accumulation_steps=2))
    batches = tf.data.Dataset.from_tensor_slices((X, Y)).batch(1)
    windows = training.with_denominators(batches, model.total_loss, 2)
    fit(model, [logger], windows, None, batch_size=None, epochs=1, validation_data=None)
    assert logger.places == [(0, 1, "train"), (0, 2, "train")]


@pytest.mark.parametrize(
    "options",
    [{"jit_compile": True}, pytest.param({"steps_per_execution": 2}, marks=pytest.mark.full)],
)
def test_compiled_steps_give_the_same_records(options):
    logger = keeper()
    fit(constant_model(**options), [logger])
    assert [record.total for record in logger.records] == [TOTAL, WHOLE_TOTAL] * 2
    assert numbers(logger.records[0]) == {"depth/mse": DEPTH, "pose/mse": POSE}


def test_replicas_give_the_same_records(strategy):
    logger = keeper()
    with strategy.scope():
        model = constant_model()
    fit(model, [logger])
    assert logger.places[:2] == [(0, 2, "train"), (0, 2, "validation")]
    assert numbers(logger.records[0]) == {"depth/mse": DEPTH, "pose/mse": POSE}
    assert numbers(logger.records[1]) == {"depth/mse": DEPTH, "pose/mse": WHOLE_POSE}


def test_the_weighted_column_adds_up_in_every_record_and_is_what_keras_logs():
    weight = {"type": "huber", "weight": "ramp(step, 0, 10)"}
    spec = {"tasks": {"depth": {"loss": ["l2", weight]}}, "regularization": {"weight": 0.1}}
    model, logger = constant_model(spec, rate=0.05), keeper()
    history = fit(model, [logger], X + 1, {"depth": Y["depth"]}, epochs=3,
                  validation_data=(X + 2, {"depth": Y["depth"]})).history  # fmt: skip
    for place, record in enumerate(logger.records):
        prefix = "val_" if place % 2 else ""
        logged = {name: values[place // 2] for name, values in history.items()}
        assert record.total == sum(row.weighted for row in record.rows.values())
        assert record.total == pytest.approx(logged[f"{prefix}loss"], rel=1e-12)
        for name, row in record.rows.items():
            assert row.loss == logged[f"{prefix}{name}"]
            assert row.weighted == logged[f"{prefix}{name}/weighted"]
    # Steps 0 and 1, 2 and 3, 4 and 5.
    weights = [record.rows["depth/huber"].weight for record in logger.records[::2]]
    assert weights == pytest.approx([0.05, 0.25, 0.45], rel=1e-6)


def test_a_run_reads_nothing_between_its_epochs_and_traces_nothing_anew(monkeypatch):
    import keras

    from composer import training
    from composer.training.rows import Rows

    traces, reads = [], []
    for name in ("table", "last_step"):
        read = getattr(Rows, name)
        monkeypatch.setattr(
            Rows, name, lambda self, name=name, read=read: reads.append(name) or read(self)
        )

    class Traced(keras.Model):
        def build(self, shape):
            self.bias = self.add_weight((1,))

        def call(self, inputs):
            traces.append(None)
            return {"depth": inputs + self.bias}

    def traces_of(callbacks):
        traces.clear()
        model = training.attach(Traced(), SPEC)
        model.compile("sgd")
        fit(model, callbacks, batch_size=1, epochs=3)
        return len(traces)

    logger = keeper()
    assert traces_of([logger]) == traces_of([])
    assert reads == ["table"] * 6
    # Keras waits for the logs of every batch where a callback has a method for it.
    assert type(logger).on_train_batch_end is keras.callbacks.Callback.on_train_batch_end
    assert "on_train_batch_end" not in vars(logger)


def evaluator():
    """A callback that evaluates the model at the end of an epoch."""
    import keras

    def evaluate(model):
        model.evaluate(X[:1], {name: each[:1] for name, each in Y.items()}, verbose=0)

    class Evaluator(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            evaluate(self.model)

    return Evaluator()


def test_rows_that_another_callback_began_anew_are_an_error():
    with pytest.raises(ValueError) as caught:  # noqa: PT011  # the whole text is below
        fit(constant_model(), [evaluator(), keeper()], validation_data=None)
    assert str(caught.value) == (
        "Keeper should come before the callbacks that evaluate the model at the end of an epoch, "
        "since its rows begin anew for that"
    )


@pytest.mark.full
def test_before_such_a_callback_and_with_validation_the_rows_are_those_of_the_epoch():
    logger = keeper()
    fit(constant_model(), [logger, evaluator()], validation_data=None)
    assert [record.total for record in logger.records] == [TOTAL, TOTAL]
    logger = keeper()
    fit(constant_model(), [evaluator(), logger])
    assert [record.total for record in logger.records] == [TOTAL, WHOLE_TOTAL] * 2


def test_only_the_chief_writes(monkeypatch):
    logger, model = keeper(), constant_model()
    extended = type(model.distribute_strategy.extended)
    monkeypatch.setattr(extended, "should_save_summary", False)
    fit(model, [logger])
    model.evaluate(X, Y, verbose=0, callbacks=[logger])
    assert logger.records == []
    assert logger.told == ["finish", "finish"]
    assert not model.watch.listeners


def test_a_model_without_rows_is_an_error():
    import keras

    model = keras.Sequential([keras.layers.Dense(1)], name="plain")
    model.compile("sgd", "mse")
    with pytest.raises(ValueError) as caught:  # noqa: PT011  # the whole text is below
        model.fit(X, X, callbacks=[keeper()], verbose=0)
    assert str(caught.value) == (
        "Keeper should log a model with a total loss, found Sequential `plain`; "
        "write `training.attach(model, total_loss)`"
    )


@pytest.mark.parametrize(
    ("every", "shown"), [(0, "0"), (-1, "-1"), (2.0, "2.0"), (True, "True"), ("batch", "'batch'")]
)
def test_what_is_no_number_of_steps_is_an_error(every, shown):
    with pytest.raises(ValueError) as caught:  # noqa: PT011  # the whole text is below
        keeper(every)
    assert str(caught.value) == f'every should be "epoch" or a number of steps, found {shown}'


WORKER = """
import json, os, sys
place, directory, ports = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
os.environ["TF_CONFIG"] = json.dumps({
    "cluster": {"worker": [f"localhost:{port}" for port in ports]},
    "task": {"type": "worker", "index": place},
})
import tensorflow as tf
strategy = tf.distribute.MultiWorkerMirroredStrategy()
from composer import training
from tests.training.constant_model import X, Y, constant_model
with strategy.scope():
    model = constant_model()
batches = tf.data.Dataset.from_tensor_slices((X, Y)).batch(2)
options = tf.data.Options()
options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
loggers = [training.TensorBoardRows(directory), training.JsonLines(f"{directory}/{place}.jsonl")]
model.fit(batches.with_options(options), epochs=2, verbose=0, callbacks=loggers)
"""


@pytest.mark.full
def test_of_two_workers_the_first_writes(tmp_path):
    import json
    import socket
    import subprocess
    import sys

    sockets = [socket.socket() for _ in range(2)]
    for each in sockets:
        each.bind(("localhost", 0))
    ports = [str(each.getsockname()[1]) for each in sockets]
    for each in sockets:
        each.close()
    workers = [
        subprocess.Popen([sys.executable, "-c", WORKER, str(place), tmp_path, *ports])
        for place in range(2)
    ]
    try:
        assert [worker.wait(timeout=240) for worker in workers] == [0, 0]
    finally:
        for worker in workers:
            worker.kill()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0.jsonl", "train"]
    assert len(list((tmp_path / "train").iterdir())) == 1
    written = [json.loads(line) for line in (tmp_path / "0.jsonl").read_text().splitlines()]
    assert [each["step"] for each in written] == [2, 4]
    assert [each["total"] for each in written] == [TOTAL, TOTAL]
