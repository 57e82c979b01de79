"""Reading a function call of an expression: its arguments in the order of its parameters."""

from __future__ import annotations

import ast
from typing import Protocol

from composer.language import tree as t
from composer.language.diagnostics import did_you_mean, quote
from composer.language.errors import ExpressionError
from composer.language.functions import FUNCTIONS, Function
from composer.language.indexing import whole_number

MAX_SIZE = 65_536
MAX_ITEMS = 1_000


class _Reader(Protocol):
    def error(
        self, message: str, node: ast.AST, help: str | None = None, code: str = ...
    ) -> ExpressionError: ...
    def convert(self, node: ast.AST) -> t.Tree: ...
    def span(self, node: ast.AST) -> tuple[int, int]: ...


def read_call(node: ast.Call, reader: _Reader) -> t.Call:
    """A call of a known function with the arguments that it takes."""
    function = _function(node, reader)
    name = node.func.id  # type: ignore[attr-defined]  # _function lets only names pass
    given = _match(node, name, function, reader)
    return t.Call(
        *reader.span(node),
        name,
        tuple(_value(given, name, each, function, node, reader) for each in function.values),
        tuple(_list(given.get(each), name, each, node, reader) for each in function.lists),
        _axis(given.get("axis"), reader) if function.axis else None,
        _size(given.get(function.size), name, node, reader) if function.size else None,
    )


def _function(node: ast.Call, reader: _Reader) -> Function:
    if not isinstance(node.func, ast.Name):
        raise reader.error("only functions of the language can be called", node.func)
    name = node.func.id
    if name not in FUNCTIONS:
        raise reader.error(
            f"there is no function {quote(name)}",
            node.func,
            did_you_mean(name, FUNCTIONS, noun="functions"),
            code="unknown-function",
        )
    return FUNCTIONS[name]


def _match(
    node: ast.Call, name: str, function: Function, reader: _Reader
) -> dict[str, ast.expr]:
    """Arguments by parameter name, positional ones first, as in Python."""
    names = function.parameters
    # `axis` is given by name, so that `any(x, y)` never takes y for an axis.
    positional = names[:-1] if function.axis else names
    if len(node.args) > len(positional):
        raise reader.error(f"{usage(name)} takes no more arguments", node.args[len(positional)])
    given = dict(zip(positional, node.args, strict=False))
    for keyword in node.keywords:
        if keyword.arg not in names:
            found = keyword.arg or "**"
            raise reader.error(
                f"{usage(name)} has no parameter {quote(found)}",
                keyword,
                did_you_mean(found, names, noun="parameters"),
            )
        if keyword.arg in given:
            raise reader.error(f"{usage(name)} was given {quote(keyword.arg)} twice", keyword)
        given[keyword.arg] = keyword.value
    return given


def _value(
    given: dict[str, ast.expr],
    name: str,
    parameter: str,
    function: Function,
    node: ast.Call,
    reader: _Reader,
) -> t.Tree:
    if parameter in given:
        return reader.convert(given[parameter])
    default = function.default(parameter)
    if default is None:
        raise reader.error(f"{usage(name)} needs {quote(parameter)}", node)
    return default


def _list(
    given: ast.expr | None, name: str, parameter: str, node: ast.Call, reader: _Reader
) -> tuple[t.Tree, ...]:
    if not isinstance(given, ast.List | ast.Tuple):
        raise reader.error(f"{usage(name)} takes a list for {quote(parameter)}", given or node)
    if not 1 <= len(given.elts) <= MAX_ITEMS:
        raise reader.error(f"{quote(parameter)} holds 1 to {MAX_ITEMS} values", given)
    return tuple(reader.convert(each) for each in given.elts)


def _axis(given: ast.expr | None, reader: _Reader) -> tuple[int, ...] | None:
    if given is None:
        return None
    parts = given.elts if isinstance(given, ast.List | ast.Tuple) else [given]
    axes = [whole_number(part) for part in parts]
    if not axes or any(axis is None or abs(axis) > 32 for axis in axes):
        raise reader.error("an axis is a whole number, or a list of them", given)
    if 0 in axes:
        raise reader.error(
            "axis 0 is the batch, which no expression reduces",
            given,
            "a value over the whole batch would change with how the batch is split",
        )
    return tuple(axis for axis in axes if axis is not None)


def _size(given: ast.expr | None, name: str, node: ast.Call, reader: _Reader) -> int:
    size = None if given is None else whole_number(given)
    if size is None or not 1 <= size <= MAX_SIZE:
        raise reader.error(f"{usage(name)} takes a whole number from 1 to {MAX_SIZE}", given or node)
    return size


def usage(name: str) -> str:
    """How a function is called, for messages."""
    return quote(f"{name}({', '.join(FUNCTIONS[name].parameters)})")
