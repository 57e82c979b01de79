"""What `check` finds by dtypes and shapes, and what it keeps silent about."""

from __future__ import annotations

import pytest

from composer import check_spec

TENSORS = """
tensors:
  y_true:
    label: int32[batch]
    depth: float32[batch, h, w, 1]
    flat: float32[batch, h, w]
    mask: bool[batch, h, w]
    has: bool[batch]
    count: uint8[batch]
    any: float32[batch, ...]
    part: float32[batch, ?]
    head: {box: "float32[batch, 4]"}
  y_pred:
    label: float32[batch, 5]
    depth: float32[batch, h, w, 1]
    flat: float32[batch, h, w]
    seg: float32[batch, h, w, 5]
    any: float32[batch, ...]
    part: float32[batch, n]
    head: {box: "float32[batch, 4]"}
constants: {five: [1, 2, 3, 4, 5], four: [1, 2, 3, 4], k: 2, table: [[1], [3], [4], [5], [6]]}
"""


def found(task: str) -> list[tuple[str, str, str | None]]:
    text = f"{TENSORS}tasks:\n  t:\n    " + task.replace("\n", "\n    ")
    problems = check_spec(_mapping(text))
    # Every case reads a few of the tensors above.
    return [(p.code, p.message, p.help) for p in problems if not p.code.startswith("unused-")]


def _mapping(text: str) -> object:
    from composer import parse_spec

    return parse_spec(text)


HUBER = "y_true: y_true.depth\ny_pred: y_pred.depth\nloss: huber\n"
FLAT = "y_true: y_true.flat\ny_pred: y_pred.flat\nloss: huber\n"
LABEL = "y_true: y_true.label\ny_pred: y_pred.label\nloss: sparse_softmax_cross_entropy\n"
SEG = "y_true: y_true.flat\ny_pred: y_pred.seg\nloss: huber\n"

WRONG = {
    "a label axis too few": (
        "y_true: y_true.flat\ny_pred: y_pred.depth\nloss: huber",
        (
            "shape-mismatch",
            "`huber` takes `y_true` [...] and `y_pred` [...], "
            "found float32[batch, h, w] and float32[batch, h, w, 1]: `...` is 3 axes in `y_true` and 4 axes in `y_pred`",
            "write `y_true: y_true.flat[..., None]`, or `y_pred: y_pred.depth[..., 0]`",
        ),
    ),
    "float labels": (
        "y_true: y_true.depth[:, 0, 0, 0]\ny_pred: y_pred.label\nloss: sparse_softmax_cross_entropy",
        (
            "dtype-mismatch",
            "`y_true` of `sparse_softmax_cross_entropy` takes integers, found float32[batch]",
            "labels are class numbers, stored as integers",
        ),
    ),
    "one-hot rows as labels": (
        "y_true: y_true.head.box\ny_pred: y_pred.label\nloss: sparse_softmax_cross_entropy",
        (
            "dtype-mismatch",
            "`y_true` of `sparse_softmax_cross_entropy` takes integers, found float32[batch, 4]",
            "labels are class numbers, stored as integers; for one-hot rows write "
            "`argmax(y_true)`, or choose `softmax_cross_entropy`",
        ),
    ),
    "class numbers as one-hot rows": (
        "y_true: y_true.label\ny_pred: y_pred.label\nloss: softmax_cross_entropy",
        (
            "shape-mismatch",
            "`softmax_cross_entropy` takes `y_true` [batch, ..., classes] and `y_pred` "
            "[batch, ..., classes], found int32[batch]: `y_true` has 1 axis, fewer than 2",
            "choose `sparse_softmax_cross_entropy`, or write `y_true: one_hot(y_true.label, 5)`",
        ),
    ),
    "a column of labels": (
        "y_true: y_true.label[:, None]\ny_pred: y_pred.label\nloss: sparse_softmax_cross_entropy",
        (
            "shape-mismatch",
            "`sparse_softmax_cross_entropy` takes `y_true` [batch, ...] and `y_pred` "
            "[batch, ..., classes], found int32[batch, 1] and float32[batch, 5]: "
            "`...` is 1 axis in `y_true` and no axes in `y_pred`",
            "write `y_true: y_true.label[:, None][..., 0]`",
        ),
    ),
    "a weight for each channel": (
        HUBER + "weight: y_pred.seg",
        (
            "shape-mismatch",
            "a weight of [batch, h, w, 5] does not fit values of [batch, h, w, 1], "
            "aligned at the left: axis 3 is 5, which is not 1",
            "write `mean(y_pred.seg, axis=-1)`",
        ),
    ),
    "a mask of the last axis alone": (
        "y_true: y_pred.seg\ny_pred: y_pred.seg * 2\nloss: huber\nmask: y_pred.label > 0",
        (
            "shape-mismatch",
            "a mask of [batch, 5] does not fit values of [batch, h, w, 5], aligned at the left: "
            "axis 1 is 5, which is neither h nor 1",
            "write `(y_pred.label > 0)[:, None, None, :]`",
        ),
    ),
    "numbers per class of a single logit": (
        "y_true: y_true.has\ny_pred: y_pred.label[:, 0]\n"
        "loss: {type: weighted_cross_entropy, pos_weight: [1, 2, 3]}",
        (
            "shape-mismatch",
            "`weighted_cross_entropy` takes `y_true` [batch, ..., classes] and `y_pred` "
            "[batch, ..., classes], found bool[batch]: `y_true` has 1 axis, fewer than 2",
            None,
        ),
    ),
    "two names for one size": (
        "y_true: y_true.flat[:, :, 0]\ny_pred: y_pred.flat[:, 0, :]\nloss: huber",
        (
            "shape-mismatch",
            "`huber` takes `y_true` [...] and `y_pred` [...], found float32[batch, h] and "
            "float32[batch, w]: axis 1 of `y_true` is h, and axis 1 of `y_pred` is w",
            "axes of equal size have one name under `tensors:`",
        ),
    ),
    "integers as predictions": (
        "y_true: y_true.count\ny_pred: y_true.label\nloss: huber",
        ("dtype-mismatch", "`y_pred` of `huber` takes floats, found int32[batch]", None),
    ),
    "a mask that is no boolean": (
        FLAT + "mask: y_true",
        ("dtype-mismatch", "a mask is boolean, found float32", "compare it, such as `y_true != 0`"),
    ),
    "a mask finer than the values": (
        LABEL + "mask: y_pred > 0",
        (
            "shape-mismatch",
            "a mask of [batch, 5] does not fit values of [batch], aligned at the left: "
            "2 axes are more than 1",
            "write `all(y_pred > 0, axis=-1)`",
        ),
    ),
    "a mask of other sizes": (
        "y_true: y_true.head.box\ny_pred: y_pred.head.box\nloss: huber\nmask: y_pred.label > 0",
        (
            "shape-mismatch",
            "a mask of [batch, 5] does not fit values of [batch, 4], aligned at the left: "
            "axis 1 is 5, which is neither 4 nor 1",
            None,
        ),
    ),
    "a constant as a weight": (
        LABEL + "weight: five",
        (
            "unplaced-constant",
            "a constant with axes does not say which axis of the values it weighs",
            "write `take(constant, y_true)` for one weight per class, or `last_axis(constant)`",
        ),
    ),
    "a channel weight of another length": (
        "y_true: y_true.head.box\ny_pred: y_pred.head.box\nloss: huber\nweight: last_axis(five)",
        (
            "shape-mismatch",
            "a weight on the last axis has 5 entries, the values are [batch, 4]",
            None,
        ),
    ),
    "a channel weight on values for each sample": (
        LABEL + "weight: last_axis(five)",
        (
            "shape-mismatch",
            "a weight on the last axis meets values of [batch], whose last axis is the batch",
            None,
        ),
    ),
    "an unknown tensor": (
        LABEL + "mask: y_true.hass",
        (
            "unknown-tensor",
            "y_true has no `hass`; it has `label`, `depth`, `flat`, `mask`, `has`, `count`, `any`, "
            "`part`, `head`",
            "did you mean `has`?",
        ),
    ),
    "a mapping where a tensor is due": (
        "y_true: y_true.head\ny_pred: y_pred.head.box\nloss: huber",
        ("unknown-tensor", "y_true.head is a mapping; it has `box`", "name one of its tensors"),
    ),
    "an unknown name": (
        LABEL + "weight: fiv * 2",
        ("unknown-name", "there is no name `fiv`", "did you mean `five`?"),
    ),
    "one number too few per class": (
        "y_true: one_hot(y_true.label, 5)\ny_pred: y_pred.label\n"
        "loss: {type: softmax_focal, alpha: [1, 2, 3]}",
        ("shape-mismatch", "`alpha` has 3 numbers, one per class, for 5 classes", None),
    ),
    "an embedding of another size": (
        "y_true: y_true.label\ny_pred: y_pred.label\n"
        "loss: {type: center, num_classes: 10, embedding_size: 8}",
        (
            "shape-mismatch",
            "`center` takes `y_true` [batch] and `y_pred` [batch, embedding_size], "
            "found int32[batch] and float32[batch, 5]: `embedding_size` is 8, and axis 1 of `y_pred` is 5",
            None,
        ),
    ),
    "a constant as a role": (
        "y_true: y_true.label\ny_pred: k + 1\nloss: huber",
        ("shape-mismatch", "`y_pred` is a tensor of the batch, found a constant", None),
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_mistake_is_told_in_one_problem(name: str):
    task, expected = WRONG[name]
    assert found(task) == [expected]


RIGHT = {
    "a mask of fewer axes": HUBER + "mask: y_true.has",
    "a mask of the image under a trailing 1": HUBER + "mask: y_true.mask",
    "masks of several ranks together": HUBER + "mask: y_true.has and y_true.mask and y_true > 0",
    "a weight for every class": LABEL + "weight: take(five, y_true)",
    "a weight for every channel": "y_true: y_true.head.box\ny_pred: y_pred.head.box\n"
    "loss: huber\nweight: last_axis(four)",
    "a product of scalars and tensors": LABEL
    + "weight: ramp(step, 0, k) * (1 + 4 * (y_true == 3))",
    "an unknown rank": "y_true: y_true.any\ny_pred: y_pred.any\nloss: huber\nmask: y_true > 0",
    "an unknown size": "y_true: y_true.part\ny_pred: y_pred.part\nloss: huber",
    "uint8 targets": "y_true: y_true.count\ny_pred: y_pred.label[..., 0]\nloss: huber",
    "a region loss with a mask of its pixels": "y_true: y_true.depth\ny_pred: y_pred.depth\n"
    "loss: silog\nmask: y_true > 0",
    "a step mask": HUBER + "mask: step > 10",
    "nested tensors": "y_true: y_true.head.box\ny_pred: y_pred.head.box\nloss: huber",
    "one-hot rows made from labels": "y_true: one_hot(y_true.label, 5)\ny_pred: y_pred.label\n"
    "loss: softmax_cross_entropy",
    "a task's tensor reshaped by a loss": "y_true: y_true.flat\ny_pred: y_pred.depth\n"
    "loss: [{type: huber, y_true: 'y_true[..., None]'}]",
    "a table of rank 2": LABEL + "weight: sum(take(table, y_true), axis=-1)",
}


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_right_stays_silent(name: str):
    assert found(RIGHT[name]) == []


def test_without_tensors_only_names_are_checked():
    spec = {
        "tasks": {
            "a": {"loss": "huber", "mask": "y_true.x + nope > 0", "weight": "take(w, y_true)"}
        }
    }
    assert [(p.code, p.message) for p in check_spec(spec)] == [
        ("unknown-name", "there is no name `nope`"),
        ("unknown-name", "there is no name `w`"),
    ]


def test_two_losses_of_one_name_are_told_at_the_second():
    text = "tasks:\n  a:\n    loss:\n      - huber\n      - {type: huber, delta: 2}\n"
    (problem,) = check_spec(_mapping(text))
    assert (problem.code, problem.line, problem.column, problem.message, problem.help) == (
        "duplicate-name",
        5,
        16,
        "two losses have the name `a/huber`",
        "give one of them a `name:`",
    )


def test_a_faulty_expression_of_a_task_is_told_once_for_all_its_losses():
    spec = {"tasks": {"a": {"loss": ["huber", "silog"], "mask": "nope"}}}
    assert [p.code for p in check_spec(spec)] == ["unknown-name"]


def test_the_weight_of_regularization_reads_no_tensor():
    spec = {"tasks": {"a": {"loss": "huber"}}, "regularization": {"weight": "y_true.a"}}
    assert [(p.code, p.message) for p in check_spec(spec)] == [
        ("shape-mismatch", "the weight of `regularization` is a number, or reads `step` alone")
    ]


def test_the_default_tensors_of_a_task_are_found_whatever_its_name():
    text = "tensors: {y_true: {class: 'float32[batch]'}, y_pred: {class: 'float32[batch]'}}\n"
    assert (
        check_spec(_mapping(text + "tasks: {class: {loss: huber, mask: 'y_true[\"class\"] > 0'}}"))
        == []
    )


def test_a_place_inside_an_expression_is_marked():
    (problem,) = check_spec(_mapping("tasks:\n  a:\n    loss: huber\n    mask: y_true > nope\n"))
    assert (problem.line, problem.column, problem.end_column) == (4, 20, 24)


def test_a_tensor_that_a_task_names_is_checked_though_no_loss_reads_it():
    assert (
        found("y_true: y_true.nope\nloss: {type: l2, y_pred: y_pred.label}")[0][0]
        == "unknown-tensor"
    )


def test_a_weight_for_each_sample_does_not_pass_for_one_of_each_class():
    text = (
        "tensors: {y_true: {s: 'float32[3, 5, 3]', w: 'float32[3]'}, y_pred: {s: 'float32[3, 5, 3]'}}\n"
        "tasks: {s: {loss: {type: dice, per: batch}, weight: y_true.w}}"
    )
    codes = [(p.code, p.severity) for p in check_spec(_mapping(text))]
    assert codes == [("couples-batch", "warning"), ("shape-mismatch", "error")]


@pytest.mark.parametrize("type_", ["huber", "sparse_softmax_cross_entropy", "triplet"])
def test_a_channel_weight_never_lands_on_the_batch_whatever_its_size(type_):
    roles = {role: f"y_pred.{role}" for role in ("anchor", "positive", "negative")}
    loss = {"type": type_, "weight": "last_axis(c)", **(roles if type_ == "triplet" else {})}
    tensors = {"y_true": {"a": "int32[3]"}, "y_pred": {"a": "float32[3, 5]"}}
    if type_ == "huber":
        tensors["y_pred"]["a"] = "float32[3]"
    if type_ == "triplet":
        tensors["y_pred"] = dict.fromkeys(roles, "float32[3, 5]")
    spec = {"tensors": tensors, "constants": {"c": [1, 2, 3]}, "tasks": {"a": {"loss": loss}}}
    assert [p.message for p in check_spec(spec)] == [
        "a weight on the last axis meets values of [3], whose last axis is the batch"
    ]


def of_dice(**selecting):
    """A Dice over the batch, whose values stand for classes, of which there are as many."""
    tensors = {"y_true": {"s": "float32[batch, c]", "w": "float32[c]"}}
    tensors["y_pred"] = {"s": "float32[batch, c]"}
    loss = {"type": "dice", "per": "batch"}
    spec = {"tensors": tensors, "tasks": {"s": {"loss": loss, **selecting}}}
    return [(p.message, p.help) for p in check_spec(spec) if p.severity == "error"]


def test_a_tensor_of_the_batch_never_passes_for_one_of_the_classes():
    assert of_dice(weight="y_true.w") == [
        (
            "`s/dice` has no value for each sample, only one for each of [classes]; "
            "found a weight of [c]",
            "weigh its values with a number or `last_axis(constant)`",
        )
    ]
    assert of_dice(weight="0.5", mask="any(y_true > 0)") == []


def test_labels_below_nothing_are_no_labels():
    tensors = {"y_true": {"a": "int32[batch]"}, "y_pred": {"a": "float32[batch, 0]"}}
    loss = "sparse_softmax_cross_entropy"
    (problem,) = check_spec({"tensors": tensors, "tasks": {"a": {"loss": loss}}})
    assert problem.message == "`y_true` holds labels from 0 to below `classes`, which is 0"


@pytest.mark.parametrize(
    ("loss", "labels"),
    [
        ("softmax_focal", "float32[batch, {}]"),
        ("sparse_softmax_focal", "int32[batch]"),
        ("sigmoid_focal", "float32[batch, {}]"),
    ],
)
@pytest.mark.parametrize(("classes", "wrong"), [("c", "c"), ("2", "2"), ("3", None), ("?", None)])
def test_a_list_per_class_takes_a_number_of_classes_that_is_known(loss, labels, classes, wrong):
    tensors = {
        "y_true": {"a": labels.format(classes)},
        "y_pred": {"a": f"float32[batch, {classes}]"},
    }
    entry = {"type": loss, "alpha": [0.1, 0.2, 0.3]}
    problems = check_spec({"tensors": tensors, "tasks": {"a": {"loss": entry}}})
    message = f"`alpha` has 3 numbers, one per class, for {wrong} classes"
    assert [p.message for p in problems] == ([message] if wrong else [])
