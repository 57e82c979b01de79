"""What a plain scalar means: the YAML 1.2 core schema, and the traps of YAML 1.1."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from composer.language.diagnostics import quote

Scalar = None | bool | int | float | str

_WORDS: dict[str, Scalar] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
    ".nan": math.nan, ".NaN": math.nan, ".NAN": math.nan,
}  # fmt: skip
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", re.ASCII)
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", re.ASCII)
_INFINITY = re.compile(r"([-+]?)\.(?:inf|Inf|INF)")
_LEADING_ZERO = re.compile(r"[-+]?0[0-9]+", re.ASCII)
_UNDERSCORES = re.compile(r"[-+]?[0-9][0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?", re.ASCII)
_SEXAGESIMAL = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?", re.ASCII)
_BINARY = re.compile(r"[-+]?0b[01_]+", re.ASCII)

_MEANT = {
    "on": "true", "yes": "true", "y": "true", "off": "false", "no": "false", "n": "false",
    "true": "true", "false": "false", "null": "null", "none": "null",
    "nan": ".nan", "inf": ".inf", "+inf": ".inf", "-inf": "-.inf",
    "infinity": ".inf", "+infinity": ".inf", "-infinity": "-.inf",
    ".nan": ".nan", ".inf": ".inf", "+.inf": ".inf", "-.inf": "-.inf",
}  # fmt: skip
_LONGEST_MEANT = 64
_INT64 = 1 << 63


@dataclass(frozen=True, slots=True)
class Meaning:
    """A plain scalar's value; `caution` where it is text that reads like something else.

    `out_of_range` says what is wrong with a number that no int64 or float64 holds.
    """

    value: Scalar
    caution: str | None = None
    out_of_range: str | None = None


def resolve(text: str) -> Meaning:
    """The meaning of an unquoted scalar."""
    if text in _WORDS:
        return Meaning(_WORDS[text])
    first = text[0]
    if first not in "+-.0123456789":
        return Meaning(text, _caution(text))
    if _LEADING_ZERO.fullmatch(text):
        return Meaning(text, _leading_zero_caution(text))
    if _INTEGER.fullmatch(text):
        return _integer(text)
    if _FLOAT.fullmatch(text):
        return _float(text)
    if infinity := _INFINITY.fullmatch(text):
        return Meaning(-math.inf if infinity[1] == "-" else math.inf)
    return Meaning(text, _caution(text))


def _integer(text: str) -> Meaning:
    base = {"0o": 8, "0x": 16}.get(text[:2], 10)
    # Python refuses to read more than 4300 decimal digits.
    value = int(text, base) if base != 10 or len(text) <= 20 else _INT64
    if -_INT64 <= value < _INT64:
        return Meaning(value)
    return Meaning(0, out_of_range=f"the whole number {_shown(text)} does not fit 64 bits")


def _float(text: str) -> Meaning:
    value = float(text)
    if math.isinf(value):
        return Meaning(value, out_of_range=f"the number {_shown(text)} is too large for a float")
    if value == 0 and re.search("[1-9]", re.split("[eE]", text)[0]):
        return Meaning(value, out_of_range=f"the number {_shown(text)} is so small that it is 0")
    return Meaning(value)


def _shown(text: str) -> str:
    return quote(text if len(text) <= 40 else text[:40] + "…")


def _leading_zero_caution(text: str) -> str | None:
    sign, digits = ("-" if text[0] == "-" else ""), text.lstrip("+-").lstrip("0") or "0"
    if len(text) > _LONGEST_MEANT:
        return "a number with leading zeros is text here, write it without them"
    advice = f"write `{sign}{digits}`"
    if digits != "0" and not sign and not set(digits) & {"8", "9"}:
        advice += f", or `0o{digits}` if octal is meant"
    return f"{quote(text)} with its leading zero is text here, {advice}"


def _caution(text: str) -> str | None:
    """What to say of a text that YAML 1.1 did not read as text."""
    word = meant(text)
    if word is not None:
        return f"{quote(text)} is text in YAML 1.2, write `{word}`"
    if len(text) <= _LONGEST_MEANT and _SEXAGESIMAL.fullmatch(text):
        return f"{quote(text)} is text in YAML 1.2, write the number in base 10"
    return None


def meant(text: str) -> str | None:
    """The number, the boolean or the null that YAML 1.1 read in a text; None where it read none."""
    bare = text.replace("_", "")
    if len(text) > _LONGEST_MEANT:
        return None
    if _BINARY.fullmatch(bare):
        return str(int(bare, 2))
    if _SEXAGESIMAL.fullmatch(bare) and (text.lstrip("+-")[0] != "0" or "." in text):
        return _in_base_10(bare)
    return bare if _UNDERSCORES.fullmatch(text) and "_" in text else _MEANT.get(text.lower())


def _in_base_10(text: str) -> str:
    """`1:30` counts minutes and seconds."""
    value: float = 0
    for digits in text.lstrip("+-").split(":"):
        value = value * 60 + (float(digits) if "." in digits else int(digits))
    return f"{'-' if text[0] == '-' else ''}{value}"
