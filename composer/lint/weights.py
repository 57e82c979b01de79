"""Weights that weigh nothing: 0, negative, or beyond what float32 tells."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from composer.finding import Finding
from composer.language import tree as t
from composer.language.errors import Also
from composer.lint import ranges
from composer.lint.intervals import Facts
from composer.lint.probing import negative_step
from composer.lint.ranges import INF, Range
from composer.lint.scope import Sight, numbers_of, warning
from composer.terms import Part

_LARGEST_INTEGER = 2**31
_SLACK = 1e-4  # what the rounding of float32 may add up to
_SMALLEST = {"float32": ranges.SMALLEST, "float64": 2.2250738585072014e-308}


def weight_findings(sight: Sight) -> Iterator[Finding]:
    """What is odd about the weights of a term, one by one and multiplied."""
    ones = [part for part in sight.weights if part.path[-1] == "weight"]
    fine = []
    for part in ones:
        found = list(weight_alone(part, sight.facts, precision(sight)))
        found += list(_under_a_mean(part, sight)) if not found else []
        yield from found
        fine += [] if found else [part]
    if len(fine) == len(ones) > 1:
        yield from _product(ones, sight)


def precision(sight: Sight) -> str | None:
    """The dtype that the term computes in, where it is known."""
    roles = sight.term.loss.bound_signature().roles
    predictions = [name for name in roles if roles[name].dtype == "float" and name != "y_true"]
    found = [sight.types.roles[name].dtype for name in predictions if name in sight.types.roles]
    return "float64" if "float64" in found else None


def weight_alone(part: Part, facts: Facts, dtype: str | None) -> Iterator[Finding]:
    """What is odd about one weight, whatever it multiplies."""
    factors, also = part.split(facts.ranks)[0], partial(numbers_of, part, facts)
    factor = scalar_range(part, facts)
    rest = facts.range_of(part.tree)
    if 0 in (factor.value, rest.value) or rest[:2] == (0, 0):
        message = "the weight is 0 everywhere: the loss is shown and trains nothing"
        yield warning("zero-weight", message, part, also=also())
    elif rest.high <= 0:
        yield warning(
            "negative-weight",
            "the weight is negative: training makes the loss larger",
            part,
            help="a loss is made smaller where its weight is above 0",
            also=also(),
        )
    elif factor.low < 0 < factor.high and (found := negative_step(factors, facts)):
        step, value = found
        message = f"the weight is {value:g} at step {step}"
        yield warning("negative-weight", message, part, also=also())
    else:
        yield from _out_of_range(factor, dtype, part, "the weight", also)
        yield from _tables_out_of_range(part, facts, dtype)


def scalar_range(part: Part, facts: Facts) -> Range:
    """The product of the scalar factors of a weight."""
    found = ranges.exactly(1)
    for tree, divides in part.split(facts.ranks)[0]:
        factor = facts.range_of(tree)
        found = ranges.quotient(found, factor) if divides else ranges.product(found, factor)
    return found


def _tables_out_of_range(part: Part, facts: Facts, dtype: str | None) -> Iterator[Finding]:
    for node in t.walk(part.expression.tree):
        if isinstance(node, t.Constant) and facts.ranks.get(node.name):
            also = partial(numbers_of, part, facts, node)
            yield from _out_of_range(facts.range_of(node), dtype, part, f"`{node.name}`", also)


def _out_of_range(
    found: Range, dtype: str | None, part: Part, what: str, also: Callable[[], Also]
) -> Iterator[Finding]:
    """A scalar that the dtype of the loss takes for 0 or for infinity."""
    name = dtype or "float32"
    most = max(abs(found.low), abs(found.high))
    if 0 < most < _SMALLEST[name]:
        message = f"{what} is {most:g}, which {name} takes for 0"
        yield warning("vanishing-weight", message, part, also=also())
    elif ranges.largest(name) < most < INF:
        message = f"{what} is {most:g}, which {name} takes for infinity"
        yield warning("overflowing-weight", message, part, also=also())


def _product(parts: list[Part], sight: Sight) -> Iterator[Finding]:
    """Weights that are fine one by one, and not multiplied."""
    found = ranges.exactly(1)
    for part in parts:
        found = ranges.product(found, scalar_range(part, sight.facts))
    dtype, what = precision(sight), "the weight, with the task's,"
    also: Also = ((parts[0].path, "the task's weight"),)
    yield from _out_of_range(found, dtype, parts[-1], what, lambda: also)


def _under_a_mean(part: Part, sight: Sight) -> Iterator[Finding]:
    """`weighted_mean` divides by the sum of the tensor weights, which should not cancel."""
    if sight.term.reduction != "weighted_mean":
        return
    _, rest = part.split(sight.facts.ranks)
    if rest is None:
        return
    # A tensor that is used as it stands is taken at its word: weights are not negative.
    facts = sight.targets()
    trusting = replace(facts, tensor=lambda node: _at_least_0(facts.tensor(node)), followed={})
    found = trusting.range_of(rest)
    if found.low < -_SLACK * (found.high if 1 < found.high < INF else 1):
        yield warning(
            "negative-weight",
            "`weighted_mean` divides by the sum of the weights, and this one may be negative",
            part,
            help=f"keep it above 0, such as with `maximum({part.expression.text.strip()}, 0)`",
        )


def _at_least_0(found: Range) -> Range:
    # The numbers of an integer tensor are no larger than their squares may be in int64.
    return found._replace(
        low=max(0, found.low), high=min(found.high, _LARGEST_INTEGER) if found.whole else found.high
    )
