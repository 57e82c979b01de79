"""The types of the fields of a spec: text that is read, checked and kept with its places."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationInfo
from pydantic_core import PydanticCustomError, core_schema

from composer.language.diagnostics import quote
from composer.language.errors import TextError
from composer.language.expression import Expression, literal, parse
from composer.language.folding import MAX_INTEGER
from composer.language.signature import TensorType, parse_tensor
from composer.language.tree import Number

MAX_NAME = 64
LARGE = 1e30
"""What float32 can still be multiplied by; 1 / LARGE is what it still tells from 0."""
_NOT_NEGATIVE = f"from 0 to {LARGE:g}"
_SCHEDULE = "write an expression, such as `ramp(step, 0, 1000)`"
_TABLE = "for a number per class, name a list under `constants:` and write `take(name, y_true)`"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*(?:[ .-][A-Za-z0-9_]+)*", re.ASCII)


def fault(code: str, message: str, **context: Any) -> PydanticCustomError:
    """An error of one field in our own words; `start`, `end`, `help` … may come along."""
    # pydantic shows the template; the braces keep it from reading the message as one.
    return PydanticCustomError(code, "{message}", {"message": message, **context})


def text_fault(error: TextError) -> PydanticCustomError:
    """The same from an error in a text, with its offsets."""
    return fault(
        error.code, error.message, start=error.start, end=error.end, help=error.help,
        replacement=error.replacement,
    )  # fmt: skip


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
    if isinstance(value, int) and abs(value) > MAX_INTEGER:
        raise fault("invalid-value", "a whole number has at most 63 bits")
    if not math.isfinite(value):
        raise fault("invalid-value", f"a number must be finite, found {shown(value)}")
    return literal(value)


def read_weight(value: Any) -> Expression:
    """A number or an expression, that is no bare boolean."""
    if isinstance(value, list | tuple | dict):
        is_schedule = isinstance(value, dict) and "type" in value
        message = f"a number or an expression is required, found {shown(value)}"
        raise fault("invalid-type", message, help=_SCHEDULE if is_schedule else _TABLE)
    expression = read_expression(value)
    if isinstance(expression.tree, Number) and isinstance(expression.tree.value, bool):
        raise fault("invalid-type", f"a number or an expression is required, found {shown(value)}")
    return expression


def read_mask(value: Any) -> Expression:
    """A condition, or `true` or `false`."""
    if isinstance(value, bool):
        return literal(value)
    if isinstance(value, list | tuple | dict):
        help = "write a condition such as `y_true > 0`"
        raise fault("invalid-type", f"a condition is required, found {shown(value)}", help=help)
    expression = read_expression(value)
    number = expression.tree.value if isinstance(expression.tree, Number) else True
    if not isinstance(number, bool):
        help = f"write `{'true' if number else 'false'}`, or a condition such as `y_true > 0`"
        raise fault("dtype-mismatch", f"a mask is boolean, found {shown(value)}", help=help)
    return expression


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
            "a name is made of letters, digits, `_` and single blanks, `.` or `-`, "
            f"at most {MAX_NAME} characters, found {quote(value)}",
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


def read_per_class(value: Any, info: ValidationInfo) -> float | tuple[float, ...]:
    """A number of at least 0, or a list of one such number per class."""
    name = quote(info.field_name)
    if not isinstance(value, list | tuple):
        wanted = f"{name} takes a number {_NOT_NEGATIVE}, or a list of one per class"
        return _weight_of_class(value, wanted)
    if not value:
        raise fault("invalid-value", f"{name} holds at least one entry, found none")
    wanted = f"{name} holds numbers {_NOT_NEGATIVE}"
    return tuple(_weight_of_class(each, wanted, at=place) for place, each in enumerate(value))


def _weight_of_class(value: Any, wanted: str, **context: Any) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not (is_number and 0 <= value <= LARGE):
        raise fault("invalid-value", f"{wanted}, found {shown(value)}", **context)
    return float(value)


def shown(value: Any) -> str:
    """A value as YAML would write it, between backticks."""
    words = {True: "true", False: "false", None: "null"}
    if value is None or isinstance(value, bool):
        return quote(words[value])
    if isinstance(value, float) and not math.isfinite(value):
        return quote(".nan" if math.isnan(value) else ".inf" if value > 0 else "-.inf")
    if isinstance(value, dict):
        return "a mapping"
    return "a list" if isinstance(value, list | tuple) else quote(value)


class Reader:
    """Validates a field by one function; leaner than pydantic's stack of annotations.

    Attributes:
        read: gives the value of the field, or raises a fault; with `context` it also gets the
            ValidationInfo of pydantic.
        types: the JSON types that it takes, for editors.
        write: gives the value back as plain data.
    """

    def __init__(
        self,
        read: Callable[..., Any],
        types: str | list[str],
        *,
        write: Callable[[Any], Any] | None = None,
        context: bool = False,
    ) -> None:
        self.read = read
        self.types = types
        self.write = write
        self.context = context

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        written = self.write and core_schema.plain_serializer_function_ser_schema(self.write)
        if self.context:
            return core_schema.with_info_plain_validator_function(self.read, serialization=written)
        return core_schema.no_info_plain_validator_function(self.read, serialization=written)

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"type": self.types}


Weight = Annotated[Expression, Reader(read_weight, ["number", "string"], write=str)]
Mask = Annotated[Expression, Reader(read_mask, ["boolean", "string"], write=str)]
Read = Annotated[Expression, Reader(read_role, "string", write=str)]
Name = Annotated[str, Reader(read_name, "string")]
PerClass = Annotated[
    float | tuple[float, ...], Reader(read_per_class, ["number", "array"], context=True)
]
"""A number of at least 0, or one such number per class."""
