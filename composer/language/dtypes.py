"""The dtypes of the language, and which of two an operation computes in."""

from __future__ import annotations

from typing import Literal

Kind = Literal["bool", "int", "float"]

INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
FLOATS = ("float16", "bfloat16", "float32", "float64")
DTYPES = ("bool", *INTEGERS, *FLOATS)


def kind(dtype: str) -> Kind:
    """Whether a dtype is boolean, an integer or a float."""
    if dtype == "bool":
        return "bool"
    return "int" if dtype in INTEGERS else "float"


def widest_float(*dtypes: str) -> str:
    """The widest float among the dtypes, at least float32; what is no float counts as float32."""
    return "float64" if "float64" in dtypes else "float32"


def arithmetic(*dtypes: str) -> str:
    """What `+ - * // % **` compute in: integers in int64, else the widest float.

    TensorFlow's own uint8 makes 0 - 1 = 255; int64 does not.
    """
    if any(kind(dtype) == "float" for dtype in dtypes):
        return widest_float(*dtypes)
    return "int64"


def comparison(a: str, b: str) -> str:
    """The dtype that two tensors are compared in.

    It holds every number of both, except for 64-bit integers against floats or the other sign.
    """
    if a == b:
        return a
    if "uint64" in (a, b) and any(dtype.startswith("int") for dtype in (a, b)):
        return "float64"
    if kind(a) != "float" and kind(b) != "float":
        return "uint64" if "uint64" in (a, b) else "int64"
    if kind(a) == kind(b):
        # bfloat16 and float16 hold numbers that the other does not; float32 holds both.
        return widest_float(a, b)
    return "float64"


def holds(dtype: str, value: float) -> bool:
    """Whether a comparison with the number can be made in an integer dtype itself."""
    if kind(dtype) != "int" or not isinstance(value, int) or isinstance(value, bool):
        return False
    bits = int(dtype.removeprefix("u").removeprefix("int"))
    low, high = (0, 1 << bits) if dtype.startswith("u") else (-(1 << bits - 1), 1 << bits - 1)
    return low <= value < high
