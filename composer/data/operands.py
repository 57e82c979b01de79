"""Values of an expression in NumPy, and along which axes they meet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from composer.language.static.dtypes import counted_dtype, place_of
from composer.language.static.types import Place

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Value:
    """An array, with the dtype it counts as and where it belongs (see `static.types.Type`).

    Scalars and inline constants are held exactly, in int64 or float64, and cast to what they meet.
    """

    array: Array
    dtype: str
    place: Place


def scalar(array: Any) -> Value:
    """A number; it counts as the narrowest float if it is one."""
    return _value(array, "scalar")


def result(array: Any, values: Sequence[Value]) -> Value:
    """What was computed from the values."""
    return _value(array, place_of(values))


def _value(array: Any, place: Place) -> Value:
    # NumPy gives a number where TensorFlow gives a tensor without axes.
    array = np.asarray(array)
    return Value(array, counted_dtype(array.dtype.name, place), place)


def cast(array: Array, dtype: str) -> Array:
    """The array in another dtype, rounded as TensorFlow rounds: float64 to float16 by float32."""
    if dtype == "float16" and array.dtype == np.float64:
        array = array.astype(np.float32)
    return array.astype(dtype, copy=False)


def expanded(values: Sequence[Value]) -> list[Array]:
    """Arrays of the batch get the missing axes at the right; others broadcast by themselves."""
    rank = max((value.array.ndim for value in values if value.place == "batch"), default=0)
    return [
        expand_right(value.array, rank) if value.place == "batch" else value.array
        for value in values
    ]


def expand_right(array: Array, rank: int) -> Array:
    """Adds axes of size 1 behind the last until there are `rank`."""
    return array.reshape(array.shape + (1,) * (rank - array.ndim))


def floordiv(x: Array, y: Array) -> Array:
    """`//` as TensorFlow divides floats: 1 // 0.1 is 10, the quotient rounded before the floor."""
    found: Array = np.floor_divide(x, y) if x.dtype.kind == "i" else np.floor(x / y)
    return found


def floormod(x: Array, y: Array) -> Array:
    """`%` with the sign of y; a float that leaves no rest keeps the sign of x on its 0."""
    if x.dtype.kind == "i":
        found: Array = np.remainder(x, y)
        return found
    rest = np.fmod(x, y)
    other = (rest != 0) & ((rest < 0) != (y < 0))
    return np.where(other, rest + y, rest)
