"""Reading a function call of an expression: its arguments in the order of its parameters."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Protocol

from composer.language import tree as t
from composer.language.diagnostics import quote
from composer.language.errors import ExpressionError
from composer.language.functions import FUNCTIONS, Function
from composer.language.indexing import whole_number

MAX_SIZE = 65_536
MAX_AXIS = 32


class Reader(Protocol):
    def error(
        self,
        message: str,
        node: ast.AST,
        help: str | None = None,
        code: str = ...,
        replacement: str | None = None,
    ) -> ExpressionError: ...
    def convert(self, node: ast.AST) -> t.Tree: ...
    def span(self, node: ast.AST) -> tuple[int, int]: ...
    def source(self, node: ast.AST) -> str: ...


def read_call(node: ast.Call, reader: Reader) -> t.Call:
    """A call of a known function with the arguments that it takes."""
    return _Arguments(node, _name(node, reader), reader).read()


def usage(name: str) -> str:
    """How a function is called, for messages."""
    function = FUNCTIONS[name]
    names = [f"[{each}]" if each in function.lists else each for each in function.parameters]
    names = ["axis=…" if each == "axis" else each for each in names]
    return quote(f"{name}({', '.join(names)})")


def _name(node: ast.Call, reader: Reader) -> str:
    if not isinstance(node.func, ast.Name) or node.func.id not in FUNCTIONS:
        from composer.language.wrong_calls import not_a_function  # only problems need it

        raise not_a_function(node, reader)
    return node.func.id


@dataclass
class _Arguments:
    """The arguments of one call, read one by one."""

    node: ast.Call
    name: str
    reader: Reader

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

    def error(
        self, message: str, node: ast.AST, help: str | None = None, replacement: str | None = None
    ) -> ExpressionError:
        return self.reader.error(message, node, help, replacement=replacement)

    def _match(self) -> dict[str, ast.expr]:
        """Arguments by parameter name, positional ones first, as in Python."""
        names = self.function.parameters
        # `axis` is given by name, so that `any(x, y)` never takes y for an axis.
        positional = names[:-1] if self.function.axis else names
        if len(self.node.args) > len(positional):
            extra = self.node.args[len(positional)]
            named = f"axis={self.reader.source(extra)}" if self.function.axis else None
            is_last = extra is self.node.args[-1] and not self.node.keywords
            message, help = (
                f"{usage(self.name)} takes no more arguments",
                named and f"write `{named}`",
            )
            raise self.error(message, extra, help, named if is_last else None)
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
            from composer.language.wrong_calls import unknown_parameter  # only problems need it

            near = unknown_parameter(self.name, self.node, keyword, self.reader)
            message = f"{usage(self.name)} has no parameter {quote(name)}"
            raise self.error(message, keyword, near.help, near.meant)
        if name in given:
            raise self.error(f"{usage(self.name)} was given {quote(name)} twice", keyword)
        return name

    def _value(self, given: ast.expr | None, parameter: str) -> t.Tree:
        if given is not None:
            return self.reader.convert(given)
        default = self.function.default(parameter)
        if default is None:
            raise self.error(f"{usage(self.name)} lacks {quote(parameter)}", self.node)
        return default

    def _list(self, given: ast.expr | None, parameter: str) -> tuple[t.Tree, ...]:
        if not isinstance(given, ast.List | ast.Tuple):
            raise self._no_list(given, parameter)
        if not given.elts:
            raise self.error(f"{quote(parameter)} holds one value or more, found none", given)
        return tuple(self.reader.convert(each) for each in given.elts)

    def _no_list(self, given: ast.expr | None, parameter: str) -> ExpressionError:
        message = f"{usage(self.name)} takes a list for {quote(parameter)}"
        if given is None:
            return self.error(message, self.node, "write a list like `[1, 2]`")
        found = self.reader.source(given)
        return self.error(
            f"{message}, found {quote(found)}", given, f"write `[{found}]`", f"[{found}]"
        )

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
