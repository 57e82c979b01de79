"""The JSON Schema of one field: the values that it takes, as far as a schema can say."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import TypeAdapter, WithJsonSchema
from pydantic.errors import PydanticUserError
from pydantic.fields import FieldInfo

from composer import constants, fields
from composer.fields import LARGE, MAX_NAME, Reader
from composer.language.dtypes import DTYPES
from composer.losses.base import Reduction
from composer.spec import RESERVED_TASKS

Schema = dict[str, Any]

NAME: Schema = {
    "type": "string",
    "maxLength": MAX_NAME,
    "pattern": f"^{fields._NAME.pattern}$",
    "patternErrorMessage": "a name is made of letters, digits, `_` and single blanks, `.` or `-`",
}
TASK_NAME: Schema = {
    **NAME,
    "pattern": f"^(?!({'|'.join(sorted(RESERVED_TASKS))})$){fields._NAME.pattern}$",
    "patternErrorMessage": "the name of a task is made of letters, digits, `_` and single blanks, "
    "`.` or `-`, and no row of every breakdown",
}
CONSTANT_NAME: Schema = {
    "type": "string",
    "pattern": f"^(?!({'|'.join(sorted(constants.RESERVED))})$){constants._IDENTIFIER.pattern}$",
    "patternErrorMessage": "the name of a constant is an identifier of at most 64 characters, and "
    "no word of the language",
}
TENSOR: Schema = {
    "type": "string",
    "pattern": rf"^\s*({'|'.join(DTYPES)})\s*\[[^\[\]]*\]\s*$",
    "patternErrorMessage": "a tensor is described like `float32[batch, h, w, 1]`",
    "examples": [
        "float32[batch, h, w, 1]",
        "int32[batch]",
        "float32[batch, ...]",
        "bool[batch, ?]",
    ],
}
NUMBERS: Schema = {
    "type": ["number", "boolean", "array"],
    "minItems": 1,
    "items": {"$ref": "#/definitions/numbers"},
}
CONSTANT: Schema = {
    **NUMBERS,
    "type": ["number", "boolean", "array", "string"],
    "pattern": r"\.npy$",
    "patternErrorMessage": "the file of a constant is a `.npy` file beside the spec or below it",
    "examples": [[0.5, 1.0, 2.0], 0.1, "weights/classes.npy"],
}
_NOT_NEGATIVE: Schema = {"type": "number", "minimum": 0, "maximum": LARGE}
_READERS: Mapping[Callable[..., Any], Schema] = {
    fields.read_weight: {
        "type": ["number", "string"],
        "minLength": 1,
        "examples": [0.5, "ramp(step, 0, 1000)", "1 + 4 * (y_true == 3)", "y_true.weight"],
    },
    fields.read_mask: {
        "type": ["boolean", "string"],
        "minLength": 1,
        "examples": ["y_true > 0", "isfinite(y_true)", "y_true != 255", "y_true.has_pose"],
    },
    fields.read_role: {
        "type": "string",
        "minLength": 1,
        "examples": ["y_pred.depth", "softmax(y_pred)", "y_pred[..., 0]"],
    },
    fields.read_name: NAME,
    fields.read_per_class: {
        **_NOT_NEGATIVE,
        "type": ["number", "array"],
        "minItems": 1,
        "items": _NOT_NEGATIVE,
    },
    constants.read_constant: CONSTANT,
}
REDUCTIONS: Mapping[Reduction, str] = {
    "sum_by_nonzero_weights": "Divides by the number of elements that the mask keeps and whose "
    "weight is not 0.",
    "weighted_mean": "Divides by the sum of the weights.",
    "sum_over_batch_size": "Divides by the number of elements that the mask keeps.",
    "sum": "Divides by 1.",
}


def field_schema(field: FieldInfo) -> Schema:
    """The values of a field, without a description; `{}` where nothing is known of them."""
    hint: Any = field.annotation
    return _of(Annotated[(hint, *field.metadata)] if field.metadata else hint)


def _of(hint: Any) -> Schema:
    origin, parts = get_origin(hint), get_args(hint)
    if origin is Literal:
        return _choice(list(parts))
    if origin in (Union, types.UnionType) and len(parts) == 2 and type(None) in parts:
        # A key without a value is refused wherever it stands.
        return _of(next(each for each in parts if each is not type(None)))
    if origin is Annotated:
        given = {type(each): each for each in parts[1:]}
        if WithJsonSchema in given:
            return dict(given[WithJsonSchema].json_schema)
        if Reader in given:
            return dict(_READERS.get(given[Reader].read, {}))
    return _of_pydantic(hint)


def _choice(values: list[Any]) -> Schema:
    if len(values) == 1:
        return {"const": values[0]}
    if set(values) == set(REDUCTIONS):
        return choice({value: REDUCTIONS[value] for value in values})
    return {"enum": values}


def choice(texts: Mapping[str, str]) -> Schema:
    """One of several words, each with a description, in the keys that editors read."""
    described = list(texts.values())
    return {
        "type": "string",
        "enum": list(texts),
        "enumDescriptions": described,
        "markdownEnumDescriptions": described,
    }


def _of_pydantic(hint: Any) -> Schema:
    try:
        schema = TypeAdapter(hint).json_schema()
    except PydanticUserError:  # a type of one's own, which JSON has no words for
        return {}
    return {} if "$defs" in schema else schema
