"""Where what takes part in a problem is declared."""

from __future__ import annotations

from composer.language import tree as t
from composer.language.errors import Also
from composer.terms import Part

_MOST = 3


def declared(*trees: t.Tree, text: str = "declared here") -> Also:
    """Where the tensors and constants that are read are declared; nothing where they are many."""
    places: dict[tuple[str, ...], None] = {}
    for tree in trees:
        for node in t.walk(tree):
            if isinstance(node, t.Tensor) and node.path:
                places["tensors", node.side, *node.path] = None
            elif isinstance(node, t.Constant):
                places["constants", node.name] = None
    return tuple((path, text) for path in places) if len(places) <= _MOST else ()


def tensor_of(part: Part, text: str) -> Also:
    """Where the tensor is declared that fills a role; what is made of others is not like them."""
    is_tensor = isinstance(part.tree, t.Tensor)
    found = declared(part.tree, text=text if is_tensor else "declared here")
    return found if len(found) == 1 else ()


def constants_of(part: Part, text: str) -> Also:
    """Where the constants are defined that an expression reads."""
    found = declared(*(node for node in t.walk(part.tree) if isinstance(node, t.Constant)))
    return tuple((path, text) for path, _ in found)
