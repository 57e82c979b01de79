"""Overrides: which value they change, and where their own mistakes are shown."""

from __future__ import annotations

import numpy as np
import pytest

from composer import SpecError, build_total_loss, check_spec, load_spec
from composer.language.frames import show
from composer.language.yaml.document import read_document
from composer.overrides import MOST, overridden
from composer.reading import examine_text
from tests.command import losscomp

TEXT = """\
tasks:
  depth:
    weight: 0.5
    loss:
      - {type: huber, delta: 1}
      - type: silog
        name: scale
      - absolute_difference
  pose: {loss: huber}
  "a.b": {loss: &h {type: huber}}
  again: {loss: *h}
constants: {few: [1, 2, 3]}
"""


def changed(*overrides):
    """The document's data with the overrides."""
    return overridden(read_document(TEXT, "a.yaml"), overrides).root.to_python()


def before():
    return read_document(TEXT, "a.yaml").root.to_python()


@pytest.mark.parametrize(
    ("override", "path", "value"),
    [
        ("tasks.depth.weight=0.3", ("tasks", "depth", "weight"), 0.3),
        ("tasks.depth.weight= ramp(step, 0, 10) ", ("tasks", "depth", "weight"), "ramp(step, 0, 10)"),
        ("tasks.depth.loss.0.delta=2", ("tasks", "depth", "loss", 0, "delta"), 2),
        ("tasks.depth.loss[0].delta=2", ("tasks", "depth", "loss", 0, "delta"), 2),
        ("tasks.depth.loss.huber.delta=2", ("tasks", "depth", "loss", 0, "delta"), 2),
        ("tasks.depth.loss.scale.lambda=1", ("tasks", "depth", "loss", 1, "lambda"), 1),
        ("tasks.depth.loss.1=dice", ("tasks", "depth", "loss", 1), "dice"),
        ("tasks.pose.loss={type: huber, delta: 3}", ("tasks", "pose", "loss"), {"type": "huber", "delta": 3}),
        ('tasks."a.b".weight=2', ("tasks", "a.b", "weight"), 2),
        ("tasks.pose.mask=y_true == 1", ("tasks", "pose", "mask"), "y_true == 1"),
        ("regularization.weight=0.1", ("regularization", "weight"), 0.1),
        ("tasks.new={loss: huber}", ("tasks", "new"), {"loss": "huber"}),
        ("constants.few[1]=7", ("constants", "few", 1), 7),
        ("reduction=sum", ("reduction",), "sum"),
        ("reduction=", ("reduction",), None),
    ],
)  # fmt: skip
def test_one_value_changes_and_no_other(override, path, value):
    data = changed(override)
    assert at(data, path) == value
    put(expected := before(), path, value)
    assert data == expected


def at(data, path):
    for segment in path:
        data = data[segment]
    return data


def put(data, path, value):
    for segment in path[:-1]:
        data = data.setdefault(segment, {}) if isinstance(data, dict) else data[segment]
    data[path[-1]] = value


@pytest.mark.parametrize("path", ["tasks.pose.loss.delta", "tasks.pose.loss.huber.delta"])
def test_a_loss_that_is_a_name_becomes_one_with_parameters(path):
    data = changed(f"{path}=3")
    assert data["tasks"]["pose"]["loss"] == {"type": "huber", "delta": 3}


def test_what_an_alias_repeats_changes_at_one_place_alone():
    data = changed("tasks.again.loss.delta=9")
    assert data["tasks"]["again"]["loss"] == {"type": "huber", "delta": 9}
    assert data["tasks"]["a.b"]["loss"] == {"type": "huber"}


def test_later_overrides_win():
    assert changed("reduction=sum", "reduction=weighted_mean")["reduction"] == "weighted_mean"


def test_the_document_stays_as_it_is():
    document = read_document(TEXT, "a.yaml")
    overridden(document, ["tasks.depth.weight=3", "tasks.depth.loss.0.delta=3"])
    assert document.root.to_python() == before()


def test_a_mapping_of_paths_to_values():
    overrides = {"tasks.depth.weight": 0.25, "tasks.pose.loss": {"type": "huber", "delta": 2}}
    data = overridden(read_document(TEXT, "a.yaml"), overrides).root.to_python()
    assert data["tasks"]["depth"]["weight"] == 0.25
    assert data["tasks"]["pose"]["loss"]["delta"] == 2


def test_a_mapping_of_values_is_quoted_where_text_looks_like_a_number():
    data = overridden(read_document(TEXT, "a.yaml"), {"reduction": "1e-3"}).root.to_python()
    assert data["reduction"] == "1e-3"


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("tasks.dept.weight=1", """\
--set:1:7: error[unknown-path]: there is no task `dept`
1 | tasks.dept.weight=1
  |       ^^^^
  at a.yaml
1 | tasks:
  | ----- the tasks
help: did you mean `depth`?"""),
        ("tasks.depth.wieght=1", """\
--set:1:13: error[unknown-field]: there is no field `wieght` in a task
1 | tasks.depth.wieght=1
  |             ^^^^^^
help: did you mean `weight`?"""),
        ("tasks.depth.weight=on", """\
--set:1:20: error[unknown-name]: there is no name `on`
1 | tasks.depth.weight=on
  |                    ^^
help: `on` is text in YAML 1.2; a finite number is required"""),
        ("tasks.depth.loss.0.delta=-1", """\
--set:1:26: error[invalid-value]: `delta` is above 0, found `-1`
1 | tasks.depth.loss.0.delta=-1
  |                          ^^"""),
        ("tasks.depth.mask=y_true > 0 and y_tru < 3", """\
--set:1:33: error[unknown-name]: there is no name `y_tru`
1 | tasks.depth.mask=y_true > 0 and y_tru < 3
  |                                 ^^^^^
help: did you mean `y_true`?"""),
        ("tasks.depth.loss.7.delta=1", """\
--set:1:18: error[unknown-path]: `7` is not in this list
1 | tasks.depth.loss.7.delta=1
  |                  ^
  at a.yaml
4 |     loss:
  |     ---- the list
help: numbers from 0 to 2, or `huber`, `scale`, `absolute_difference`"""),
        ("tasks.depth.weight.low=1", """\
--set:1:20: error[unknown-path]: `tasks.depth.weight` has nothing below it
1 | tasks.depth.weight.low=1
  |                    ^^^
  at a.yaml
3 |     weight: 0.5
  |     ------ here"""),
        ("low.high", """\
--set:1:1: error[invalid-override]: an override is a path, `=` and a value
1 | low.high
  | ^^^^^^^^
help: write `tasks.depth.weight=0.3`"""),
        ("tasks.depth.=1", """\
--set:1:1: error[invalid-override]: an override is a path, `=` and a value
1 | tasks.depth.=1
  | ^^^^^^^^^^^^^^
help: write `tasks.depth.weight=0.3`"""),
        ("tasks.depth.loss[0]delta=1", """\
--set:1:1: error[invalid-override]: an override is a path, `=` and a value
1 | tasks.depth.loss[0]delta=1
  | ^^^^^^^^^^^^^^^^^^^^^^^^^^
help: write `tasks.depth.weight=0.3`"""),
        ("tasks.depth.weight", """\
--set:1:1: error[invalid-override]: an override is a path, `=` and a value
1 | tasks.depth.weight
  | ^^^^^^^^^^^^^^^^^^
help: write `tasks.depth.weight=0.3`"""),
        ("tasks.depth.weight=[1", """\
--set:1:20: error[invalid-yaml]: the `[` that opens here is never closed
1 | tasks.depth.weight=[1
  |                    ^
help: close it with `]`"""),
        ("tasks.depth.weight=", """\
--set:1:13: error[empty-value]: `weight` has no value
1 | tasks.depth.weight=
  |             ^^^^^^
help: write one, or remove the key"""),
        ("tasks.depth.weight=!!python/name:os.system 1", """\
--set:1:20: error[tag-refused]: the tag `!!python/name:os.system` is refused
1 | tasks.depth.weight=!!python/name:os.system 1
  |                    ^^^^^^^^^^^^^^^^^^^^^^^
help: losscomp reads plain data; remove the tag"""),
        ("tasks.depth.weight=\x1b[2J", """\
--set:1:20: error[invalid-character]: the character U+001B is not allowed in a spec
1 | tasks.depth.weight=\\u{1b}[2J
  |                    ^^^^^^
help: remove it"""),
    ],
)  # fmt: skip
def test_an_override_is_the_place_of_its_error(override, told):
    _, problems, _ = examine_text(TEXT.replace("silog", "hinge"), "a.yaml", (), [override])
    assert [show(problem) for problem in problems] == [told]


def test_all_wrong_overrides_are_told():
    with pytest.raises(SpecError) as caught:
        overridden(read_document(TEXT, "a.yaml"), ["a", "tasks.x.y=1", "reduction=sum"])
    assert [problem.code for problem in caught.value.problems] == [
        "invalid-override",
        "unknown-path",
    ]


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ("tasks.depth.weight=1", r'overrides are a list such as \["tasks.depth.weight=0.3"\]'),
        (
            {"tasks.depth.weight": object()},
            "`tasks.depth.weight` holds a object, which no spec can",
        ),
    ],
)
def test_what_is_no_list_of_overrides(overrides, message):
    with pytest.raises(TypeError, match=message):
        overridden(read_document(TEXT, "a.yaml"), overrides)


@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        (["reduction=sum"] * (MOST + 1), "--set: error[too-large]: there are at most 1000 overrides, found 1001"),
        (["a" + ".a" * 64 + "=1"], "--set:1:129: error[too-deep]: a path has at most 64 names, found 65"),
        (["a" + ".a" * 50_000 + "=1"], "--set:1:129: error[too-deep]: a path has at most 64 names, found 50001"),
    ],
)  # fmt: skip
def test_overrides_are_bounded(overrides, told):
    _, problems, _ = examine_text(TEXT, "a.yaml", (), overrides)
    assert [str(problem) for problem in problems] == [told]


@pytest.mark.parametrize("name", ["²", "9" * 5_000, "-1", "0x0"])
def test_what_is_no_number_of_a_list(name):
    _, problems, _ = examine_text(TEXT, "a.yaml", (), [f"tasks.depth.loss.{name}.delta=1"])
    assert [(problem.code, problem.column) for problem in problems] == [("unknown-path", 18)]


def test_a_name_given_twice_in_a_list_is_not_guessed():
    text = "tasks: {a: {loss: [huber, huber, silog]}}"
    _, problems, _ = examine_text(text, "a.yaml", (), ["tasks.a.loss.huber.delta=1"])
    assert [(each.message, each.help) for each in problems] == [
        ("`huber` is 2 times in this list", "numbers from 0 to 2, or `silog`")
    ]


@pytest.mark.parametrize("name", ["silog", "1", "[1]"])
def test_a_loss_of_a_list_that_is_a_name_becomes_one_with_parameters(name):
    path = f"tasks.a.loss.{name}.lambda=0.25".replace(".[", "[")
    document = read_document("tasks: {a: {loss: [huber, silog]}}", "a.yaml")
    data = overridden(document, [path]).root.to_python()
    assert data["tasks"]["a"]["loss"] == ["huber", {"type": "silog", "lambda": 0.25}]


def test_every_override_has_a_line_of_its_own():
    """Two of them at the same column are two places, in lists of problems and in frames."""
    text = "tensors: {y_true: {a: 'int8[batch]'}, y_pred: {a: 'float32[batch]'}}\n"
    text += "tasks: {a: {loss: huber}, b: {loss: huber, y_true: y_true.a, y_pred: y_pred.a}}\n"
    overrides = ["tasks.a.weight=0", "tasks.b.weight=0"]
    _, problems, _ = examine_text(text, "a.yaml", (), overrides)
    assert [(p.code, p.line, p.column) for p in problems] == [
        ("zero-weight", 1, 16), ("zero-weight", 2, 16),
    ]  # fmt: skip
    overrides = [
        "tensors.y_true.a=int8[batch, 4]",
        "tensors.y_pred.a=float32[batch, 5]",
        "tasks.b=\n {loss: huber, y_true: y_true.a, y_pred: 3 + }",
    ]
    _, problems, _ = examine_text(text, "a.yaml", (), overrides)
    drawn = show(problems[0]).splitlines()
    assert "1 | tensors.y_true.a=int8[batch, 4]" in drawn
    assert "2 | tensors.y_pred.a=float32[batch, 5]" in drawn
    assert [(p.file, p.line, p.excerpt) for p in problems[1:]] == [
        ("--set", 4, " {loss: huber, y_true: y_true.a, y_pred: 3 + }")
    ]


def test_a_mapping_holds_what_yaml_and_numpy_can_say():
    overrides = {
        "tasks.depth.weight": np.float32(0.25),
        "tasks.depth.mask": 'y_true["\N{GRINNING FACE}"] > 0',
        "constants.few": np.array([1, 2]),
    }
    data = overridden(read_document(TEXT, "a.yaml"), overrides).root.to_python()
    assert data["tasks"]["depth"]["weight"] == 0.25
    assert data["tasks"]["depth"]["mask"] == 'y_true["\N{GRINNING FACE}"] > 0'
    assert data["constants"]["few"] == [1, 2]


def test_in_python(tmp_path):
    file = tmp_path / "a.yaml"
    file.write_text("tasks: {depth: {loss: huber, weight: 1}}\n")
    overrides = ["tasks.depth.weight=0.3"]
    assert load_spec(file, overrides=overrides).tasks["depth"].weight.text == "0.3"
    assert check_spec(file, overrides=["tasks.depth.weight=-1"])[0].code == "negative-weight"
    spec = load_spec(file)
    total_loss = build_total_loss(spec, overrides={"tasks.depth.weight": 0.25})
    total, breakdown = total_loss({"depth": [[3.0]]}, {"depth": [[1.0]]})
    assert float(breakdown["depth/huber"].weight) == 0.25
    assert float(total) == 0.25 * 1.5  # huber of 2 is 1.5
    assert spec.tasks["depth"].weight.text == "1"


def test_on_the_command_line(tmp_path):
    (tmp_path / "a.yaml").write_text("tasks: {depth: {loss: huber, weight: 1}}\n")
    words = [
        "check",
        "a.yaml",
        "--set",
        "tasks.depth.weight=-1",
        "--set",
        "tasks.depth.loss.delta=0",
    ]
    outcome = losscomp(*words, cwd=tmp_path)
    assert outcome.stdout == (
        "--set:2:24: error[invalid-value]: `delta` is above 0, found `0`\n"
        "2 | tasks.depth.loss.delta=0\n"
        "  |                        ^\n\n"
        "1 error in 1 file\n"
    )
    assert (outcome.code, outcome.stderr) == (1, "")
