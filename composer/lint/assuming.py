"""What follows from a condition: the ranges in which it holds, or that it never does."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable
from dataclasses import replace

from composer.language import tree as t
from composer.lint.intervals import Facts, compared
from composer.lint.ranges import FALSE, INF, TRUE, Range, hull

_ROUNDS = 2  # what comes later in a condition narrows what came before it
_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


def assume(tree: t.Tree, holds: bool, facts: Facts) -> Facts | None:
    """The facts where a condition holds, or does not; None where that never happens."""
    return assume_all([(tree, holds)], facts)


def assume_all(conditions: Iterable[tuple[t.Tree, bool]], facts: Facts) -> Facts | None:
    """The facts where all conditions are as they say; None where they exclude each other."""
    key = tuple(conditions)
    if key not in facts.followed:
        found: Facts | None = facts
        for tree, holds in key * _ROUNDS:
            found = found and _assume(tree, holds, found)
        facts.followed[key] = found
    return facts.followed[key]


def _assume(tree: t.Tree, holds: bool, facts: Facts) -> Facts | None:
    match tree:
        case t.Number():
            return facts if bool(tree.value) == holds else None
        case t.Unary(op="not"):
            return _assume(tree.operand, not holds, facts)
        case t.Logic():
            parts = [(operand, holds) for operand in tree.operands]
            return _all(parts, facts) if (tree.op == "and") == holds else _any(parts, facts)
        case t.Compare():
            links = _links(tree)
            return _every_link(links, facts) if holds else _some_link_fails(links, facts)
        case t.Member():
            return _member(tree, holds != tree.negated, facts)
        case t.Call(name="isnan" | "isfinite"):
            return _tested(tree, holds, facts)
    return _known(tree, TRUE if holds else FALSE, facts)


def _known(tree: t.Tree, found: Range, facts: Facts) -> Facts | None:
    """The facts with a part narrowed to a range."""
    narrowed = facts.range_of(tree).meet(found)
    if narrowed.is_empty:
        return None
    return facts if isinstance(tree, t.Number) else facts.but(tree, narrowed)


def _all(parts: list[tuple[t.Tree, bool]], facts: Facts) -> Facts | None:
    found: Facts | None = facts
    for tree, holds in parts:
        found = found and _assume(tree, holds, found)
    return found


def _any(parts: list[tuple[t.Tree, bool]], facts: Facts) -> Facts | None:
    return _either([_assume(tree, holds, facts) for tree, holds in parts])


def _either(branches: list[Facts | None]) -> Facts | None:
    """What is true in every branch that can be."""
    possible = [branch for branch in branches if branch is not None]
    if len(possible) <= 1:
        return possible[0] if possible else None
    shared = set.intersection(*(set(branch.here) for branch in possible))
    here = {part: hull(branch.here[part] for branch in possible) for part in shared}
    return replace(possible[0], here=here, followed={})


Link = tuple[str, t.Tree, t.Tree]


def _links(tree: t.Compare) -> list[Link]:
    return [(op, *tree.operands[i : i + 2]) for i, op in enumerate(tree.ops)]  # type: ignore[misc]  # two operands a link


def _every_link(links: list[Link], facts: Facts) -> Facts | None:
    found: Facts | None = facts
    for link in links:
        found = found and _link(link, found)
    return found


def _some_link_fails(links: list[Link], facts: Facts) -> Facts | None:
    return _either([_failed_link(link, facts) for link in links])


def _link(link: Link, facts: Facts) -> Facts | None:
    """Where `a op b` holds: neither is NaN, but for `!=`."""
    op, a_node, b_node = link
    a, b = facts.range_of(a_node), facts.range_of(b_node)
    if compared(op, (a_node, a), (b_node, b)).high == 0:
        return None
    if op == "!=" and a_node == b_node:
        return _known(a_node, Range(INF, -INF, nan=True), facts)
    if op == "!=":
        return _unequal(a_node, a, b.value, facts)
    found = _known(a_node, _beside(op, b), facts)
    return found and _known(b_node, _beside(_MIRRORED[op], a), found)


def _unequal(node: t.Tree, found: Range, other: float | None, facts: Facts) -> Facts | None:
    """Whole numbers that are not the least, or not the largest, of their range."""
    if other is None or not found.whole or other not in found[:2]:
        return facts
    low, high = found.low + (other == found.low), found.high - (other == found.high)
    return _known(node, Range(low, high), facts)


def _failed_link(link: Link, facts: Facts) -> Facts | None:
    """Where `a op b` does not hold: the opposite does, or one of the two is NaN."""
    op, a_node, b_node = link
    a, b = facts.range_of(a_node), facts.range_of(b_node)
    if compared(op, (a_node, a), (b_node, b)).low == 1:
        return None
    if op == "!=":
        return _link(("==", a_node, b_node), facts)
    if a.nan or b.nan:
        return facts
    return _link((_OPPOSITE[op], a_node, b_node), facts)


def _beside(op: str, other: Range) -> Range:
    """The numbers x with `x op y` for some y of the other range."""
    match op:
        case "<":
            return Range(-INF, _next(other.high, -INF))
        case "<=":
            return Range(-INF, other.high)
        case ">":
            return Range(_next(other.low, INF), INF)
        case ">=":
            return Range(other.low, INF)
    return Range(other.low, other.high)


def _next(x: float, towards: float) -> float:
    """The next number, whole or not; a float64 does not tell the largest whole ones apart."""
    return math.nextafter(x, towards) if abs(x) < 2**52 else x


def _member(tree: t.Member, holds: bool, facts: Facts) -> Facts | None:
    numbers = [each for each in tree.values if isinstance(each, t.Number)]
    if holds:
        return _either([_link(("==", tree.operand, each), facts) for each in numbers])
    plain = t.Member(tree.start, tree.end, tree.operand, tree.values, negated=False)
    return None if facts.range_of(plain).low == 1 else facts


def _tested(tree: t.Call, holds: bool, facts: Facts) -> Facts | None:
    """Where a tested value is NaN or finite, or is not."""
    (x,) = tree.args
    found = facts.range_of(tree)
    if found.high < holds or found.low > holds:
        return None
    if tree.name == "isnan":
        return _known(x, Range(INF, -INF, nan=True) if holds else Range(-INF, INF), facts)
    if holds:
        return _known(x, Range(-sys.float_info.max, sys.float_info.max), facts)
    return facts.but(tree, FALSE)
