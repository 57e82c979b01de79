"""Reading a function call of an expression: its arguments in the order of its parameters."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Protocol

from composer.language import tree as t
from composer.language.diagnostics import did_you_mean, quote
from composer.language.errors import ExpressionError
from composer.language.functions import ELSEWHERE, FUNCTIONS, PARAMETERS_ELSEWHERE, Function
from composer.language.indexing import whole_number

MAX_SIZE = 65_536
MAX_AXIS = 32


class _Reader(Protocol):
    def error(
        self, message: str, node: ast.AST, help: str | None = None, code: str = ...
    ) -> ExpressionError: ...
    def convert(self, node: ast.AST) -> t.Tree: ...
    def span(self, node: ast.AST) -> tuple[int, int]: ...
    def source(self, node: ast.AST) -> str: ...


def read_call(node: ast.Call, reader: _Reader) -> t.Call:
    """A call of a known function with the arguments that it takes."""
    return _Arguments(node, _name(node, reader), reader).read()


def usage(name: str) -> str:
    """How a function is called, for messages."""
    function = FUNCTIONS[name]
    names = [f"[{each}]" if each in function.lists else each for each in function.parameters]
    names = ["axis=…" if each == "axis" else each for each in names]
    return quote(f"{name}({', '.join(names)})")


def _name(node: ast.Call, reader: _Reader) -> str:
    if not isinstance(node.func, ast.Name):
        raise _not_by_itself(node, reader)
    name = node.func.id
    if name not in FUNCTIONS:
        raise reader.error(
            f"there is no function {quote(name)}",
            node.func,
            _here(name) or did_you_mean(name, FUNCTIONS, noun="functions"),
            code="unknown-function",
        )
    return name


def _not_by_itself(node: ast.Call, reader: _Reader) -> ExpressionError:
    """A method, or a function with the library that it is of."""
    called = node.func
    name = called.attr if isinstance(called, ast.Attribute) else ""
    if isinstance(called, ast.Attribute) and name in FUNCTIONS:
        arguments = ", ".join(map(reader.source, _given(called, node)))
        help = f"write `{name}({arguments})`"
        return reader.error("a function stands by itself", called, help)
    message = f"only functions of the language are called, found {quote(reader.source(called))}"
    return reader.error(message, called, _here(name))


def _given(method: ast.Attribute, node: ast.Call) -> list[ast.AST]:
    """The arguments of a method, first the one before its dot if that is not a library."""
    root: ast.expr = method
    while isinstance(root, ast.Attribute):
        root = root.value
    is_library = isinstance(root, ast.Name) and root.id not in ("y_true", "y_pred")
    arguments = [*node.args, *node.keywords]
    return arguments if is_library and arguments else [method.value, *arguments]


def _here(name: str) -> str | None:
    """What to write for a function of other languages."""
    return f"write {quote(ELSEWHERE[name])}" if name in ELSEWHERE else None


@dataclass
class _Arguments:
    """The arguments of one call, read one by one."""

    node: ast.Call
    name: str
    reader: _Reader

    @property
    def function(self) -> Function:
        return FUNCTIONS[self.name]

    def read(self) -> t.Call:
        given = self._match()
        function = self.function
        return t.Call(
            *self.reader.span(self.node),
            self.name,
            tuple(self._value(given.get(each), each) for each in function.values),
            tuple(self._list(given.get(each), each) for each in function.lists),
            self._axis(given.get("axis")) if function.axis else None,
            self._size(given.get(function.size)) if function.size else None,
        )

    def error(self, message: str, node: ast.AST, help: str | None = None) -> ExpressionError:
        return self.reader.error(message, node, help)

    def _match(self) -> dict[str, ast.expr]:
        """Arguments by parameter name, positional ones first, as in Python."""
        names = self.function.parameters
        # `axis` is given by name, so that `any(x, y)` never takes y for an axis.
        positional = names[:-1] if self.function.axis else names
        if len(self.node.args) > len(positional):
            extra = self.node.args[len(positional)]
            help = f"write `axis={self.reader.source(extra)}`" if self.function.axis else None
            raise self.error(f"{usage(self.name)} takes no more arguments", extra, help)
        given = dict(zip(positional, self.node.args, strict=False))
        for keyword in self.node.keywords:
            given[self._keyword(keyword, given)] = keyword.value
        return given

    def _keyword(self, keyword: ast.keyword, given: dict[str, ast.expr]) -> str:
        """The parameter that an argument given by name is for."""
        name, names = keyword.arg, self.function.parameters
        if name is None:
            raise self.error("the expression language has no `**` before a value", keyword)
        if name not in names:
            raise self.error(
                f"{usage(self.name)} has no parameter {quote(name)}",
                keyword,
                self._parameter_help(name, keyword.value),
            )
        if name in given:
            raise self.error(f"{usage(self.name)} was given {quote(name)} twice", keyword)
        return name

    def _parameter_help(self, name: str, value: ast.expr) -> str | None:
        """A parameter that is still open, the nearest one first."""
        taken = {keyword.arg for keyword in self.node.keywords}
        names = self.function.parameters[len(self.node.args) :]
        names = tuple(each for each in names if each not in taken)
        if (ours := PARAMETERS_ELSEWHERE.get(name)) in names:
            return f"write `{ours}={self.reader.source(value)}`"
        if not names:
            return f"leave it out; {quote(self.name)} gives: {self.function.summary}"
        return did_you_mean(name, names, noun="parameters")

    def _value(self, given: ast.expr | None, parameter: str) -> t.Tree:
        if given is not None:
            return self.reader.convert(given)
        default = self.function.default(parameter)
        if default is None:
            raise self.error(f"{usage(self.name)} lacks {quote(parameter)}", self.node)
        return default

    def _list(self, given: ast.expr | None, parameter: str) -> tuple[t.Tree, ...]:
        if not isinstance(given, ast.List | ast.Tuple):
            found = f", found {quote(self.reader.source(given))}" if given else ""
            raise self.error(
                f"{usage(self.name)} takes a list for {quote(parameter)}{found}",
                given or self.node,
                f"write `[{self.reader.source(given)}]`" if given else "write a list like `[1, 2]`",
            )
        if not given.elts:
            raise self.error(f"{quote(parameter)} holds one value or more, found none", given)
        return tuple(self.reader.convert(each) for each in given.elts)

    def _axis(self, given: ast.expr | None) -> tuple[int, ...] | None:
        if given is None:
            return None
        parts = given.elts if isinstance(given, ast.List | ast.Tuple) else [given]
        axes = [axis for part in parts if (axis := whole_number(part)) is not None]
        if not axes or len(axes) < len(parts) or max(map(abs, axes)) > MAX_AXIS:
            found = quote(self.reader.source(given))
            raise self.error(f"an axis is a whole number, or a list of them, found {found}", given)
        if 0 in axes:
            raise self.error(
                "axis 0 is the batch, which no expression reduces",
                given,
                "a value over the whole batch would change with how the batch is split",
            )
        return tuple(axes)

    def _size(self, given: ast.expr | None) -> int:
        size = None if given is None else whole_number(given)
        if size is None or not 1 <= size <= MAX_SIZE:
            wanted = f"a whole number from 1 to {MAX_SIZE}"
            message = f"{usage(self.name)} lacks {quote(self.function.size)}, {wanted}"
            if given is not None:
                found = quote(self.reader.source(given))
                message = f"{usage(self.name)} takes {wanted}, found {found}"
            raise self.error(message, given or self.node)
        return size
