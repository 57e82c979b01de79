"""Numbers among themselves, computed while an expression is read."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

MAX_EXPONENT = 64
MAX_INTEGER = 2**63 - 1

_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
}


class FoldError(ValueError):
    """An operation has no finite number for a result; the message says why."""


def fold(op: str, left: float, right: float) -> int | float:
    """`left op right`: integers exactly, floats in double precision; raises FoldError.

    The caller bounds exponents.
    """
    try:
        value = _OPERATORS[op](left, right)
    except ZeroDivisionError:
        raise FoldError("nothing is divided by zero") from None
    except OverflowError:
        raise FoldError("the result is too large for a number") from None
    if isinstance(value, complex):
        raise FoldError("the result is no real number")
    require_range(value)
    return int(value) if isinstance(value, int) else float(value)


def require_range(value: float) -> None:
    """Raises FoldError for a number that no int64 or float64 holds."""
    if isinstance(value, int):
        if abs(value) > MAX_INTEGER:
            raise FoldError("a whole number has at most 63 bits")
    elif not math.isfinite(value):
        raise FoldError("a number is finite, this one is too large")
