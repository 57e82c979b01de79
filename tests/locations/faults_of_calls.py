"""Faults of the calls and types of expressions: the mark is under the very part."""

from __future__ import annotations

import random

from tests.locations.expressions import Expr, Token, split
from tests.locations.faults_of_expressions import site
from tests.locations.injecting import Fault, a_field, a_mapping, choose, kind, need
from tests.locations.subjects import Subject, key, numbers

NO_DEFAULTS = "abs|isfinite|exp|isnan|clip|where|take"


def _call(rng: random.Random, subject: Subject, names: str = r"\w+") -> tuple[Expr, int, int]:
    """An expression with a call, the place of its function, and that of its closing bracket."""
    node, at, _ = site(rng, subject, "function", text=names)
    depth, last = 1, at + 1
    while depth:
        last += 1
        depth += {"(": 1, ")": -1}.get(node.tokens[last].text, 0)
    return node, at, last


@kind
def argument_too_many(rng: random.Random, subject: Subject) -> Fault:
    node, _, last = _call(rng, subject, NO_DEFAULTS)
    start, end = node.put(last, *split(", 7"), over=0)
    return Fault("invalid-expression", node, (start + 2, end))


@kind
def parameter_that_is_none(rng: random.Random, subject: Subject) -> Fault:
    node, _, last = _call(rng, subject)
    start, end = node.put(last, *split(", dtype=7"), over=0)
    return Fault("invalid-expression", node, (start + 2, end))


@kind
def argument_missing(rng: random.Random, subject: Subject) -> Fault:
    node, at, last = _call(rng, subject, "ramp|cosine|clip|where|take")
    comma = next(place for place in range(at, last) if node.tokens[place].text == ",")
    node.put(comma, over=last - comma)
    return Fault("invalid-expression", node, node.span(at, comma + 1 - at))


@kind
def axis_of_the_batch(rng: random.Random, subject: Subject) -> Fault:
    node, at, _ = site(rng, subject, "parameter", text="axis")
    part = node.put(at + 2, Token("number", "0"), over=2)  # for `-1`
    return Fault("invalid-expression", node, part, "the whole batch")


@kind
def exponent_too_large(rng: random.Random, subject: Subject) -> Fault:
    node, at, _ = site(rng, subject, "bare")
    _, end = node.put(at + 1, *split("**65"), over=0)
    return Fault("invalid-expression", node, (end - 2, end))


@kind
def member_that_is_no_number(rng: random.Random, subject: Subject) -> Fault:
    node, at, _ = site(rng, subject, "logic", text="in")
    place = next(i for i in range(at, len(node.tokens)) if node.tokens[i].kind == "number")
    return Fault("invalid-expression", node, node.put(place, Token("bare", "y_pred")))


@kind
def logic_of_numbers(rng: random.Random, subject: Subject) -> Fault:
    node, at, _ = site(rng, subject, "logic", text="and|or")
    part = node.put(at + 2, Token("bare", "y_pred"), over=len(node.tokens) - at - 2)
    return Fault("dtype-mismatch", node, part)


@kind
def arithmetic_for_a_mask(rng: random.Random, subject: Subject) -> Fault:
    _, node = a_field(rng, subject, ("mask",), Expr)
    assert isinstance(node, Expr)
    part = node.put(0, *split("step + 1"), over=len(node.tokens))
    return Fault("dtype-mismatch", node, part, "!= 0")


@kind
def constant_without_a_place(rng: random.Random, subject: Subject) -> Fault:
    constants = a_mapping(subject, "constants")
    weights = [
        node
        for path, node in subject.values()
        if path[0:1] == ("tasks",) and path[2:] and path[-1] == "weight" and isinstance(node, Expr)
    ]
    node = choose(rng, weights)
    need(not any(token.kind == "name" for token in node.tokens))  # which nobody would read then
    constants.entries.append((key("vector"), numbers("1", "2")))
    part = node.put(0, Token("name", "vector"), over=len(node.tokens))
    return Fault("unplaced-constant", node, part, "last_axis(constant)")


@kind
def schedule_that_runs_backwards(rng: random.Random, subject: Subject) -> Fault:
    """A warning."""
    node, at, last = _call(rng, subject, "ramp|cosine")
    start = next(place for place in range(at, last) if node.tokens[place].kind == "number")
    node.put(start, Token("number", "5000"))
    return Fault("backward-schedule", node, node.span(at, last + 1 - at))
