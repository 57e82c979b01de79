"""Calls of what is no function, and parameters that there are not: what is meant instead."""

from __future__ import annotations

import ast

from composer.language.arguments import Reader
from composer.language.diagnostics import quote
from composer.language.errors import ExpressionError
from composer.language.functions import ELSEWHERE, FUNCTIONS, PARAMETERS_ELSEWHERE, REDUCTIONS
from composer.language.nearness import Nearest, nearest

_OTHER_NAMES = {
    "is_finite": "isfinite", "is_nan": "isnan", "clip_by_value": "clip", "clamp": "clip",
    "select": "where", "onehot": "one_hot", "detach": "stop_gradient", "gather": "take",
    "max": "maximum", "min": "minimum",
}  # fmt: skip
"""Functions of other libraries that take here what they take there."""

_OVER_ALL = REDUCTIONS | {"argmax"}
"""Functions that elsewhere are over the whole batch, or its first axis, where no axis is given."""


def not_a_function(node: ast.Call, reader: Reader) -> ExpressionError:
    """The error of a call of anything but a function of the language."""
    if not isinstance(node.func, ast.Name):
        return _not_by_itself(node, node.func, reader)
    name = node.func.id
    near = _elsewhere(name, node) or nearest(name, FUNCTIONS, noun="functions")
    return reader.error(
        f"there is no function {quote(name)}",
        node.func,
        near.help,
        code="unknown-function",
        replacement=near.meant,
    )


def _not_by_itself(node: ast.Call, called: ast.expr, reader: Reader) -> ExpressionError:
    """A method, or a function with the library that it is of."""
    name = called.attr if isinstance(called, ast.Attribute) else ""
    if isinstance(called, ast.Attribute) and name in FUNCTIONS:
        arguments = ", ".join(map(reader.source, _given(called, node)))
        written = f"{name}({arguments})"
        message = "a function stands by itself"
        same = written if len(_given(called, node)) > 1 or name not in _OVER_ALL else None
        return reader.error(message, node, f"write `{written}`", replacement=same)
    message = f"only functions of the language are called, found {quote(reader.source(called))}"
    near = (_is_of_library(called) and _elsewhere(name, node)) or Nearest(None)
    meant = None if name in ("max", "min") else near.meant  # `np.max(x, 1)` is over an axis
    return reader.error(message, called, near.help, replacement=meant)


def _given(method: ast.Attribute, node: ast.Call) -> list[ast.AST]:
    """The arguments of a method, first the one before its dot if that is not a library."""
    arguments = [*node.args, *node.keywords]
    return arguments if _is_of_library(method) and arguments else [method.value, *arguments]


def _is_of_library(called: ast.expr) -> bool:
    root = called
    while isinstance(root, ast.Attribute):
        root = root.value
    return isinstance(root, ast.Name) and root.id not in ("y_true", "y_pred")


def _elsewhere(name: str, node: ast.Call) -> Nearest | None:
    """What to write for a function of other languages."""
    if name not in ELSEWHERE:
        return None
    ours = _OTHER_NAMES.get(name)
    takes = ours is not None and len(node.args) <= len(FUNCTIONS[ours].values)
    needs = ours is None or len(FUNCTIONS[ours].values) - len(FUNCTIONS[ours].defaults)
    is_same = takes and len(node.args) >= needs and not node.keywords
    return Nearest(f"write {quote(ELSEWHERE[name])}", ours if is_same else None)


def unknown_parameter(name: str, node: ast.Call, keyword: ast.keyword, reader: Reader) -> Nearest:
    """A parameter that is still open, the nearest one first, with the value that was given."""
    function, value = FUNCTIONS[name], reader.source(keyword.value)
    taken = {each.arg for each in node.keywords}
    names = [each for each in function.parameters[len(node.args) :] if each not in taken]
    given = str(keyword.arg)
    ours = PARAMETERS_ELSEWHERE.get(given)
    if ours in names:
        return Nearest(f"write `{ours}={value}`", f"{ours}={value}")
    if not names:
        return Nearest(f"leave it out; {quote(name)} gives: {function.summary}")
    near = nearest(given, names, noun="parameters")
    return near._replace(meant=near.meant and f"{near.meant}={value}")
