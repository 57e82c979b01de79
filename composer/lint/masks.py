"""Masks that say nothing: constant ones, contradictions, those turned round."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from composer.finding import Finding
from composer.language import tree as t
from composer.language.diagnostics import quote
from composer.lint.assuming import assume, assume_all
from composer.lint.impossible import impossible_findings, known, known_by
from composer.lint.intervals import Facts
from composer.lint.scope import MAX_NODES, Sight, warning
from composer.terms import Part

_TESTS = ("isnan", "isfinite")
NOTHING = "nothing counts, and the loss is 0"


def mask_findings(sight: Sight) -> Iterator[Finding]:
    """What keeps the masks of a term from choosing."""
    impossible = list(impossible_findings(sight))
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
        if kept is None or part.size > MAX_NODES:
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
        message, also = f"the mask never holds: {NOTHING}", known_by(part.tree, sight)
        yield warning("contradiction", message, part, also=also)
    elif assume(part.tree, False, facts) is None:
        reason = _reason(part.expression.tree, part, facts)
        since = f", since {reason}" if reason else ""
        message = f"the mask always holds{since}: it removes nothing"
        yield warning("constant-mask", message, part, also=known_by(part.tree, sight))
    elif _holds_for_numbers(part.tree, facts):
        message = "the mask always holds, but for NaN: every number passes one side of its `or`"
        yield warning("constant-mask", message, part, help="`and` keeps what passes both sides")


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
    return known(tree, part, facts)


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
