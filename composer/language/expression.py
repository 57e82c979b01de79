"""The expression language: text to a tree, by Python's own parser and a whitelist."""

from __future__ import annotations

import ast
import operator
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from composer.language import tree as t
from composer.language.arguments import read_call
from composer.language.diagnostics import quote
from composer.language.errors import ExpressionError
from composer.language.indexing import read_index

MAX_LENGTH = 2_000
MAX_DEPTH = 64
MAX_EXPONENT = 64
MAX_INTEGER = 2**63 - 1

_ARITHMETIC: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
}
_FOLD: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
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
_INSTEAD = {
    ast.BitAnd: "write `and` instead of `&`",
    ast.BitOr: "write `or` instead of `|`",
    ast.BitXor: "write `!=` between the two booleans instead of `^`",
    ast.Invert: "write `not` instead of `~`",
    ast.MatMult: "write `sum(a * b, axis=-1)` instead of `@`",
    ast.Is: "write `==` instead of `is`",
    ast.IsNot: "write `!=` instead of `is not`",
    ast.IfExp: "write `where(condition, a, b)`",
}


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
        """The named constants that it reads."""
        return (node for node in t.walk(self.tree) if isinstance(node, t.Constant))

    @property
    def reads_step(self) -> bool:
        return any(isinstance(node, t.Step) for node in t.walk(self.tree))


def parse(text: str) -> Expression:
    """Reads an expression; raises ExpressionError with the offsets of what is wrong."""
    if len(text) > MAX_LENGTH:
        raise ExpressionError(
            f"an expression has at most {MAX_LENGTH} characters, this one has {len(text)}",
            0,
            len(text),
            help="compute it in the data pipeline, or split it over several losses",
            code="expression-too-large",
        )
    return Expression(_Reader(text).read(), text)


def literal(value: float) -> Expression:
    """The expression that is a number."""
    text = str(value)
    return Expression(t.Number(0, len(text), value), text)


class _Reader:
    """Turns the `ast` of one text into our tree, refusing what the language lacks."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.indent = len(text) - len(text.lstrip())

    def read(self) -> t.Tree:
        if not self.text.strip():
            raise ExpressionError("an expression is required, found nothing", 0, len(self.text))
        body = _parse_python(self.text, self.indent)
        self._check_depth(body)
        return self.convert(body)

    def span(self, node: ast.AST) -> tuple[int, int]:
        """The offsets of a node in the text; `ast` counts in UTF-8 bytes."""
        start, end = node.col_offset, node.end_col_offset  # type: ignore[attr-defined]  # every expr has them
        if self.text.isascii():
            return start + self.indent, end + self.indent
        encoded = self.text[self.indent :].encode()
        return (
            len(encoded[:start].decode()) + self.indent,
            len(encoded[:end].decode()) + self.indent,
        )

    def error(
        self,
        message: str,
        node: ast.AST,
        help: str | None = None,
        code: str = "invalid-expression",
    ) -> ExpressionError:
        return ExpressionError(message, *self.span(node), help=help, code=code)

    def convert(self, node: ast.AST) -> t.Tree:
        method = getattr(self, f"_{type(node).__name__.lower()}", None)
        if method is None:
            raise self.unsupported(node, node)
        result: t.Tree = method(node)
        return result

    def unsupported(self, kind: ast.AST, node: ast.AST) -> ExpressionError:
        start, end = self.span(node)
        found = quote(self.text[start:end])
        help = _INSTEAD.get(type(kind))
        return self.error(f"the expression language has no {_name(kind)}, found {found}", node, help)

    def _constant(self, node: ast.Constant) -> t.Tree:
        value = node.value
        if not isinstance(value, bool | int | float):
            raise self.error(
                f"a number is required here, found {quote(repr(value))}",
                node,
                'text stands in square brackets: `y_true["name"]`' if isinstance(value, str) else None,
            )
        if isinstance(value, int) and abs(value) > MAX_INTEGER:
            raise self.error("a whole number has at most 63 bits", node)
        if "_" in self.text[slice(*self.span(node))]:
            raise self.error("a number is written without `_`", node, f"write `{value}`")
        if isinstance(value, float) and value in (float("inf"), float("-inf")):
            raise self.error("a number must be finite, this one is too large", node)
        return t.Number(*self.span(node), value)

    def _name(self, node: ast.Name) -> t.Tree:
        self.require_ascii(node)
        span = self.span(node)
        if node.id in ("y_true", "y_pred"):
            return t.Tensor(*span, node.id, ())  # type: ignore[arg-type]  # narrowed by the test
        return t.Step(*span) if node.id == "step" else t.Constant(*span, node.id)

    def require_ascii(self, node: ast.AST) -> None:
        """Python folds look-alike letters into one; we never guess which was meant."""
        start, end = self.span(node)
        if not self.text[start:end].isascii():
            raise self.error(
                f"names outside quotes are ASCII, found {quote(self.text[start:end])}",
                node,
                'write it in quotes: `y_true["…"]`',
            )

    def _attribute(self, node: ast.Attribute) -> t.Tree:
        base = self.convert(node.value)
        if not _is_mapping(base):
            raise self.error(
                f"only `y_true` and `y_pred` have named parts, found {quote(node.attr)}", node
            )
        self.require_ascii(node)
        if node.attr.startswith("__"):
            raise self.error(f"no tensor has the name {quote(node.attr)}", node)
        return t.Tensor(*self.span(node), base.side, (*base.path, node.attr))

    def _subscript(self, node: ast.Subscript) -> t.Tree:
        base = self.convert(node.value)
        key = node.slice
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            if not _is_mapping(base):
                raise self.error("only `y_true` and `y_pred` are indexed by a name", node)
            return t.Tensor(*self.span(node), base.side, (*base.path, key.value))
        return t.Index(*self.span(node), base, read_index(key, self))

    def _unaryop(self, node: ast.UnaryOp) -> t.Tree:
        op = _UNARY.get(type(node.op))
        if op is None:
            raise self.unsupported(node.op, node)
        operand = self.convert(node.operand)
        if op == "-" and isinstance(operand, t.Number) and not isinstance(operand.value, bool):
            return t.Number(*self.span(node), -operand.value)
        return t.Unary(*self.span(node), op, operand)

    def _binop(self, node: ast.BinOp) -> t.Tree:
        op = _ARITHMETIC.get(type(node.op))
        if op is None:
            raise self.unsupported(node.op, node)
        left, right = self.convert(node.left), self.convert(node.right)
        if op == "**" and isinstance(right, t.Number) and abs(right.value) > MAX_EXPONENT:
            raise self.error(f"an exponent is at most {MAX_EXPONENT}", node.right)
        if isinstance(left, t.Number) and isinstance(right, t.Number):
            return self._fold(node, op, left.value, right.value)
        return t.Binary(*self.span(node), op, left, right)

    def _fold(self, node: ast.AST, op: str, left: float, right: float) -> t.Number:
        """Numbers among themselves, computed once in double precision."""
        try:
            value = _FOLD[op](left, right)
        except ZeroDivisionError:
            raise self.error("a division by zero", node) from None
        except OverflowError:
            raise self.error("the result is too large", node) from None
        if isinstance(value, complex) or value != value or abs(value) > sys.float_info.max:
            raise self.error("the result is no finite real number", node)
        if isinstance(value, int) and abs(value) > MAX_INTEGER:
            raise self.error("a whole number has at most 63 bits", node)
        return t.Number(*self.span(node), value)

    def _boolop(self, node: ast.BoolOp) -> t.Tree:
        op = "and" if isinstance(node.op, ast.And) else "or"
        return t.Logic(*self.span(node), op, tuple(self.convert(value) for value in node.values))

    def _compare(self, node: ast.Compare) -> t.Tree:
        if any(isinstance(op, ast.In | ast.NotIn) for op in node.ops):
            return self._member(node)
        for op in node.ops:
            if type(op) not in _COMPARISONS:
                raise self.unsupported(op, node)
        operands = tuple(self.convert(value) for value in (node.left, *node.comparators))
        return t.Compare(*self.span(node), tuple(_COMPARISONS[type(op)] for op in node.ops), operands)

    def _member(self, node: ast.Compare) -> t.Tree:
        values = node.comparators[0]
        if len(node.ops) > 1 or not isinstance(values, ast.List | ast.Tuple):
            raise self.error(
                "`in` takes a list of numbers", node, "write it like `y_true in [1, 2, 3]`"
            )
        members = tuple(self.convert(value) for value in values.elts)
        if not members or not all(isinstance(member, t.Number) for member in members):
            raise self.error("`in` takes a list of one number or more", values)
        negated = isinstance(node.ops[0], ast.NotIn)
        return t.Member(*self.span(node), self.convert(node.left), members, negated)

    def _call(self, node: ast.Call) -> t.Tree:
        return read_call(node, self)

    def _check_depth(self, body: ast.AST) -> None:
        """Level by level, so that a hostile tree cannot exhaust the stack."""
        level: list[ast.AST] = [body]
        for _ in range(MAX_DEPTH):
            level = [child for node in level for child in ast.iter_child_nodes(node)]
            if not level:
                return
        raise ExpressionError(
            f"an expression nests at most {MAX_DEPTH} levels deep",
            0,
            len(self.text),
            help="split it over several losses, or compute it in the data pipeline",
            code="expression-too-large",
        )


def _is_mapping(node: t.Tree) -> bool:
    return isinstance(node, t.Tensor)


def _name(node: ast.AST) -> str:
    names = {
        "bitand": "`&`", "bitor": "`|`", "bitxor": "`^`", "invert": "`~`", "matmult": "`@`",
        "is": "`is`", "isnot": "`is not`", "ifexp": "`if … else`", "list": "list here",
        "tuple": "tuple", "joinedstr": "f-string", "namedexpr": "`:=`", "lshift": "`<<`",
        "rshift": "`>>`", "starred": "`*` before a value", "listcomp": "comprehension",
        "setcomp": "comprehension", "dictcomp": "comprehension", "generatorexp": "comprehension",
    }  # fmt: skip
    kind = type(node).__name__.lower()
    return names.get(kind, kind)


def _parse_python(text: str, indent: int) -> ast.AST:
    """Python's parser; all that it may raise on hostile text becomes ExpressionError."""
    flat = text[indent:].replace("\n", " ").replace("\r", " ")
    if "\0" in flat:
        raise ExpressionError("an expression holds no NUL", text.index("\0"), text.index("\0") + 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            body = ast.parse(flat, mode="eval").body
    except SyntaxError as error:
        raise _syntax_error(text, indent + max(0, (error.offset or 1) - 1)) from None
    except (MemoryError, RecursionError, ValueError, Warning):
        raise ExpressionError(
            "the expression cannot be read: it nests too deep, or holds a number too long",
            0,
            len(text),
            code="expression-too-large",
        ) from None
    if "#" in flat and (place := _comment(flat)) is not None:
        raise ExpressionError(
            "an expression holds no comment", place + indent, len(text), help="remove the `#`"
        )
    return body


def _comment(flat: str) -> int | None:
    import io
    import tokenize

    tokens = tokenize.generate_tokens(io.StringIO(flat).readline)
    return next((token.start[1] for token in tokens if token.type == tokenize.COMMENT), None)


_TYPOS = {
    "&&": "write `and` instead of `&&`",
    "||": "write `or` instead of `||`",
    "!": "write `not` instead of `!`",
    "=": "write `==` to compare",
    "?": "write `where(condition, a, b)`",
}


def _syntax_error(text: str, offset: int) -> ExpressionError:
    import re

    offset = min(offset, len(text.rstrip()))
    word = re.match(r"[A-Za-z_0-9.]+|&&|\|\||.", text[offset:], re.DOTALL)
    found = quote(word.group()) if word else "its end"
    help = next((advice for typo, advice in _TYPOS.items() if text[offset:].startswith(typo)), None)
    if reserved := _reserved_name(text):
        help = f'`{reserved[1]}` is a word of Python; write `{reserved[0]}["{reserved[1]}"]`'
    end = offset + (len(word.group()) if word else 1)
    return ExpressionError(f"the expression cannot be read at {found}", offset, end, help=help)


def _reserved_name(text: str) -> tuple[str, str] | None:
    import keyword
    import re

    for match in re.finditer(r"(y_true|y_pred)\.([A-Za-z_]+)", text):
        if keyword.iskeyword(match[2]):
            return match[1], match[2]
    return None
