"""What Python has and the expression language lacks: its name, and what to write instead."""

from __future__ import annotations

import ast

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
    ast.BitXor: "write `!=` between the two booleans instead of `^`",
    ast.Invert: "write `not` instead of `~`",
    ast.LShift: "multiply by a power of 2",
    ast.RShift: "divide by a power of 2 with `//`",
    ast.MatMult: "write `sum(a * b, axis=-1)` instead of `@`",
    ast.Is: "write `==` instead of `is`",
    ast.IsNot: "write `!=` instead of `is not`",
    ast.IfExp: "write `where(condition, a, b)`",
    ast.List: "name it under `constants:`",
    ast.Tuple: "name it under `constants:`",
}


def name_of(kind: ast.AST) -> str:
    """What a part of Python's syntax is called, for messages."""
    return _NAMES.get(type(kind), "such value")


def instead_of(kind: ast.AST) -> str | None:
    """What to write instead of it, if the language has something."""
    return _INSTEAD.get(type(kind))
