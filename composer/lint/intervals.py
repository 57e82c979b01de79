"""The meaning of an expression as a range: what it can come to on any batch, at any step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from composer.language import tree as t
from composer.language.interpret import evaluate
from composer.lint import ranges
from composer.lint.calls import call_range
from composer.lint.ranges import ANYTHING, BOTH, Range, exactly, truth

_OF_MANY = frozenset({"any", "all", "sum", "mean", "softmax", "argmax"})
_LAST_STEP = 2**31


@dataclass(frozen=True)
class Facts:
    """What is known of the tensors and constants, and of whole parts of an expression.

    Attributes:
        tensor: what a tensor of the batch can hold.
        constants: what the constants hold.
        ranks: how many axes the constants have.
        everywhere: ranges of parts, for all their elements.
        here: ranges of parts at the element in question, where something is assumed to hold.
        followed: what was found to follow from conditions; a task's stand with all its losses.
    """

    tensor: Callable[[t.Tensor], Range]
    constants: Mapping[str, Range]
    ranks: Mapping[str, int]
    everywhere: Mapping[t.Tree, Range] = field(default_factory=dict)
    here: Mapping[t.Tree, Range] = field(default_factory=dict)
    followed: dict[object, Facts | None] = field(default_factory=dict, compare=False)

    def always(self, part: t.Tree, found: Range) -> Facts:
        """The same facts, with one more, of all elements."""
        return replace(self, everywhere={**self.everywhere, part: found}, followed={})

    def but(self, part: t.Tree, found: Range) -> Facts:
        """The same facts, with one more, of this element."""
        return replace(self, here={**self.here, part: found}, followed={})

    def range_of(self, tree: t.Tree) -> Range:
        """What an expression can come to. Its names are resolved: none stands for a task's own."""
        return evaluate(tree, _Ranges(self))


class _Ranges:
    """What each kind of node comes to, given the ranges of its children."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts

    def _within(self, node: t.Tree, found: Range) -> Range:
        # A node is hashed with all that is below it: not where there is nothing to look up.
        for facts in (self.facts.everywhere, self.facts.here):
            if facts and (known := facts.get(node)) is not None:
                found = found.meet(known)
        return found

    def _elsewhere(self, operand: t.Tree, found: Range) -> Range:
        """The range of what other elements than this one go into."""
        if not self.facts.here:
            return found
        return replace(self.facts, here={}, followed={}).range_of(operand)

    def number(self, node: t.Number) -> Range:
        return exactly(node.value)

    def tensor(self, node: t.Tensor) -> Range:
        return self._within(node, self.facts.tensor(node))

    def constant(self, node: t.Constant) -> Range:
        return self.facts.constants.get(node.name, ANYTHING)

    def step(self, node: t.Step) -> Range:
        return self._within(node, Range(0, _LAST_STEP, whole=True, scalar=True))

    def unary(self, node: t.Unary, operand: Range) -> Range:
        if node.op == "not":
            operand = operand.meet(BOTH)
            return truth(can_hold=operand.low == 0, can_fail=operand.high == 1)
        return self._within(node, ranges.negative(operand) if node.op == "-" else operand)

    def binary(self, node: t.Binary, left: Range, right: Range) -> Range:
        if node.op == "*" and node.left == node.right:
            return self._within(node, ranges.power(left, exactly(2)))
        if node.op == "-":
            return self._within(node, ranges.add(left, ranges.negative(right)))
        return self._within(node, _ARITHMETIC[node.op](left, right))

    def compare(self, node: t.Compare, operands: list[Range]) -> Range:
        links = [
            compared(op, (node.operands[i], operands[i]), (node.operands[i + 1], operands[i + 1]))
            for i, op in enumerate(node.ops)
        ]
        return self._within(node, _every(links))

    def logic(self, node: t.Logic, operands: list[Range]) -> Range:
        operands = [operand.meet(BOTH) for operand in operands]
        if node.op == "and":
            return self._within(node, _every(operands))
        return self._within(
            node, Range(max(x.low for x in operands), max(x.high for x in operands), whole=True)
        )

    def member(self, node: t.Member, operand: Range) -> Range:
        numbers = [exactly(each.value) for each in node.values if isinstance(each, t.Number)]
        links = [equal(operand, each) for each in numbers]
        is_covered = operand.whole and _covers(numbers, operand)
        found = Range(int(is_covered), max(link.high for link in links), whole=True)
        if node.negated:
            found = truth(can_hold=found.low == 0, can_fail=found.high == 1)
        return self._within(node, found)

    def index(self, node: t.Index, operand: Range) -> Range:
        return self._within(node, self._elsewhere(node.operand, operand))

    def call(self, node: t.Call, args: list[Range], lists: list[list[Range]]) -> Range:
        if node.name in _OF_MANY:
            args = [self._elsewhere(node.args[0], args[0])]
        found = call_range(node, args, lists)
        given = [*args, *(each for items in lists for each in items)]
        scalar = all(each.scalar for each in given)
        return self._within(node, found._replace(scalar=scalar))


_ARITHMETIC: dict[str, Callable[[Range, Range], Range]] = {
    "+": ranges.add,
    "*": ranges.multiply,
    "/": ranges.divide,
    "//": ranges.floor_divide,
    "%": ranges.modulo,
    "**": ranges.power,
}


def _every(links: list[Range]) -> Range:
    return Range(min(x.low for x in links), min(x.high for x in links), whole=True)


def _covers(numbers: list[Range], operand: Range) -> bool:
    """Whether every whole number of the operand is among the numbers."""
    if operand.high - operand.low >= len(numbers):
        return False
    listed = {each.low for each in numbers}
    return all(each in listed for each in range(int(operand.low), int(operand.high) + 1))


def compared(op: str, left: tuple[t.Tree, Range], right: tuple[t.Tree, Range]) -> Range:
    """The truth of one link of a comparison; a part is equal to itself unless it is NaN."""
    (a_node, a), (b_node, b) = left, right
    if a_node == b_node:
        if op in ("<", ">"):
            return ranges.FALSE
        is_equal = truth(can_hold=a.low <= a.high, can_fail=a.nan)
        return truth(a.nan, a.low <= a.high) if op == "!=" else is_equal
    if op in (">", ">="):
        return compared("<" if op == ">" else "<=", right, left)
    nan = a.nan or b.nan
    if op == "<":
        return truth(a.low < b.high, a.high >= b.low or nan)
    if op == "<=":
        return truth(a.low <= b.high, a.high > b.low or nan)
    found = equal(a, b)
    if op == "!=":
        return truth(can_hold=found.low == 0, can_fail=found.high == 1)
    return found


def equal(a: Range, b: Range) -> Range:
    """Whether two values are equal."""
    low, high = max(a.low, b.low), min(a.high, b.high)
    can_hold = low <= high
    value = low if low == high else None
    if can_hold and value is not None and (a.whole or b.whole):
        can_hold = float(value).is_integer()
    return truth(can_hold, a.value is None or a.value != b.value)
