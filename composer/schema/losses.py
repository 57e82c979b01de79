"""The JSON Schema of a loss: its type decides which fields it has."""

from __future__ import annotations

import inspect
from collections.abc import Mapping

from composer.docstrings import docstring_of
from composer.losses.base import Loss
from composer.schema.fields import Schema, choice
from composer.schema.objects import described, object_schema

Losses = Mapping[str, type[Loss]]
"""Loss classes by type."""


def one_or_more() -> Schema:
    """A loss, or a list of them."""
    alternatives = [reference("loss-name"), reference("loss")]
    many = {"type": "array", "minItems": 1, "items": {"anyOf": alternatives}}
    return {"anyOf": [*alternatives, many]}


def name_of_loss(losses: Losses) -> Schema:
    """The bare name of a loss that needs nothing else."""
    return choice(_summaries({name: cls for name, cls in losses.items() if not required(cls)}))


def any_loss(losses: Losses) -> Schema:
    """A mapping with a type, and what goes with it.

    The type picks the one class that the rest is held to: of a list of alternatives an editor tells
    no more than that none of them fits.
    """
    return {
        "type": "object",
        "properties": {"type": choice(_summaries(losses))},
        "required": ["type"],
        "allOf": [_where_type_is(name) for name in losses],
    }


def loss_schema(cls: type[Loss]) -> Schema:
    """The mapping of one loss; a role of the task's that it does not read is no field of its."""
    foreign = {"y_true", "y_pred"} - set(cls.signature.roles)
    doc = docstring_of(cls)
    formula = "\n".join(["```text", *doc.formula, "```"]) if doc.formula else ""
    markdown = "\n\n".join(part for part in (doc.summary, formula, *doc.notes) if part)
    name = {"const": cls.model_fields["type"].default, **described(doc.summary, markdown)}
    known = {name: reference(_common(name)) for name in _inherited(cls)} | {"type": name}
    return object_schema(cls, known, foreign) | {"required": ["type", *required(cls)]}


def common_fields() -> dict[str, Schema]:
    """The definitions of the fields that all losses have in common."""
    fields = object_schema(Loss, without=["type"])["properties"]
    return {_common(name): schema for name, schema in fields.items()}


def _inherited(cls: type[Loss]) -> list[str]:
    """The fields that a class takes as they are from all losses."""
    own = [inspect.get_annotations(base) for base in cls.__mro__ if base not in Loss.__mro__]
    return [name for name in Loss.model_fields if not any(name in fields for fields in own)]


def _common(name: str) -> str:
    return f"every.{name}"


def required(cls: type[Loss]) -> list[str]:
    """The fields that a loss cannot be without, beside its type."""
    return [
        field.alias or name
        for name, field in cls.model_fields.items()
        if name != "type" and _is_required(cls, name)
    ]


def _is_required(cls: type[Loss], name: str) -> bool:
    is_role = name in cls.signature.inputs and name not in ("y_true", "y_pred")
    return is_role or cls.model_fields[name].is_required()


def reference(name: str) -> Schema:
    """A reference to a definition."""
    return {"$ref": f"#/definitions/{name}"}


def _where_type_is(name: str) -> Schema:
    has_type = {"properties": {"type": {"const": name}}, "required": ["type"]}
    return {"if": {"type": "object", **has_type}, "then": reference(f"loss.{name}")}


def _summaries(losses: Losses) -> dict[str, str]:
    return {name: docstring_of(cls).summary for name, cls in losses.items()}
