r"""A tree as LaTeX: arithmetic as fractions and powers, conditions in logic's own symbols.

A target `y_true.depth` is y with the name below it, a prediction has a hat. What comes out stays
in mathematics: inside `\text` MathJax would show the backslashes of escapes.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from composer.formula.written import (
    AND,
    ATOM,
    COMPARISON,
    LEVELS,
    NOT,
    OR,
    POWER,
    PRODUCT,
    SIGN,
    SUM,
    TooLongError,
    given,
    item_text,
)
from composer.language import tree as t
from composer.language.diagnostics import escape
from composer.language.functions import FUNCTIONS
from composer.language.interpret import evaluate

_ESCAPED = {
    "\\": r"\backslash ", "^": r"\wedge ", "~": r"\sim ", " ": r"\ ", "-": "{-}", "'": "{'}",
    "`": r"\grave{\ }", "[": "{[}", "]": "{]}",
    **{char: "\\" + char for char in "_#$%&{}"},
}  # fmt: skip
_RELATIONS = {
    "==": "=", "!=": r"\neq", "<": "<", "<=": r"\leq", ">": ">", ">=": r"\geq",
}  # fmt: skip
_FUNCTIONS = {"log": r"\log", "exp": r"\exp", "minimum": r"\min", "maximum": r"\max",
              "sigmoid": r"\sigma"}  # fmt: skip
_CONDITIONS = frozenset({"isfinite", "isnan", "any", "all"})
_POWER_OF_TEN = re.compile(r"(.+)e\+?(-?)0*(\d+)")
_NOT_ASCII = re.compile(r"([^\x00-\x7f]+)")
_MOST = 20_000


def latex(tree: t.Tree, level: int = OR, most: int = _MOST) -> str:
    """The tree as a number; a condition is 1 where it holds.

    Args:
        tree: the tree.
        level: what it stands beside binds so tightly; brackets keep it together.
        most: characters that it may have.

    Raises:
        TooLongError: it has more.
    """
    return evaluate(tree, _Latex(most)).at(level)


def condition(tree: t.Tree, level: int = OR, most: int = _MOST) -> str:
    """The same of a condition, as such."""
    return evaluate(tree, _Latex(most)).among(level)


def roman(name: str) -> str:
    r"""A name in upright letters, `\mathrm{has\_pose}`."""
    return rf"\mathrm{{{_escaped(name)}}}"


def operator(name: str) -> str:
    """A name as that of a function."""
    return rf"\operatorname{{{_escaped(name)}}}"


def called(name: str, arguments: str) -> str:
    """A function on its arguments."""
    return rf"{name}\left({arguments}\right)"


def decimal(value: float) -> str:
    """A number; a power of ten is written as one."""
    if isinstance(value, bool):
        return roman(str(value).lower())
    text = repr(value)
    found = _POWER_OF_TEN.fullmatch(text)
    if found is None:
        return text
    mantissa, sign, exponent = found.groups()
    power = f"10^{{{sign}{exponent}}}"
    return power if mantissa == "1" else rf"{mantissa} \cdot {power}"


def _escaped(name: str) -> str:
    # Mathematics has no accents: what is not ASCII is set as text.
    parts = _NOT_ASCII.split(escape(name))
    return "".join(
        rf"\text{{{part}}}" if place % 2 else "".join(_ESCAPED.get(char, char) for char in part)
        for place, part in enumerate(parts)
    )


class _Part(NamedTuple):
    """LaTeX, how tightly it binds, and whether it is a condition."""

    text: str
    level: int
    is_condition: bool = False

    @property
    def number(self) -> str:
        return rf"\mathbb{{1}}\left[{self.text}\right]" if self.is_condition else self.text

    def at(self, level: int) -> str:
        """As a number, an operand of something that binds so tightly."""
        if self.is_condition or self.level >= level:
            return self.number
        return rf"\left({self.text}\right)"

    def among(self, level: int) -> str:
        """As a condition, an operand of something that binds so tightly."""
        return self.text if self.level >= level else rf"\left({self.text}\right)"


class _Latex:
    """The LaTeX of every kind of node, given that of its children."""

    def __init__(self, most: int) -> None:
        self.most = most

    def _made(self, text: str, level: int = ATOM, is_condition: bool = False) -> _Part:
        # What stands at several places is copied at each: here it is stopped in time.
        if len(text) > self.most:
            raise TooLongError
        return _Part(text, level, is_condition)

    def number(self, node: t.Number) -> _Part:
        text = decimal(node.value)
        if text.startswith("-"):
            return _Part(text, SIGN)
        level = PRODUCT if "cdot" in text else POWER if "^" in text else ATOM
        return _Part(text, level)

    def tensor(self, node: t.Tensor) -> _Part:
        side = "y" if node.side == "y_true" else r"\hat{y}"
        name = roman(".".join(node.path))
        return _Part(f"{side}_{{{name}}}" if node.path else side, ATOM)

    def constant(self, node: t.Constant) -> _Part:
        return _Part(roman(node.name), ATOM)

    def step(self, _node: t.Step) -> _Part:
        return _Part(roman("step"), ATOM)

    def unary(self, node: t.Unary, operand: _Part) -> _Part:
        if node.op == "not":
            return self._made(rf"\neg {operand.among(NOT)}", NOT, True)
        return self._made(f"{node.op}{operand.at(POWER)}", SIGN)

    def binary(self, node: t.Binary, left: _Part, right: _Part) -> _Part:
        level = LEVELS[node.op]
        match node.op:
            case "/":
                return self._made(rf"\frac{{{left.number}}}{{{right.number}}}", POWER)
            case "//":
                fraction = rf"\frac{{{left.number}}}{{{right.number}}}"
                return self._made(rf"\left\lfloor {fraction} \right\rfloor")
            case "**":
                return self._made(f"{{{left.at(ATOM)}}}^{{{right.number}}}", POWER)
        sign = {"*": r"\cdot", "%": operator("mod")}.get(node.op, node.op)
        return self._made(f"{left.at(level)} {sign} {_second(right, level)}", level)

    def compare(self, node: t.Compare, operands: list[_Part]) -> _Part:
        links = zip(node.ops, operands[1:], strict=True)
        rest = "".join(f" {_RELATIONS[op]} {each.at(SUM)}" for op, each in links)
        return self._made(operands[0].at(SUM) + rest, COMPARISON, True)

    def logic(self, node: t.Logic, operands: list[_Part]) -> _Part:
        level, sign = (AND, r" \wedge ") if node.op == "and" else (OR, r" \vee ")
        return self._made(sign.join(each.among(level + 1) for each in operands), level, True)

    def member(self, node: t.Member, operand: _Part) -> _Part:
        values = r",\, ".join(latex(value) for value in node.values)
        sign = r"\notin" if node.negated else r"\in"
        return self._made(rf"{operand.at(SUM)} {sign} \left\{{{values}\right\}}", COMPARISON, True)

    def index(self, node: t.Index, operand: _Part) -> _Part:
        items = r",\, ".join(map(_item, node.items))
        return self._made(rf"{operand.at(ATOM)}\left[{items}\right]")

    def call(self, node: t.Call, args: list[_Part], lists: list[list[_Part]]) -> _Part:
        match node.name:
            case "abs":
                return self._made(rf"\left|{args[0].number}\right|")
            case "sqrt":
                return self._made(rf"\sqrt{{{args[0].number}}}")
            case "square":
                return self._made(f"{{{args[0].at(ATOM)}}}^{{2}}", POWER)
            case "take":
                return self._made(rf"{args[0].at(ATOM)}\left[{args[1].number}\right]")
        name = _FUNCTIONS.get(node.name) or operator(node.name)
        if node.axis is not None:
            name += f"_{{{', '.join(map(str, node.axis))}}}"
        is_condition = node.name in _CONDITIONS
        return self._made(called(name, _arguments(node, args, lists)), ATOM, is_condition)


def _second(right: _Part, level: int) -> str:
    """What stands at the right of an operator: a sign there gets brackets."""
    return right.at(POWER if level == PRODUCT or right.level == SIGN else PRODUCT)


def _arguments(node: t.Call, args: list[_Part], lists: list[list[_Part]]) -> str:
    shown = args[: len(given(node))]
    tests = ("any", "all")
    parts = [
        each.text if node.name in tests or _is_test(node, place) else each.number
        for place, each in enumerate(shown)
    ]
    parts += [rf"\left[{', '.join(each.number for each in items)}\right]" for items in lists]
    parts += [] if node.size is None else [str(node.size)]
    return r",\, ".join(parts)


def _is_test(node: t.Call, place: int) -> bool:
    return FUNCTIONS[node.name].values[place] == "condition"


def _item(item: t.Item) -> str:
    if item is None or item == "...":
        return roman("new") if item is None else r"\ldots"
    return item_text(item).replace(":", "{:}")
