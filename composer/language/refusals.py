"""What Python has and the expression language lacks: its name, and what to write instead."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from typing import Protocol

from composer.language.diagnostics import quote
from composer.language.errors import ExpressionError

Source = Callable[[ast.AST], str]

_NAMES: dict[type[ast.AST], str] = {
    ast.BitAnd: "`&`",
    ast.BitOr: "`|`",
    ast.BitXor: "`^`",
    ast.Invert: "`~`",
    ast.LShift: "`<<`",
    ast.RShift: "`>>`",
    ast.MatMult: "`@`",
    ast.Is: "`is`",
    ast.IsNot: "`is not`",
    ast.IfExp: "`if … else`",
    ast.Lambda: "`lambda`",
    ast.NamedExpr: "`:=`",
    ast.Await: "`await`",
    ast.Starred: "`*` before a value",
    ast.Slice: "slice here",
    ast.List: "list here",
    ast.Tuple: "list here",
    ast.Set: "set",
    ast.Dict: "mapping",
    ast.ListComp: "comprehension",
    ast.SetComp: "comprehension",
    ast.DictComp: "comprehension",
    ast.GeneratorExp: "comprehension",
}
_INSTEAD: dict[type[ast.AST], str] = {
    ast.BitAnd: "write `and` instead of `&`",
    ast.BitOr: "write `or` instead of `|`",
    ast.BitXor: "write `**` for a power, or `!=` between two booleans",
    ast.Invert: "write `not` instead of `~`",
    ast.LShift: "multiply by a power of 2",
    ast.RShift: "divide by a power of 2 with `//`",
    ast.MatMult: "write `sum(a * b, axis=-1)` instead of `@`",
    ast.Is: "write `==` instead of `is`",
    ast.IsNot: "write `!=` instead of `is not`",
    ast.List: "name it under `constants:`",
    ast.Tuple: "name it under `constants:`",
}
_OPERATORS = {
    ast.BitAnd: ("&", "and"), ast.BitOr: ("|", "or"), ast.BitXor: ("^", "**"),
    ast.LShift: ("<<", None), ast.RShift: (">>", None), ast.MatMult: ("@", None),
    ast.Is: ("is", "=="), ast.IsNot: ("is not", "!="), ast.Invert: ("~", "not "),
}  # fmt: skip
"""How an operator is written, and what stands in its place here."""
_DECIMAL_COMMA = re.compile(r"([+-]?\d+),(\d+)", re.ASCII)
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}", re.ASCII)
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)


class Reader(Protocol):
    """The reader of an expression."""

    text: str
    body: ast.expr

    def span(self, node: ast.AST) -> tuple[int, int]: ...
    def source(self, node: ast.AST) -> str: ...


def refusal(kind: ast.AST, node: ast.AST, around: ast.AST, reader: Reader) -> ExpressionError:
    """The error of a part of Python's syntax that the language lacks.

    Args:
        kind: what the language lacks; of an operator the operator itself.
        node: what holds it.
        around: where it stands.
        reader: of the expression.
    """
    name = _NAMES.get(type(kind), "such value")
    if type(kind) in _OPERATORS:
        return _of_operator(kind, node, name, reader)
    message = f"the expression language has no {name}, found {quote(reader.source(node))}"
    place, replacement = node, _in_place_of(kind, around, reader.source)
    if replacement is not None and isinstance(around, ast.Compare):
        place = around
    help = _INSTEAD.get(type(kind)) if replacement is None else f"write `{replacement}`"
    values = kind.elts if isinstance(kind, ast.List | ast.Tuple) else []
    is_exact = all(map(_is_number, values))
    if _THOUSANDS.fullmatch(written := reader.source(around)):
        help, is_exact = f"{help}, or `{written.replace(',', '')}`", False
    replacement = replacement if is_exact else None
    return ExpressionError(message, *reader.span(place), help=help, replacement=replacement)


def _in_place_of(kind: ast.AST, around: ast.AST, source: Source) -> str | None:
    """What stands here for a choice, a list of numbers or a decimal comma."""
    match kind, around:
        case ast.IfExp(test=test, body=body, orelse=orelse), _:
            return f"where({', '.join(map(source, (test, body, orelse)))})"
        case (ast.List() | ast.Tuple()) as values, ast.Compare(left=left, ops=[op]):
            if values.elts and isinstance(op, ast.Eq | ast.NotEq):
                word = "in" if isinstance(op, ast.Eq) else "not in"
                is_loose = isinstance(left, ast.BoolOp | ast.Compare | ast.IfExp | ast.UnaryOp)
                operand = f"({source(left)})" if is_loose else source(left)
                return f"{operand} {word} {source(values)}"
        case ast.Tuple(), _:
            if decimal := _DECIMAL_COMMA.fullmatch(source(around)):
                return f"{decimal[1]}.{decimal[2]}"
    return None


def _of_operator(kind: ast.AST, node: ast.AST, name: str, reader: Reader) -> ExpressionError:
    """The operator alone is marked, and replaced where it means the same in its place."""
    from composer.language.operators import is_same, place_of

    message, (word, meant) = f"the expression language has no {name}", _OPERATORS[type(kind)]
    start, end = place_of(kind, node, word, reader)
    help = _INSTEAD.get(type(kind))
    if isinstance(kind, ast.BitXor) and isinstance(getattr(node, "right", None), ast.Constant):
        help = "write `**` instead of `^`"
    same = meant if is_same(kind, node, reader.body, reader) else None
    return ExpressionError(message, start, end, help=help, replacement=same)


def instead_of_text(text: str) -> tuple[str, str | None]:
    """What to write instead of text in quotes, and the number that it is if it is one."""
    if _NUMBER.fullmatch(text):
        return f"remove the quotes: `{text}`", text
    return 'a name in quotes stands in square brackets: `y_true["name"]`', None


def _is_number(node: ast.expr) -> bool:
    """Whether it is a number written out, and no boolean."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        node = node.operand
    return isinstance(node, ast.Constant) and type(node.value) in (int, float)


def instead_of_part(name: str) -> str:
    """What to write instead of a part of something that has none, such as `labels.depth`."""
    if name.lower() in ("nan", "inf"):
        return "`isnan(x)` and `isfinite(x)` test for NaN and infinity"
    return f"targets are named like `y_true.{name}`, predictions like `y_pred.{name}`"


def instead_of_index(node: ast.expr, table: str | None, source: Source) -> str:
    """What to write instead of an index that is computed; `table` names a constant."""
    if isinstance(node, ast.Constant):
        is_text = isinstance(node.value, str)
        return "give every name its own brackets" if is_text else "write a whole number"
    if isinstance(node, ast.Compare | ast.BoolOp) or isinstance(getattr(node, "op", None), ast.Not):
        return f"what counts is chosen by `mask:`, such as `mask: {source(node)}`"
    if table is not None:
        return f"write `take({table}, {source(node)})`"
    return "what counts is chosen by `mask:`, rows of a constant by `take(table, index)`"
