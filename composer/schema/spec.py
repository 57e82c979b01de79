"""The JSON Schema of a whole spec."""

from __future__ import annotations

import json
from collections.abc import Sequence

from composer.losses import CATALOGUE, find
from composer.losses.base import Loss
from composer.reading import own_losses
from composer.schema.fields import CONSTANT, CONSTANT_NAME, NUMBERS, TASK_NAME, TENSOR, Schema
from composer.schema.losses import (
    any_loss,
    common_fields,
    loss_schema,
    name_of_loss,
    one_or_more,
    reference,
)
from composer.schema.objects import object_schema
from composer.spec import MAX_TENSOR_NAME, Regularization, Spec, Task, Tensors

# The draft that yaml-language-server, and so most editors, know in full.
_DRAFT = "http://json-schema.org/draft-07/schema#"


def schema_text(own: Sequence[type[Loss]] = ()) -> str:
    """The schema as the text of a file."""
    return json.dumps(spec_schema(own), indent=1, ensure_ascii=False) + "\n"


def spec_schema(own: Sequence[type[Loss]] = ()) -> Schema:
    """The schema of a spec.

    Args:
        own: loss classes of one's own, which it takes besides those of the catalogue.
    """
    losses = {name: find(name) for name in CATALOGUE} | own_losses(own)
    return {
        "$schema": _DRAFT,
        "title": "losscomp",
        **object_schema(Spec, _sections()),
        "definitions": {
            "task": object_schema(Task, {"loss": one_or_more()}),
            "loss-name": name_of_loss(losses),
            "loss": any_loss(losses),
            **{f"loss.{name}": loss_schema(cls) for name, cls in losses.items()},
            **common_fields(),
            "tensors": _tensors(),
            "numbers": NUMBERS,
        },
    }


def _sections() -> dict[str, Schema]:
    """The keys at the top that hold mappings."""
    tensors = {"y_true": _tensors(), "y_pred": _tensors()}
    return {
        "tasks": {
            "type": "object",
            "minProperties": 1,
            "propertyNames": TASK_NAME,
            "additionalProperties": reference("task"),
        },
        "tensors": _without_description(object_schema(Tensors, tensors)),
        "constants": {
            "type": "object",
            "propertyNames": CONSTANT_NAME,
            "additionalProperties": CONSTANT,
        },
        "regularization": _without_description(object_schema(Regularization)),
    }


def _without_description(schema: Schema) -> Schema:
    """A section is described where the spec names it."""
    return {key: value for key, value in schema.items() if "escription" not in key}


def _tensors() -> Schema:
    """Names to tensors, nested."""
    return {
        "type": "object",
        "propertyNames": {"minLength": 1, "maxLength": MAX_TENSOR_NAME},
        "additionalProperties": {"anyOf": [TENSOR, reference("tensors")]},
    }
