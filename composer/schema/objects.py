"""The JSON Schema of a mapping, from the class that validates it and its docstring."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from composer.docstrings import docstring_of, sentence
from composer.language.expression import Expression
from composer.language.tree import Number
from composer.schema.fields import Schema, field_schema


def object_schema(
    cls: type[BaseModel],
    known: Mapping[str, Schema] | None = None,
    without: Collection[str] = (),
) -> Schema:
    """A mapping with the fields of a class, and no others.

    Args:
        cls: the class that validates it.
        known: the schemas of fields that are not plain values, or are described elsewhere.
        without: fields that it does not take here.
    """
    fields = {name: each for name, each in cls.model_fields.items() if name not in without}
    texts = descriptions(cls)
    return {
        **described(docstring_of(cls).summary),
        "type": "object",
        "properties": {
            each.alias or name: _property(each, texts.get(name, ""), (known or {}).get(name))
            for name, each in fields.items()
        },
        "required": [each.alias or name for name, each in fields.items() if each.is_required()],
        "additionalProperties": False,
    }


def descriptions(cls: type) -> dict[str, str]:
    """What the docstrings of a class and its bases say of each field."""
    found: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        found |= docstring_of(base).attributes
    return found


def described(text: str, markdown: str | None = None) -> Schema:
    """A description, also in the key that editors show Markdown of."""
    return {"description": text, "markdownDescription": markdown or text} if text else {}


def plain(default: Any) -> Any:
    """A default as YAML would write it; what it has no words for as Python's text."""
    if isinstance(default, Expression):
        return default.tree.value if isinstance(default.tree, Number) else default.text
    if isinstance(default, list | tuple):
        return [plain(each) for each in default]
    is_plain = isinstance(default, bool | int | str) or default is None
    is_finite = isinstance(default, float) and math.isfinite(default)
    return default if is_plain or is_finite else str(default)


def _property(field: FieldInfo, text: str, known: Schema | None) -> Schema:
    schema = field_schema(field) if known is None else known
    if "$ref" in schema:  # beside which draft 7 reads nothing
        return schema
    default = None if field.is_required() else field.get_default(call_default_factory=True)
    return {
        **described(sentence(text)),
        **schema,
        **({} if default in (None, {}) or "const" in schema else {"default": plain(default)}),
    }
