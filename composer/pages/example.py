"""The smallest spec that uses a loss, made from its signature and its fields."""

from __future__ import annotations

from typing import Any

import yaml
from pydantic import ValidationError

from composer.language.signature import Axis, Role
from composer.losses.base import Loss
from composer.schema.fields import Schema, field_schema
from composer.schema.losses import required

TASK = "example"
_DTYPES = {"float": "float32", "number": "float32", "int": "int32", "bool": "bool"}
_VALUES = {"integer": 10, "number": 2.0, "boolean": True, "string": "text"}


def example(loss: Loss) -> str:
    """A spec as the text of a YAML file, with `tensors:`; `check` finds nothing in it."""
    signature = loss.bound_signature()
    tensors: dict[str, dict[str, str]] = {}
    for name in signature.inputs:
        side = "y_true" if name == "y_true" else "y_pred"
        own = TASK if name in ("y_true", "y_pred") else name
        axes = _axes(signature.roles[name], loss, signature.is_region)
        tensors.setdefault(side, {})[own] = f"{_DTYPES[signature.roles[name].dtype]}[{axes}]"
    spec = {"tensors": tensors, "tasks": {TASK: {"loss": _written(loss)}}}
    return yaml.safe_dump(spec, sort_keys=False, allow_unicode=True)


def smallest(cls: type[Loss], **fields: Any) -> Loss | None:
    """A loss with what it cannot be without, and the fields given; None where it takes no such."""
    try:
        return cls.model_validate({**minimal(cls), **fields})
    except ValidationError:
        return None


def minimal(cls: type[Loss]) -> dict[str, Any]:
    """The fields that a loss cannot be without, its type among them."""
    fields = {field.alias or name: field for name, field in cls.model_fields.items()}
    roles = cls.signature.inputs
    return {"type": cls.model_fields["type"].default} | {
        name: f"y_pred.{name}" if name in roles else _value(field_schema(fields[name]))
        for name in required(cls)
    }


def _written(loss: Loss) -> Any:
    fields = minimal(type(loss))
    y_pred = loss.bound_signature().roles.get("y_pred")
    if y_pred is not None and y_pred.domain == "probabilities" and y_pred.axes[-1] != "...":
        fields["y_pred"] = "softmax(y_pred)"  # models give logits
    return fields if len(fields) > 1 else loss.type


def _value(schema: Schema) -> Any:
    """A value that a schema allows, as far as one is known."""
    if "enum" in schema:
        return schema["enum"][0]
    kinds = schema.get("type", "number")
    value = _VALUES.get(kinds if isinstance(kinds, str) else kinds[0])
    if not isinstance(value, int | float) or isinstance(value, bool):
        return value
    return min(max(value, schema.get("minimum", value)), schema.get("maximum", value))


def _axes(role: Role, loss: Loss, is_region: bool) -> str:
    """Named sizes; `...` is an image for a region, and else nothing."""
    sizes = loss.sizes()

    def written(axis: Axis) -> list[str]:
        if axis == "...":
            return ["h", "w"] if is_region else []
        return ["n" if axis is None else str(sizes.get(str(axis), axis))]

    axes = [name for axis in role.axes for name in written(axis)]
    return ", ".join(axes or ["batch"] * ("..." in role.axes))
