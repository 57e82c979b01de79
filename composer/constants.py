"""Constants of a spec: numbers, lists of them, and `.npy` files beside the spec."""

from __future__ import annotations

import keyword
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import ValidationInfo
from pydantic_core import PydanticCustomError

from composer.fields import Reader, fault, shown
from composer.language.diagnostics import quote
from composer.language.functions import FUNCTIONS
from composer.language.shape import Shape
from composer.npy import NpyError, read_header

MAX_RANK = 8
RESERVED = frozenset({"y_true", "y_pred", "step", "true", "false", *FUNCTIONS, *keyword.kwlist})
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Constant:
    """A tensor that is fixed when the spec is read.

    Attributes:
        dtype: for values in the spec only `bool`, `int64` or `float32` as a word for their kind:
            they take the precision of what they meet. For a file the file's.
        shape: its sizes.
        values: the numbers in row-major order; empty for a file.
        file: the full path of the `.npy` file, or None.
        name: the file as the spec names it.
    """

    dtype: str
    shape: tuple[int, ...]
    values: tuple[float, ...] = field(repr=False)
    file: str | None = None
    name: str | None = None

    @property
    def static_shape(self) -> Shape:
        return Shape(self.shape)


def read_constant(value: Any, info: ValidationInfo) -> Constant:
    """A number, a regular list of numbers, or the name of a `.npy` file."""
    if isinstance(value, Constant):
        return value
    if isinstance(value, str):
        if _NUMBER.fullmatch(value):
            raise _no_number(value, ())
        return _from_file(value, (info.context or {}).get("directory"))
    shape = _shape(value)
    found = list(_numbers(value, shape))
    kinds = {type(number) for _, number in found}
    if bool in kinds and len(kinds) > 1:
        is_bool = isinstance(found[0][1], bool)
        place = next(place for place, each in found if isinstance(each, bool) is not is_bool)
        message = "a constant holds numbers or booleans, not both"
        raise fault("invalid-constant", message, at=place)
    dtype = "bool" if kinds == {bool} else "int64" if kinds <= {int} else "float32"
    return Constant(dtype, shape, tuple(number for _, number in found))


def _shape(value: Any) -> tuple[int, ...]:
    """The sizes that the first element of every level shows; `_numbers` holds the rest to them."""
    shape: list[int] = []
    while isinstance(value, list | tuple):
        if not value or len(shape) == MAX_RANK:
            message = f"a constant has 1 to {MAX_RANK} axes, none of them empty"
            raise fault("invalid-constant", message, at=(0,) * len(shape))
        shape.append(len(value))
        value = value[0]
    return tuple(shape)


def _numbers(
    value: Any, shape: tuple[int, ...], at: tuple[int, ...] = ()
) -> Iterator[tuple[tuple[int, ...], float]]:
    """The numbers, each with its place in the lists."""
    if not shape:
        if not isinstance(value, bool | int | float) or not math.isfinite(value):
            raise _no_number(value, at)
        yield at, value
        return
    if not isinstance(value, list | tuple) or len(value) != shape[0]:
        message = f"the lists of a constant are equally long, found one not of {shape[0]}"
        raise fault("invalid-constant", message, at=at)
    for place, each in enumerate(value):
        yield from _numbers(each, shape[1:], (*at, place))


def _no_number(value: Any, at: tuple[int, ...]) -> PydanticCustomError:
    help = meant = None
    found = shown(value)
    if isinstance(value, dict):
        help = "write a list, in the order of the class numbers"
    elif isinstance(value, str) and _NUMBER.fullmatch(value):
        help, meant, found = f"remove the quotes: `{value}`", value, f"the text {found}"
    message = f"a constant holds finite numbers, found {found}"
    return fault("invalid-constant", message, at=at, help=help, replacement=meant)


def _from_file(name: str, directory: str | None) -> Constant:
    if directory is None:
        raise fault(
            "invalid-path",
            f"the file {quote(name)} has no place: this spec was not read from a file",
            help="use `load_spec(path)`, or write the numbers into the spec",
        )
    try:
        header = read_header(directory, name)
    except NpyError as error:
        raise fault(error.code, str(error), help=error.help) from None
    return Constant(header.dtype, header.shape, (), header.path, name)


def read_constant_name(value: Any) -> str:
    """A name for use in expressions, not taken by the language."""
    if not isinstance(value, str) or not _IDENTIFIER.fullmatch(value):
        raise fault(
            "invalid-name",
            "the name of a constant is an identifier of at most 64 characters, "
            f"found {shown(value)}",
        )
    if value in RESERVED:
        raise fault("reserved-name", f"{quote(value)} is a word of the language", help="rename it")
    return value


def write_constant(constant: Constant) -> Any:
    """A constant as plain data: the name of its file, or nested lists."""
    if constant.name is not None:
        return constant.name
    data: list[Any] = list(constant.values)
    for size in reversed(constant.shape):
        data = [data[start : start + size] for start in range(0, len(data), size)]
    return data[0]


ConstantField = Annotated[
    Constant,
    Reader(read_constant, ["number", "array", "string"], write=write_constant, context=True),
]
ConstantName = Annotated[str, Reader(read_constant_name, "string")]
