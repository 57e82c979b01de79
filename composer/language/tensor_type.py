"""The shape language: `float32[batch, h, w, 1]` says the dtype and the axes of a tensor."""

from __future__ import annotations

import re
from dataclasses import dataclass

from composer.language.diagnostics import quote
from composer.language.dtypes import DTYPES
from composer.language.errors import SignatureError
from composer.language.nearness import Nearest, nearest
from composer.language.shape import Shape

MAX_RANK = 32

_TENSOR = re.compile(r"\s*(?P<dtype>\w+)\s*(?:\[(?P<axes>[^\[\]]*)\])?\s*", re.ASCII)
_IN_PARENTHESES = re.compile(r"(?P<dtype>\w+)\s*\((?P<axes>[^()\[\]]*?),?\s*\)", re.ASCII)
_AXIS = re.compile(r"\.\.\.|\?|[A-Za-z_][A-Za-z0-9_]*|[0-9]{1,10}", re.ASCII)
_ELSEWHERE = {
    "float": "float32", "double": "float64", "half": "float16", "int": "int32", "long": "int64",
    "boolean": "bool", "short": "int16", "byte": "uint8",
}  # fmt: skip
_NOT_KNOWN = ("None", "none", "null", "-1")
_UNKNOWN_SIZE = "write `?` for a size that is not known, or a name such as `batch`"

Axis = int | str | None
"""An axis of a signature: a size, a name, `"..."` for any number of axes, None for `?`."""


@dataclass(frozen=True, slots=True)
class TensorType:
    """The dtype and shape of a tensor, as `tensors:` declares them. dtype None is unknown."""

    dtype: str | None
    shape: Shape

    def __str__(self) -> str:
        return f"{self.dtype or '?'}{self.shape}"


def parse_tensor(text: str) -> TensorType:
    """Reads `float32[batch, h, w, 1]`; raises SignatureError with offsets."""
    match = _TENSOR.fullmatch(text)
    if match is None:
        raise _no_tensor(text)
    dtype = match["dtype"]
    if dtype not in DTYPES:
        near = _near_dtype(dtype)
        raise SignatureError(
            f"there is no dtype {quote(dtype)}",
            *match.span("dtype"),
            help=near.help,
            # 64 bits to NumPy, 32 to TensorFlow: suggested, never put in its place.
            replacement=None if dtype == "int" else near.meant,
        )
    if match["axes"] is None:
        raise SignatureError(
            f"the axes are missing in {quote(text)}",
            0,
            len(text),
            help=f"write `{dtype}[batch, ...]`, or `{dtype}[]` for a single number",
        )
    return TensorType(dtype, _shape(read_axes(match["axes"], match.start("axes"))))


def read_axes(text: str, offset: int) -> tuple[Axis, ...]:
    """The axes between the brackets, checked one by one."""
    if not text.strip():
        return ()
    axes: list[Axis] = []
    for part in text.split(","):
        word = part.strip()
        start = offset + len(part) - len(part.lstrip())
        if not _AXIS.fullmatch(word) or word in _NOT_KNOWN:
            found = quote(word) if word else "nothing"
            raise SignatureError(
                f"an axis is a name, a size, `?` or `...`, found {found}",
                start,
                start + max(1, len(word)),
                help=_UNKNOWN_SIZE if word in _NOT_KNOWN else None,
            )
        if word == "..." and "..." in axes:
            raise SignatureError("`...` stands at most once", start, start + 3)
        axes.append(int(word) if word.isdecimal() else None if word == "?" else word)
        offset += len(part) + 1
    if len(axes) > MAX_RANK:
        raise SignatureError(f"a tensor has at most {MAX_RANK} axes", 0, offset)
    return tuple(axes)


def _shape(axes: tuple[Axis, ...]) -> Shape:
    if "..." not in axes:
        return Shape(axes)
    place = axes.index("...")
    return Shape(axes[:place], axes[place + 1 :])


def _no_tensor(text: str) -> SignatureError:
    """The error of what is no dtype with axes behind it; `float32(…)` has the wrong brackets."""
    message = f"a tensor is described like `float32[batch, h, w, 1]`, found {quote(text)}"
    found = _IN_PARENTHESES.fullmatch(text.strip())
    if found is None:
        return SignatureError(message, 0, len(text))
    written = f"{found['dtype']}[{found['axes']}]"
    help = f"write {quote(written)}"
    return SignatureError(message, 0, len(text), help=help, replacement=written)


def _near_dtype(word: str) -> Nearest:
    if word in _ELSEWHERE:
        return Nearest(f"write {quote(_ELSEWHERE[word])}", _ELSEWHERE[word])
    return nearest(word, DTYPES, noun="dtypes")
