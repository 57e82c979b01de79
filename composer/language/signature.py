"""Signatures: what a loss reads and gives, and the sizes that its axes have on given tensors."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from composer.language.diagnostics import listing, quote
from composer.language.dtypes import kind
from composer.language.errors import SignatureError
from composer.language.tensor_type import Axis, TensorType, parse_tensor, read_axes

__all__ = [
    "DOMAINS", "Axis", "Role", "Signature", "TensorType", "accepts", "parse_tensor",
]  # fmt: skip

_VALUES = re.compile(r"\s*float\s*\[(?P<axes>[^\[\]]*)\]\s*", re.ASCII)
_ROLE = re.compile(
    r"\s*(?P<name>[a-z_]+)\s*=\s*(?P<dtype>\w+)\s*\[(?P<axes>[^\]]*)\]"
    r"(?:\s+in\s+(?P<domain>[a-z_]+)(?:\((?P<limit>\w+)\))?)?\s*",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Role:
    """A tensor that a loss reads.

    Attributes:
        dtype: `float`, `int`, `bool`, or `number` for all three.
        axes: its axes.
        domain: the values it is defined for (`labels`, `probabilities`, …), or None for all.
        limit: for `labels`, the axis or parameter that they stay below.
    """

    dtype: str
    axes: tuple[Axis, ...]
    domain: str | None = None
    limit: str | int | None = None

    def __str__(self) -> str:
        axes = ("?" if axis is None else str(axis) for axis in self.axes)
        return f"{self.dtype}[{', '.join(axes)}]"


DOMAINS = (
    "labels",  # integers from 0 to below the limit
    "zero_one",  # 0 or 1, or soft targets between them
    "signed",  # -1 or 1
    "probabilities",  # from 0 to 1
    "logits",  # any number: a probability before its sigmoid or softmax
    "distribution",  # from 0 to 1, sums to 1 on the last axis
    "one_hot",  # a single 1 on the last axis
    "unit",  # length 1 on the last axis
    "positive",  # above 0
)
_DTYPE_WORDS = ("float", "int", "bool", "number")


@dataclass(frozen=True)
class Signature:
    """What a loss reads and gives: `y_true=number[...], y_pred=float[...] -> float[...]`.

    Roles are separated by commas; the axes of equal name have equal size, and so has every `...`.
    An axis that has the name of a parameter has that parameter's value. A role may state its
    domain: `y_true=int[...] in labels(classes)`. A role `keep=bool[...]` makes it a region loss:
    its mask leaves the inner sums instead of selecting among its values.
    """

    text: str
    roles: Mapping[str, Role] = field(init=False)
    values: tuple[Axis, ...] = field(init=False)

    def __post_init__(self) -> None:
        inputs, arrow, output = self.text.partition("->")
        result = _VALUES.fullmatch(output)
        start = len(inputs) + len(arrow)
        if result is None:
            raise SignatureError("a signature ends with `-> float[…]`", 0, len(self.text))
        object.__setattr__(self, "roles", _roles(inputs))
        object.__setattr__(self, "values", read_axes(result["axes"], start + result.start("axes")))
        self._check_led(self.values, "the values", start, len(self.text))
        if self.is_region:
            self._check_led(self.roles["keep"].axes, "`keep`", 0, len(inputs))

    def _check_led(self, axes: tuple[Axis, ...], what: str, start: int, end: int) -> None:
        """Every axis has a name of its own: masks and weights are led by that to the roles."""
        roles = [self.roles[name].axes for name in self.inputs]
        for axis in axes:
            twice = any(role.count(axis) > 1 for role in (*roles, axes))
            nameless = axis is None or (isinstance(axis, int) and axis != 1)
            if nameless or (axis != 1 and twice):
                raise SignatureError(
                    f"an axis of {what} is 1, or has a name that stands once in each tensor, "
                    f"found `{'?' if axis is None else axis}`",
                    start,
                    end,
                )
            if axis == "..." and not any("..." in role for role in roles):
                raise SignatureError(f"the `...` of {what} stands in no tensor", start, end)

    @property
    def inputs(self) -> tuple[str, ...]:
        """The roles that tensors of the batch fill."""
        return tuple(name for name in self.roles if name != "keep")

    @property
    def is_region(self) -> bool:
        return "keep" in self.roles


def _roles(text: str) -> dict[str, Role]:
    roles: dict[str, Role] = {}
    offset = 0
    while offset < len(text.rstrip()):
        match = _ROLE.match(text, offset)
        if match is None or (match.end() < len(text) and text[match.end()] != ","):
            raise SignatureError("a role is written like `y_true=float[..., n]`", offset, len(text))
        if match["name"] in roles:
            raise SignatureError(f"{quote(match['name'])} stands twice", *match.span("name"))
        roles[match["name"]] = _role(match)
        offset = match.end() + 1
    return roles


def _role(match: re.Match[str]) -> Role:
    dtype, domain, limit = match["dtype"], match["domain"], match["limit"]
    if dtype not in _DTYPE_WORDS:
        raise SignatureError(
            f"the dtype of a role is one of {listing(_DTYPE_WORDS)}, found {quote(dtype)}",
            *match.span("dtype"),
        )
    if domain and domain not in DOMAINS:
        raise SignatureError(f"there is no domain {quote(domain)}", *match.span("domain"))
    if domain == "labels" and not limit:
        message = "labels name what they stay below, such as `labels(classes)`"
        raise SignatureError(message, *match.span("domain"))
    axes = read_axes(match["axes"], match.start("axes"))
    return Role(dtype, axes, domain, int(limit) if limit and limit.isdecimal() else limit)


def accepts(word: str, dtype: str | None) -> bool:
    """Whether a role of this dtype word takes a tensor of the dtype."""
    if dtype is None or word == "number":
        return True
    return kind(dtype) == word or (word == "int" and dtype == "bool")
