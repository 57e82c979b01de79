"""A tree as the text of an expression, with the brackets that it needs and no others."""

from __future__ import annotations

import keyword
from typing import NamedTuple

from composer.language import tree as t
from composer.language.functions import FUNCTIONS
from composer.language.interpret import evaluate
from composer.language.python_syntax import MAX_LENGTH

OR, AND, NOT, COMPARISON, SUM, PRODUCT, SIGN, POWER, ATOM = range(1, 10)
"""How tightly each kind of expression binds."""

LEVELS = {"+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT, "//": PRODUCT, "%": PRODUCT, "**": POWER}


class TooLongError(ValueError):
    """Written out, a tree is longer than anyone would read."""


def written(tree: t.Tree, level: int = OR, most: int = MAX_LENGTH) -> str:
    """The text of a tree: it reads as the same tree.

    Args:
        tree: the tree.
        level: what it stands beside binds so tightly; brackets keep it together.
        most: characters that it may have.

    Raises:
        TooLongError: it has more.
    """
    return evaluate(tree, _Writer(most)).at(level)


class _Text(NamedTuple):
    """A text, and how tightly it binds."""

    text: str
    level: int

    def at(self, level: int) -> str:
        """The text as an operand of something that binds so tightly."""
        return self.text if self.level >= level else f"({self.text})"


class _Writer:
    """The text of every kind of node, given those of its children."""

    def __init__(self, most: int) -> None:
        self.most = most

    def _made(self, text: str, level: int = ATOM) -> _Text:
        # What stands at several places is written once, but copied: here it is stopped in time.
        if len(text) > self.most:
            raise TooLongError
        return _Text(text, level)

    def number(self, node: t.Number) -> _Text:
        text = repr(node.value)
        return self._made(text, SIGN if text.startswith("-") else ATOM)

    def tensor(self, node: t.Tensor) -> _Text:
        return self._made(node.side + "".join(map(_name, node.path)))

    def constant(self, node: t.Constant) -> _Text:
        return self._made(node.name)

    def step(self, _node: t.Step) -> _Text:
        return self._made("step")

    def unary(self, node: t.Unary, operand: _Text) -> _Text:
        if node.op == "not":
            return self._made(f"not {operand.at(NOT)}", NOT)
        return self._made(f"{node.op}{operand.at(SIGN)}", SIGN)

    def binary(self, node: t.Binary, left: _Text, right: _Text) -> _Text:
        level = LEVELS[node.op]
        # A power takes the one at its right first, and a sign there needs no brackets.
        sides = (ATOM, SIGN) if node.op == "**" else (level, level + 1)
        text = f"{left.at(sides[0])} {node.op} {right.at(sides[1])}"
        return self._made(text, level)

    def compare(self, node: t.Compare, operands: list[_Text]) -> _Text:
        links = zip(node.ops, operands[1:], strict=True)
        rest = "".join(f" {op} {operand.at(SUM)}" for op, operand in links)
        return self._made(operands[0].at(SUM) + rest, COMPARISON)

    def logic(self, node: t.Logic, operands: list[_Text]) -> _Text:
        level = AND if node.op == "and" else OR
        text = f" {node.op} ".join(operand.at(level + 1) for operand in operands)
        return self._made(text, level)

    def member(self, node: t.Member, operand: _Text) -> _Text:
        values = ", ".join(map(written, node.values))
        word = "not in" if node.negated else "in"
        return self._made(f"{operand.at(SUM)} {word} [{values}]", COMPARISON)

    def index(self, node: t.Index, operand: _Text) -> _Text:
        return self._made(f"{operand.at(ATOM)}[{', '.join(map(item_text, node.items))}]")

    def call(self, node: t.Call, args: list[_Text], lists: list[list[_Text]]) -> _Text:
        parts = [arg.text for arg in args[: len(given(node))]]
        parts += [f"[{', '.join(each.text for each in items)}]" for items in lists]
        if node.size is not None:
            parts.append(str(node.size))
        if node.axis is not None:
            parts.append(f"axis={node.axis[0] if len(node.axis) == 1 else list(node.axis)}")
        return self._made(f"{node.name}({', '.join(parts)})")


def given(node: t.Call) -> tuple[t.Tree, ...]:
    """The arguments of a call, those at its end left out that are the defaults."""
    function, args = FUNCTIONS[node.name], list(node.args)
    while args and _is_default(args[-1], function.default(function.values[len(args) - 1])):
        args.pop()
    return tuple(args)


def _is_default(arg: t.Tree, default: t.Tree | None) -> bool:
    if not isinstance(arg, t.Number) or not isinstance(default, t.Number):
        return False
    return repr(arg.value) == repr(default.value)


def item_text(item: t.Item) -> str:
    """What stands in the brackets of an index, between commas."""
    if not isinstance(item, t.Slice):
        return "..." if item == "..." else str(item)
    bounds = ["" if each is None else str(each) for each in (item.start, item.stop, item.step)]
    return ":".join(bounds if item.step is not None else bounds[:2])


def _name(name: str) -> str:
    """`.depth`, or `["scene logits"]` for what is no identifier."""
    is_plain = name.isascii() and name.isidentifier() and not keyword.iskeyword(name)
    if is_plain and not name.startswith("__"):
        return f".{name}"
    return f'["{"".join(map(_character, name))}"]'


def _character(char: str) -> str:
    """A character between double quotes, escaped where it could not be seen."""
    if char in '"\\':
        return "\\" + char
    return char if char.isprintable() else f"\\U{ord(char):08x}"
