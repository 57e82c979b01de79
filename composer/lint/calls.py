"""What each function of an expression can come to, given the ranges of its arguments."""

from __future__ import annotations

from collections.abc import Callable

from composer.language import tree as t
from composer.lint import ranges
from composer.lint.ranges import INF, Range, exactly, hull, truth

_MOST_CLASSES = 2**31


def call_range(node: t.Call, args: list[Range], lists: list[list[Range]]) -> Range:
    """What a function gives."""
    name = node.name
    if name in _ELEMENTWISE:
        return _ELEMENTWISE[name](args[0])
    if name in _OF_ARGUMENTS:
        return _OF_ARGUMENTS[name](*args)
    if name in ("isfinite", "isnan"):
        return _test(name, args[0])
    levels = lists[-1] if lists else args[3:5]
    return ranges.rounded(hull(levels)._replace(whole=False))  # a function of the step


def _positive(x: Range) -> Range:
    return Range(0, INF, nan=x.nan or x.low < 0)


def _log(x: Range) -> Range:
    return Range(0 if x.low >= 1 else -INF, 0 if x.high <= 1 else INF, x.nan or x.low < 0)


def _share(_x: Range) -> Range:
    """A sigmoid or softmax; that of infinite logits may be NaN."""
    return Range(0, 1, nan=True)


def _size(x: Range) -> Range:
    """The absolute value."""
    if x.low >= 0:
        return x._replace(whole=False)
    return Range(max(0, -x.high), max(-x.low, x.high), x.nan)


_ELEMENTWISE: dict[str, Callable[[Range], Range]] = {
    "abs": _size,
    "exp": lambda x: Range(1 if x.low >= 0 else 0, 1 if x.high <= 0 else INF, x.nan),
    "log": _log,
    "sqrt": _positive,
    "square": lambda x: ranges.power(x._replace(whole=False), exactly(2)),
    "sigmoid": _share,
    "softmax": _share,
    "stop_gradient": lambda x: x._replace(whole=False),
}


def _sum(x: Range) -> Range:
    return Range(-INF if x.low < 0 else 0, INF if x.high > 0 else 0, x.nan or not x.whole)


def _mean(x: Range) -> Range:
    return ranges.rounded(x._replace(nan=True, whole=False))  # of nothing it is NaN


def _any(x: Range) -> Range:
    return x.meet(ranges.BOTH)._replace(low=0)  # of nothing it is false


def _all(x: Range) -> Range:
    return x.meet(ranges.BOTH)._replace(high=1)  # of nothing it is true


def _take(table: Range, _index: Range) -> Range:
    return table._replace(nan=True, whole=False)  # out of range it is NaN


def _test(name: str, x: Range) -> Range:
    if name == "isnan":
        return truth(can_hold=x.nan, can_fail=x.low <= x.high)
    is_unbounded = x.low == -INF or x.high == INF
    has_finite = x.low <= x.high and x.low != INF and x.high != -INF
    return truth(has_finite, x.nan or (is_unbounded and not x.whole))


def _where(condition: Range, a: Range, b: Range) -> Range:
    chosen = [a] if condition.low == 1 else [b] if condition.high == 0 else [a, b]
    return hull(chosen)._replace(whole=False)


def _minimum(*args: Range) -> Range:
    nan = any(each.nan for each in args)
    return Range(min(each.low for each in args), min(each.high for each in args), nan)


def _maximum(*args: Range) -> Range:
    nan = any(each.nan for each in args)
    return Range(max(each.low for each in args), max(each.high for each in args), nan)


def _clip(x: Range, low: Range, high: Range) -> Range:
    return _minimum(_maximum(x, low), high)


_OF_ARGUMENTS: dict[str, Callable[..., Range]] = {
    "where": _where,
    "minimum": _minimum,
    "maximum": _maximum,
    "clip": _clip,
    "sum": _sum,
    "mean": _mean,
    "take": _take,
    "any": _any,
    "all": _all,
    "argmax": lambda _x: Range(0, _MOST_CLASSES, whole=True),
    "one_hot": lambda _x: Range(0, 1),
    "last_axis": lambda x: x,
}
