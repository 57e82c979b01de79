"""Comparisons that come out the same way for every value that their operands can have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from composer.finding import Finding
from composer.language import tree as t
from composer.language.errors import Also
from composer.lint.assuming import assume
from composer.lint.intervals import Facts, equal
from composer.lint.ranges import BOTH, INF, TRUE, Range
from composer.lint.scope import Sight, conditions, warning
from composer.places import declared, tensor_of
from composer.terms import Part


def impossible_findings(sight: Sight) -> Iterator[Finding]:
    """Comparisons that come out the same way for every value that their operands can have."""
    targets = sight.targets()
    for part in sight.parts:
        for node, wanted in conditions(part.expression.tree):
            if isinstance(node, t.Compare | t.Member):
                yield from _never(node, wanted, part, sight, targets)


def _never(
    node: t.Compare | t.Member, wanted: bool | None, part: Part, sight: Sight, targets: Facts
) -> Iterator[Finding]:
    tree, facts = part.resolved(node), sight.facts
    aim = wanted is not False
    if isinstance(node, t.Member) and wanted and not node.negated:
        yield from _members(node, part, sight, targets)
    if not _reads_tensor(tree) or _is_contradiction(tree):
        return
    if assume(tree, aim, facts) is None:
        yield _impossible_finding(node, aim, part, facts, "", known_by(tree, sight))
    elif assume(tree, aim, targets) is None and not _may_drop(tree, wanted, part, facts):
        also = _known_by_loss(tree, sight)
        yield _impossible_finding(node, aim, part, targets, " by this loss", also)


def _known_by_loss(tree: t.Tree, sight: Sight) -> Also:
    """Where the loss stands, and the tensor that has as many classes as its labels are below."""
    found: list[tuple[Sequence[str | int], str]] = [(sight.term.path, "this loss")]
    for name, role in sight.term.loss.bound_signature().roles.items():
        part, places = sight.term.roles.get(name), sight.types.binding.places.get(str(role.limit))
        if part is not None and places and any(node == part.tree for node in t.walk(tree)):
            size = sight.types.binding.dims.get(str(role.limit))
            found += tensor_of(sight.term.roles[places[0][0]], f"{size} {role.limit} here")
    return found


def _members(node: t.Member, part: Part, sight: Sight, targets: Facts) -> Iterator[Finding]:
    """Single members that no label is, where others are."""
    facts = targets if part.path[-1] == "mask" else sight.facts
    tree = part.resolved(node.operand)
    found = facts.range_of(tree)
    never = [each for each in node.values if equal(found, facts.range_of(each)).high == 0]
    for each in never if len(never) < len(node.values) else []:
        text = part.expression.text
        message = (
            f"{part.text(node.operand)} is never {text[each.start : each.end]}: "
            f"it is {_spelled(found)}"
        )
        also = known_by(tree, sight)
        yield warning("impossible-comparison", message, part, each, also=also)


def _reads_tensor(tree: t.Tree) -> bool:
    return any(isinstance(node, t.Tensor) for node in t.walk(tree))


def _is_contradiction(tree: t.Tree) -> bool:
    """`80 < x < 0` is wrong in itself, whatever x can be."""
    return isinstance(tree, t.Compare) and len(tree.ops) > 1


def _may_drop(tree: t.Tree, wanted: bool | None, part: Part, facts: Facts) -> bool:
    """Whether a weight is 0 where it holds: labels out of range may be dropped that way."""
    if part.path[-1] == "mask":
        return wanted is None
    if part.path[-1] != "weight":
        return True
    found = facts.but(tree, TRUE).range_of(part.tree)
    return found.low <= 0 <= found.high


def _impossible_finding(
    node: t.Compare | t.Member, aim: bool, part: Part, facts: Facts, source: str, also: Also
) -> Finding:
    word = "never holds" if aim else "always holds"
    message = f"{part.text(node)} {word}: {known(node, part, facts)}{source}"
    return warning("impossible-comparison", message, part, node, also=also)


def known(node: t.Tree, part: Part, facts: Facts) -> str:
    """What is known of the two sides of a comparison, or of what a call tests."""
    if not isinstance(node, t.Compare | t.Member | t.Call):
        return ""
    found = [
        f"{part.text(operand)} is {_spelled(facts.range_of(tree))}"
        for operand in node.children
        if _reads_tensor(tree := part.resolved(operand))
    ]
    return " and ".join(dict.fromkeys(found))


def _spelled(found: Range) -> str:
    if found.value is not None:
        return _number(found.value)
    if found == BOTH:
        return "0 or 1"
    if found.high == INF or found.low == -INF:
        words = {
            (True, False): f"at least {_number(found.low)}",
            (False, True): f"at most {_number(found.high)}",
        }
        return words.get((found.high == INF, found.low == -INF), "any number")
    whole = "a whole number from " if found.whole else ""
    return f"{whole}{_number(found.low)} to {_number(found.high)}"


def _number(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:g}"


def known_by(tree: t.Tree, sight: Sight) -> Also:
    """Where the constants are defined, and the tensors declared that hold no floats."""
    return [
        (path, text)
        for path, text in declared(tree)
        if path[0] == "constants" or sight.kind(path[1:]) in ("int", "bool")
    ]
