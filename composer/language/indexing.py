"""Reading what stands in the square brackets of an expression."""

from __future__ import annotations

import ast
from typing import Protocol

from composer.language.diagnostics import quote
from composer.language.errors import ExpressionError
from composer.language.tree import Item, Slice

_LARGEST = 2**31 - 1


class _Reader(Protocol):
    def error(self, message: str, node: ast.AST, help: str | None = None) -> ExpressionError: ...
    def source(self, node: ast.AST) -> str: ...


def read_index(node: ast.expr, reader: _Reader) -> tuple[Item, ...]:
    """Integers, slices, `...` and `None`; anything else is refused."""
    parts = node.elts if isinstance(node, ast.Tuple) else [node]
    items = tuple(_item(part, reader) for part in parts)
    if items.count("...") > 1:
        raise reader.error("an index holds `...` at most once", node)
    if not items:
        raise reader.error("an index is required between the brackets", node)
    return items


def _item(node: ast.expr, reader: _Reader) -> Item:
    if isinstance(node, ast.Slice):
        step = _whole(node.step, reader)
        if step is not None and step < 1:
            raise reader.error(
                f"a slice steps forward by 1 or more, found {step}", node.step or node
            )
        return Slice(_whole(node.lower, reader), _whole(node.upper, reader), step)
    if isinstance(node, ast.Constant) and node.value is None:
        return None
    if isinstance(node, ast.Constant) and node.value is Ellipsis:
        return "..."
    return _whole(node, reader)


def _whole(node: ast.expr | None, reader: _Reader) -> int | None:
    """A whole number written out, sign included."""
    if node is None:
        return None
    value = whole_number(node)
    if value is not None and abs(value) <= _LARGEST:
        return value
    found = reader.source(node)
    help = "to look up the rows of a constant, write `take(table, index)`"
    if isinstance(node, ast.Constant):
        is_text = isinstance(node.value, str)
        help = "give every name its own brackets" if is_text else "write a whole number"
    raise reader.error(
        f"an index is made of whole numbers, slices, `...` and `None`, found {quote(found)}",
        node,
        help,
    )


def whole_number(node: ast.expr) -> int | None:
    """The value of an integer literal, or None."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        inner = whole_number(node.operand)
        return -inner if inner and isinstance(node.op, ast.USub) else inner
    if isinstance(node, ast.Constant) and type(node.value) is int:
        return node.value
    return None
