"""What each function of an expression can come to, given the ranges of its arguments."""

from __future__ import annotations

from collections.abc import Callable

from composer.language import tree as t
from composer.lint import ranges
from composer.lint.ranges import INF, Range, exactly, hull, truth

_MOST_CLASSES = 2**31


def call_range(node: t.Call, args: list[Range], lists: list[list[Range]]) -> Range:
    """What a function gives."""
    name, x = node.name, args[0]
    match name:
        case "isfinite" | "isnan":
            return _test(name, x)
        case "ramp" | "cosine":
            return ranges.rounded(hull(args[3:5])._replace(whole=False))
        case "piecewise" | "cycle":
            return ranges.rounded(hull(lists[-1])._replace(whole=False))
        case "where":
            return _where(*args)
        case "minimum" | "maximum" | "clip":
            return _bounded(name, args)
        case "sum":
            return Range(-INF if x.low < 0 else 0, INF if x.high > 0 else 0, x.nan or not x.whole)
        case "mean":  # of nothing it is NaN
            return ranges.rounded(x._replace(nan=True, whole=False))
        case "take":  # out of range it is NaN
            return x._replace(nan=True, whole=False)
        case "argmax":
            return Range(0, _MOST_CLASSES, whole=True)
        case "one_hot":
            return Range(0, 1)
        case "any":  # of nothing it is false
            return x.meet(ranges.BOTH)._replace(low=0)
        case "all":  # of nothing it is true
            return x.meet(ranges.BOTH)._replace(high=1)
        case "last_axis":
            return x
    return _ELEMENTWISE[name](x)


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


def _test(name: str, x: Range) -> Range:
    if name == "isnan":
        return truth(can_hold=x.nan, can_fail=x.low <= x.high)
    is_unbounded = x.low == -INF or x.high == INF
    has_finite = x.low <= x.high and x.low != INF and x.high != -INF
    return truth(has_finite, x.nan or (is_unbounded and not x.whole))


def _where(condition: Range, a: Range, b: Range) -> Range:
    chosen = [a] if condition.low == 1 else [b] if condition.high == 0 else [a, b]
    return hull(chosen)._replace(whole=False)


def _bounded(name: str, args: list[Range]) -> Range:
    nan = any(each.nan for each in args)
    if name == "clip":
        return _bounded("minimum", [_bounded("maximum", args[:2]), args[2]])
    choose = min if name == "minimum" else max
    return Range(choose(a.low for a in args), choose(a.high for a in args), nan)
