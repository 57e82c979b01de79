"""Schedules that stand still, or run from later to earlier."""

from __future__ import annotations

from collections.abc import Iterator

from composer.finding import Finding
from composer.language import tree as t
from composer.language.functions import SCHEDULES
from composer.lint.intervals import Facts
from composer.lint.scope import numbers_of, warning
from composer.terms import Part


def schedule_findings(part: Part, facts: Facts) -> Iterator[Finding]:
    """Functions of the step that never move, or run from later to earlier."""
    for node in t.walk(part.expression.tree):
        if isinstance(node, t.Call) and node.name in SCHEDULES:
            yield from _schedule(node, part, facts)


def _schedule(node: t.Call, part: Part, facts: Facts) -> Iterator[Finding]:
    levels = {facts.range_of(value).value for value in _reached(node, facts)}
    level = levels.pop() if len(levels) == 1 else None
    if not any(isinstance(each, t.Step) for each in t.walk(node.args[0])):
        message = f"`{node.name}` never moves: its first argument does not read `step`"
        yield warning("idle-schedule", message, part, node)
    elif level is not None:
        message = f"`{node.name}` never moves: it is {level:g} at every step"
        also, written = numbers_of(part, facts, node), _written(level, node is part.expression.tree)
        yield warning(
            "idle-schedule", message, part, node, f"write `{level:g}`", also=also,
            replacement=written,
        )  # fmt: skip
    elif node.name in ("ramp", "cosine"):
        yield from _backward(node, part, facts)


def _written(level: float, is_whole: bool) -> str:
    """The number in the place of a schedule, exact, and in brackets where a sign may go astray."""
    text = f"{level:g}" if float(f"{level:g}") == level else repr(level)
    return text if is_whole or level >= 0 else f"({text})"


def _reached(node: t.Call, facts: Facts) -> Iterator[t.Tree]:
    """The values that a schedule goes between, but for those that lie before its first step."""
    first = facts.range_of(node.args[0]).low
    if node.name == "piecewise":
        for place, value in enumerate(node.lists[1]):
            until = node.lists[0][place] if place < len(node.lists[0]) else None
            if until is None or facts.range_of(until).high > first:
                yield value
    elif node.name == "cycle":
        yield from _turns(node, facts)
    else:
        start, end, before, after = node.args[1:]
        is_over = facts.range_of(start).high <= facts.range_of(end).high <= first
        yield from [after] if is_over else [before, after]


def _turns(node: t.Call, facts: Facts) -> Iterator[t.Tree]:
    """The values of a cycle that whole steps come to: fewer steps than values leave some out."""
    values, period = node.lists[0], facts.range_of(node.args[1])
    count = period.value
    is_whole = period.whole and facts.range_of(node.args[0]).whole
    if not is_whole or count is None or not 0 < count < len(values):
        yield from values
        return
    for step in range(int(count)):
        yield values[step * len(values) // int(count)]


def _backward(node: t.Call, part: Part, facts: Facts) -> Iterator[Finding]:
    start, end = (facts.range_of(each).value for each in node.args[1:3])
    if start is not None and end is not None and end < start:
        first, last = (_source(each, part, facts) for each in node.args[3:5])
        step = part.written(node.args[0])
        forwards = f"{node.name}({step}, {_source(node.args[2], part, facts)}, "
        forwards += _source(node.args[1], part, facts)
        yield warning(
            "backward-schedule",
            f"`{node.name}` runs backwards, from step {start:g} to step {end:g}",
            part,
            node,
            f"from {first} to {last} is `{forwards}, {first}, {last})`; "
            f"`{forwards}, {last}, {first})` is what this computes",
            also=numbers_of(part, facts, node),
        )


def _source(node: t.Tree, part: Part, facts: Facts) -> str:
    """An argument as it is written; a default stands nowhere."""
    return part.written(node) or f"{facts.range_of(node).value:g}"
