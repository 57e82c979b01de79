"""The types of the fields of a spec: text that is read, checked and kept with its places."""

from __future__ import annotations

import math
import re
from typing import Annotated, Any

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from composer.language.diagnostics import quote
from composer.language.errors import TextError
from composer.language.expression import Expression, literal, parse
from composer.language.signature import TensorType, parse_tensor

MAX_NAME = 64
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*", re.ASCII)


def fault(code: str, message: str, **context: Any) -> PydanticCustomError:
    """An error of one field in our own words; `start`, `end` and `help` may come along."""
    # pydantic shows the template; the braces keep it from reading the message as one.
    return PydanticCustomError(code, "{message}", {"message": message, **context})  # type: ignore[arg-type]  # codes are ours


def text_fault(error: TextError) -> PydanticCustomError:
    """The same from an error in a text, with its offsets."""
    return fault(error.code, error.message, start=error.start, end=error.end, help=error.help)


def read_expression(value: Any) -> Expression:
    """A number or the text of an expression."""
    if isinstance(value, Expression):
        return value
    if isinstance(value, bool):
        raise fault("invalid-type", f"a number or an expression is required, found {shown(value)}")
    if isinstance(value, int | float):
        return _finite(value)
    if not isinstance(value, str):
        raise fault("invalid-type", f"a number or an expression is required, found {shown(value)}")
    try:
        return parse(value)
    except TextError as error:
        raise text_fault(error) from None


def _finite(value: float) -> Expression:
    if not math.isfinite(value):
        raise fault("invalid-value", f"a number must be finite, found {shown(value)}")
    return literal(value)


def read_mask(value: Any) -> Expression:
    """An expression, or `true` or `false`."""
    if isinstance(value, bool):
        return literal(value)
    return read_expression(value)


def read_role(value: Any) -> Expression:
    """An expression for a tensor: text."""
    if isinstance(value, int | float):
        raise fault(
            "invalid-type",
            f"a tensor of the batch is required, found {shown(value)}",
            help="write an expression such as `y_pred.depth`",
        )
    return read_expression(value)


def read_name(value: Any) -> str:
    """A name that may stand in a breakdown and in TensorFlow's name scopes."""
    if not isinstance(value, str):
        raise fault("invalid-name", f"a name is text, found {shown(value)}")
    if len(value) > MAX_NAME or not _NAME.fullmatch(value):
        raise fault(
            "invalid-name",
            f"a name is a letter, then letters, digits and `_`, at most {MAX_NAME} of them, "
            f"found {quote(value)}",
        )
    return value


def read_tensor_type(value: Any) -> TensorType:
    """The dtype and axes of a tensor."""
    if isinstance(value, TensorType):
        return value
    if not isinstance(value, str):
        raise fault(
            "invalid-signature",
            f"a tensor is described like `float32[batch, h, w, 1]`, found {shown(value)}",
        )
    try:
        return parse_tensor(value)
    except TextError as error:
        raise text_fault(error) from None


def read_number_or_vector(value: Any) -> float | tuple[float, ...]:
    """A number, or a list of one number per class."""
    if _is_number(value):
        return float(value)
    if not isinstance(value, list | tuple) or not value or not all(map(_is_number, value)):
        raise fault(
            "invalid-type", f"a number, or a list of one per class, is required, found {shown(value)}"
        )
    return tuple(float(each) for each in value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def shown(value: Any) -> str:
    """A value as YAML would write it, between backticks."""
    words = {True: "true", False: "false", None: "null"}
    if value is None or isinstance(value, bool):
        return quote(words[value])
    if isinstance(value, float) and not math.isfinite(value):
        return quote(".nan" if math.isnan(value) else ".inf" if value > 0 else "-.inf")
    kinds = {dict: "a mapping", list: "a list", tuple: "a list"}
    return kinds.get(type(value)) or quote(value)


_EXPRESSION = WithJsonSchema({"type": ["number", "string"]})
_BOOLEAN = WithJsonSchema({"type": ["boolean", "string"]})
_TEXT = WithJsonSchema({"type": "string"})
_as_text = PlainSerializer(str)

Weight = Annotated[Expression, PlainValidator(read_expression), _as_text, _EXPRESSION]
Mask = Annotated[Expression, PlainValidator(read_mask), _as_text, _BOOLEAN]
Read = Annotated[Expression, PlainValidator(read_role), _as_text, _TEXT]
Name = Annotated[str, PlainValidator(read_name), _TEXT]
TensorText = Annotated[TensorType, PlainValidator(read_tensor_type), _as_text, _TEXT]
