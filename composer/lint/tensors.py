"""Tensors and constants that are declared, and read by no expression."""

from __future__ import annotations

from collections.abc import Iterator

from composer.declared import declaration
from composer.finding import Finding
from composer.language import tree as t
from composer.language.diagnostics import quote
from composer.spec import Spec
from composer.terms import task_parts, terms_of


def unused_findings(spec: Spec) -> Iterator[Finding]:
    """Tensors that are declared, and constants, that no expression reads."""
    trees = list(_trees(spec))
    nodes = [node for tree in trees for node in t.walk(tree)]
    read = {(node.side, node.path) for node in nodes if isinstance(node, t.Tensor)}
    for side, path in declaration(spec):
        if (side, path) not in read:
            name = ".".join((side, *path))
            message = f"{name} is declared, and no expression reads it"
            yield _unused("unused-tensor", message, "tensors", side, *path)
    named = {node.name for node in nodes if isinstance(node, t.Constant)}
    for name in spec.constants:
        if name not in named:
            message = f"no expression reads the constant {quote(name)}"
            yield _unused("unused-constant", message, "constants", name)


def _unused(code: str, message: str, *path: str) -> Finding:
    return Finding(code, message, path, severity="warning", is_of_key=True)


def _trees(spec: Spec) -> Iterator[t.Tree]:
    for term in terms_of(spec):
        yield from (part.tree for part in (*term.roles.values(), *term.masks, *term.weights))
    yield from (part.tree for part in task_parts(spec))
    if spec.regularization is not None:
        yield spec.regularization.weight.tree
