"""The edits of problems: made until none is left, they make a spec of what was meant."""

from __future__ import annotations

import pytest

from composer.language.diagnostics import Problem
from composer.reading import examine_text

ROUNDS = 6
TENSORS = """\
tensors:
  y_true: {depth: "float32[batch, h]", valid: "bool[batch]", scene: "uint8[batch]"}
  y_pred: {depth: "float32[batch, h]", scene: "float32[batch, 5]", heads: "float32[batch, 2]"}
"""


def problems_of(text: str) -> list[Problem]:
    return examine_text(text, "loss.yaml")[1]


def mended(text: str) -> str:
    """The text with all edits made, round after round."""
    for _ in range(ROUNDS):
        edits = sorted({edit for problem in problems_of(text) for edit in problem.edits}, key=place)
        for edit in reversed(edits):
            text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def place(edit):
    return edit.start


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        # fields and names
        ("wieght: 2  # half", "weight: 2  # half"),
        ('"wieght": 2', '"weight": 2'),
        ("loss_weight: 2", "weight: 2"),
        ("ignore_index: 255", "mask: y_true != 255"),
        ("ignore_class: -1  # void", "mask: y_true != -1  # void"),
        # numbers and booleans of YAML 1.1
        ("weight: 1_000", "weight: 1000"),
        ("weight: 1:30", "weight: 90"),
        ("weight: 50%", "weight: 0.5"),
        ("weight: 0,5", "weight: 0.5"),
        ("mask: yes", "mask: true"),
        ("mask: Off", "mask: false"),
        # other languages
        ("mask: y_true > 0 & y_true < 80", "mask: y_true > 0 and y_true < 80"),
        (
            "mask: (isnan(y_true) | isnan(y_pred)) and y_pred > 0",
            "mask: (isnan(y_true) or isnan(y_pred)) and y_pred > 0",
        ),
        ("weight: 0,125", "weight: 0.125"),
        ("mask: (y_true < 0) | (y_true > 80)", "mask: (y_true < 0) or (y_true > 80)"),
        ("mask: ~isnan(y_true) & ~(y_true > 3)", "mask: not isnan(y_true) and not (y_true > 3)"),
        ("mask: y_true > 0 && !isnan(y_true)", "mask: y_true > 0 and not isnan(y_true)"),
        ("mask: !isnan(y_true)", "mask: not isnan(y_true)"),
        ("mask: y_true > 0 AND y_true < 3", "mask: y_true > 0 and y_true < 3"),
        ("mask: y_true == 1 or 2 or 3", "mask: y_true in [1, 2, 3]"),
        ("mask: y_true != 1 and 2", "mask: y_true not in [1, 2]"),
        ("mask: y_true == [1, 2]", "mask: y_true in [1, 2]"),
        ("weight: 1 + ((y_true > 3) == 1 or 0)", "weight: 1 + ((y_true > 3) in [1, 0])"),
        (
            "mask: (y_true > 3 or y_pred > 3) == [1, 2]",
            "mask: (y_true > 3 or y_pred > 3) in [1, 2]",
        ),
        ("mask: y_true != (1, 2)", "mask: y_true not in (1, 2)"),
        ("mask: y_true != nan", "mask: not isnan(y_true)"),
        ("weight: 1 + (y_true == NaN)", "weight: 1 + (isnan(y_true))"),
        ("mask: y_true is not 255", "mask: y_true != 255"),
        ("mask: y_true = 3", "mask: y_true == 3"),
        ("mask: y_true => 3", "mask: y_true >= 3"),
        ("mask: y_true ≥ 3", "mask: y_true >= 3"),
        ("mask: y_true\u00a0> 3", "mask: y_true > 3"),
        ('mask: y_true == "7"', "mask: y_true == 7"),
        ("mask: y_true.class > 3", 'mask: y_true["class"] > 3'),
        ('mask: "y_true.глубина > 3"', 'mask: "y_true[\\"глубина\\"] > 3"'),
        ("mask: 'y_true.is'", "mask: 'y_true[\"is\"]'"),
        ("weight: 1 / y_true ^ 2", "weight: 1 / y_true ** 2"),
        ("weight: 2 if y_true > 3 else 1", "weight: where(y_true > 3, 2, 1)"),
        # calls
        ("mask: tf.math.is_finite(y_true)", "mask: isfinite(y_true)"),
        ("mask: isfiinte(y_true)", "mask: isfinite(y_true)"),
        ("mask: y_true.mean(axis=-1) > 0", "mask: mean(y_true, axis=-1) > 0"),
        ("mask: any(y_true > 0, -1)", "mask: any(y_true > 0, axis=-1)"),
        ("mask: any(y_true > 0, dim=-1)", "mask: any(y_true > 0, axis=-1)"),
        ("weight: clamp(y_true, 0, 1)", "weight: clip(y_true, 0, 1)"),
        ("weight: max(y_true, 1)", "weight: maximum(y_true, 1)"),
        ("weight: ramp(step, 0, stop=9)", "weight: ramp(step, 0, end=9)"),
        ("weight: piecewise(step, 9, [1, 2])", "weight: piecewise(step, [9], [1, 2])"),
        # what is sound, and not meant
        ("weight: ramp(step, 0, 9, 2, 2)", "weight: 2"),
        ("weight: 2 * ramp(step, 0, 9, -0.5, -0.5) ** 2", "weight: 2 * (-0.5) ** 2"),
        ("mask: isnan(y_true)", "mask: not isnan(y_true)"),
        ("mask: not isfinite(y_true)", "mask: isfinite(y_true)"),
    ],
)
def test_a_field_of_a_task(wrong: str, right: str):
    frame = "tasks:\n  a:\n    loss: huber\n    {}\n    # the end\n"
    assert mended(frame.format(wrong)) == frame.format(right)


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("huberr", "huber"),
        ("'mse'", "'mean_squared_error'"),
        ("torch.nn.MSELoss", "mean_squared_error"),
        ("{typ: huber, detla: 1_000}", "{type: huber, delta: 1000}"),
        ('{"type":"huber","delta":"0.5"}', '{"type":"huber","delta":0.5}'),
        ("{type:huber, delta: 2}", "{type: huber, delta: 2}"),
        ("{type: huber, weight: ramp(step, 0, 9)}", '{type: huber, weight: "ramp(step, 0, 9)"}'),
        ("[{type: huber, reduction: weighted_sum}]", "[{type: huber, reduction: sum}]"),
        ("{type: huber, reduction: weighted_maen}", "{type: huber, reduction: weighted_mean}"),
        ("{type: dice, sparse: yes, pre: image}", "{type: dice, sparse: true, per: image}"),
        ("{type: center, num_classes: 3.0, embedding_size: '8'}",
         "{type: center, num_classes: 3, embedding_size: 8}"),
    ],
)  # fmt: skip
def test_a_loss(wrong: str, right: str):
    assert mended(f"tasks:\n  a:\n    loss: {wrong}\n") == f"tasks:\n  a:\n    loss: {right}\n"


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("dpeth: {loss: huber}", "depth: {loss: huber}"),
        ("'dpeth': {loss: huber}", "'depth': {loss: huber}"),
        ("depth: {loss: huber, mask: y_true.vaild}", "depth: {loss: huber, mask: y_true.valid}"),
        ("depth: {loss: huber, mask: y_pred.valid}", "depth: {loss: huber, mask: y_true.valid}"),
        ("depth: {loss: huber, mask: valid}", "depth: {loss: huber, mask: y_true.valid}"),
        ("depth: {loss: huber, mask: y_true.valid == true}",
         "depth: {loss: huber, mask: y_true.valid == True}"),
        ("depth: {loss: huber, y_true: 'y_pred.heads[0]', y_pred: 'y_pred.heads[:, 1]'}",
         "depth: {loss: huber, y_true: 'y_pred.heads[:, 0]', y_pred: 'y_pred.heads[:, 1]'}"),
        ("depth: {loss: huber, y_true: '(2 * y_pred.heads)[1]', y_pred: 'y_pred.heads[:, 1]'}",
         "depth: {loss: huber, y_true: '(2 * y_pred.heads)[:, 1]', y_pred: 'y_pred.heads[:, 1]'}"),
        ("scene: {loss: sparse_softmax_cross_entropy, mask: y_true == 3.0}",
         "scene: {loss: sparse_softmax_cross_entropy, mask: y_true == 3}"),
        ("scene: {loss: sparse_softmax_cross_entropy, y_true: y_true.scene, weight: stpe}",
         "scene: {loss: sparse_softmax_cross_entropy, y_true: y_true.scene, weight: step}"),
    ],
)  # fmt: skip
def test_names_of_what_is_declared(wrong: str, right: str):
    assert mended(f"{TENSORS}tasks:\n  {wrong}\n") == f"{TENSORS}tasks:\n  {right}\n"


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("flaot32[batch]", "float32[batch]"),
        ("float[batch]", "float32[batch]"),
        ("float32(batch, 3)", "float32[batch, 3]"),
        ("'float32(batch, 3)'", "'float32[batch, 3]'"),
    ],
)
def test_declarations(wrong: str, right: str):
    frame = "tensors:\n  y_true:\n    a: {}\ntasks:\n  a:\n    loss: huber\n"
    assert mended(frame.format(wrong)) == frame.format(right)


def test_integers_of_two_sizes_are_not_chosen_between():
    text = 'tensors: {y_true: {a: "int[batch]"}}\ntasks: {a: {loss: huber}}\n'
    assert mended(text) == text


def test_a_constant_in_quotes_is_a_number():
    text = "constants: {q: %s}\ntasks: {a: {loss: huber, weight: q}}\n"
    assert mended(text % '"0.5"') == text % "0.5"


def test_quotes_come_first_within_braces():
    text = "tensors: {y_true: {a: %s}}\ntasks: {a: {loss: huber}}\n"
    assert mended(text % "flaot32[batch]") == text % '"float32[batch]"'


@pytest.mark.parametrize(
    "task",
    [
        "loss: huber, weight: 012",  # 10 to YAML 1.1, 12 to a person
        "loss: huber, mask: y_true.flags & 4",  # a bit
        "loss: huber, mask: not y_true.a & y_true.b",
        "loss: huber, mask: y_true != 1 or 2",
        "loss: huber, weight: y_true ^ y_pred",
        "loss: huber, weight: -y_true ^ 2",
        "loss: huber, weight: 'reduce_mean(y_true, 1)'",
        "loss: huber, mask: y_true == 1 or 2",  # a list within braces takes quotes
        "loss: huber, weight: 1, wieght: 2",  # there is one already
        "loss: huber, mask: y_true.a == y_true.b & y_true.c",  # `&` binds first, or was to bind last
        "loss: huber, mask: y_true.flags & y_true.bit == y_true.bit",
        "loss: huber, mask: y_true.a | y_true.b and y_true.c",  # `or` would bind last
        "loss: huber, weight: y_true ^ 2 ^ 3",
        "loss: huber, weight: '1,000'",  # a thousand, or one
        "loss: {type: huber, delta: '1,500'}",
        "loss: huber, weight: tf.reduce_mean(y_true)",  # there over the batch, too
        "loss: huber, weight: reduce_sum(y_true)",
        "loss: huber, weight: y_true.mean()",
        "loss: huber, weight: 'np.max(y_true, 1)'",  # over axis 1
        "loss: huber, weight: tf.argmax(y_true)",  # over axis 0
        "loss: binary_cross_entropy",  # of probabilities in PyTorch
        "loss: cosine_similarity",  # normalized in Keras, and turned round
        "loss: triplet_margin_loss",  # its distance is not squared
        "loss: sigmoid_focal_loss",  # its alpha is 0.25 in torchvision
        "loss: l2_loss",  # a sum in TensorFlow
        "loss: si_rmse",  # has a root
        "loss: sparse_categorical_crossentropy",  # from probabilities, or from logits
        "loss: {type: huber, reduction: mean}",
        "loss: {type: sigmoid_cross_entropy, from_logits: true}",
        "loss: huber, ignore_index: x",
        "loss: [huber, huber]",
        "loss: huber, weight: epoch",
    ],
)
def test_what_may_mean_several_things_has_none(task: str):
    problems = problems_of("tasks: {a: {" + task + "}}")
    assert problems
    assert [problem.edits for problem in problems] == [()] * len(problems)


def test_a_misspelt_task_is_not_given_the_name_of_another():
    text = TENSORS + "tasks:\n  depth: {loss: huber}\n  depht: {loss: huber}\n"
    assert mended(text) == text


def test_an_edit_is_made_where_the_value_stands():
    text = "x: &x {typ: huber}\ntasks:\n  a: {loss: *x}\n  b: {loss: *x}\n"
    assert mended(text) == text.replace("typ", "type")
    assert problems_of(text)[-1].places[0].text == "used here"


def test_an_override_has_no_edit():
    _, problems, _ = examine_text("tasks: {a: {loss: huber}}", "f", (), ["tasks.a.wieght=2"])
    assert [(problem.file, problem.edits) for problem in problems] == [("--set", ())]
