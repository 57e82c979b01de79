"""Expressions whose parts do not fit: what to write instead, and where the parts are declared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from composer.finding import Finding
from composer.language import tree as t
from composer.language.diagnostics import quote
from composer.language.errors import ExpressionError
from composer.language.static.infer import Type
from composer.places import declared
from composer.terms import Part

_OF_TENSORS = ("shape-mismatch", "dtype-mismatch", "unplaced-constant", "invalid-argument")

_MEMBERS = {("or", "=="): "in", ("and", "!="): "not in"}

TypeOf = Callable[[t.Tree], Type | None]


def finding_of(error: ExpressionError, part: Part, type_of: TypeOf) -> Finding:
    """The finding of an error in an expression, with all that helps against it.

    Args:
        error: what is wrong.
        part: the expression.
        type_of: the type of a part of it, None where it has none.
    """
    found = Finding(
        error.code, error.message, part.path, (error.start, error.end), error.help,
        also=error.also, replacement=error.replacement,
    )  # fmt: skip
    node = _at(error.start, error.end, part.expression.tree)
    if node is None or error.code not in _OF_TENSORS:
        return found
    found = replace(found, also=(*error.also, *declared(part.resolved(node))))
    return _with_help(found, node, part, type_of)


def _at(start: int, end: int, tree: t.Tree) -> t.Tree | None:
    """The part of an expression between two offsets."""
    return next((node for node in t.walk(tree) if (node.start, node.end) == (start, end)), None)


def _with_help(found: Finding, node: t.Tree, part: Part, type_of: TypeOf) -> Finding:
    text, root = part.expression.text, part.expression.tree
    if found.code == "dtype-mismatch" and found.help is not None:
        if isinstance(node, t.Number):
            return _of_number(found, node, root, text)
        if "`x > 0`" in found.help:
            name = _operand(node, text)
            tests = f"{quote(f'{name} > 0')} or {quote(f'{name} != 0')}"
            return replace(found, help=f"compare it, such as {tests}")
    if isinstance(node, t.Index):
        return _of_index(found, node, text, type_of)
    if isinstance(node, t.Logic | t.Compare | t.Binary) and len(node.children) == 2:
        return _of_pair(found, node.children, text, type_of)
    return found


def _of_number(found: Finding, number: t.Number, root: t.Tree, text: str) -> Finding:
    """`x == 1 or 2` means `x in [1, 2]`, and `x != 1 and 2` means `x not in [1, 2]`."""
    for node in t.walk(root):
        if not (isinstance(node, t.Logic) and any(each is number for each in node.operands)):
            continue
        first, *others = node.operands
        op = first.ops[0] if isinstance(first, t.Compare) and len(first.ops) == 1 else ""
        word = _MEMBERS.get((node.op, op))
        if word is None or not all(map(_is_number, (first.children[1], *others))):
            return found
        numbers = ", ".join(_source(each, text) for each in (first.children[1], *others))
        written = f"{_operand(first.children[0], text)} {word} [{numbers}]"
        span, help = (node.start, node.end), f"write {quote(written)}"
        return replace(found, span=span, help=help, replacement=written)
    return found


def _is_number(node: t.Tree) -> bool:
    return isinstance(node, t.Number) and not isinstance(node.value, bool)


def _of_index(found: Finding, node: t.Index, text: str, type_of: TypeOf) -> Finding:
    """`x[0]` of a tensor whose first axis is the batch, which stays."""
    operand, known = node.operand, type_of(node.operand)
    first = node.items[0]
    if known is None or known.shape.rank is None or not isinstance(first, int | t.Slice):
        return found
    has_room = len(node.items) < known.shape.rank and "..." not in node.items
    if found.help is None or not has_room:
        return found
    bracket = text.index("[", operand.end)
    written = f"{text[node.start : bracket]}[:, {text[bracket + 1 : node.end - 1].strip()}]"
    is_only = known.shape.rank == 2
    return replace(found, help=f"write {quote(written)}", replacement=written if is_only else None)


def _of_pair(found: Finding, operands: Sequence[t.Tree], text: str, type_of: TypeOf) -> Finding:
    """Two tensors of a batch with one axis each: the axes may follow each other."""
    types = [type_of(each) for each in operands]
    ranks = [each.shape.rank if each is not None else None for each in types]
    if found.code != "shape-mismatch" or ranks != [2, 2]:
        return found
    one, other = operands
    name = _source(other, text)
    name = name if isinstance(other, t.Tensor | t.Index | t.Call) else f"({name})"
    placed = f"{quote(f'{name}[:, None]')} puts its axis behind that of {quote(_source(one, text))}"
    return replace(found, help=placed)


def _operand(node: t.Tree, text: str) -> str:
    """The text of what a comparison compares; what binds less tightly stood in brackets."""
    is_loose = isinstance(node, t.Logic | t.Compare | t.Member | t.Unary)
    return f"({_source(node, text)})" if is_loose else _source(node, text)


def _source(node: t.Tree, text: str) -> str:
    return text[node.start : node.end]
