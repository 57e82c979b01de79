"""Signatures and schemas in plain words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from composer.language.diagnostics import quote
from composer.language.signature import Axis, Role, Signature
from composer.losses.base import Couples
from composer.schema.fields import Schema

LEGEND = (
    "`float` is any dtype of floats, `int` any of integers, `number` any dtype at all; `...` is "
    "any number of axes, the same ones wherever it stands; axes of one name have one size."
)
_DOMAINS = {
    "zero_one": "labels 0 and 1, or between them",
    "signed": "labels -1 and 1",
    "probabilities": "probabilities, from 0 to 1",
    "logits": "logits: any number, before its sigmoid or softmax",
    "distribution": "from 0 to 1, and 1 in sum along the last axis: one-hot rows, for example",
    "one_hot": "rows with a single 1 along the last axis",
    "unit": "vectors of length 1 along the last axis",
    "positive": "numbers above 0",
}
_SHORT = {"unit": "unit vectors", "positive": "positive numbers"}
_COUPLING: dict[Couples, str] = {
    "nothing": "a value depends on its own place alone",
    "sample": "a value depends on its whole sample",
    "batch": "a value depends on the whole batch: what replicas or accumulation steps find of it "
    "does not add up to the number of one device",
}


def shape_of(axes: Sequence[Axis], dtype: str = "float") -> str:
    """A dtype and axes as a signature writes them."""
    return str(Role(dtype, tuple(axes)))


def role_words(role: Role) -> str:
    """What a tensor holds."""
    if role.domain == "labels":
        return f"class numbers, from 0 to below {quote(role.limit)}"
    if role.domain is None:
        return "`true` and `false`" if role.dtype == "bool" else "any number"
    return _DOMAINS[role.domain]


def short_role(role: Role | None) -> str:
    """The same in a word or two, for a table."""
    if role is None:
        return "-"
    return _SHORT.get(str(role.domain), role.domain or "numbers")


def values_words(signature: Signature) -> str:
    """What one value is of."""
    values = signature.values
    roles = [signature.roles[name].axes for name in signature.inputs]
    widest = max(roles, key=len, default=())
    gone = [axis for axis in widest if axis not in values]
    if not values:
        return "one for the whole batch"
    if not gone:
        return "one for each element"
    if signature.is_region or values == ("batch",):
        each = ["sample" if axis == "batch" else f"of {quote(axis)}" for axis in values]
        return f"one for each {' and each '.join(each)}"
    stays = "; the axis stays, with size 1" if 1 in values else ""
    return f"one for each vector along {quote(gone[0])}{stays}"


def mask_words(signature: Signature) -> str:
    """Which masks and weights a loss takes."""
    if signature.is_region:
        axes = shape_of(signature.roles["keep"].axes, "bool")
        return (
            f"a region loss: the mask may be as fine as {quote(axes)}, and what it drops leaves "
            "the inner sums; a tensor weight has the shape of the values"
        )
    fits = "an element loss: masks and tensor weights align with the values at the left"
    if values_words(signature) in ("one for each element", "one for the whole batch"):
        return fits
    return f"{fits}; a finer mask is an error, and `all(mask, axis=-1)` makes it fit"


def coupling_words(couples: Couples) -> str:
    """What one value depends on."""
    return _COUPLING[couples]


def value_words(schema: Schema) -> str:
    """What a parameter takes."""
    if "enum" in schema:
        return _one_of(schema["enum"])
    kinds = schema.get("type", ())
    kinds = (kinds,) if isinstance(kinds, str) else tuple(kinds)
    number = f"a {'whole ' * ('integer' in kinds)}number{_range(schema)}"
    words = {
        ("boolean",): "`true` or `false`",
        ("integer",): number,
        ("number",): number,
        ("number", "array"): f"{number}, or a list of one for each class",
        ("number", "string"): "a number or an expression",
        ("boolean", "string"): "a condition",
        ("string",): "text",
    }
    return words.get(kinds, "what its class takes")


def _one_of(values: Sequence[Any]) -> str:
    if not all(isinstance(value, int) for value in values):
        *others, last = (quote(value) for value in values)
        return f"{', '.join(others)} or {last}" if others else last
    low, high = min(values), max(values)
    gone = [str(value) for value in range(low, high) if value not in values]
    return f"a whole number from {low} to {high}" + f", not {', '.join(gone)}" * bool(gone)


def _range(schema: Schema) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        return f" from {_shown(low)} to {_shown(high)}"
    if low is not None:
        return f" of at least {_shown(low)}"
    return f" of at most {_shown(high)}" if high is not None else ""


def _shown(number: float) -> str:
    return str(number) if isinstance(number, int) else f"{number:g}"
