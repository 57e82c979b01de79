"""What TensorBoard reads back: the curves of every term, and the charts that they share."""

from __future__ import annotations

import math
import re
import sys

import numpy as np
import pytest

from tests.training.constant_model import (
    DEPTH,
    KERAS_WARNS,
    POSE,
    TOTAL,
    WHOLE_TOTAL,
    X,
    Y,
    constant_model,
    fit,
)

NUMBERS = ("loss", "weight", "weighted", "kept")
PLACE = {"y_true": "y_true.depth", "y_pred": "y_pred.depth"}
# A point and an `x` that it would match; blanks, dashes, and the name of a chart.
ODD = {
    "tasks": {
        "a.b": {"loss": "huber", **PLACE},
        "axb": {"loss": ["huber", {"type": "huber", "name": "huber 2"}], **PLACE},
        "depth map-2.x": {"loss": {"type": "huber", "name": "loss"}, **PLACE},
    },
    "regularization": {"weight": "ramp(step, 0, 10)"},
}


def board(path, **options):
    from composer import training

    return training.TensorBoardRows(path, **options)


def curves(directory):
    """By tag, the curve that TensorBoard draws, as step and number."""
    import tensorflow as tf
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(directory), size_guidance={"tensors": 0}).Reload()
    found = {}
    for tag in events.Tags()["tensors"]:
        if events.SummaryMetadata(tag).plugin_data.plugin_name == "scalars":
            found[tag] = {
                e.step: float(tf.make_ndarray(e.tensor_proto)) for e in events.Tensors(tag)
            }
    return found


def layouts(directory):
    """All the layouts that were written."""
    import tensorflow as tf
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.plugins.custom_scalar import layout_pb2, metadata

    events = EventAccumulator(str(directory), size_guidance={"tensors": 0}).Reload()
    if metadata.CONFIG_SUMMARY_TAG not in events.Tags()["tensors"]:
        return []
    written = [tf.make_ndarray(e.tensor_proto).item()
               for e in events.Tensors(metadata.CONFIG_SUMMARY_TAG)]  # fmt: skip
    return [layout_pb2.Layout.FromString(each) for each in written]


def tags_of(directory):
    """By chart, the tags that its expressions find as TensorBoard's server applies them."""
    (layout,) = layouts(directory)
    (category,) = layout.category
    assert category.title == "loss"
    return {
        chart.title: [
            [tag for tag in curves(directory) if re.compile(expression).match(tag)]
            for expression in chart.multiline.tag
        ]
        for chart in category.chart
    }


def test_every_number_of_every_term_is_a_curve(tmp_path):
    fit(constant_model(), [board(tmp_path)])
    expected = {"loss/total": {2: TOTAL, 4: TOTAL}}
    for name, row in {"depth/mse": DEPTH, "pose/mse": POSE}.items():
        expected |= {
            f"loss/{name}/{number}": dict.fromkeys((2, 4), row[number]) for number in NUMBERS
        }
    assert curves(tmp_path / "train") == expected
    validation = curves(tmp_path / "validation")
    assert validation.keys() == expected.keys()
    assert validation["loss/total"] == {2: WHOLE_TOTAL, 4: WHOLE_TOTAL}
    assert validation["loss/pose/mse/loss"] == {2: 10.0, 4: 10.0}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["train", "validation"]


def test_the_curves_are_those_of_the_history(tmp_path):
    model = constant_model(ODD, rate=0.05)
    targets = {"depth": Y["depth"]}
    history = fit(model, [board(tmp_path)], X + 1, targets, epochs=3,
                  validation_data=(X + 2, targets)).history  # fmt: skip
    for split, prefix in (("train", ""), ("validation", "val_")):
        found = curves(tmp_path / split)
        assert list(found["loss/total"].values()) == np.float32(history[f"{prefix}loss"]).tolist()
        for name in model.rows.names:
            for number, logged in (("loss", name), ("weighted", f"{name}/weighted")):
                curve = found[f"loss/{name}/{number}"]
                assert list(curve) == [2, 4, 6]
                assert list(curve.values()) == np.float32(history[prefix + logged]).tolist()


def test_a_chart_holds_the_curves_of_all_terms_and_no_others(tmp_path):
    model = constant_model(ODD)
    fit(model, [board(tmp_path)], y={"depth": Y["depth"]}, validation_data=None)
    names = ["a.b/huber", "axb/huber", "axb/huber 2", "depth map-2.x/loss", "regularization"]
    assert tags_of(tmp_path / "train") == {
        number: [[f"loss/{name}/{number}"] for name in names] for number in NUMBERS
    }


def test_the_layout_is_written_once(tmp_path):
    model, callback = constant_model(), board(tmp_path)
    fit(model, [callback])
    fit(model, [callback])
    assert len(layouts(tmp_path / "train")) == 1
    assert layouts(tmp_path / "validation") == []
    assert list(curves(tmp_path / "train")["loss/total"]) == [2, 4, 6, 8]


def test_an_evaluation_by_itself_brings_the_layout_too(tmp_path):
    model = constant_model()
    model.evaluate(X, Y, batch_size=4, verbose=0, callbacks=[board(tmp_path)])
    assert curves(tmp_path / "validation")["loss/total"] == {0: WHOLE_TOTAL}
    assert list(tags_of(tmp_path / "validation")) == ["loss", "weighted", "weight", "kept"]


def test_steps_are_written_one_by_one(tmp_path):
    fit(constant_model(), [board(tmp_path, update_freq=2)], batch_size=1, epochs=1)
    train, validation = (curves(tmp_path / split) for split in ("train", "validation"))
    assert train["loss/depth/mse/kept"] == {2: 0.0, 4: 1.0}
    assert train["loss/total"] == {2: 1.0, 4: 6.0}
    assert validation["loss/total"] == {4: WHOLE_TOTAL}


@KERAS_WARNS
def test_what_surrounds_it_changes_neither_tags_nor_what_is_written(tmp_path):
    import keras
    import tensorflow as tf

    others = keras.callbacks.TensorBoard(tmp_path, update_freq=1000, write_graph=False)
    with tf.name_scope("mine"):
        fit(constant_model(), [others, board(tmp_path, update_freq=1)], batch_size=1, epochs=1)
    assert list(curves(tmp_path / "train")["loss/total"]) == [1, 2, 3, 4]
    assert curves(tmp_path / "validation")["loss/total"] == {4: WHOLE_TOTAL}


def test_what_is_not_finite_is_drawn_as_such(tmp_path):
    bad = Y | {"depth": np.array([[1], [math.nan], [1], [1]], "float32")}
    tasks = {"depth": {"mask": "y_true.valid", "loss": "l2"}, "pose": {"loss": "huber", **PLACE}}
    model = constant_model({"tasks": tasks})
    fit(model, [board(tmp_path)], y=bad, epochs=1, validation_data=None)
    found = curves(tmp_path / "train")
    assert math.isnan(found["loss/pose/huber/loss"][2])
    assert math.isnan(found["loss/total"][2])
    assert found["loss/depth/l2/kept"] == {2: 0.5}


@pytest.mark.full
def test_replicas_give_the_same_curves(tmp_path, strategy):
    with strategy.scope():
        model = constant_model()
        fit(model, [board(tmp_path)])
    assert curves(tmp_path / "train")["loss/total"] == {2: TOTAL, 4: TOTAL}
    assert curves(tmp_path / "validation")["loss/total"] == {2: WHOLE_TOTAL, 4: WHOLE_TOTAL}


def test_without_tensorboard_the_error_says_what_to_install(tmp_path, monkeypatch):
    for name in list(sys.modules):
        if name.split(".")[0] == "tensorboard":
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    with pytest.raises(ImportError) as caught:
        board(tmp_path)
    assert str(caught.value) == (
        "TensorBoardRows needs TensorBoard, which is missing: pip install 'losscomp[tensorboard]'"
    )


def test_an_update_freq_of_something_else_is_an_error(tmp_path):
    with pytest.raises(ValueError) as caught:  # noqa: PT011  # the whole text is below
        board(tmp_path, update_freq="batch")
    assert str(caught.value) == (
        "update_freq should be \"epoch\" or a number of steps, found 'batch'"
    )


@pytest.mark.full
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # those of TensorBoard's own parts
def test_a_tensorboard_that_runs_serves_the_layout_and_the_curves(tmp_path):
    import json
    import urllib.parse
    import urllib.request

    from tensorboard import program

    fit(constant_model(), [board(tmp_path)])
    server = program.TensorBoard()
    server.configure(argv=[None, "--logdir", str(tmp_path), "--port", "0", "--load_fast", "false"])
    url = f"{server.launch()}data/plugin/custom_scalars/"

    def get(path):
        with urllib.request.urlopen(url + path) as answer:  # noqa: S310  # our own server
            return json.load(answer)

    layout = wait_for(lambda: get("layout"))
    charts = {each["title"]: each["multiline"]["tag"] for each in layout["category"][0]["chart"]}
    assert list(charts) == ["loss", "weighted", "weight", "kept"]
    # As its page asks: all expressions of a chart as one.
    query = "|".join(f"({expression})" for expression in charts["weighted"])
    for split, total in (("train", [1.25, 5.0]), ("validation", [1.25, 10.0])):
        asked = urllib.parse.urlencode({"run": split, "tag": query})
        events = get(f"scalars?{asked}")["tag_to_events"]
        assert {tag: [event[1:] for event in found] for tag, found in events.items()} == {
            f"loss/{name}/weighted": [[2, number], [4, number]]
            for name, number in zip(("depth/mse", "pose/mse"), total, strict=True)
        }


def wait_for(ask, seconds=30):
    """What an asynchronous server answers once it has read its files."""
    import time

    end = time.monotonic() + seconds
    while not (found := ask()) and time.monotonic() < end:
        time.sleep(0.2)
    return found
