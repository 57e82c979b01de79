"""Masks that say nothing: constant ones, contradictions, comparisons that no label can meet."""

from __future__ import annotations

from collections.abc import Iterator

from composer.finding import Finding
from composer.language import tree as t
from composer.language.diagnostics import quote
from composer.lint.assuming import assume, assume_all
from composer.lint.intervals import Facts, equal
from composer.lint.ranges import BOTH, INF, TRUE, Range
from composer.lint.scope import MAX_NODES, Sight, conditions, size, warning
from composer.terms import Part

NOTHING = "nothing counts, and the loss is 0"


def mask_findings(sight: Sight) -> Iterator[Finding]:
    """What keeps the masks of a term from choosing."""
    impossible = list(_impossible(sight))
    yield from impossible
    blamed = {each.path for each in impossible}
    for part in sight.masks:
        if part.path not in blamed:
            yield from _constant(part, sight.facts)
    together = list(_together(sight, blamed))
    yield from together
    if not blamed and not together:
        yield from _only_nan(sight)


def _only_nan(sight: Sight) -> Iterator[Finding]:
    """A mask that is true where a tensor of the loss is NaN: a `not` was forgotten."""
    if not sight.masks:
        return
    kept = assume_all([(part.tree, True) for part in sight.masks], sight.facts)
    for part in sight.term.roles.values():
        if kept is None or size(part.tree) > MAX_NODES:
            continue
        found = kept.range_of(part.tree)
        if found.low > found.high and found.nan:
            message = f"the mask keeps nothing but NaN of {part.source}: the loss is NaN"
            yield warning("contradiction", message, sight.masks[-1], help="put `not` before it")


def _constant(part: Part, facts: Facts) -> Iterator[Finding]:
    if isinstance(part.tree, t.Number):
        outcome = "it removes nothing" if part.tree.value else NOTHING
        message = f"the mask is {str(part.tree.value).lower()} everywhere: {outcome}"
        yield warning("constant-mask", message, part)
    elif assume(part.tree, True, facts) is None:
        yield warning("contradiction", f"the mask never holds: {NOTHING}", part)
    elif assume(part.tree, False, facts) is None:
        reason = _known(part.expression.tree, part, facts)
        reason = f", since {reason}" if reason else ""
        yield warning("constant-mask", f"the mask always holds{reason}: it removes nothing", part)


def _together(sight: Sight, blamed: set[tuple[str | int, ...]]) -> Iterator[Finding]:
    """A task's mask and a loss's that exclude each other."""
    masks = sight.masks
    possible = [assume(part.tree, True, sight.facts) is not None for part in masks]
    if len(masks) < 2 or not all(possible) or blamed & {part.path for part in masks}:
        return
    if assume_all([(part.tree, True) for part in masks], sight.facts) is None:
        other = quote(masks[0].expression.text.strip())
        message = f"this mask never holds where the task's does, {other}: {NOTHING}"
        yield warning("contradiction", message, masks[-1])


def _impossible(sight: Sight) -> Iterator[Finding]:
    """Comparisons that come out the same way for every value that their operands can have."""
    targets = sight.targets()
    for part in sight.parts:
        for node, wanted in conditions(part.expression.tree):
            if isinstance(node, t.Compare | t.Member):
                yield from _never(node, wanted, part, sight.facts, targets)


def _never(
    node: t.Compare | t.Member, wanted: bool | None, part: Part, facts: Facts, targets: Facts
) -> Iterator[Finding]:
    tree = part.resolved(node)
    aim = wanted is not False
    if isinstance(node, t.Member) and wanted and not node.negated:
        yield from _members(node, part, facts, targets)
    if not _reads_tensor(tree) or _is_contradiction(tree):
        return
    if assume(tree, aim, facts) is None:
        yield _impossible_finding(node, aim, part, facts, "")
    elif assume(tree, aim, targets) is None and not _may_drop(tree, wanted, part, facts):
        yield _impossible_finding(node, aim, part, targets, " by this loss")


def _members(node: t.Member, part: Part, facts: Facts, targets: Facts) -> Iterator[Finding]:
    """Single members that no label is, where others are."""
    known = targets if part.path[-1] == "mask" else facts
    found = known.range_of(part.resolved(node.operand))
    never = [each for each in node.values if equal(found, known.range_of(each)).high == 0]
    for each in never if len(never) < len(node.values) else []:
        text, operand = part.expression.text, node.operand
        message = (
            f"`{text[operand.start : operand.end]}` is never {text[each.start : each.end]}: "
            f"it is {_spelled(found)}"
        )
        yield warning("impossible-comparison", message, part, each)


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
    node: t.Compare | t.Member, aim: bool, part: Part, facts: Facts, source: str
) -> Finding:
    text = part.expression.text
    word = "never holds" if aim else "always holds"
    known = _known(node, part, facts)
    message = f"{quote(text[node.start : node.end])} {word}: {known}{source}"
    return warning("impossible-comparison", message, part, node)


def _known(node: t.Tree, part: Part, facts: Facts) -> str:
    """What is known of the two sides of a comparison, or of what a call tests."""
    if not isinstance(node, t.Compare | t.Member | t.Call):
        return ""
    text = part.expression.text
    known = [
        f"{quote(text[operand.start : operand.end])} is {_spelled(facts.range_of(tree))}"
        for operand in node.children
        if _reads_tensor(tree := part.resolved(operand))
    ]
    return " and ".join(dict.fromkeys(known))


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
