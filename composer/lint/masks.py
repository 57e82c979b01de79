"""Masks that say nothing: constant ones, contradictions, comparisons that no label can meet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from composer.finding import Finding
from composer.language import tree as t
from composer.language.diagnostics import quote
from composer.language.errors import Also
from composer.lint.assuming import assume, assume_all
from composer.lint.intervals import Facts, equal
from composer.lint.ranges import BOTH, INF, TRUE, Range
from composer.lint.scope import MAX_NODES, Sight, conditions, size, warning
from composer.places import declared, tensor_of
from composer.terms import Part

_TESTS = ("isnan", "isfinite")
NOTHING = "nothing counts, and the loss is 0"


def mask_findings(sight: Sight) -> Iterator[Finding]:
    """What keeps the masks of a term from choosing."""
    impossible = list(_impossible(sight))
    yield from impossible
    blamed = {each.path for each in impossible}
    for part in sight.masks:
        if part.path not in blamed:
            yield from _constant(part, sight)
    together = list(_together(sight, blamed))
    yield from together
    if not blamed and not together:
        yield from _only_nan(sight)


def _only_nan(sight: Sight) -> Iterator[Finding]:
    """A mask that is true where a tensor of the loss is no number: a `not` is amiss."""
    if not sight.masks:
        return
    masks = sight.masks
    kept = assume_all([(part.tree, True) for part in masks], sight.facts)
    for part in sight.term.roles.values():
        if kept is None or size(part.tree) > MAX_NODES:
            continue
        turned = [mask for mask in masks if part.tree in _infinite(mask.tree)]
        if turned:
            message = f"the mask keeps nothing but NaN and infinity of {part.source}"
            yield _turned_round(f"{message}: the loss is no number", turned[-1])
        elif _is_nan(part, kept):
            alone = [each for each in masks if _is_nan(part, assume(each.tree, True, sight.facts))]
            message = f"the mask keeps nothing but NaN of {part.source}: the loss is NaN"
            yield _turned_round(message, (alone or masks)[-1])


def _is_nan(part: Part, facts: Facts | None) -> bool:
    found = facts.range_of(part.tree) if facts is not None else None
    return found is not None and found.low > found.high and found.nan


def _infinite(mask: t.Tree) -> list[t.Tree]:
    """What is NaN or infinite wherever the mask holds."""
    match mask:
        case t.Logic(op="and", operands=operands):
            return [each for operand in operands for each in _infinite(operand)]
        case t.Unary(op="not", operand=t.Call(name="isfinite", args=(x,))):
            return [x]
    return []


def _turned_round(message: str, mask: Part) -> Finding:
    """The finding of a mask that keeps what it should remove, or the other way round."""
    tree, text = mask.expression.tree, mask.expression.text.strip()
    if isinstance(tree, t.Unary) and tree.op == "not":
        help, written = "leave its `not` out", mask.written(tree.operand)
    else:
        help, written = "put `not` before it", f"not {text}"
    is_test = isinstance(tree, t.Unary | t.Call)
    return warning(
        "contradiction", message, mask, help=help, replacement=written if is_test else None
    )


def _constant(part: Part, sight: Sight) -> Iterator[Finding]:
    facts = sight.facts
    if isinstance(part.tree, t.Number):
        outcome = "it removes nothing" if part.tree.value else NOTHING
        message = f"the mask is {str(part.tree.value).lower()} everywhere: {outcome}"
        yield warning("constant-mask", message, part)
    elif assume(part.tree, True, facts) is None:
        message, also = f"the mask never holds: {NOTHING}", _known_by(part.tree, sight)
        yield warning("contradiction", message, part, also=also)
    elif assume(part.tree, False, facts) is None:
        reason = _reason(part.expression.tree, part, facts)
        since = f", since {reason}" if reason else ""
        message = f"the mask always holds{since}: it removes nothing"
        yield warning("constant-mask", message, part, also=_known_by(part.tree, sight))
    elif _holds_for_numbers(part.tree, facts):
        message = "the mask always holds, but for NaN: every number passes one side of its `or`"
        yield warning("constant-mask", message, part, help="`and` keeps what passes both sides")


def _known_by(tree: t.Tree, sight: Sight) -> Also:
    """Where the constants are defined, and the tensors declared that hold no floats."""
    return [
        (path, text)
        for path, text in declared(tree)
        if path[0] == "constants" or sight.kind(path[1:]) in ("int", "bool")
    ]


def _holds_for_numbers(tree: t.Tree, facts: Facts) -> bool:
    """Whether `x > 0 or x < 80` fails for NaN alone, of which it does not speak.

    `x > 0 or x <= 0` does: no number passes both of its sides.
    """
    if not isinstance(tree, t.Logic) or tree.op != "or":
        return False
    if any(isinstance(node, t.Call) and node.name in _TESTS for node in t.walk(tree)):
        return False
    if any(isinstance(each, t.Compare) and _is_of_itself(each) for each in tree.operands):
        return False
    numbers = replace(
        facts, tensor=lambda node: facts.tensor(node)._replace(nan=False), followed={}
    )
    both = assume_all([(each, True) for each in tree.operands], numbers)
    return both is not None and assume(tree, False, numbers) is None


def _is_of_itself(tree: t.Compare) -> bool:
    return len(tree.operands) == 2 and tree.operands[0] == tree.operands[1]


def _reason(tree: t.Tree, part: Part, facts: Facts) -> str:
    """What is known of the sides of a comparison, or of what is tested."""
    while (isinstance(tree, t.Unary) and tree.op == "not") or (
        isinstance(tree, t.Call) and tree.name in ("any", "all")
    ):
        tree = tree.children[0]
    return _known(tree, part, facts)


def _together(sight: Sight, blamed: set[tuple[str | int, ...]]) -> Iterator[Finding]:
    """A task's mask and a loss's that exclude each other."""
    masks = sight.masks
    possible = [assume(part.tree, True, sight.facts) is not None for part in masks]
    if len(masks) < 2 or not all(possible) or blamed & {part.path for part in masks}:
        return
    if assume_all([(part.tree, True) for part in masks], sight.facts) is None:
        other = quote(masks[0].expression.text.strip())
        message = f"this mask never holds where the task's does, {other}: {NOTHING}"
        also = ((masks[0].path, "the task's mask"),)
        yield warning("contradiction", message, masks[-1], also=also)


def _impossible(sight: Sight) -> Iterator[Finding]:
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
        yield _impossible_finding(node, aim, part, facts, "", _known_by(tree, sight))
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
    known = targets if part.path[-1] == "mask" else sight.facts
    tree = part.resolved(node.operand)
    found = known.range_of(tree)
    never = [each for each in node.values if equal(found, known.range_of(each)).high == 0]
    for each in never if len(never) < len(node.values) else []:
        text = part.expression.text
        message = (
            f"{part.text(node.operand)} is never {text[each.start : each.end]}: "
            f"it is {_spelled(found)}"
        )
        also = _known_by(tree, sight)
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
    known = _known(node, part, facts)
    message = f"{part.text(node)} {word}: {known}{source}"
    return warning("impossible-comparison", message, part, node, also=also)


def _known(node: t.Tree, part: Part, facts: Facts) -> str:
    """What is known of the two sides of a comparison, or of what a call tests."""
    if not isinstance(node, t.Compare | t.Member | t.Call):
        return ""
    known = [
        f"{part.text(operand)} is {_spelled(facts.range_of(tree))}"
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
