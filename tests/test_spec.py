"""Specs: what is accepted, what is refused, and that a spec survives the way to plain data and back."""

from __future__ import annotations

import numpy as np
import pytest
from omegaconf import OmegaConf

from composer import Spec, SpecError, check_spec, load_spec, parse_spec
from composer.losses.regression import Huber
from composer.spec import Task

MINIMAL = "tasks: {depth: {loss: huber}}"


def problems(text: str) -> list[tuple[str, int, int, int, str, str | None]]:
    with pytest.raises(SpecError) as caught:
        parse_spec(text)
    return [
        (p.code, p.line, p.column, p.end_column, p.message, p.help) for p in caught.value.problems
    ]


def test_a_loss_may_be_a_name_a_mapping_or_a_list_of_them():
    by_name = parse_spec(MINIMAL)
    assert by_name == parse_spec("tasks: {depth: {loss: {type: huber}}}")
    assert by_name == parse_spec("tasks: {depth: {loss: [huber]}}")
    assert by_name == parse_spec("tasks: {depth: {loss: [{type: huber, delta: 1.0}]}}")


def test_defaults_are_those_of_the_documentation():
    spec = parse_spec(MINIMAL)
    assert spec.reduction == "sum_by_nonzero_weights"
    assert spec.regularization is None
    assert spec.tensors is None
    assert spec.constants == {}
    assert str(spec.tasks["depth"].weight) == "1"
    assert spec.tasks["depth"].mask is None


def test_a_spec_is_frozen():
    spec = parse_spec(MINIMAL)
    with pytest.raises(ValueError, match="frozen"):
        spec.reduction = "sum"


@pytest.mark.parametrize(
    ("yaml", "expected"),
    [
        ("1e-3", 1e-3),
        ("-.5", -0.5),
        ("0x10", 16),
        ("1.0e3", 1000.0),
        ('"0.25"', 0.25),
    ],
)
def test_numbers_are_those_of_yaml_1_2(yaml: str, expected: float):
    spec = parse_spec(f"tasks: {{a: {{loss: huber, weight: {yaml}}}}}")
    assert float(spec.tasks["a"].weight.tree.value) == expected


@pytest.mark.parametrize(
    ("value", "code", "found"),
    [
        ("true", "invalid-type", "`true`"),
        (".nan", "invalid-value", "`.nan`"),
        (".inf", "invalid-value", "`.inf`"),
        ("[1]", "invalid-type", "a list"),
        ("{}", "invalid-type", "a mapping"),
    ],
)
def test_what_is_no_finite_number_is_no_parameter(value: str, code: str, found: str):
    ((given_code, line, column, _, message, _),) = problems(
        f"tasks: {{a: {{loss: {{type: huber, delta: {value}}}}}}}"
    )
    assert (given_code, line, column) == (code, 1, 40)
    assert message.endswith(f", found {found}")


CASES = {
    "an unknown key of a task": (
        "tasks: {a: {loss: huber, wieght: 2}}",
        [("unknown-field", 1, 26, 32, "there is no field `wieght` in a task", "did you mean `weight`?")],
    ),
    "an unknown key of a loss": (
        "tasks: {a: {loss: {type: huber, detla: 2}}}",
        [("unknown-field", 1, 33, 38, "there is no field `detla` in the loss `huber`", "did you mean `delta`?")],
    ),
    "a key that another library has": (
        "tasks: {a: {loss: {type: huber, sample_weight: 2}}}",
        [("unknown-field", 1, 33, 46, "there is no field `sample_weight` in the loss `huber`", "did you mean `weight`?")],
    ),
    "an unknown key at the top": (
        "tasks: {a: {loss: huber}}\ntensor: {}",
        [("unknown-field", 2, 1, 7, "there is no field `tensor` in a spec", "did you mean `tensors`?")],
    ),
    "a loss that another library has": (
        "tasks: {a: {loss: mse}}",
        [("unknown-loss", 1, 19, 22, "there is no loss `mse`", "what `mse` is elsewhere is `mean_squared_error` here")],
    ),
    "a misspelt loss": (
        "tasks: {a: {loss: [hubr]}}",
        [("unknown-loss", 1, 20, 24, "there is no loss `hubr`", "did you mean `huber`?")],
    ),
    "a loss without a type": (
        "tasks: {a: {loss: {delta: 1}}}",
        [("missing-field", 1, 19, 29, "a loss has a `type`", "write `type: huber`, for example")],
    ),
    "a loss that would be a Python object": (
        "tasks: {a: {loss: os:system}}",
        [("unknown-loss", 1, 19, 28, "there is no loss `os:system`", "a spec never names Python objects; give a loss of your own with `losses=` or `--losses`")],
    ),
    "a target that would be a Python object": (
        "tasks: {a: {loss: huber, _target_: os.system}}",
        [("unknown-field", 1, 26, 34, "there is no field `_target_` in a task", "a spec never names Python objects; give a loss of your own with `losses=` or `--losses`")],
    ),
    "a role that the loss does not read": (
        "tasks: {a: {loss: {type: l2, y_true: y_true.b}}}",
        [("unknown-field", 1, 30, 36, "`l2` reads no `y_true`", None)],
    ),
    "no tasks": (
        "reduction: sum",
        [("missing-field", 1, 1, 10, "the field `tasks` is required", "write `tasks:` and below it a name for every head of the model")],
    ),
    "empty tasks": (
        "tasks: {}",
        [("invalid-value", 1, 8, 10, "`tasks` holds at least one entry, found none", None)],
    ),
    "a task without a loss": (
        "tasks: {a: {weight: 1}}",
        [("missing-field", 1, 9, 10, "the field `loss` is required", "write `loss: huber`, for example")],
    ),
    "no loss in the list": (
        "tasks: {a: {loss: []}}",
        [("invalid-value", 1, 19, 21, "a task has one loss or more, found none", None)],
    ),
    "a task of a reserved name": (
        "tasks: {total: {loss: huber}}",
        [("reserved-name", 1, 9, 14, "`total` is a row of every breakdown", "rename the task")],
    ),
    "a weight that is a boolean": (
        "tasks: {a: {loss: huber, weight: true}}",
        [("invalid-type", 1, 34, 38, "a number or an expression is required, found `true`", None)],
    ),
    "a number in quotes": (
        'tasks: {a: {loss: {type: huber, delta: "1e-3"}}}',
        [("invalid-type", 1, 40, 46, "`delta` takes a number, found the text `1e-3`", "remove the quotes: `1e-3`")],
    ),
    "a number of YAML 1.1": (
        "tasks: {a: {loss: {type: huber, delta: 1:30}}}",
        [("invalid-type", 1, 40, 44, "`delta` takes a number, found `1:30`", "`1:30` is text in YAML 1.2, write `90`")],
    ),
    "a reduction that Keras has": (
        "tasks: {a: {loss: huber}}\nreduction: mean",
        [("invalid-value", 2, 12, 16, "`reduction` is one of `sum_by_nonzero_weights`, `weighted_mean`, `sum_over_batch_size`, `sum`, found `mean`", "`weighted_mean` divides by the sum of the weights, `sum_over_batch_size` by the number of elements")],
    ),
    "a range": (
        "tasks: {a: {loss: {type: huber, delta: -1}}}",
        [("invalid-value", 1, 40, 42, "`delta` is above 0, found `-1`", None)],
    ),
    "a number with a point where a whole one is due": (
        "tasks: {a: {loss: {type: center, num_classes: 751.0, embedding_size: 4}}}",
        [("invalid-type", 1, 47, 52, "`num_classes` takes a whole number, found `751.0`", "write `751`")],
    ),
    "a number with a fraction where a whole one is due": (
        "tasks: {a: {loss: {type: center, num_classes: 7.5, embedding_size: 4}}}",
        [("invalid-type", 1, 47, 50, "`num_classes` takes a whole number, found `7.5`", None)],
    ),
    "a negative weight of one class": (
        "tasks: {a: {loss: {type: weighted_cross_entropy, pos_weight: [2, -1.0]}}}",
        [("invalid-value", 1, 66, 70, "`pos_weight` holds numbers from 0 to 1e+30, found `-1.0`", None)],
    ),
    "a negative weight of all classes": (
        "tasks: {a: {loss: {type: weighted_cross_entropy, pos_weight: -2}}}",
        [("invalid-value", 1, 62, 64, "`pos_weight` takes a number from 0 to 1e+30, or a list of one per class, found `-2`", None)],
    ),
    "no weight per class": (
        "tasks: {a: {loss: {type: weighted_cross_entropy, pos_weight: []}}}",
        [("invalid-value", 1, 62, 64, "`pos_weight` holds at least one entry, found none", None)],
    ),
    "a list of tasks": (
        "tasks:\n  - name: depth\n    loss: huber",
        [("invalid-type", 2, 3, 16, "`tasks` takes a mapping, found a list", "write the names as keys, such as `depth:`")],
    ),
    "a list of mappings from names to tasks": (
        "tasks: [{depth: {loss: huber}}]",
        [("invalid-type", 1, 8, 32, "`tasks` takes a mapping, found a list", "write the names as keys, such as `depth:`")],
    ),
    "a list of names for tasks": (
        "tasks: [depth]",
        [("invalid-type", 1, 8, 15, "`tasks` takes a mapping, found a list", "write `tasks:` and below it a name for every head of the model")],
    ),
    "the weights of the classes as a weight": (
        "tasks: {a: {loss: {type: huber, weight: [1, 2]}}}",
        [("invalid-type", 1, 41, 47, "a number or an expression is required, found a list", "for a number per class, name a list under `constants:` and write `take(name, y_true)`")],
    ),
    "the weights of the classes by their names": (
        "tasks: {a: {loss: huber, weight: {road: 1, car: 2}}}",
        [("invalid-type", 1, 34, 51, "a number or an expression is required, found a mapping", "for a number per class, name a list under `constants:` and write `take(name, y_true)`")],
    ),
    "a schedule as a mapping": (
        "tasks: {a: {loss: huber, weight: {type: linear, end: 9}}}",
        [("invalid-type", 1, 34, 56, "a number or an expression is required, found a mapping", "write an expression, such as `ramp(step, 0, 1000)`")],
    ),
    "a mask that is a list": (
        "tasks: {a: {loss: huber, mask: [1, 0]}}",
        [("invalid-type", 1, 32, 38, "a condition is required, found a list", "write a condition such as `y_true > 0`")],
    ),
    "a mask that is one": (
        "tasks: {a: {loss: huber, mask: 1}}",
        [("dtype-mismatch", 1, 32, 33, "a mask is boolean, found `1`", "write `true`, or a condition such as `y_true > 0`")],
    ),
    "a mask that is zero": (
        "tasks: {a: {loss: huber, mask: '0.0'}}",
        [("dtype-mismatch", 1, 32, 37, "a mask is boolean, found `0.0`", "write `false`, or a condition such as `y_true > 0`")],
    ),
    "an expression cut short": (
        "tasks:\n  a:\n    loss: huber\n    mask: y_true > ",
        [("invalid-expression", 4, 19, 19, "the expression ends where a value is required", None)],
    ),
    "a constant of a reserved name": (
        "tasks: {a: {loss: huber}}\nconstants: {step: 1}",
        [("reserved-name", 2, 13, 17, "`step` is a word of the language", "rename it")],
    ),
    "a ragged constant": (
        "tasks: {a: {loss: huber}}\nconstants: {w: [[1, 2], [3]]}",
        [("invalid-constant", 2, 25, 28, "the lists of a constant are equally long, found one not of 2", None)],
    ),
    "an unknown dtype": (
        'tasks: {a: {loss: huber}}\ntensors: {y_true: {a: "float31[batch]"}}',
        [("invalid-signature", 2, 24, 31, "there is no dtype `float31`", "did you mean `float32`?")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_mistake_is_one_problem_at_its_place(name: str):
    text, expected = CASES[name]
    assert problems(text) == expected


def test_problems_are_collected_in_the_order_of_the_file():
    text = "tasks:\n  a: {loss: hubr, weigth: 1}\n  b: {loss: {type: huber, delta: 0}}\nfoo: 1"
    assert [(code, line) for code, line, *_ in problems(text)] == [
        ("unknown-loss", 2),
        ("unknown-field", 2),
        ("invalid-value", 3),
        ("unknown-field", 4),
    ]


def test_the_sound_parts_of_a_faulty_spec_are_checked_too():
    found = check_spec({"tasks": {"a": {"loss": "hubr"}, "b": {"loss": "huber", "mask": "wrong"}}})
    assert [(problem.code, problem.line) for problem in found] == [
        ("unknown-loss", 3),
        ("unknown-name", 6),
    ]


def test_the_text_of_an_error_holds_every_problem_with_its_frame():
    with pytest.raises(SpecError) as caught:
        parse_spec("tasks: {a: {loss: hubr}}", name="loss.yaml")
    assert str(caught.value) == (
        "loss.yaml:1:19: error[unknown-loss]: there is no loss `hubr`\n"
        "1 | tasks: {a: {loss: hubr}}\n"
        "  |                   ^^^^\n"
        "help: did you mean `huber`?"
    )


def test_a_mapping_is_read_like_a_file():
    assert check_spec({"tasks": {"a": {"loss": ["huber", {"type": "huber", "name": "b"}]}}}) == []
    assert (
        check_spec(OmegaConf.create({"tasks": {"a": {"loss": "huber", "weight": "${w}"}}, "w": 1}))
        != []
    )
    assert check_spec(OmegaConf.create({"tasks": {"a": {"loss": "huber"}}})) == []


def test_numpy_values_of_a_mapping_are_taken():
    spec = {
        "tasks": {"a": {"loss": "huber", "weight": np.float32(0.5), "mask": "take(w, y_true) > 0"}},
        "constants": {"w": np.arange(3)},
    }
    assert check_spec(spec) == []


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"tasks": {"a": object()}}, "the spec.tasks.a holds a object, which no spec can hold"),
        ({1: 2}, "the keys of the spec are text, found 1"),
        ([1], "a path, a mapping or a Spec is required, found list"),
        (3, "a path, a mapping or a Spec is required, found int"),
    ],
)
def test_what_no_yaml_could_hold_is_refused(data: object, message: str):
    with pytest.raises(TypeError) as caught:
        check_spec(data)
    assert str(caught.value) == message


def test_a_mapping_that_holds_itself_is_refused():
    data: dict[str, object] = {}
    data["tasks"] = data
    with pytest.raises(TypeError, match="nests too deep"):
        check_spec(data)


def test_a_spec_made_in_python_has_a_text_of_its_own():
    spec = Spec(tasks={"depth": Task(loss=[Huber(delta=0.5)], weight=2)})
    assert (
        spec.document.text
        == 'tasks:\n  depth:\n    loss:\n    - type: huber\n      delta: 0.5\n    weight: "2"\n'
    )
    assert parse_spec(spec.document.text) == spec


def test_a_file_and_its_text_are_equal_specs(tmp_path):
    path = tmp_path / "loss.yaml"
    path.write_text(MINIMAL)
    assert load_spec(path) == parse_spec(MINIMAL)


def test_dumped_specs_parse_to_themselves():
    text = """
tensors: {y_true: {a: "int32[batch]", head: {b: "float32[batch, ..., 3]"}}, y_pred: {a: "float32[batch, 5]"}}
constants: {w: [1, 2.5], on: true}
reduction: sum
tasks:
  a:
    weight: ramp(step, 0, 10)
    mask: y_true >= 0
    loss: [{type: silog, lambda: 0.85, y_true: y_true.head.b, y_pred: y_pred.a}, {type: huber, name: x}]
regularization: {weight: 2}
"""
    spec = parse_spec(text)
    assert Spec.model_validate(spec.to_mapping()) == spec


@pytest.mark.parametrize(
    ("text", "name", "line", "column"),
    [
        ("tasks:\n  a:\n    loss: huber\n    mask:\n", "mask", 4, 5),
        ("tasks:\n  a:\n    loss: huber\ntensors:\n", "tensors", 4, 1),
        ("tasks:\n", "tasks", 1, 1),
        ("tasks: {a: {loss: huber, weight: ~}}", "weight", 1, 26),
    ],
)
def test_a_key_without_a_value_is_not_taken_for_an_absent_one(text, name, line, column):
    assert problems(text) == [
        (
            "empty-value",
            line,
            column,
            column + len(name),
            f"`{name}` has no value",
            "write one, or remove the key",
        )
    ]


def test_none_in_a_mapping_is_absent_as_python_means_it():
    assert check_spec({"tasks": {"a": {"loss": "huber", "mask": None}}, "tensors": None}) == []


@pytest.mark.parametrize("text", ["1e-3", "0o17", "1.5", "12", "true", "~", "2024-01-01"])
def test_text_of_a_mapping_stays_text(text):
    (problem,) = check_spec({"tasks": {"a": {"loss": {"type": "huber", "delta": text}}}})
    assert (problem.code, problem.message) == (
        "invalid-type",
        f"`delta` takes a number, found the text `{text}`",
    )


def test_a_boolean_is_no_weight_in_quotes_either():
    (problem,) = problems("tasks: {a: {loss: huber, weight: 'True'}}")
    assert problem[4] == "a number or an expression is required, found `True`"


@pytest.mark.parametrize("name", ["scene logits", "scene-class", "v1.2", "class", "a"])
def test_a_name_may_hold_single_blanks_dots_and_dashes(name):
    spec = parse_spec(f'tasks: {{"{name}": {{loss: huber}}}}')
    assert list(spec.tasks) == [name]


def test_the_text_of_a_spec_is_no_path():
    with pytest.raises(TypeError, match="`parse_spec"):
        check_spec("tasks:\n  a:\n    loss: huber\n")


def test_a_name_with_its_module_is_known_by_its_last_word():
    ((_, _, _, _, _, help),) = problems("tasks: {a: {loss: nn.MSELoss}}")
    assert help == "what `nn.MSELoss` is elsewhere is `mean_squared_error` here"
