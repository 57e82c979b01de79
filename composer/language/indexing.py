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


def read_index(node: ast.expr, table: str | None, reader: _Reader) -> tuple[Item, ...]:
    """Integers, slices, `...` and `None`; anything else is refused.

    Args:
        node: what stands in the brackets.
        table: the constant that stands before them, if one does.
        reader: of the expression.
    """
    parts = node.elts if isinstance(node, ast.Tuple) else [node]
    items = tuple(_item(part, table if part is node else None, reader) for part in parts)
    if items.count("...") > 1:
        raise reader.error("an index holds `...` at most once", node)
    if not items:
        raise reader.error("an index is required between the brackets", node)
    return items


def _item(node: ast.expr, table: str | None, reader: _Reader) -> Item:
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
    value = whole_number(node)
    if value is not None and abs(value) <= _LARGEST:
        return value
    from composer.language.refusals import instead_of_index  # only problems need it

    raise _refused(node, reader, instead_of_index(node, table, reader.source))


def _whole(node: ast.expr | None, reader: _Reader) -> int | None:
    """A whole number of a slice, written out, sign included."""
    if node is None:
        return None
    value = whole_number(node)
    if value is not None and abs(value) <= _LARGEST:
        return value
    raise _refused(node, reader, "write a whole number")


def _refused(node: ast.expr, reader: _Reader, help: str) -> ExpressionError:
    found = quote(reader.source(node))
    message = f"an index is made of whole numbers, slices, `...` and `None`, found {found}"
    return reader.error(message, node, help)


def whole_number(node: ast.expr) -> int | None:
    """The value of an integer literal, or None."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        inner = whole_number(node.operand)
        return -inner if inner and isinstance(node.op, ast.USub) else inner
    if isinstance(node, ast.Constant) and type(node.value) is int:
        return node.value
    return None
