"""The terms of a spec: what each inherits from its task, what names mean, what is scalar."""

from __future__ import annotations

import pytest

from composer import parse_spec
from composer.language import tree as t
from composer.language.expression import parse
from composer.terms import is_scalar, reads_step, split, tensors_read, terms_of


def tree(text):
    return parse(text).tree


def trees(parts):
    return [part.tree for part in parts]


SPEC = """
reduction: weighted_mean
constants: {scale: 2, table: [1, 2]}
tasks:
  depth:
    weight: 0.5
    mask: y_true > 0
    loss:
      - huber
      - {type: huber, name: coarse, delta: 2, weight: step * y_true, mask: y_pred < 9, reduction: sum}
  class:
    loss:
      type: absolute_difference
      weight: y_true + y_pred
  pose:
    y_true: y_true.pose / scale
    y_pred: y_pred["pose head"].out
    mask: y_true.valid
    weight: y_true
    loss:
      - absolute_difference
      - type: huber
        y_true: y_true[..., :3]
        y_pred: log(y_pred)
        mask: y_true > y_pred
        weight: y_true.certainty
  embedding:
    loss:
      - type: center
        num_classes: 5
        embedding_size: 8
        y_true: y_true.person
      - type: triplet
        anchor: y_pred
        positive: y_pred.b
        negative: y_pred["c"] * 2
        mask: y_true.valid and y_pred[..., 0] > 0
regularization: {weight: scale}
"""


@pytest.fixture(scope="module")
def terms():
    return {term.name: term for term in terms_of(parse_spec(SPEC))}


def test_names_paths_and_reductions(terms):
    assert list(terms) == [
        "depth/huber", "depth/coarse", "class/absolute_difference", "pose/absolute_difference",
        "pose/huber", "embedding/center", "embedding/triplet",
    ]  # fmt: skip
    assert terms["depth/coarse"].path == ("tasks", "depth", "loss", 1)
    assert terms["class/absolute_difference"].path == ("tasks", "class", "loss", 0)
    assert terms["depth/huber"].reduction == "weighted_mean"
    assert terms["depth/coarse"].reduction == "sum"


def test_the_tensors_of_a_task_bear_its_name(terms):
    roles = terms["depth/huber"].roles
    assert roles["y_true"].tree == tree("y_true.depth")
    assert roles["y_pred"].tree == tree("y_pred.depth")
    assert roles["y_true"].path == ("tasks", "depth")
    assert roles["y_true"].expression.text == "y_true.depth"


def test_a_task_may_bear_a_reserved_name(terms):
    term = terms["class/absolute_difference"]
    assert term.roles["y_true"].tree == tree('y_true["class"]')
    assert trees(term.weights) == [tree("1"), tree('y_true["class"] + y_pred["class"]')]


def test_masks_and_weights_of_the_task_come_first(terms):
    plain, coarse = terms["depth/huber"], terms["depth/coarse"]
    assert trees(plain.masks) == [tree("y_true.depth > 0")]
    assert trees(plain.weights) == [tree("0.5"), tree("1")]
    assert trees(coarse.masks) == [tree("y_true.depth > 0"), tree("y_pred.depth < 9")]
    assert trees(coarse.weights) == [tree("0.5"), tree("step * y_true.depth")]
    assert [part.path for part in coarse.masks] == [
        ("tasks", "depth", "mask"),
        ("tasks", "depth", "loss", 1, "mask"),
    ]
    assert [part.path for part in coarse.weights] == [
        ("tasks", "depth", "weight"),
        ("tasks", "depth", "loss", 1, "weight"),
    ]


def test_a_task_may_compute_its_tensors(terms):
    term = terms["pose/absolute_difference"]
    assert term.roles["y_true"].tree == tree("y_true.pose / scale")
    assert term.roles["y_pred"].tree == tree('y_pred["pose head"].out')
    assert term.roles["y_true"].path == ("tasks", "pose", "y_true")
    assert trees(term.masks) == [tree("y_true.valid")]
    assert trees(term.weights) == [tree("y_true.pose / scale"), tree("1")]


def test_in_a_loss_that_overrides_them_bare_names_are_the_losses_own(terms):
    term = terms["pose/huber"]
    inner_true = tree("(y_true.pose / scale)[..., :3]")
    inner_pred = tree('log(y_pred["pose head"].out)')
    assert term.roles["y_true"].tree == inner_true
    assert term.roles["y_pred"].tree == inner_pred
    assert term.roles["y_pred"].path == ("tasks", "pose", "loss", 1, "y_pred")
    # The task's mask and weight read the task's tensors still.
    assert trees(term.masks) == [
        tree("y_true.valid"),
        t.Compare(0, 0, (">",), (inner_true, inner_pred)),
    ]
    assert trees(term.weights) == [tree("y_true.pose / scale"), tree("y_true.certainty")]


def test_the_other_tensor_stays_the_tasks(terms):
    roles = terms["embedding/center"].roles
    assert roles["y_true"].tree == tree("y_true.person")
    assert roles["y_pred"].tree == tree("y_pred.embedding")


def test_other_roles_read_what_they_name(terms):
    term = terms["embedding/triplet"]
    assert {role: part.tree for role, part in term.roles.items()} == {
        "anchor": tree("y_pred.embedding"),
        "positive": tree("y_pred.b"),
        "negative": tree("y_pred.c * 2"),
    }
    assert term.roles["anchor"].path == ("tasks", "embedding", "loss", 1, "anchor")
    assert trees(term.masks) == [tree("y_true.valid and y_pred.embedding[..., 0] > 0")]


def test_bare_names_are_replaced_everywhere():
    text = "where(not (y_true in [1]), -y_true[..., 0], any(0 < y_true < 2 or y_pred > 1))"
    spec = parse_spec(f"tasks: {{a: {{loss: huber, weight: '{text}'}}}}")
    whole = text.replace("y_true", "y_true.a").replace("y_pred", "y_pred.a")
    assert terms_of(spec)[0].weights[0].tree == tree(whole)


def test_what_is_read_comes_once_and_in_order():
    assert tensors_read(parse_spec(SPEC)) == {
        "y_true": [
            ("depth",), ("class",), ("pose",), ("valid",), ("certainty",), ("person",),
        ],
        "y_pred": [
            ("depth",), ("class",), ("pose head", "out"), ("embedding",), ("b",), ("c",),
        ],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("where", "wanted"),
    [
        ("tasks: {a: {loss: huber}}", False),
        ("tasks: {a: {loss: huber, weight: step}}", True),
        ("tasks: {a: {loss: huber, mask: step > 3}}", True),
        ("tasks: {a: {loss: {type: huber, weight: 'ramp(step, 0, 9)'}}}", True),
        ("tasks: {a: {loss: huber, y_true: y_true.a * step}}", True),
        ("{tasks: {a: {loss: huber}}, regularization: {weight: step}}", True),
        ("{tasks: {a: {loss: huber}}, regularization: {weight: 2}}", False),
    ],
)
def test_what_reads_the_step(where, wanted):
    assert reads_step(parse_spec(where)) is wanted


@pytest.mark.parametrize(
    ("text", "scalars", "rest"),
    [
        ("2", ["2"], None),
        ("step / 10", ["step / 10"], None),
        ("-step", ["-step"], None),
        ("y_true", [], "y_true"),
        ("2 * y_true", ["2"], "y_true"),
        ("y_true / n", ["1/n"], "y_true"),
        ("n / y_true", ["n"], "1.0 / y_true"),
        ("-(y_true * n)", ["-1", "n"], "y_true"),
        ("step * y_true * n * y_pred", ["step", "n"], "y_true * y_pred"),
        ("y_true * (2 * y_pred)", ["2"], "y_true * y_pred"),
        ("y_true * (y_pred * y_true.w)", [], "y_true * (y_pred * y_true.w)"),
        ("y_true / (n / y_pred)", ["1/n"], "y_true / (1.0 / y_pred)"),
        ("y_true + n", [], "y_true + n"),
        ("2 * (y_true + n)", ["2"], "y_true + n"),
    ],
)
def test_scalars_leave_a_product_and_the_rest_keeps_its_order(text, scalars, rest):
    def factor(text):
        return (tree(text.removeprefix("1/")), text.startswith("1/"))

    found, left = split(tree(text), {"n": 0})
    assert found == [factor(each) for each in scalars]
    assert left == (None if rest is None else tree(rest))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("1", True), ("step", True), ("ramp(step, 0, n)", True), ("n * step > 3", True),
        ("table", False), ("take(table, step)", False), ("table[0]", False), ("y_true", False),
        ("y_pred.a * step", False), ("mean(y_true)", False), ("last_axis(table)", False),
    ],
)  # fmt: skip
def test_what_is_scalar(text, wanted):
    assert is_scalar(tree(text), {"n": 0, "table": 1}) is wanted


def test_tensors_that_stand_in_tensors_do_not_multiply():
    """A spec of three levels reads one tensor a million times, and stays quick."""
    hundred = " + ".join(["(" + " + ".join(["{}"] * 10) + ")"] * 10)
    task, loss = hundred.format(*["y_true.a"] * 100), hundred.format(*["y_true"] * 100)
    spec = parse_spec(
        f"tasks: {{a: {{y_true: {task}, loss: {{type: huber, y_true: {loss}, mask: '{loss} > 0'}}}}}}"
    )
    assert tensors_read(spec) == {"y_true": [("a",)], "y_pred": [("a",)]}
    assert not reads_step(spec)
