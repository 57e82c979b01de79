"""Range: the numbers that a value can be, and what arithmetic makes of them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

from composer.language.dtypes import kind
from composer.language.folding import MAX_EXPONENT

INF = math.inf
SMALLEST = 1.1754943508222875e-38
"""The smallest normal number of float32."""
_ROUNDING = 1e-6
_LARGEST = {"float16": 65504.0, "bfloat16": 3.3895313892515355e38, "float32": 3.4028234663852886e38}


class Range(NamedTuple):
    """All numbers from `low` to `high`, and NaN where `nan`. Truth is 0 and 1.

    What it leaves out never happens; what it holds may happen or not. `whole` says that all are
    whole numbers, `scalar` that it is computed in float64. It is nothing but NaN, or nothing at
    all, where `low` is above `high`.
    """

    low: float
    high: float
    nan: bool = False
    whole: bool = False
    scalar: bool = False

    @property
    def is_empty(self) -> bool:
        return self.low > self.high and not self.nan

    @property
    def value(self) -> float | None:
        """The one number that it is, if it is one."""
        return self.low if self.low == self.high and not self.nan else None

    def meet(self, other: Range) -> Range:
        """What is in both."""
        low, high = max(self.low, other.low), min(self.high, other.high)
        whole = self.whole or other.whole
        if whole:
            low = math.ceil(low) if math.isfinite(low) else low
            high = math.floor(high) if math.isfinite(high) else high
        return Range(low, high, self.nan and other.nan, whole, self.scalar)


ANYTHING = Range(-INF, INF, nan=True)
BOTH = Range(0, 1, whole=True)
INT64 = Range(-(2**63), 2**63 - 1, whole=True)
TRUE = Range(1, 1, whole=True)
FALSE = Range(0, 0, whole=True)


def exactly(value: float) -> Range:
    """The range of one number."""
    return flushed(Range(value, value, whole=isinstance(value, int), scalar=True))


def of_dtype(dtype: str | None) -> Range:
    """What a tensor of the dtype can hold."""
    if dtype is None or kind(dtype) == "float":
        return ANYTHING
    if dtype == "bool":
        return BOTH
    bits = int(dtype.removeprefix("u").removeprefix("int"))
    if dtype.startswith("u"):
        return Range(0, (1 << bits) - 1, whole=True)
    return Range(-(1 << bits - 1), (1 << bits - 1) - 1, whole=True)


def largest(dtype: str | None) -> float:
    """The largest finite number of a float dtype, of float32 where it is unknown."""
    return _LARGEST.get(dtype or "float32", 1.7976931348623157e308)


def hull(ranges: Iterable[Range]) -> Range:
    """The smallest range that holds all of them."""
    low, high, nan, whole, scalar = INF, -INF, False, True, True
    for each in ranges:
        low, high = min(low, each.low), max(high, each.high)
        nan, whole, scalar = nan or each.nan, whole and each.whole, scalar and each.scalar
    return Range(low, high, nan, whole, scalar)


def truth(can_hold: bool, can_fail: bool) -> Range:
    """The range of a test."""
    return Range(int(not can_fail), int(can_hold), whole=True)


def rounded(x: Range) -> Range:
    """The range as it is computed: integers that overflow turn round, floats are rounded.

    A 0 stays one, and no sign is lost but that of what is nearer to 0 than float32 tells.
    """
    if x.whole:
        return x if x.low >= INT64.low and x.high <= INT64.high else INT64
    if x.scalar:
        return flushed(x)
    low, high = x.low - _ROUNDING * abs(x.low), x.high + _ROUNDING * abs(x.high)
    most = largest("float32")
    low, high = low if low >= -most else -INF, high if high <= most else INF
    return flushed(Range(low, high, x.nan))


def flushed(x: Range) -> Range:
    """The range, and 0 with it where float32 takes its ends for 0."""
    low = 0 if 0 < x.low < SMALLEST else x.low
    return x._replace(low=low, high=0 if -SMALLEST < x.high < 0 else x.high)


def negative(x: Range) -> Range:
    return rounded(Range(-x.high, -x.low, x.nan, x.whole, x.scalar))


def add(a: Range, b: Range) -> Range:
    low, high = _sum(a.low, b.low, -INF), _sum(a.high, b.high, INF)
    return rounded(Range(low, high, _nan(a, b), a.whole and b.whole, a.scalar and b.scalar))


def multiply(a: Range, b: Range) -> Range:
    return rounded(product(a, b))


def product(a: Range, b: Range) -> Range:
    """A product of scalars, which are exact."""
    corners = [_product(x, y) for x in (a.low, a.high) for y in (b.low, b.high)]
    whole, scalar = a.whole and b.whole, a.scalar and b.scalar
    return Range(min(corners), max(corners), _nan(a, b), whole, scalar)


def divide(a: Range, b: Range) -> Range:
    return rounded(quotient(a, b))


def quotient(a: Range, b: Range) -> Range:
    """A quotient of scalars; a divisor that may be 0 leaves only the sign, and may give NaN."""
    if b.low < 0 < b.high or b[:2] == (0, 0):
        return ANYTHING
    if b.high <= 0:
        a, b = negative(a), negative(b)
    inverse = Range(1 / b.high if b.high else INF, 1 / b.low if b.low else INF)
    found = product(a, inverse)
    nan = _nan(a, b) or b.low == 0
    return Range(found.low, found.high, nan, scalar=a.scalar and b.scalar)


def modulo(a: Range, b: Range) -> Range:
    """What is left of a division by a number above 0."""
    divisor = b.value
    if divisor is None or divisor <= 0:
        return ANYTHING
    whole = a.whole and b.whole
    scalar = a.scalar and b.scalar
    return Range(0, divisor - 1 if whole else divisor, a.nan or not a.whole, whole, scalar)


def floor_divide(a: Range, b: Range) -> Range:
    divisor = b.value
    if a.whole and isinstance(divisor, int) and divisor:
        corners = [a.low // divisor, a.high // divisor]
        return Range(min(corners), max(corners), whole=True, scalar=a.scalar)
    found = divide(a, b)  # rounded before the floor: 1 // 0.1 is 10
    return found._replace(low=_floor(found.low), high=_floor(found.high))


def _floor(x: float) -> float:
    return math.floor(x) if math.isfinite(x) else x


def power(a: Range, b: Range) -> Range:
    """A power: even ones and those of no negative number are never negative."""
    exponent = b.value
    if isinstance(exponent, int) and a.whole and 0 <= exponent <= MAX_EXPONENT:
        corners = [_raised(x, exponent) for x in (a.low, a.high)]
        zero = [0] if a.low < 0 < a.high else []
        low, high = min(corners + zero), max(corners + zero)
        return rounded(Range(low, high, whole=True, scalar=a.scalar))
    scalar = a.scalar and b.scalar
    if a.low >= 0:  # then it rises or falls all along with either
        corners = [_raised(x, y) for x in (a.low, a.high) for y in (b.low, b.high)]
        return rounded(Range(min(corners), max(corners), nan=True, scalar=scalar))
    is_even = isinstance(exponent, int) and exponent % 2 == 0
    return Range(0 if a.low >= 0 or is_even else -INF, INF, nan=True, scalar=scalar)


def _raised(x: float, exponent: float) -> float:
    try:
        is_small = isinstance(exponent, int) and 0 <= exponent <= MAX_EXPONENT
        return int(x) ** exponent if is_small and isinstance(x, int) else math.pow(x, exponent)
    except (ZeroDivisionError, ValueError):  # 0 to a power below 0
        return INF
    except OverflowError:
        return INF if x > 0 or exponent % 2 == 0 else -INF


def _sum(x: float, y: float, otherwise: float) -> float:
    total = x + y
    return otherwise if math.isnan(total) else total


def _product(x: float, y: float) -> float:
    return 0 if x == 0 or y == 0 else x * y


def _nan(a: Range, b: Range) -> bool:
    """Arithmetic on numbers without a bound may come to inf - inf or 0 · inf."""
    is_bounded = all(math.isfinite(each) for each in (*a[:2], *b[:2]))
    return a.nan or b.nan or not (is_bounded or (a.whole and b.whole))
