"""`check --batch`: shapes and dtypes from a real batch, and what its numbers show."""

from __future__ import annotations

import numpy as np
import pytest

from composer import parse_spec
from composer.command.exits import USAGE, StopError
from composer.command.on_batch import check_on_batch
from tests.command import losscomp

NAN, INF = np.nan, np.inf


def found(tmp_path, text, step=0, **arrays):
    """Code, severity and message of every problem, and the notes; `y_true__a` is y_true.a."""
    path = tmp_path / "batch.npz"
    np.savez(path, **{name.replace("__", "."): np.asarray(x) for name, x in arrays.items()})
    problems, notes = check_on_batch(str(path), step)(parse_spec(text))
    return [(p.code, p.severity, p.message) for p in problems], list(notes)


def depth(mask="y_true > 0", **more):
    """Three samples of two pixels."""
    task = {"loss": "huber"} | ({"mask": mask} if mask else {}) | more
    return f"tasks: {{depth: {task}}}".replace("'", '"')


PIXELS = np.array([[0, 2], [3, 4], [0, 0]], "float32")


def test_a_sound_batch_and_what_the_mask_keeps(tmp_path):
    problems, notes = found(tmp_path, depth(), y_true__depth=PIXELS, y_pred__depth=PIXELS)
    assert problems == []
    assert notes == ["depth/huber keeps 50 % of its elements; 1 of 3 samples keeps none"]


def test_what_no_mask_touches_is_not_spoken_of(tmp_path):
    assert found(tmp_path, depth(""), y_true__depth=PIXELS, y_pred__depth=PIXELS) == ([], [])


@pytest.mark.parametrize(
    ("kept", "words"),
    [(1, "less than 0.1 %"), (999, "50 %"), (1998, "100 %"), (1997, "more than 99.9 %")],
)
def test_parts_near_none_and_all(tmp_path, kept, words):
    y_true = (np.arange(1998) < kept).astype("float32")
    _, notes = found(tmp_path, depth(), y_true__depth=y_true, y_pred__depth=y_true)
    assert notes == [f"depth/huber keeps {words} of its elements"]


@pytest.mark.parametrize("bad", [NAN, INF])
def test_a_number_that_is_none_with_its_place(tmp_path, bad):
    y_pred = np.where(PIXELS == 4, bad, PIXELS).astype("float32")
    problems, _ = found(tmp_path, depth(), y_true__depth=PIXELS, y_pred__depth=y_pred)
    message = f"y_pred.depth is {bad:g} at [1, 1], and no mask removes it"
    assert problems == [("not-finite", "error", message)]


def test_what_is_masked_may_be_anything(tmp_path):
    y_pred = np.where(PIXELS > 0, PIXELS, NAN).astype("float32")
    assert found(tmp_path, depth(), y_true__depth=PIXELS, y_pred__depth=y_pred)[0] == []


def test_a_mask_that_nothing_passes(tmp_path):
    problems, notes = found(
        tmp_path, depth("y_true > 9"), y_true__depth=PIXELS, y_pred__depth=PIXELS
    )
    message = "no element of this batch passes the mask of `depth`: its loss is 0"
    assert problems == [("nothing-counts", "warning", message)]
    assert notes == ["depth/huber keeps 0 % of its elements; 3 of 3 samples keep none"]


@pytest.mark.parametrize(
    ("mask", "code"),
    [
        ("80 < y_true < 0", "contradiction"),
        ("abs(y_true) < 0", "impossible-comparison"),
        ("isnan(y_true)", "contradiction"),
        ("False", "constant-mask"),
    ],
)
def test_a_mask_that_never_holds_is_told_once(tmp_path, mask, code):
    problems, _ = found(tmp_path, depth(mask), y_true__depth=PIXELS, y_pred__depth=PIXELS)
    assert [each[0] for each in problems] == [code]


@pytest.mark.parametrize("weight", ["-1 * y_true", "y_true / -2", "0 - y_true"])
def test_a_weight_that_is_nowhere_above_zero(tmp_path, weight):
    text = depth("", weight=weight)
    problems, _ = found(tmp_path, text, y_true__depth=PIXELS, y_pred__depth=PIXELS)
    message = (
        "the weight of `depth/huber` is nowhere above 0 on this batch: "
        "training makes the loss larger"
    )
    assert problems == [("negative-weight", "warning", message)]


def test_a_weight_that_is_negative_twice_is_positive(tmp_path):
    text = depth("", weight="-1 * (0 - y_true)")
    assert found(tmp_path, text, y_true__depth=PIXELS, y_pred__depth=PIXELS)[0] == []


def test_a_softmax_of_the_spec_is_told_as_such(tmp_path):
    text = "tasks: {scene: {loss: sparse_softmax_cross_entropy, y_pred: softmax(y_pred.scene)}}"
    labels = np.array([0, 1, 2, 0], "int32")
    problems, _ = found(tmp_path, text, y_true__scene=labels, y_pred__scene=LOGITS)
    assert [code for code, *_ in problems] == ["probabilities-as-logits"]


@pytest.mark.parametrize(
    ("rows", "help"),
    [
        ([[0, 0, 0], [1, 0, 0]], "`mask: sum(y_true, axis=-1) > 0` removes it"),
        ([[1, 1, 0], [1, 0, 0]],
         "`sigmoid_cross_entropy` and `sigmoid_focal` take several classes at once"),
        ([[0.25, 0.25, 0], [1, 0, 0]], None),
    ],
)  # fmt: skip
def test_rows_that_do_not_sum_to_one(tmp_path, rows, help):
    path = tmp_path / "batch.npz"
    np.savez(path, **{"y_true.scene": np.float32(rows), "y_pred.scene": LOGITS[:2]})
    ((problem,), _) = check_on_batch(str(path))(parse_spec(classes("softmax_cross_entropy")))
    assert (problem.code, problem.help) == ("not-a-distribution", help)


def test_a_mask_of_the_step_waits(tmp_path):
    text = depth("step > 10")
    batch = {"y_true__depth": PIXELS, "y_pred__depth": PIXELS}
    assert found(tmp_path, text, **batch)[0] == []
    assert found(tmp_path, text, step=11, **batch) == (
        [], ["depth/huber keeps 100 % of its elements"],
    )  # fmt: skip


def classes(loss="sparse_softmax_cross_entropy", **more):
    return f"tasks: {{scene: { ({'loss': loss} | more)!r}}}".replace("'", '"')


LOGITS = np.array([[2, -1, 0], [0, 3, 1], [1, 0, -2], [4, 4, 4]], "float32")


def test_labels_within_the_classes(tmp_path):
    labels = np.array([0, 3, 2, -1], "int32")
    problems, _ = found(tmp_path, classes(), y_true__scene=labels, y_pred__scene=LOGITS)
    message = (
        "y_true.scene is 3 at [1], no label from 0 to 2, and no mask removes it; 2 of 4 are like it"
    )
    assert problems == [("label-out-of-range", "error", message)]
    masked = classes(mask="y_true in [0, 1, 2]")
    assert found(tmp_path, masked, y_true__scene=labels, y_pred__scene=LOGITS)[0] == []


@pytest.mark.parametrize(
    ("labels", "mask", "help"),
    [
        ([0, 255, 2, 255], None, "`mask: y_true != 255` removes them"),
        ([0, 255, 2, 255], "y_true != 1", "`and y_true != 255` in the mask removes them"),
        ([1, 2, 3, 1], None, "classes are numbered from 0; `y_true: y_true.scene - 1` does that"),
        ([0, 2, 3, 1], None, None),
        ([0, 255, -1, 1], None, None),
    ],
)
def test_what_to_write_about_labels(tmp_path, labels, mask, help):
    path = tmp_path / "batch.npz"
    arrays = {"y_true.scene": np.array(labels, "int32"), "y_pred.scene": LOGITS}
    np.savez(path, **arrays)
    text = classes(**({"mask": mask} if mask else {}))
    ((problem,), _) = check_on_batch(str(path))(parse_spec(text))
    assert problem.help == help


def test_one_hot_rows_sum_to_1(tmp_path):
    rows = np.eye(3, dtype="float32")[[0, 1, 2, 0]] * [[1], [1], [0.5], [1]]
    text = classes("softmax_cross_entropy")
    problems, _ = found(tmp_path, text, y_true__scene=rows, y_pred__scene=LOGITS)
    message = "the row at [2] of y_true.scene sums to 0.5, not to 1"
    assert problems == [("not-a-distribution", "warning", message)]


def test_probabilities_where_logits_are_due(tmp_path):
    odds = np.exp(LOGITS) / np.exp(LOGITS).sum(-1, keepdims=True)
    labels = np.array([0, 1, 2, 0], "int32")
    problems, _ = found(tmp_path, classes(), y_true__scene=labels, y_pred__scene=odds)
    message = (
        "y_pred.scene looks like probabilities: its numbers are from 0 to 1, and its rows sum to 1"
    )
    assert problems == [("looks-like-probabilities", "warning", message)]


@pytest.mark.parametrize(("count", "is_told"), [(15, False), (16, True)])
def test_probabilities_of_yes_or_no_are_no_accident_from_16_on(tmp_path, count, is_told):
    odds, text = np.arange(count, dtype="float32") / count, classes("sigmoid_cross_entropy")
    problems, _ = found(tmp_path, text, y_true__scene=np.ones(count, bool), y_pred__scene=odds)
    message = "y_pred.scene looks like probabilities: its numbers are from 0 to 1"
    wanted = [("looks-like-probabilities", "warning", message)] if is_told else []
    assert problems == wanted


def test_logits_where_probabilities_are_due(tmp_path):
    labels = np.eye(3, dtype="float32")[[0, 1, 2, 0]]
    problems, _ = found(tmp_path, classes("log_loss"), y_true__scene=labels, y_pred__scene=LOGITS)
    message = (
        "y_pred.scene is 2 at [0, 0], where `log_loss` takes probabilities, "
        "and no mask removes it; 7 of 12 are like it"
    )
    assert problems == [("not-probabilities", "error", message)]


def test_an_infinite_logit_rules_a_class_out(tmp_path):
    logits = np.where(LOGITS == -2, -INF, LOGITS)
    labels = np.array([0, 1, 1, 0], "int32")
    assert found(tmp_path, classes(), y_true__scene=labels, y_pred__scene=logits) == ([], [])


@pytest.mark.parametrize(
    ("loss", "labels", "message"),
    [
        ("hinge", [-1, 1, 1], "y_true.scene is -1 at [0], where labels are from 0 to 1, and no mask removes it"),
        ({"type": "hinge", "labels": "signed"}, [0, 1, 1],
         "y_true.scene is 0 at [0], where labels are -1 and 1, and no mask removes it"),
        ("hinge", [0, 1, 1], None),
        ({"type": "hinge", "labels": "signed"}, [-1, 1, 1], None),
    ],
)  # fmt: skip
def test_labels_of_hinge(tmp_path, loss, labels, message):
    logits = np.array([3, -2, 1], "float32")
    problems, _ = found(
        tmp_path, classes(loss), y_true__scene=np.array(labels), y_pred__scene=logits
    )
    assert problems == ([("label-out-of-range", "error", message)] if message else [])


def test_vectors_of_another_length_than_1(tmp_path):
    rows = np.array([[0.6, 0.8], [3, 4]], "float32")
    text = classes("cosine_distance")
    problems, _ = found(tmp_path, text, y_true__scene=rows[:1].repeat(2, 0), y_pred__scene=rows)
    message = "the vector at [1] of y_pred.scene has length 5, not 1"
    assert problems == [("not-unit-length", "warning", message)]


def weighted(values, weight="y_true.w", reduction="sum_by_nonzero_weights"):
    numbers = np.arange(len(values), dtype="float32")
    text = classes({"type": "huber", "weight": weight, "reduction": reduction})
    return text, {
        "y_true__scene": numbers, "y_pred__scene": numbers, "y_true__w": np.array(values, "float32")
    }  # fmt: skip


@pytest.mark.parametrize(
    ("values", "code", "severity", "message"),
    [
        ([0] * 10, "zero-weight", "warning",
         "the weight of `scene/huber` is 0 on every element of this batch"),
        ([1, NAN, 1], "not-finite", "error",
         "the weight of `scene/huber` is nan at [1], and no mask removes it"),
        ([1] * 9 + [1000], "dominant-weight", "warning",
         "the weight of `scene/huber` is 1000 at [9], 99.1 % of all its weights together"),
    ],
)  # fmt: skip
def test_weights(tmp_path, values, code, severity, message):
    text, batch = weighted(values)
    problems, _ = found(tmp_path, text, **batch)
    assert problems == [(code, severity, message)]


def test_nine_weights_may_differ_as_they_like(tmp_path):
    text, batch = weighted([1] * 8 + [1000])
    assert found(tmp_path, text, **batch)[0] == []


def test_weights_that_cancel_under_a_mean(tmp_path):
    text, batch = weighted([1, -1], reduction="weighted_mean")
    problems, _ = found(tmp_path, text, **batch)
    message = (
        "the weight of `scene/huber` sums to 0 on this batch, by which `weighted_mean` divides"
    )
    assert problems == [("negative-weight", "warning", message)]


def test_shapes_of_a_batch_without_tensors_in_the_spec(tmp_path):
    flat, column = PIXELS[:, 0], PIXELS[:, :1]
    problems, _ = found(tmp_path, depth(""), y_true__depth=flat, y_pred__depth=column)
    message = (
        "`huber` takes `y_true` [...] and `y_pred` [...], found float32[batch] and "
        "float32[batch, 1]: `...` is 1 axis in `y_true` and 2 axes in `y_pred`"
    )
    assert problems == [("shape-mismatch", "error", message)]


def test_a_batch_as_large_as_the_classes_is_told_from_them(tmp_path):
    """3 samples, 3 classes: were the batch a number, a weight of one would pass for the other."""
    text = classes({"type": "dice", "per": "batch", "weight": "y_true.w"})
    rows = np.eye(3, dtype="float32")
    problems, _ = found(
        tmp_path, text, y_true__scene=rows, y_pred__scene=rows, y_true__w=np.ones(3, "float32")
    )
    assert [code for code, severity, _ in problems if severity == "error"] == ["shape-mismatch"]


def test_a_batch_is_what_tensors_declares(tmp_path):
    text = "tensors: {y_true: {depth: 'float32[batch, 3]'}}\n" + depth("")
    problems, _ = found(tmp_path, text, y_true__depth=PIXELS, y_pred__depth=PIXELS)
    message = "y_true.depth is declared as float32[batch, 3], found float32[3, 2]"
    assert problems == [("tensor-mismatch", "error", message)]


def test_targets_alone_tell_what_counts(tmp_path):
    """Before there is a model, the targets of a batch are looked at all the same."""
    labels = np.array([0, 7, 2], "uint8")
    text = (
        "tensors: {y_true: {scene: 'uint8[batch]'}, y_pred: {scene: 'float32[batch, 3]'}}\n"
        + classes(mask="y_true != 2")
    )
    problems, notes = found(tmp_path, text, y_true__scene=labels)
    message = "y_true.scene is 7 at [1], no label from 0 to 2, and no mask removes it"
    assert problems == [("label-out-of-range", "error", message)]
    assert notes == ["scene/sparse_softmax_cross_entropy keeps 66.7 % of its elements"]


def test_an_empty_batch_is_sound(tmp_path):
    empty = np.zeros([0, 2], "float32")
    problems, notes = found(tmp_path, depth(), y_true__depth=empty, y_pred__depth=empty)
    assert problems == []
    assert notes == []


def test_one_fault_of_a_tensor_is_told_once(tmp_path):
    text = depth("", loss=["huber", "absolute_difference"])
    wrong = np.where(PIXELS == 4, NAN, PIXELS)
    assert len(found(tmp_path, text, y_true__depth=wrong, y_pred__depth=PIXELS)[0]) == 1


def test_a_file_that_is_none(tmp_path):
    with pytest.raises(
        StopError, match=r"^`no\.npz` cannot be read: no such file or directory$"
    ) as caught:
        check_on_batch("no.npz")
    assert caught.value.exit_code == USAGE


def test_a_head_that_begins_with_zeros_is_no_softmax(tmp_path):
    zeros, text = np.zeros(64, "float32"), classes("sigmoid_cross_entropy")
    assert found(tmp_path, text, y_true__scene=zeros, y_pred__scene=zeros)[0] == []


def test_sums_of_probabilities_may_be_a_little_above_1(tmp_path):
    sums, text = np.array([0, 1.0000001], "float32"), classes("sigmoid_cross_entropy")
    logits = np.array([-3, 3], "float32")
    assert found(tmp_path, text, y_true__scene=sums, y_pred__scene=logits)[0] == []


def test_two_weights_that_outweigh_all_others(tmp_path):
    text, batch = weighted([1] * 62 + [1e6, 1e6])
    ((code, _, message),) = found(tmp_path, text, **batch)[0]
    assert code == "dominant-weight"
    assert message == (
        "the weight of `scene/huber` is 1e+06 at [62], "
        "more than 10000 times the median of its weights"
    )


def test_a_term_that_the_batch_does_not_tell_of(tmp_path):
    text = classes({"type": "huber", "weight": "exp(y_pred.w)"})
    problems, notes = found(tmp_path, text, y_true__scene=np.ones(3, "float32"))
    assert problems == []
    assert notes == ["scene/huber is not looked at: a tensor that it reads is not there"]


def test_of_two_losses_of_one_name_the_sound_one_is_looked_at(tmp_path):
    text = depth("", loss=["huber", {"type": "huber", "mask": "weigths > 0"}])
    problems, _ = found(tmp_path, text, y_true__depth=PIXELS, y_pred__depth=PIXELS)
    assert [code for code, *_ in problems] == ["duplicate-name", "unknown-name"]


def test_a_step_is_that_of_a_batch(tmp_path):
    (tmp_path / "loss.yaml").write_text(depth())
    told = losscomp("check", "loss.yaml", "--step", "5", cwd=tmp_path)
    message = "error: `--step` is that of a batch: give `--batch FILE.npz` too\n"
    assert (told.code, told.stdout, told.stderr) == (USAGE, "", message)


def test_a_constant_of_a_file_that_is_no_number(tmp_path):
    np.save(tmp_path / "w.npy", np.array([1, NAN], "float32"))
    (tmp_path / "loss.yaml").write_text(
        "constants: {w: w.npy}\ntasks: {a: {loss: huber, weight: 'take(w, y_true.i)'}}\n"
    )
    zeros = np.zeros(2, "float32")
    arrays = {"y_true.a": zeros, "y_pred.a": zeros, "y_true.i": np.array([0, 1])}
    np.savez(tmp_path / "batch.npz", **arrays)
    told = losscomp("check", "loss.yaml", "--batch", "batch.npz", cwd=tmp_path, megabytes=None)
    assert (told.code, told.stderr) == (1, "")
    assert told.stdout.startswith("loss.yaml:1:1: error[invalid-constant]: ")


def test_keys_may_nest_only_so_deep(tmp_path):
    np.savez(tmp_path / "batch.npz", **{"y_true" + ".a" * 100: np.zeros(2)})
    with pytest.raises(StopError, match=r"its keys are like `y_true\.depth` and `y_pred\.depth`$"):
        check_on_batch(str(tmp_path / "batch.npz"))
