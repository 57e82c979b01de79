"""What each rule finds in a spec, with the text that it marks, and what it keeps silent about."""

from __future__ import annotations

import pytest

from composer import check_spec, parse_spec

TENSORS = """
tensors:
  y_true:
    label: int32[batch]
    byte: uint8[batch, h, w]
    flag: bool[batch]
    depth: float32[batch, h, w]
    half: float16[batch]
    rows: float32[batch, 5]
    id: int64[batch]
  y_pred:
    label: float32[batch, 5]
    seg: float32[batch, h, w, 5]
    depth: float32[batch, h, w]
    wide: float64[batch, h, w]
    flag: float32[batch]
constants: {four: [1, 2, 3, 4], five: [1, 2, 3, 4, 5], k: 3, late: 100, zero: 0, small: 1.0e-30, whole: 3.0,
            nothing: [0, 0, 0, 0, 0],
            large: [1, 1, 1, 1, 1.0e+39]}
"""
LABEL = "y_true: y_true.label\ny_pred: y_pred.label\nloss: sparse_softmax_cross_entropy\n"
SEG = "y_true: y_true.byte\ny_pred: y_pred.seg\nloss: sparse_softmax_cross_entropy\n"
DEPTH = "y_true: y_true.depth\ny_pred: y_pred.depth\nloss: huber\n"
WIDE = "y_true: y_true.depth\ny_pred: y_pred.wide\nloss: huber\n"
FLAG = "y_true: y_true.flag\ny_pred: y_pred.flag\nloss: sigmoid_cross_entropy\n"
SIGNED = "y_true: y_true.id\ny_pred: y_pred.flag\nloss: {type: hinge, labels: signed}\n"


def found(task: str) -> list[tuple[str, str, str]]:
    """Code, marked text and message of every problem but those of what the task does not read."""
    text = f"{TENSORS}tasks:\n  t:\n    " + task.strip().replace("\n", "\n    ") + "\n"
    lines = text.split("\n")
    return [
        (p.code, lines[p.line - 1][p.column - 1 : p.end_column - 1], p.message)
        for p in check_spec(parse_spec(text))
        if not p.code.startswith("unused-")
    ]


NOTHING = "nothing counts, and the loss is 0"
FOUND = [
    # masks
    (DEPTH + "mask: true", "constant-mask", "true", "the mask is true everywhere: it removes nothing"),
    (DEPTH + "mask: false", "constant-mask", "false", f"the mask is false everywhere: {NOTHING}"),
    (SEG + "mask: isfinite(y_true)", "constant-mask", "isfinite(y_true)",
     "the mask always holds, since `y_true` is a whole number from 0 to 255: it removes nothing"),
    (DEPTH + "mask: y_true > 0 and y_true < 0", "contradiction", "y_true > 0 and y_true < 0",
     f"the mask never holds: {NOTHING}"),
    (DEPTH + "mask: 80 < y_true < 0", "contradiction", "80 < y_true < 0",
     f"the mask never holds: {NOTHING}"),
    (SEG + "mask: y_true == 256", "impossible-comparison", "y_true == 256",
     "`y_true == 256` never holds: `y_true` is a whole number from 0 to 255"),
    (SEG + "mask: y_true == 5 or y_true == 2", "impossible-comparison", "y_true == 5",
     "`y_true == 5` never holds: `y_true` is a whole number from 0 to 4 by this loss"),
    (SEG + "mask: not (y_true != 5)", "impossible-comparison", "y_true != 5",
     "`y_true != 5` always holds: `y_true` is a whole number from 0 to 4 by this loss"),
    (SEG + "mask: y_true in [255]", "impossible-comparison", "y_true in [255]",
     "`y_true in [255]` never holds: `y_true` is a whole number from 0 to 4 by this loss"),
    (LABEL + "weight: 1 + 4 * (y_true == 5)", "impossible-comparison", "y_true == 5",
     "`y_true == 5` never holds: `y_true` is a whole number from 0 to 4 by this loss"),
    (FLAG + "mask: y_true == 2", "impossible-comparison", "y_true == 2",
     "`y_true == 2` never holds: `y_true` is 0 or 1"),
    (SIGNED + "mask: y_true > 1", "impossible-comparison", "y_true > 1",
     "`y_true > 1` never holds: `y_true` is a whole number from -1 to 1 by this loss"),
    (SEG + "mask: not (y_true < 0)", "constant-mask", "not (y_true < 0)",
     "the mask always holds, since `y_true` is a whole number from 0 to 255: it removes nothing"),
    (DEPTH + "mask: y_true > 0 or y_true < 80", "constant-mask", "y_true > 0 or y_true < 80",
     "the mask always holds, but for NaN: every number passes one side of its `or`"),
    (DEPTH + "mask: not isfinite(y_true)", "contradiction", "not isfinite(y_true)",
     "the mask keeps nothing but NaN and infinity of y_true.depth: the loss is no number"),
    (DEPTH + "mask: y_pred > 0 and not isfinite(y_pred)", "contradiction",
     "y_pred > 0 and not isfinite(y_pred)",
     "the mask keeps nothing but NaN and infinity of y_pred.depth: the loss is no number"),
    # parameters
    ("y_true: y_true.label\ny_pred: y_pred.label\nloss: {type: sparse_softmax_focal, alpha: 0}",
     "zero-weight", "0", "`alpha` is 0: the loss is shown and trains nothing"),
    ("y_true: y_true.rows\ny_pred: y_pred.label\nloss: {type: softmax_focal, alpha: [0, 0, 0, 0, 0]}",
     "zero-weight", "alpha", "`alpha` is 0: the loss is shown and trains nothing"),
    ("y_true: y_true.rows\ny_pred: y_pred.label\nloss: {type: sigmoid_focal, alpha: 1}",
     "zero-weight", "1", "`alpha` is 1: labels of 0 count for nothing"),
    ("y_true: y_true.rows\ny_pred: y_pred.label\nloss: {type: weighted_cross_entropy, pos_weight: 0}",
     "zero-weight", "0", "`pos_weight` is 0: labels of 1 count for nothing"),
    ("y_true: y_true.rows\ny_pred: y_pred.label\nloss: {type: softmax_cross_entropy, label_smoothing: 1}",
     "zero-weight", "1", "`label_smoothing` is 1: the labels count for nothing"),
    # comparisons
    (DEPTH + "mask: y_true == 0.1", "inexact-comparison", "0.1",
     "`0.1` is not a number that float32 holds, and equality is exact"),
    (DEPTH + "mask: y_true.half != 4097", "inexact-comparison", "4097",
     "`4097` is not a number that float16 holds, and equality is exact"),
    (DEPTH + "mask: y_true.half != 70000", "inexact-comparison", "70000",
     "`70000` is not a number that float16 holds, and equality is exact"),
    (LABEL + "mask: y_true != 3.0", "inexact-comparison", "3.0",
     "labels of int32 are compared as floats with `3.0`"),
    (LABEL + "mask: y_true != y_pred.flag", "inexact-comparison", "y_true",
     "labels are compared as floats: int32 with float32"),
    (DEPTH + "mask: y_true / 2 != 3", "inexact-comparison", "y_true / 2",
     "`y_true / 2` is rounded, and seldom equal to a number"),
    (DEPTH + "mask: sigmoid(y_pred) in [0.5]", "inexact-comparison", "sigmoid(y_pred)",
     "`sigmoid(y_pred)` is rounded, and seldom equal to a number"),
    # weights
    (DEPTH + "weight: 0", "zero-weight", "0",
     "the weight is 0 everywhere: the loss is shown and trains nothing"),
    (DEPTH + "weight: zero * y_true", "zero-weight", "zero * y_true",
     "the weight is 0 everywhere: the loss is shown and trains nothing"),
    (DEPTH + "weight: -2", "negative-weight", "-2",
     "the weight is negative: training makes the loss larger"),
    (DEPTH + "weight: -exp(y_true)", "negative-weight", "-exp(y_true)",
     "the weight is negative: training makes the loss larger"),
    (DEPTH + "weight: ramp(step, 0, 10, -1, 1)", "negative-weight", "ramp(step, 0, 10, -1, 1)",
     "the weight is -1 at step 0"),
    (DEPTH + "weight: 1.0e-46", "vanishing-weight", "1.0e-46",
     "the weight is 1e-46, which float32 takes for 0"),
    (DEPTH + "weight: 1.0e+39", "overflowing-weight", "1.0e+39",
     "the weight is 1e+39, which float32 takes for infinity"),
    (DEPTH.replace("huber", "{type: huber, weight: 1.0e-20}") + "weight: small",
     "vanishing-weight", "1.0e-20",
     "the weight, with the task's, is 1e-50, which float32 takes for 0"),
    (DEPTH.replace("huber", "{type: huber, reduction: weighted_mean}") + "weight: y_true - 3",
     "negative-weight", "y_true - 3",
     "`weighted_mean` divides by the sum of the weights, and this one may be negative"),
    (LABEL + "weight: take(four, y_true)", "shape-mismatch", "take(four, y_true)",
     "`four` has 4 rows, and `y_true` is 0 to 4: a label beyond the table weighs NaN"),
    # schedules
    (DEPTH + "weight: ramp(step, 0, 10, 2, 2)", "idle-schedule", "ramp(step, 0, 10, 2, 2)",
     "`ramp` never moves: it is 2 at every step"),
    (DEPTH + "weight: cycle(step, 10, [1])", "idle-schedule", "cycle(step, 10, [1])",
     "`cycle` never moves: it is 1 at every step"),
    (DEPTH + "weight: piecewise(step, [1, 2], [3, 3, k])", "idle-schedule",
     "piecewise(step, [1, 2], [3, 3, k])", "`piecewise` never moves: it is 3 at every step"),
    (DEPTH + "weight: ramp(7, 0, 10)", "idle-schedule", "ramp(7, 0, 10)",
     "`ramp` never moves: its first argument does not read `step`"),
    (DEPTH + "weight: ramp(step, 100, 0)", "backward-schedule", "ramp(step, 100, 0)",
     "`ramp` runs backwards, from step 100 to step 0"),
    (DEPTH + "weight: cosine(step, late, k)", "backward-schedule", "cosine(step, late, k)",
     "`cosine` runs backwards, from step 100 to step 3"),
    (DEPTH + "mask: step > ramp(step, 100, 0)", "backward-schedule", "ramp(step, 100, 0)",
     "`ramp` runs backwards, from step 100 to step 0"),
    # tensors
    (SEG.replace("y_pred.seg", "softmax(y_pred.seg)"), "probabilities-as-logits",
     "softmax(y_pred.seg)",
     "`sparse_softmax_cross_entropy` takes logits, found the probabilities of a softmax"),
    (FLAG.replace("y_pred.flag", "sigmoid(y_pred.label)[:, 0]"),
     "probabilities-as-logits", "sigmoid(y_pred.label)",
     "`sigmoid_cross_entropy` takes logits, found the probabilities of a sigmoid"),
    ("y_true: y_pred.depth\ny_pred: y_true.depth\nloss: huber", "swapped-sides", "y_true.depth",
     "`y_pred` reads no prediction, found y_true.depth"),
    ("y_true: y_true.depth\ny_pred: stop_gradient(y_pred.depth)\nloss: huber", "no-gradient", "huber",
     "no gradient of `t/huber` reaches a prediction: its roles read none, or through functions "
     "without a gradient"),
    (DEPTH + "mask: isnan(y_true)", "contradiction", "isnan(y_true)",
     "the mask keeps nothing but NaN of y_true.depth: the loss is NaN"),
    (DEPTH + "mask: y_true != y_true", "contradiction", "y_true != y_true",
     "the mask keeps nothing but NaN of y_true.depth: the loss is NaN"),
    (SEG + "mask: any(y_true > 300, axis=-1)", "impossible-comparison", "y_true > 300",
     "`y_true > 300` never holds: `y_true` is a whole number from 0 to 255"),
    (FLAG + "weight: 3 * (y_true > 1)", "impossible-comparison", "y_true > 1",
     "`y_true > 1` never holds: `y_true` is 0 or 1"),
    (DEPTH + "weight: cycle(step, 10, [0, 0])", "zero-weight", "cycle(step, 10, [0, 0])",
     "the weight is 0 everywhere: the loss is shown and trains nothing"),
    (DEPTH + "weight: ramp(step, -1000, 0, 3, 2)", "idle-schedule", "ramp(step, -1000, 0, 3, 2)",
     "`ramp` never moves: it is 2 at every step"),
    (DEPTH + "weight: piecewise(step, [0], [1, 2])", "idle-schedule", "piecewise(step, [0], [1, 2])",
     "`piecewise` never moves: it is 2 at every step"),
    (LABEL + "weight: 2 * take(nothing, y_true)", "zero-weight", "2 * take(nothing, y_true)",
     "the weight is 0 everywhere: the loss is shown and trains nothing"),
    (FLAG.replace("y_pred.flag", "clip(sigmoid(y_pred.flag), 0.001, 0.999)"), "probabilities-as-logits",
     "sigmoid(y_pred.flag)", "`sigmoid_cross_entropy` takes logits, found the probabilities of a sigmoid"),
    (LABEL.replace("y_pred.label", "y_pred.label[:, :1]"), "one-class", "y_pred.label[:, :1]",
     "`t/sparse_softmax_cross_entropy` has one class alone, and is always 0"),
    ("loss: {type: triplet, anchor: y_pred.label, positive: y_pred.label, negative: y_true.rows}",
     "equal-roles", "y_pred.label", "`anchor` and `positive` both read y_pred.label"),
    (LABEL + "mask: y_true != whole", "inexact-comparison", "whole",
     "labels of int32 are compared as floats with `whole`"),
    (DEPTH + "weight: 1 - 2 * ramp(step, 0, 100)", "negative-weight", "1 - 2 * ramp(step, 0, 100)",
     "the weight is -1 at step 100"),
    (DEPTH + "weight: 1 - step / 1000", "negative-weight", "1 - step / 1000",
     "the weight is -0.001 at step 1001"),
    ("y_true: y_pred.depth\ny_pred: y_pred.depth\nloss: huber", "equal-roles", "y_pred.depth",
     "`y_true` and `y_pred` both read y_pred.depth"),
    (DEPTH + "weight: cycle(step, 1, [1, 0])", "idle-schedule", "cycle(step, 1, [1, 0])",
     "`cycle` never moves: it is 1 at every step"),
    ("y_true: y_true.half\ny_pred: y_pred.flag\nloss: mean_pairwise_squared_error", "one-element",
     "mean_pairwise_squared_error", "`t/mean_pairwise_squared_error` has one element a sample, and is always 0"),
    (DEPTH + "weight: step - 2000000", "negative-weight", "step - 2000000",
     "the weight is -2e+06 at step 0"),
    (SEG + "mask: y_true in [1, 2, 7]", "impossible-comparison", "7",
     "`y_true` is never 7: it is a whole number from 0 to 4"),
    (LABEL + "weight: take(large, y_true)", "overflowing-weight", "take(large, y_true)",
     "`large` is 1e+39, which float32 takes for infinity"),
    ("y_true: y_true.rows\ny_pred: y_pred.label\nloss: softmax_cross_entropy\n"
     "weight: take(four, argmax(y_true))", "shape-mismatch", "take(four, argmax(y_true))",
     "`four` has 4 rows, and `argmax(y_true)` is 0 to 4: a label beyond the table weighs NaN"),
]  # fmt: skip


@pytest.mark.parametrize(("task", "code", "marked", "message"), FOUND)
def test_what_is_found(task, code, marked, message):
    problems = found(task)
    assert (code, marked, message) in problems
    assert len(problems) == 1


SILENT = [
    SEG + "mask: y_true != 255",
    SEG + "mask: not (y_true == 255 or y_true == 254)",
    SEG + "mask: y_true < 5",
    SEG + "weight: where(y_true == 255, 0, 1)",
    SEG + "weight: y_true != 255",
    SEG + "weight: 2 * (y_true < 5)",
    SEG + "mask: y_true != 4\nweight: take(four, y_true)",
    SEG + "weight: take(five, y_true)",
    LABEL + "mask: y_true >= 0\nweight: 1 + 4 * (y_true == 4)",
    FLAG + "mask: y_true or y_true.label > 0",
    SIGNED + "mask: y_true != 0",
    DEPTH + "mask: y_true == y_true",
    DEPTH + "mask: y_true > 0 or y_true <= 0",
    DEPTH + "mask: y_true < 0 or y_true > 80",
    DEPTH + "mask: y_true > 0 or y_true < 80 or isfinite(y_true)",
    DEPTH + "mask: y_true.half > 0 and not isfinite(y_true.half)",
    "y_true: y_true.rows\ny_pred: y_pred.label\nloss: {type: softmax_focal, alpha: [0, 0, 0, 0, 1]}",
    "y_true: y_true.rows\ny_pred: y_pred.label\nloss: {type: softmax_focal, alpha: 1}",
    DEPTH + "mask: y_true != 0 and y_true != -1 and y_true != 0.5",
    DEPTH + "mask: y_true > 0 and y_true < 1",
    DEPTH + "mask: sum(y_true.rows, axis=-1) == 1",
    DEPTH + "mask: argmax(y_pred.label / 2) == y_true.label",
    DEPTH + "mask: y_true.id == 9007199254740993",
    DEPTH + "mask: step > 100",
    DEPTH.replace("huber", "{type: huber, mask: y_true < 80}") + "mask: y_true > 0",
    DEPTH + "weight: ramp(step, 0, 10)",
    DEPTH + "weight: ramp(step, 10, 10)",
    DEPTH + "weight: cosine(step, 0, 10, 0, 1)",
    DEPTH + "weight: y_true - 3",
    DEPTH + "weight: -log(sigmoid(y_true))",
    DEPTH + "weight: 1.0e-30",
    WIDE + "weight: 1.0e-46",
    WIDE + "weight: 1.0e+39",
    DEPTH.replace("huber", "{type: huber, reduction: weighted_mean}") + "weight: y_true",
    DEPTH.replace("huber", "{type: huber, reduction: weighted_mean}") + "weight: 1 - y_true.flag",
    DEPTH.replace("huber", "{type: huber, reduction: weighted_mean}") + "weight: exp(-y_true)",
    DEPTH + "weight: 1 - ramp(step, 0, 100)",
    DEPTH + "weight: 1.0e-6 * step ** 2",
    DEPTH + "weight: 1 / (1 + step) ** 2",
    DEPTH + "weight: 1 - abs(step % 200 - 100) / 100",
    DEPTH + "weight: (100 - minimum(step // 10, 100)) / 100",
    DEPTH + "weight: 2 * sigmoid(2 * step / 1000) - 1",
    DEPTH + "weight: ramp(step, 0, 100) - ramp(step, 100, 200)",
    SEG + "weight: 1 - (y_true == 255)",
    "y_pred: y_pred.depth\ny_true: y_true.depth\nloss: huber\nmask: all(not y_true.flag)",
    DEPTH.replace("huber", "{type: huber, reduction: weighted_mean}")
    + "weight: 1 + (y_true.id - 40) ** 2 / 100",
    DEPTH.replace("huber", "{type: huber, reduction: weighted_mean}")
    + "weight: (1 - 0.999) / (1 - 0.999 ** take(five, y_true.label))",
    DEPTH.replace("huber", "{type: huber, reduction: weighted_mean}") + "weight: 2 ** y_true - 1",
    DEPTH + "mask: sqrt(sum(square(y_true), axis=-1)) != 0",
    DEPTH + "mask: mean(y_true.rows != 0, axis=-1) == 1",
    DEPTH + "mask: y_true != 9999.99 and y_true.half != 9999",
    DEPTH + "weight: 1 - ramp(step, 0, 100) ** 2",
    DEPTH + "weight: 1 - exp(-step / 1000)",
    DEPTH + "weight: 1 - sigmoid(step / 100 - 5)",
    DEPTH + "weight: 1 - minimum(step / 1000, 1)",
    DEPTH + "weight: 1 - 0.99 ** step",
    DEPTH + "mask: y_true != 1.0e+20 and y_true != -999.99 and y_true != -3.4028235e+38",
    SIGNED.replace("{type: hinge, labels: signed}", "sigmoid_cross_entropy\nmask: 0 <= y_true <= 1")
    + "\nweight: 2 - y_true",
    FLAG.replace("sigmoid_cross_entropy", "{type: sigmoid_cross_entropy, reduction: weighted_mean}")
    + "weight: 1 - mean(y_true.rows == 1, axis=-1)",
    FLAG.replace("y_pred.flag", "log(sigmoid(y_pred.flag))"),
    FLAG.replace("sigmoid_cross_entropy", "log_loss").replace(
        "y_pred.flag", "sigmoid(y_pred.flag)"
    ),
    "y_true: sigmoid(y_pred.flag)\ny_pred: sigmoid(y_pred.flag)\nloss: log_loss",
    "y_true: stop_gradient(y_pred.wide)\ny_pred: y_pred.depth\nloss: huber",
]


@pytest.mark.parametrize("task", SILENT)
def test_what_is_right_stays_silent(task):
    assert found(task) == []


def test_masks_that_exclude_each_other():
    task = DEPTH.replace("huber", "{type: huber, mask: y_true < 0}") + "mask: y_true > 0"
    assert found(task) == [
        ("contradiction", "y_true < 0",
         f"this mask never holds where the task's does, `y_true > 0`: {NOTHING}")
    ]  # fmt: skip


def test_a_mask_that_never_holds_is_told_once_for_all_losses():
    task = "y_true: y_true.depth\ny_pred: y_pred.depth\nloss: [huber, absolute_difference]\n"
    assert len(found(task + "mask: y_true > 0 and y_true < 0")) == 1


def test_tensors_and_constants_that_nobody_reads():
    text = (
        "tensors: {y_true: {a: 'float32[batch]', b: {c: 'bool[batch]'}}, y_pred: {a: 'float32[batch]'}}\n"
        "constants: {w: 2}\ntasks: {a: {loss: huber}}\n"
    )
    problems = check_spec(parse_spec(text))
    assert [(p.code, p.message) for p in problems] == [
        ("unused-tensor", "y_true.b.c is declared, and no expression reads it"),
        ("unused-constant", "no expression reads the constant `w`"),
    ]


def test_nobody_is_blamed_for_what_a_mistake_leaves_unread():
    text = (
        "tensors: {y_true: {a: 'float32[batch]'}, y_pred: {a: 'float32[batch]', b: 'float32[batch]'}}\n"
        "tasks: {a: {loss: huber, y_pred: y_pred.bb}}\n"
    )
    assert [p.code for p in check_spec(parse_spec(text))] == ["unknown-tensor"]


MEANINGS = [
    ("sparse_softmax_cross_entropy", "y_true: y_true.seg\ny_pred: sigmoid(y_pred.seg[..., 0])\nloss: log_loss",
     "y_true.seg is taken for labels of 0 and 1 here, "
     "and for class numbers by `seg/sparse_softmax_cross_entropy`"),
    ("sparse_softmax_cross_entropy", "y_true: y_true.seg\ny_pred: y_pred.seg\nloss: {type: dice, sparse: true}",
     "y_pred.seg is taken for probabilities here, "
     "and for logits by `seg/sparse_softmax_cross_entropy`"),
    ("sparse_softmax_cross_entropy", "y_true: y_true.seg\ny_pred: softmax(y_pred.seg)\nloss: {type: dice, sparse: true}",
     None),
    ("sparse_softmax_cross_entropy", "y_true: y_true.seg\ny_pred: y_pred.few\nloss: sparse_softmax_focal",
     "y_true.seg is taken for labels of 3 classes here, "
     "and for labels of 5 classes by `seg/sparse_softmax_cross_entropy`"),
    ("sparse_softmax_cross_entropy",
     "y_true: y_true.seg\ny_pred: y_pred.few\nloss: sparse_softmax_focal\nmask: y_true < 3", None),
    ("sparse_softmax_cross_entropy",
     "y_true: y_true.seg\ny_pred: y_pred.few\nloss: sparse_softmax_focal\nweight: 1.0 * (y_true < 3)",
     None),
    ("{type: sparse_softmax_focal, y_pred: y_pred.few, mask: y_true < 3}",
     "y_true: y_true.seg\ny_pred: y_pred.seg\nloss: sparse_softmax_cross_entropy", None),
]  # fmt: skip


@pytest.mark.parametrize(("first", "second", "message"), MEANINGS)
def test_one_tensor_in_two_meanings(first, second, message):
    text = (
        "tensors:\n  y_true: {seg: 'int32[batch, h]'}\n  y_pred:\n    seg: float32[batch, h, 5]\n    few: float32[batch, h, 3]\n"
        f"tasks:\n  seg: {{loss: {first}}}\n  other:\n    " + second.replace("\n", "\n    ") + "\n"
    )
    problems = [p for p in check_spec(parse_spec(text)) if p.code != "unused-tensor"]
    assert [(p.code, p.message) for p in problems] == (
        [("mixed-meaning", message)] if message else []
    )


def test_two_classes_may_be_read_as_probabilities_too():
    text = (
        "tensors:\n  y_true: {a: 'int32[batch]'}\n  y_pred: {a: 'float32[batch, 2]', b: 'float32[batch]'}\n"
        "tasks:\n  a: {loss: sparse_softmax_cross_entropy}\n"
        "  b: {loss: sigmoid_cross_entropy, y_true: y_true.a}\n"
    )
    assert check_spec(parse_spec(text)) == []


def test_the_weight_of_regularization():
    text = "tasks: {a: {loss: huber}}\nregularization: {weight: -1}\n"
    assert [(p.code, p.line) for p in check_spec(parse_spec(text))] == [("negative-weight", 2)]


def test_an_expression_that_stands_on_a_large_one_is_not_looked_into():
    """A task's `y_true` may multiply at every level: 40 places of 40 places of 40."""
    long = " + ".join(["y_true"] * 40)
    text = (
        f"tasks: {{a: {{y_true: '{long}', loss: {{type: huber, y_true: '{long}', "
        f"mask: '({long}) > 0 and ({long}) < 0'}}}}}}\n"
    )
    assert check_spec(parse_spec(text)) == []


@pytest.mark.parametrize(
    "task",
    [
        "weight: where(not y_true.f, 0, 1)",
        "mask: all(not y_true.f)",
        "weight: 1 - (y_true.x or y_true.y)\n    reduction: weighted_mean",
        "mask: (not y_true.f) == True",
    ],
)
def test_what_is_not_declared_may_be_anything(task):
    spec = f"tasks:\n  a:\n    loss:\n    - type: huber\n      {task}\n".replace(
        "\n    re", "\n      re"
    )
    assert check_spec(parse_spec(spec)) == []


def test_a_weight_of_regularization_that_is_wrong_is_not_looked_at():
    text = "tasks: {a: {loss: huber}}\nregularization: {weight: reg}\n"
    assert [p.code for p in check_spec(parse_spec(text))] == ["unknown-name"]


def test_a_role_without_a_mask_is_not_said_to_be_masked():
    assert check_spec(parse_spec("tasks: {a: {loss: huber, y_pred: 'mean(not y_pred.a)'}}")) == []
