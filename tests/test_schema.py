"""The JSON Schema against the classes: what both take, what both refuse, and what it tells."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from composer.command.own_losses import load_own_losses
from composer.constants import ConstantName
from composer.fields import Name
from composer.language.yaml.document import read_document
from composer.losses import CATALOGUE, find
from composer.reading import parse_spec
from composer.schema.fields import CONSTANT_NAME, NAME, TASK_NAME, TENSOR, field_schema
from composer.schema.spec import schema_text, spec_schema
from composer.spec import NamedTensors, Spec, TaskName
from tests.command import ROOT, losscomp
from tests.mistakes.corpus import cases as corpus
from tests.random_specs import cases as random_specs

SCHEMA = spec_schema()
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)
CONFIGS = sorted((ROOT / "configs").rglob("*.yaml"))
SHIPPED = ROOT / "configs" / "losscomp.schema.json"

# What JSON has no words for, and so no schema can refuse.
BEYOND = {"half_a_class": "751.0 is a whole number"}


def data_of(text: str) -> Any:
    """The plain data of a YAML text, read as specs are."""
    return read_document(text, "spec.yaml").root.to_python()


def best_fault(text: str) -> tuple[str, str, str]:
    """Where the fault is that explains the refusal best, its rule, and its message."""
    error = jsonschema.exceptions.best_match(VALIDATOR.iter_errors(data_of(text)))
    return error.json_path, error.validator, error.message


def test_it_is_a_schema_of_its_draft():
    jsonschema.Draft7Validator.check_schema(SCHEMA)


def test_the_shipped_one_is_what_the_command_prints():
    assert SHIPPED.read_text(encoding="utf-8") == schema_text()


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_a_config_names_the_schema_and_meets_it(path: Path):
    first, _, _ = path.read_text(encoding="utf-8").partition("\n")
    (named,) = re.findall(r"^# yaml-language-server: \$schema=(\S+)$", first)
    assert (path.parent / named).resolve() == SHIPPED
    VALIDATOR.validate(data_of(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("case", corpus("right"), ids=lambda case: case.name)
def test_a_right_spec_meets_it(case, monkeypatch):
    monkeypatch.chdir(case.spec.parent)
    own = load_own_losses(case.losses)
    schema = spec_schema(own) if own else SCHEMA
    jsonschema.validate(data_of(case.spec.read_text(encoding="utf-8")), schema)


@pytest.mark.parametrize(
    "case", [case for case in corpus("wrong") if case.topic == "fields"], ids=lambda case: case.name
)
def test_a_wrong_field_is_refused(case):
    data = data_of(case.spec.read_text(encoding="utf-8"))
    assert VALIDATOR.is_valid(data) is (case.spec.stem in BEYOND)


@pytest.mark.parametrize(
    ("text", "path", "rule", "message"),
    [
        ("{}", "$", "required", "'tasks' is a required property"),
        ("tasks: {}", "$.tasks", "minProperties", "{} should be non-empty"),
        ("tasks: {a: {}}", "$.tasks.a", "required", "'loss' is a required property"),
        (
            "tasks: {a: {loss: huber, wieght: 1}}",
            "$.tasks.a",
            "additionalProperties",
            "Additional properties are not allowed ('wieght' was unexpected)",
        ),
        (
            "tasks: {a: {loss: {type: absolute_difference, delta: 1}}}",
            "$.tasks.a.loss",
            "additionalProperties",
            "Additional properties are not allowed ('delta' was unexpected)",
        ),
        (
            "tasks: {a: {loss: [huber, {type: silog, lambda: 2}]}}",
            "$.tasks.a.loss[1].lambda",
            "maximum",
            "2 is greater than the maximum of 1",
        ),
        (
            "tasks: {a: {loss: {type: huber, delta: '0.5'}}}",
            "$.tasks.a.loss.delta",
            "type",
            "'0.5' is not of type 'number'",
        ),
        (
            "tasks: {a: {loss: {type: l2, y_true: y_true.a}}}",
            "$.tasks.a.loss",
            "additionalProperties",
            "Additional properties are not allowed ('y_true' was unexpected)",
        ),
        (
            "tasks: {a: {loss: {type: dice, per: pixel}}}",
            "$.tasks.a.loss.per",
            "enum",
            "'pixel' is not one of ['image', 'batch']",
        ),
        (
            "tasks: {a: {loss: {type: triplet, anchor: y_pred.a, positive: y_pred.b}}}",
            "$.tasks.a.loss",
            "required",
            "'negative' is a required property",
        ),
    ],
)  # fmt: skip
def test_a_fault_is_told_at_its_place(text, path, rule, message):
    assert best_fault(text) == (path, rule, message)


def test_the_names_of_the_losses_are_told_where_a_name_is_unknown():
    path, rule, message = best_fault("tasks: {a: {loss: hubert}}")
    assert (path, rule) == ("$.tasks.a.loss", "enum")
    bare = set(CATALOGUE) - {"weighted_cross_entropy", "triplet", "center"}
    assert set(re.findall(r"'(\w+)'", message)) == {"hubert"} | bare


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(random_specs())
def test_a_random_spec_that_the_classes_take_meets_it(case):
    """Shapes may disagree; no schema sees that."""
    data = case.named()
    data["tasks"] = {name: task for name, task in data["tasks"].items() if not has_own(task)}
    assume(data["tasks"])
    Spec.model_validate(data)
    VALIDATOR.validate(data)


def has_own(task: dict[str, Any]) -> bool:
    """Whether a loss is none of the catalogue."""
    return any(loss["type"] not in CATALOGUE for loss in task["loss"])


PARAMETERS = [
    (name, field)
    for name in CATALOGUE
    for field in find(name).model_fields
    if field not in ("type", "name", "weight", "mask", "reduction", "y_true", "y_pred")
]
SCALARS = (
    st.booleans()
    | st.integers(-10, 10)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from([0, 1, -1, 1e-18, 1e-31, 1e30, 1.1e30, 2**20, 2**20 + 1, 65536, 65537])
    | st.sampled_from(["", "image", "batch", "signed", "cosine", "y_pred.a", "0.5"])
)


@pytest.mark.parametrize(("name", "field"), PARAMETERS)
@settings(max_examples=40, deadline=None)
@given(value=SCALARS | st.lists(SCALARS, max_size=3))
def test_a_parameter_takes_what_its_schema_takes(name: str, field: str, value):
    info = find(name).model_fields[field]
    taken = jsonschema.Draft7Validator(field_schema(info)).is_valid(value)
    alias = info.alias or field
    found = accepts(name, alias, value)
    if found is not taken:
        is_whole = field_schema(info)["type"] == "integer" and isinstance(value, float)
        assert is_whole or field_schema(info)["type"] == "string", (value, taken)
        assert taken, value  # the schema may be weaker, and never stricter


def accepts(name: str, field: str, value: Any) -> bool:
    """Whether the class finds nothing wrong at the field."""
    try:
        find(name).model_validate({"type": name, field: value})
    except ValidationError as error:
        return not any(field in each["loc"] for each in error.errors())
    return True


@pytest.mark.parametrize(
    ("schema", "hint"), [(NAME, Name), (TASK_NAME, TaskName), (CONSTANT_NAME, ConstantName)]
)
@given(
    name=st.text(st.sampled_from("aZ0_ .-é"), max_size=5)
    | st.sampled_from(["total", "totals", "regularization", "step", "y_true", "lambda", "a" * 65])
)
def test_a_name_fits_its_pattern_or_is_refused(schema, hint, name):
    assert jsonschema.Draft7Validator(schema).is_valid(name) is fits(hint, name)


@given(
    text=st.from_regex(r"\s*(bool|float32|int)\s*\[[a-z0-9?., ]*\]\s*", fullmatch=True)
    | st.text(max_size=8)
)
def test_a_tensor_that_is_read_fits_its_pattern(text):
    if fits(NamedTensors, {"a": text}):
        assert jsonschema.Draft7Validator(TENSOR).is_valid(text)


def fits(hint: Any, value: Any) -> bool:
    try:
        TypeAdapter(hint).validate_python(value)
    except ValidationError:
        return False
    return True


def test_what_is_told_of_a_loss():
    """The whole of one: its fields in order, with words, defaults and ranges."""
    summary = "Quadratic within `delta` of the target, linear beyond it."
    formula = (
        "values = 0.5·e² where |e| ≤ delta, else delta·(|e| − 0.5·delta),   e = y_pred − y_true"
    )
    text = "The error at which the quadratic part ends, in the unit of `y_true`."
    common = ["name", "weight", "mask", "reduction", "y_true", "y_pred"]
    assert SCHEMA["definitions"]["loss.huber"] == {
        "description": summary,
        "markdownDescription": summary,
        "type": "object",
        "properties": {
            "type": {
                "description": summary,
                "markdownDescription": f"{summary}\n\n```text\n{formula}\n```",
                "const": "huber",
            },
            **{name: {"$ref": f"#/definitions/every.{name}"} for name in common},
            "delta": {
                "description": text,
                "markdownDescription": text,
                "type": "number",
                "minimum": 1 / 1e30,
                "maximum": 1e30,
                "default": 1.0,
            },
        },
        "required": ["type"],
        "additionalProperties": False,
    }


def test_what_is_told_of_a_choice():
    told = [
        "Divides by the number of elements that the mask keeps and whose weight is not 0.",
        "Divides by the sum of the weights.",
        "Divides by the number of elements that the mask keeps.",
        "Divides by 1.",
    ]
    assert SCHEMA["properties"]["reduction"] == {
        "description": "What a loss is divided by where it does not say.",
        "markdownDescription": "What a loss is divided by where it does not say.",
        "type": "string",
        "enum": ["sum_by_nonzero_weights", "weighted_mean", "sum_over_batch_size", "sum"],
        "enumDescriptions": told,
        "markdownEnumDescriptions": told,
        "default": "sum_by_nonzero_weights",
    }


def mappings(schema: Any):
    """Every part of the schema that has properties, with its way there."""
    for key, part in schema.items() if isinstance(schema, dict) else enumerate(schema):
        if isinstance(part, dict | list):
            yield from ((f"{key}.{way}", found) for way, found in mappings(part))
            if isinstance(part, dict) and part.get("additionalProperties") is False:
                yield str(key), part


def test_every_field_is_described():
    assert len(dict(mappings(SCHEMA))) == len(CATALOGUE) + 3  # tensors, regularization, tasks
    for way, part in [("", SCHEMA), *mappings(SCHEMA)]:
        for name, field in part["properties"].items():
            told = SCHEMA["definitions"][field["$ref"][14:]] if "$ref" in field else field
            assert told["description"].endswith("."), (way, name)
            assert "type" in told or {"const", "anyOf", "enum"} & set(told), (way, name)


OWN = '''
from typing import ClassVar, Literal
from composer import Loss, Signature

class Pose(Loss):
    """Distance of poses."""

    type: Literal["pose"] = "pose"
    beta: float
    odd: complex = 1j
    weight: float = 2.0
    signature: ClassVar[Signature] = Signature("y_true=number[batch, 7], y_pred=float[batch, 7] -> float[batch]")

    def values(self, y_true, y_pred):
        return y_pred
'''


def test_a_loss_of_ones_own_is_in_it(tmp_path):
    (tmp_path / "own.py").write_text(OWN)
    outcome = losscomp("schema", "--losses", "own.py", cwd=tmp_path)
    schema = json.loads(outcome.stdout)
    validator = jsonschema.Draft7Validator(schema)
    assert schema["definitions"]["loss.pose"]["required"] == ["type", "beta"]
    fields = schema["definitions"]["loss.pose"]["properties"]
    assert fields["beta"] == {"type": "number"}
    assert fields["weight"]["type"] == "number"
    assert validator.is_valid({"tasks": {"a": {"loss": {"type": "pose", "beta": 1, "odd": "1j"}}}})
    assert not validator.is_valid({"tasks": {"a": {"loss": {"type": "pose"}}}})
    assert not validator.is_valid({"tasks": {"a": {"loss": "pose"}}})


def test_it_is_written_to_a_file_and_not_over_one(tmp_path):
    first = losscomp("schema", "-o", "s.json", cwd=tmp_path)
    assert (first.code, first.stdout, first.stderr) == (0, "", "`s.json` is written\n")
    assert (tmp_path / "s.json").read_text(encoding="utf-8") == schema_text()
    again = losscomp("schema", "-o", "s.json", cwd=tmp_path)
    assert (again.code, again.stdout) == (2, "")
    assert again.stderr == "error: `s.json` is there already; `--force` replaces it\n"
    assert losscomp("schema", "-o", "s.json", "--force", cwd=tmp_path).code == 0


def test_a_spec_of_every_loss_in_its_smallest_form_is_right():
    assert parse_spec(
        "tasks:\n"
        + "".join(f"  {n}: {{loss: {n}}}\n" for n in SCHEMA["definitions"]["loss-name"]["enum"])
    )
