"""Scalar weights at single steps: what a schedule really is there, in Python's own floats."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from composer.language import tree as t
from composer.lint.intervals import Facts

_LATE = 10**6


def negative_step(factors: list[tuple[t.Tree, bool]], facts: Facts) -> tuple[int, float] | None:
    """The step at which the product of the factors is most negative, with its value.

    Tried are the beginning, the numbers of the expressions and their neighbours; if none of them is
    negative, a late step.
    """
    for steps in (_steps(factors), [_LATE]):
        found = [(value, step) for step in steps if (value := _product(factors, step, facts)) < 0]
        if found:
            value, step = min(found)
            return step, value
    return None


def _product(factors: list[tuple[t.Tree, bool]], step: int, facts: Facts) -> float:
    """The product at a step; 0 where it is not known."""
    product = 1.0
    for tree, divides in factors:
        value = value_at(tree, step, facts)
        if not value:
            return 0
        product = product / value if divides else product * value
    return product


def _steps(factors: list[tuple[t.Tree, bool]]) -> Iterator[int]:
    yield from (0, 1)
    for tree, _ in factors:
        for node in t.walk(tree):
            if isinstance(node, t.Number) and 0 <= node.value < 2**31:
                yield from (max(0, int(node.value) + each) for each in (-1, 0, 1))


def value_at(tree: t.Tree, step: int, facts: Facts) -> float | None:
    """What a scalar is at a step; None where only its range is known."""
    match tree:
        case t.Step():
            return step
        case t.Number():
            return tree.value
        case t.Constant():
            return facts.range_of(tree).value
    values = [value_at(child, step, facts) for child in tree.children]
    if any(value is None for value in values):
        return None
    try:
        return _combined(tree, [float(value) for value in values if value is not None])
    except (ArithmeticError, ValueError):
        return None


def _combined(tree: t.Tree, values: list[float]) -> float | None:
    match tree:
        case t.Unary(op="-"):
            return -values[0]
        case t.Unary(op="+"):
            return values[0]
        case t.Binary():
            return _ARITHMETIC[tree.op](*values)
        case t.Call(name="ramp" | "cosine"):
            return _between(tree.name, *values)
        case t.Call(name="piecewise"):
            count = len(tree.lists[0])
            boundaries, levels = values[1 : 1 + count], values[1 + count :]
            return levels[sum(values[0] >= boundary for boundary in boundaries)]
        case t.Call(name="cycle"):
            step, period, *levels = values
            return levels[int(step % period * len(levels) // period)]
        case t.Call() if tree.name in _FUNCTIONS:
            return _FUNCTIONS[tree.name](*values)
    return None


def _between(name: str, step: float, start: float, end: float, first: float, last: float) -> float:
    part = float(step >= start) if start == end else (step - start) / (end - start)
    part = min(max(part, 0.0), 1.0)
    if name == "cosine":
        part = (1 - math.cos(math.pi * part)) / 2
    return first * (1 - part) + last * part


_ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "//": lambda a, b: a // b,
    "%": lambda a, b: a % b,
    "**": math.pow,
}
_FUNCTIONS: dict[str, Callable[..., float]] = {
    "abs": abs,
    "exp": math.exp,
    "log": math.log,
    "sqrt": math.sqrt,
    "square": lambda x: x * x,
    "sigmoid": lambda x: 0.5 * (1 + math.tanh(x / 2)),
    "minimum": min,
    "maximum": max,
    "clip": lambda x, low, high: min(max(x, low), high),
}
