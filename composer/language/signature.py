"""Signatures: what a loss reads and gives, and the sizes that its axes have on given tensors."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from composer.language.diagnostics import listing, quote
from composer.language.dtypes import kind
from composer.language.errors import SignatureError
from composer.language.shape import Dim, Mismatch, Shape, meet
from composer.language.tensor_type import Axis, TensorType, parse_tensor, read_axes

__all__ = [
    "DOMAINS", "Axis", "Binding", "Role", "Signature", "TensorType", "accepts", "parse_tensor",
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


class Binding:
    """The sizes that the axes of one signature got from the tensors of its roles.

    Attributes:
        dims: size by name of axis.
        middle: the axes that `...` stands for, or None while unknown.
        places: for every named axis, and for each axis of `...`, the (role, axis) it was met at.
    """

    def __init__(self, parameters: Mapping[str, int]) -> None:
        self.dims: dict[str, Dim] = dict(parameters)
        self.middle: tuple[Dim, ...] | None = None
        self.places: dict[str | int, list[tuple[str, int]]] = {}

    def bind(self, name: str, role: Role, shape: Shape) -> None:
        """Matches a tensor of this shape with the role; raises Mismatch."""
        if shape.tail is not None:
            self._bind_open(name, role, shape)
            return
        axes, dims = role.axes, shape.head
        if "..." not in axes:
            if len(dims) != len(axes):
                raise Mismatch(f"{len(axes)} axes are required, found {len(dims)}")
            self._bind_axes(name, axes, dims, 0)
            return
        place = axes.index("...")
        behind = len(axes) - place - 1
        if len(dims) < len(axes) - 1:
            raise Mismatch(f"at least {len(axes) - 1} axes are required, found {len(dims)}")
        end = len(dims) - behind
        self._bind_axes(name, axes[:place], dims[:place], 0)
        self._bind_axes(name, axes[place + 1 :], dims[end:], end)
        self._bind_middle(name, dims[place:end], place)

    def _bind_open(self, name: str, role: Role, shape: Shape) -> None:
        """Of a tensor of unknown rank, only the axes known from either end are matched."""
        axes = role.axes
        place = axes.index("...") if "..." in axes else len(axes)
        if "..." not in axes and shape.least_rank > len(axes):
            raise Mismatch(f"{len(axes)} axes are required, found at least {shape.least_rank}")
        ahead = min(place, len(shape.head))
        self._bind_axes(name, axes[:ahead], shape.head[:ahead], 0)
        behind = min(len(axes) - place - 1, len(shape.tail or ()))
        if behind > 0:
            tail = (shape.tail or ())[-behind:]
            self._bind_axes(name, axes[-behind:], tail, -behind)

    def _bind_axes(
        self, name: str, axes: tuple[Axis, ...], dims: tuple[Dim, ...], first: int
    ) -> None:
        for offset, (axis, dim) in enumerate(zip(axes, dims, strict=True)):
            if isinstance(axis, int):
                meet(axis, dim)
            elif axis is not None:
                self.dims[axis] = meet(self.dims.get(axis), dim)
                self.places.setdefault(axis, []).append((name, first + offset))

    def _bind_middle(self, name: str, dims: tuple[Dim, ...], first: int) -> None:
        if self.middle is None:
            self.middle = dims
        if len(self.middle) != len(dims):
            raise Mismatch(f"{len(self.middle)} axes are not {len(dims)}")
        self.middle = tuple(meet(x, y) for x, y in zip(self.middle, dims, strict=True))
        for offset in range(len(dims)):
            self.places.setdefault(offset, []).append((name, first + offset))

    def shape(self, axes: tuple[Axis, ...]) -> Shape:
        """The shape that axes of the signature have come to."""
        if "..." not in axes:
            return Shape(tuple(self._dim(axis) for axis in axes))
        place = axes.index("...")
        head = tuple(self._dim(axis) for axis in axes[:place])
        tail = tuple(self._dim(axis) for axis in axes[place + 1 :])
        if self.middle is None:
            return Shape(head, tail)
        return Shape(head + self.middle + tail)

    def _dim(self, axis: Axis) -> Dim:
        return self.dims.get(axis) if isinstance(axis, str) else axis


def accepts(word: str, dtype: str | None) -> bool:
    """Whether a role of this dtype word takes a tensor of the dtype."""
    if dtype is None or word == "number":
        return True
    return kind(dtype) == word or (word == "int" and dtype == "bool")
