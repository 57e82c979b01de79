"""The expression language: text to a tree, by Python's own parser and a whitelist."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from composer.language import tree as t
from composer.language.arguments import read_call
from composer.language.diagnostics import quote
from composer.language.errors import ExpressionError
from composer.language.folding import MAX_EXPONENT, FoldError, fold, require_range
from composer.language.indexing import read_index
from composer.language.python_syntax import parse_python, span_of

_ARITHMETIC: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
}
_COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}
_UNARY: dict[type[ast.unaryop], str] = {ast.USub: "-", ast.UAdd: "+", ast.Not: "not"}


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed expression. Two are equal when their trees are."""

    tree: t.Tree
    text: str = field(compare=False)

    def __str__(self) -> str:
        return self.text

    def tensors(self) -> Iterator[t.Tensor]:
        """The tensors of the batch that it reads, in order, repeats included."""
        return (node for node in t.walk(self.tree) if isinstance(node, t.Tensor))

    def constants(self) -> Iterator[t.Constant]:
        """The named constants that it reads, in order, repeats included."""
        return (node for node in t.walk(self.tree) if isinstance(node, t.Constant))

    @property
    def reads_step(self) -> bool:
        return any(isinstance(node, t.Step) for node in t.walk(self.tree))


@functools.lru_cache(maxsize=1024)  # a project's specs repeat their masks and weights
def parse(text: str) -> Expression:
    """Reads an expression; raises ExpressionError with the offsets of what is wrong."""
    body = parse_python(text)
    return Expression(_Reader(text, body).convert(body), text)


def literal(value: float) -> Expression:
    """The expression that is a number."""
    text = str(value)
    return Expression(t.Number(0, len(text), value), text)


class _Reader:
    """Turns Python's syntax tree of one text into ours, refusing what the language lacks."""

    def __init__(self, text: str, body: ast.expr) -> None:
        self.text = text
        self.body = body

    def span(self, node: ast.AST) -> tuple[int, int]:
        return span_of(node, self.text)

    def source(self, node: ast.AST) -> str:
        start, end = self.span(node)
        return self.text[start:end]

    def error(
        self,
        message: str,
        node: ast.AST,
        help: str | None = None,
        code: str = "invalid-expression",
        replacement: str | None = None,
    ) -> ExpressionError:
        return ExpressionError(
            message, *self.span(node), help=help, code=code, replacement=replacement
        )

    def convert(self, node: ast.AST) -> t.Tree:
        match node:
            case ast.Constant():
                return self._number(node)
            case ast.Name():
                return self._name(node)
            case ast.Attribute():
                return self._attribute(node)
            case ast.Subscript():
                return self._subscript(node)
            case ast.UnaryOp():
                return self._unary(node)
            case ast.BinOp():
                return self._binary(node)
            case ast.BoolOp():
                return self._logic(node)
            case ast.Compare():
                return self._compare(node)
            case ast.Call():
                return read_call(node, self)
        raise self._unsupported(node, node)

    def _unsupported(
        self, kind: ast.AST, node: ast.AST, around: ast.AST | None = None
    ) -> ExpressionError:
        from composer.language.refusals import refusal  # only problems need it

        return refusal(kind, node, around or node, self)

    def _number(self, node: ast.Constant) -> t.Tree:
        value, written = node.value, self.source(node)
        if not isinstance(value, bool | int | float):
            raise self._no_number(node)
        try:
            require_range(value)
        except FoldError as error:
            raise self.error(str(error), node) from None
        if value == 0 and isinstance(value, float) and re.match(r"[0.]*[1-9]", written):
            raise self.error(f"the number {quote(written)} is so small that it is 0", node)
        return t.Number(*self.span(node), value)

    def _no_number(self, node: ast.Constant) -> ExpressionError:
        from composer.language.refusals import instead_of_text  # only problems need it

        help, meant = instead_of_text(node.value) if isinstance(node.value, str) else (None, None)
        message = f"a number is required, found {quote(self.source(node))}"
        return self.error(message, node, help, replacement=meant)

    def _name(self, node: ast.Name) -> t.Tree:
        span = self.span(node)
        if node.id in ("y_true", "y_pred"):
            return t.Tensor(*span, node.id, ())  # type: ignore[arg-type]  # narrowed by the test
        return t.Step(*span) if node.id == "step" else t.Constant(*span, node.id)

    def _attribute(self, node: ast.Attribute) -> t.Tree:
        base = self.convert(node.value)
        if isinstance(base, t.Constant):
            raise self._no_mapping(base.name, node)
        if not isinstance(base, t.Tensor):
            raise self.error(
                f"only `y_true` and `y_pred` have named parts, found {quote('.' + node.attr)}", node
            )
        if node.attr.startswith("__"):
            raise self.error(f"no tensor has the name {quote(node.attr)}", node)
        return t.Tensor(*self.span(node), base.side, (*base.path, node.attr))

    def _no_mapping(self, name: str, node: ast.Attribute) -> ExpressionError:
        from composer.language.refusals import instead_of_part  # only problems need it

        message = f"there is no mapping {quote(name)}, found {quote('.' + node.attr)}"
        return self.error(message, node.value, instead_of_part(node.attr), code="unknown-name")

    def _subscript(self, node: ast.Subscript) -> t.Tree:
        base = self.convert(node.value)
        key = node.slice
        if not (isinstance(key, ast.Constant) and isinstance(key.value, str)):
            table = base.name if isinstance(base, t.Constant) else None
            return t.Index(*self.span(node), base, read_index(key, table, self))
        if not isinstance(base, t.Tensor):
            raise self.error(
                f"only `y_true` and `y_pred` have named parts, found {quote(self.source(key))}",
                node,
            )
        if not key.value or any("\ud800" <= char <= "\udfff" for char in key.value):
            raise self.error(f"no tensor has the name {quote(self.source(key))}", key)
        return t.Tensor(*self.span(node), base.side, (*base.path, key.value))

    def _unary(self, node: ast.UnaryOp) -> t.Tree:
        op = _UNARY.get(type(node.op))
        if op is None:
            raise self._unsupported(node.op, node)
        operand = self.convert(node.operand)
        if op == "not" or not isinstance(operand, t.Number) or isinstance(operand.value, bool):
            return t.Unary(*self.span(node), op, operand)
        return t.Number(*self.span(node), -operand.value if op == "-" else operand.value)

    def _binary(self, node: ast.BinOp) -> t.Tree:
        op = _ARITHMETIC.get(type(node.op))
        if op is None:
            raise self._unsupported(node.op, node)
        left, right = self.convert(node.left), self.convert(node.right)
        if op == "**" and isinstance(right, t.Number) and abs(right.value) > MAX_EXPONENT:
            raise self.error(f"an exponent is at most {MAX_EXPONENT}", node.right)
        if not (isinstance(left, t.Number) and isinstance(right, t.Number)):
            return t.Binary(*self.span(node), op, left, right)
        try:
            return t.Number(*self.span(node), fold(op, left.value, right.value))
        except FoldError as error:
            raise self.error(str(error), node) from None

    def _logic(self, node: ast.BoolOp) -> t.Tree:
        op = "and" if isinstance(node.op, ast.And) else "or"
        return t.Logic(*self.span(node), op, tuple(self.convert(value) for value in node.values))

    def _compare(self, node: ast.Compare) -> t.Tree:
        if any(isinstance(op, ast.In | ast.NotIn) for op in node.ops):
            return self._member(node)
        for op, value in zip(node.ops, node.comparators, strict=True):
            if type(op) not in _COMPARISONS:
                raise self._unsupported(op, node)
            if isinstance(value, ast.List | ast.Tuple):
                raise self._unsupported(value, value, node)
        operands = tuple(self.convert(value) for value in (node.left, *node.comparators))
        return t.Compare(
            *self.span(node), tuple(_COMPARISONS[type(op)] for op in node.ops), operands
        )

    def _member(self, node: ast.Compare) -> t.Tree:
        values = node.comparators[0]
        if len(node.ops) > 1 or not isinstance(values, ast.List | ast.Tuple) or not values.elts:
            help = "write it like `y_true in [1, 2, 3]`"
            raise self.error("`in` takes one value and a list of numbers", node, help)
        members = tuple(self.convert(value) for value in values.elts)
        for member, value in zip(members, values.elts, strict=True):
            if not isinstance(member, t.Number):
                raise self.error(
                    f"the list of `in` holds numbers, found {quote(self.source(value))}", value
                )
        negated = isinstance(node.ops[0], ast.NotIn)
        return t.Member(*self.span(node), self.convert(node.left), members, negated)
