"""What Python has and the expression language lacks: its name, and what to write instead."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable

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
_DECIMAL_COMMA = re.compile(r"([+-]?\d+),(\d+)", re.ASCII)
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)


def name_of(kind: ast.AST) -> str:
    """What a part of Python's syntax is called, for messages."""
    return _NAMES.get(type(kind), "such value")


def instead_of(kind: ast.AST, around: ast.AST, source: Source) -> str | None:
    """What to write instead of it, if the language has something; `around` is where it stands."""
    match kind, around:
        case ast.IfExp(test=test, body=body, orelse=orelse), _:
            return f"write `where({', '.join(map(source, (test, body, orelse)))})`"
        case ast.BitXor(), ast.BinOp(right=ast.Constant()):
            return "write `**` instead of `^`"
        case (ast.List() | ast.Tuple()) as values, ast.Compare(left=left, ops=[op]):
            if values.elts and isinstance(op, ast.Eq | ast.NotEq):
                word = "in" if isinstance(op, ast.Eq) else "not in"
                return f"write `{source(left)} {word} {source(values)}`"
        case ast.Tuple(), _:
            if decimal := _DECIMAL_COMMA.fullmatch(source(around)):
                return f"write `{decimal[1]}.{decimal[2]}`"
    return _INSTEAD.get(type(kind))


def instead_of_text(text: str) -> str:
    """What to write instead of text in quotes."""
    if _NUMBER.fullmatch(text):
        return f"remove the quotes: `{text}`"
    return 'a name in quotes stands in square brackets: `y_true["name"]`'


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
