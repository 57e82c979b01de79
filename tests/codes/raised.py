"""The codes that the program can give to a problem, read from its source."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path

import composer

PACKAGE = Path(composer.__file__).parent
CODE = re.compile(r"[a-z]+(-[a-z]+)*")


@functools.cache
def raised_codes() -> frozenset[str]:
    """Every text that is given to a parameter, a field or a variable which is called `code`."""
    trees = [ast.parse(file.read_text(encoding="utf-8")) for file in _sources()]
    takers = _takers(trees)
    given = [value for tree in trees for value in _given(tree, takers)]
    texts = (text for value in given for text in _texts(value))
    return frozenset(text for text in texts if CODE.fullmatch(text))


def _sources() -> Iterator[Path]:
    told = PACKAGE / "codes"
    return (file for file in sorted(PACKAGE.rglob("*.py")) if told not in file.parents)


def _takers(trees: list[ast.Module]) -> dict[str, set[int]]:
    """Where `code` stands among the arguments of what may be called, by its name."""
    takers: dict[str, set[int]] = {}
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                names = _parameters(node)
                if "code" in names:
                    place = names.index("code") - (names[0] == "self")
                    takers.setdefault(_called(node, tree), set()).add(place)
    return takers


def _parameters(node: ast.FunctionDef | ast.ClassDef) -> list[str]:
    if isinstance(node, ast.FunctionDef):
        return [each.arg for each in (*node.args.args, *node.args.kwonlyargs)]
    return [each.target.id for each in node.body if isinstance(each, ast.AnnAssign)]


def _called(node: ast.FunctionDef | ast.ClassDef, tree: ast.Module) -> str:
    """A constructor is called by the name of its class."""
    classes = (each for each in ast.walk(tree) if isinstance(each, ast.ClassDef))
    return next((each.name for each in classes if _constructs(each, node)), node.name)


def _constructs(cls: ast.ClassDef, node: ast.AST) -> bool:
    return node in cls.body and getattr(node, "name", "") == "__init__"


def _given(tree: ast.Module, takers: dict[str, set[int]]) -> Iterator[ast.AST]:
    """What is passed as `code`, what it is by default, and what a variable `code` is set to."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
                places = takers.get(name, set())
                yield from (arg for place, arg in enumerate(node.args) if place in places)
                yield from (each.value for each in node.keywords if each.arg == "code")
            case ast.arguments(args=args, defaults=defaults):
                yield from _defaults([*args][len(args) - len(defaults) :], defaults)
                yield from _defaults(node.kwonlyargs, node.kw_defaults)
            case ast.AnnAssign(target=ast.Name(id="code"), value=ast.AST() as value):
                yield value
            case ast.Assign(targets=[ast.Name(id="code")], value=value):
                yield value


def _defaults(args: list[ast.arg], defaults: list[ast.expr | None]) -> Iterator[ast.AST]:
    pairs = zip(args, defaults, strict=True)
    return (default for arg, default in pairs if arg.arg == "code" and default is not None)


def _texts(value: ast.AST) -> Iterator[str]:
    match value:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp(body=body, orelse=orelse):
            yield from _texts(body)
            yield from _texts(orelse)
