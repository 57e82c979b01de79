"""The lines of JSON that a training writes, and goes on with after an interruption."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from tests.training.constant_model import (
    DEPTH,
    POSE,
    TOTAL,
    WHOLE_POSE,
    WHOLE_TOTAL,
    X,
    Y,
    constant_model,
    fit,
)


def lines(path, **options):
    from composer import training

    return training.JsonLines(path, **options)


def strict(text):
    """One line as JSON, which has no NaN and no infinity."""

    def refuse(name):
        raise AssertionError(f"{name} is no JSON")

    return json.loads(text, parse_constant=refuse)


def read(path):
    text = path.read_text()
    assert text == "" or text.endswith("\n")
    return [strict(line) for line in text.splitlines()]


def of(epoch, step, split="train"):
    pose, total = (POSE, TOTAL) if split == "train" else (WHOLE_POSE, WHOLE_TOTAL)
    place = {"epoch": epoch, "step": step, "split": split, "total": total}
    return place | {"terms": {"depth/mse": DEPTH, "pose/mse": pose}}


def event(epoch, step, term, split="train"):
    return {"epoch": epoch, "step": step, "split": split, "event": "nonfinite", "term": term}


def test_an_epoch_is_a_line_and_its_evaluation_another(tmp_path):
    path = tmp_path / "logs" / "rows.jsonl"
    fit(constant_model(), [lines(path)])
    assert read(path) == [
        of(0, 2), of(0, 2, "validation"), of(1, 4), of(1, 4, "validation"),
    ]  # fmt: skip
    assert path.read_text().splitlines()[0] == (
        '{"epoch": 0, "step": 2, "split": "train", "total": 6.25, "terms": {'
        '"depth/mse": {"loss": 2.5, "weighted": 1.25, "weight": 0.5, "kept": 0.5, "skipped": 0}, '
        '"pose/mse": {"loss": 5.0, "weighted": 5.0, "weight": 1.0, "kept": 1.0, "skipped": 0}}}'
    )


def test_steps_are_lines_of_their_own(tmp_path):
    path = tmp_path / "rows.jsonl"
    fit(constant_model(), [lines(path, every=3)], epochs=3, validation_data=None)
    # The errors are 1 and 1, then 2 and 2; of each pair one counts.
    found = [(each["epoch"], each["step"], each["total"]) for each in read(path)]
    assert found == [(1, 3, 0.5 * 1 + 2), (2, 6, 0.5 * 4 + 8)]


def test_an_evaluation_by_itself_is_appended(tmp_path):
    path, model = tmp_path / "rows.jsonl", constant_model()
    fit(model, [lines(path)], epochs=1, validation_data=None)
    model.evaluate(X, Y, batch_size=4, verbose=0, callbacks=[lines(path)])
    constant_model().evaluate(X, Y, batch_size=4, verbose=0, callbacks=[lines(path)])
    assert read(path) == [of(0, 2), of(None, 2, "validation"), of(None, 0, "validation")]


NAN = Y | {"depth": np.array([[1], [1], [2], [math.nan]], "float32")}
# Where `depth` does not look.
INFINITE = Y | {"depth": np.array([[1], [1], [math.inf], [2]], "float32")}

NULL = {"loss": None, "weighted": None}


def test_what_is_not_finite_is_null_and_an_event_at_its_first_step(tmp_path, caplog):
    path = tmp_path / "rows.jsonl"
    fit(constant_model(), [lines(path)], y=NAN, epochs=1, validation_data=None)
    assert read(path) == [
        event(0, 1, "depth/mse"),
        event(0, 1, "pose/mse"),
        of(0, 2) | {"total": None, "terms": {"depth/mse": DEPTH | NULL, "pose/mse": POSE | NULL}},
    ]
    told = [each.message for each in caplog.records if each.name == "losscomp"]
    assert told == ["step 1: depth/mse is not finite", "step 1: pose/mse is not finite"]


def test_an_infinite_term_is_null_too(tmp_path):
    path = tmp_path / "rows.jsonl"
    fit(constant_model(), [lines(path)], y=INFINITE, epochs=1, validation_data=None)
    record = of(0, 2) | {"total": None, "terms": {"depth/mse": DEPTH, "pose/mse": POSE | NULL}}
    assert read(path) == [event(0, 1, "pose/mse"), record]


def test_a_term_that_is_left_out_is_counted(tmp_path):
    path = tmp_path / "rows.jsonl"
    model = constant_model(on_nonfinite="skip_term")
    fit(model, [lines(path)], y=INFINITE, epochs=1, validation_data=None)
    told, record = read(path)
    assert told == event(0, 1, "pose/mse")
    # Of its two steps the first is left: the sum 2.
    assert record["terms"]["pose/mse"] == POSE | {"loss": 2.0, "weighted": 2.0, "skipped": 1}
    assert record["total"] == 1.25 + 2


def test_the_term_that_ends_a_training_is_the_last_line(tmp_path):
    from composer import training

    path, model = tmp_path / "rows.jsonl", constant_model(on_nonfinite="raise")
    with pytest.raises(training.NonFiniteError):
        fit(model, [lines(path, every=1)], y=INFINITE, validation_data=None)
    first, last = read(path)
    assert first["step"] == 1
    assert last == event(0, 1, "pose/mse")


def test_a_training_that_broke_off_is_told_of_no_other(tmp_path):
    path, model = tmp_path / "rows.jsonl", constant_model(on_nonfinite="skip_term")
    with pytest.raises(KeyboardInterrupt):
        fit(model, [lines(path), breaking(1)], validation_data=None)
    fit(model, [lines(tmp_path / "next.jsonl")], y=INFINITE, epochs=1, validation_data=None)
    assert read(path) == []
    assert read(tmp_path / "next.jsonl")[0] == event(0, 2, "pose/mse")


def test_an_evaluation_tells_what_is_not_finite(tmp_path):
    path = tmp_path / "rows.jsonl"
    fit(constant_model(), [lines(path)], epochs=1, validation_data=(X, INFINITE))
    assert read(path)[:2] == [of(0, 2), event(0, 2, "pose/mse", "validation")]
    alone = tmp_path / "alone.jsonl"
    constant_model().evaluate(X, INFINITE, verbose=0, callbacks=[lines(alone)])
    assert read(alone)[0] == event(None, 0, "pose/mse", "validation")


def breaking(step, hook="on_train_batch_end"):
    """A callback that breaks a training off after a number of steps."""
    import keras

    def interrupt(*_, **logs):
        if int(callback.model.optimizer.iterations) == step:
            raise KeyboardInterrupt

    callback = keras.callbacks.Callback()
    setattr(callback, hook, interrupt)
    return callback


END = "on_train_batch_end"
TEST = "on_test_begin"


@pytest.mark.parametrize(
    ("every", "saved", "step", "hook"),
    [
        ("epoch", "epoch", 5, END),
        ("epoch", 1, 4, TEST),  # the epoch ends a second time
        pytest.param("epoch", 1, 3, END, marks=pytest.mark.full),
        pytest.param("epoch", "epoch", 1, END, marks=pytest.mark.full),
        pytest.param(1, "epoch", 3, END, marks=pytest.mark.full),
        pytest.param(1, "epoch", 6, END, marks=pytest.mark.full),
        pytest.param(2, 1, 3, END, marks=pytest.mark.full),
        pytest.param(1, 1, 6, TEST, marks=pytest.mark.full),
    ],
)
def test_after_an_interruption_the_file_is_that_of_a_training_without_one(
    tmp_path, every, saved, step, hook
):
    from composer import training

    whole, broken = tmp_path / "whole.jsonl", tmp_path / "broken.jsonl"
    weighted = {"type": "l2", "weight": "ramp(step, 0, 9)"}
    spec = {"tasks": {"depth": {"loss": ["huber", weighted]}}}

    def train(path, *callbacks):
        model = constant_model(spec, "skip_term", rate=0.05)
        fit(model, [lines(path, every=every), *callbacks], X + 1, {"depth": INFINITE["depth"]},
            epochs=3, validation_data=(X + 1, {"depth": Y["depth"]}))  # fmt: skip

    def backup():
        return training.Backup(tmp_path / "backup", every=saved)

    train(whole)
    with pytest.raises(KeyboardInterrupt):
        train(broken, backup(), breaking(step, hook))
    with broken.open("a") as file:
        file.write('{"epoch": 2, "step": 1')
    train(broken, backup())
    assert any("event" in each for each in read(whole))
    assert broken.read_text() == whole.read_text()


def test_what_was_told_before_an_interruption_is_not_told_again(tmp_path):
    path, model = tmp_path / "rows.jsonl", constant_model(on_nonfinite="skip_term")
    fit(model, [lines(path)], y=INFINITE, epochs=1, validation_data=None)
    model.watch.told.clear()  # as after a restore, which knows the first step and has told nothing
    fit(model, [lines(path)], y=INFINITE, epochs=1, validation_data=None)
    told = [each for each in read(path) if "event" in each]
    assert told == [event(0, 1, "pose/mse")]


def test_a_new_training_begins_a_new_file(tmp_path):
    path = tmp_path / "rows.jsonl"
    for _ in range(2):
        fit(constant_model(), [lines(path)], epochs=1)
        assert read(path) == [of(0, 2), of(0, 2, "validation")]


@pytest.mark.parametrize("end", ['{"epoch": 1, "st', "{}", "\0\0\0\0"])
def test_a_torn_last_line_is_cut_off(tmp_path, end):
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(of(0, 2)) + "\n" + end)
    constant_model().evaluate(X, Y, batch_size=4, verbose=0, callbacks=[lines(path)])
    assert read(path) == [of(0, 2), of(None, 0, "validation")]


@pytest.mark.parametrize("line", ["task,loss", "[1]", "3", '{"step": 1}'])
def test_a_file_of_something_else_stays_as_it_is(tmp_path, line):
    path = tmp_path / "rows.csv"
    path.write_text(f"{line}\n")
    with pytest.raises(ValueError) as caught:  # noqa: PT011  # the whole text is below
        fit(constant_model(), [lines(path)])
    assert str(caught.value) == (
        f"{path}, line 1 should be one of JsonLines, found `{line}`; write to another file"
    )
    assert path.read_text() == f"{line}\n"


def test_an_every_of_something_else_is_an_error(tmp_path):
    with pytest.raises(ValueError) as caught:  # noqa: PT011  # the whole text is below
        lines(tmp_path / "rows.jsonl", every=0)
    assert str(caught.value) == 'every should be "epoch" or a number of steps, found 0'
    assert not list(tmp_path.iterdir())


@pytest.mark.full
def test_replicas_write_each_line_once(tmp_path, strategy):
    path = tmp_path / "rows.jsonl"
    with strategy.scope():
        model = constant_model()
    fit(model, [lines(path)], epochs=1)
    assert read(path) == [of(0, 2), of(0, 2, "validation")]
