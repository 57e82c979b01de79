"""Operators of Python that the language lacks: where they stand, and whether ours mean the same."""

from __future__ import annotations

import ast
import re
from typing import Protocol

_LOGIC = (ast.BitAnd, ast.BitOr)
_NAMED = ast.Name | ast.Attribute | ast.Subscript


class Reader(Protocol):
    """The reader of an expression."""

    text: str

    def span(self, node: ast.AST) -> tuple[int, int]: ...


def place_of(operator: ast.AST, node: ast.AST, word: str, reader: Reader) -> tuple[int, int]:
    """The offsets of an operator of a node: behind its left side, beyond brackets and blanks."""
    start, end = reader.span(node)
    if isinstance(node, ast.BinOp):
        start = reader.span(node.left)[1]
    elif isinstance(node, ast.Compare):
        place = node.ops.index(operator)  # type: ignore[arg-type]  # one of them
        start = reader.span([node.left, *node.comparators][place])[1]
    spelling = re.compile(r"\s+".join(map(re.escape, word.split())))
    found = spelling.search(reader.text, start, end)
    return found.span() if found else (start, end)


def is_same(operator: ast.AST, node: ast.AST, body: ast.AST, reader: Reader) -> bool:
    """Whether `and`, `or`, `not`, `**`, `==` or `!=` can be written in the place of an operator."""
    if isinstance(operator, ast.Is | ast.IsNot):
        return True
    parent = next((each for each in ast.walk(body) if node in ast.iter_child_nodes(each)), None)
    if isinstance(operator, ast.BitXor) and isinstance(node, ast.BinOp):
        return isinstance(node.right, ast.Constant) and not _binds_otherwise(node.left)
    if isinstance(operator, ast.Invert) and isinstance(node, ast.UnaryOp):
        is_whole = isinstance(node.operand, ast.Compare | ast.BoolOp | ast.Call | _NAMED)
        return is_whole and not _is_computed_with(parent)
    if isinstance(operator, _LOGIC) and isinstance(node, ast.BinOp):
        return _joins_conditions(node, parent) and not _is_torn(node, parent, reader)
    return False


def _binds_otherwise(left: ast.expr) -> bool:
    """`-x ^ 2` is the square of -x to some, and minus the square to others; so is `x ^ 2 ^ 3`."""
    while isinstance(left, ast.BinOp):
        if isinstance(left.op, ast.BitXor):
            return True
        left = left.right
    return isinstance(left, ast.UnaryOp)


def _is_computed_with(parent: ast.AST | None) -> bool:
    """Whether an operator that binds more tightly than `not`, `and` and `or` stands beside it."""
    if isinstance(parent, ast.BinOp):
        return not isinstance(parent.op, _LOGIC)
    return isinstance(parent, ast.Compare | ast.UnaryOp)


def _joins_conditions(node: ast.BinOp, parent: ast.AST | None) -> bool:
    """`a > 0 & b < 1` binds `0 & b` first, which nobody means; no number is a condition."""
    if isinstance(parent, ast.Compare):
        operands = [parent.left, *parent.comparators]
        if node in operands[1:-1]:
            return True
        # Of equalities both ways of reading are meant: `a & b == c` tests bits, too.
        edge = parent.ops[0] if node is operands[0] else parent.ops[-1]
        other = operands[1] if node is operands[0] else operands[-2]
        is_open = isinstance(edge, ast.Eq | ast.NotEq) and not isinstance(other, ast.Constant)
        return not _has_number(node) and not is_open
    is_inner = isinstance(parent, ast.BinOp) and isinstance(parent.op, _LOGIC)
    return not _has_number(node) and (is_inner or not _is_computed_with(parent))


def _is_torn(node: ast.BinOp, parent: ast.AST | None, reader: Reader) -> bool:
    """`a | b and c` takes `a | b` first, and `a or b and c` does not; brackets keep it whole."""
    if not (isinstance(parent, ast.BoolOp) and isinstance(parent.op, ast.And)):
        return False
    start, end = reader.span(node)
    around = reader.text[:start].rstrip()[-1:] + reader.text[end:].lstrip()[:1]
    return isinstance(node.op, ast.BitOr) and around != "()"


def _has_number(node: ast.BinOp) -> bool:
    return any(isinstance(each, ast.Constant) for each in (node.left, node.right))
