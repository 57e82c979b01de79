"""A YAML document as nodes that know their line and column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import yaml

from composer.language.diagnostics import Problem, Severity, SpecError
from composer.language.yaml.characters import unreadable
from composer.language.yaml.composing import Composer
from composer.language.yaml.findings import Stop
from composer.language.yaml.nodes import Node
from composer.language.yaml.places import Source

__all__ = ["Document", "Node", "read_document"]

Path = Sequence[str | int]


@dataclass(slots=True, eq=False)
class Document:
    """A file, its text, and the node that everything hangs from."""

    file: str
    text: str
    root: Node
    source: Source = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.source = self.root.source

    def find(self, path: Path) -> Node:
        """The node a path leads to; a mapping that lacks the next name is the end of the way."""
        node = self.root
        for segment in path:
            if isinstance(segment, str) and node.kind == "mapping":
                if segment not in node.value:
                    return node
                node = node.value[segment]
            elif _is_index(segment, node):
                node = node.value[segment]
        return node

    def find_key(self, path: Path) -> Node:
        """The key that a path ends with, or else the node it leads to."""
        if path and isinstance(path[-1], str):
            key = self.find(path[:-1]).keys.get(path[-1])
            if key is not None:
                return key
        return self.find(path)

    def problem(
        self,
        code: str,
        message: str,
        node: Node,
        *,
        span: tuple[int, int] | None = None,
        help: str | None = None,
        severity: Severity = "error",
    ) -> Problem:
        """A problem with a node, or with the characters `node.text[span[0]:span[1]]`."""
        place = node.place(*span) if span else node.source.mark(*_shown(node))
        return Problem(code, message, self.file, *place, help, severity)


def read_document(text: str, file: str) -> Document:
    """Reads a text; raises SpecError with all that is wrong with it as YAML."""
    source = Source(text.removeprefix("\ufeff"), file)
    composer = Composer(source)
    problems = unreadable(source) or _compose(composer)
    if problems or composer.root is None:
        problems.sort(key=lambda problem: (problem.line, problem.column))
        raise SpecError(problems, source.text)
    return Document(file, source.text, composer.root)


def _compose(composer: Composer) -> list[Problem]:
    """Builds the nodes; returns what is wrong."""
    try:
        composer.compose()
    except Stop:
        return composer.findings.problems
    except yaml.YAMLError as error:
        from composer.language.yaml.syntax import syntax_problems  # only problems need it

        syntax = syntax_problems(composer, error)
        return composer.findings.problems + syntax
    return composer.findings.problems or _emptiness(composer)


def _emptiness(composer: Composer) -> list[Problem]:
    root = composer.root
    if root is not None and (root.text or not root.plain):
        return []
    message = "the spec is empty: no keys, only blanks or comments"
    return [Problem("empty-document", message, composer.source.file, 0, 0, 0)]


def _is_index(segment: str | int, node: Node) -> bool:
    if not isinstance(segment, int) or node.kind != "sequence":
        return False
    return 0 <= segment < len(node.value)


def _shown(node: Node) -> tuple[int, int]:
    """What to mark of a node: of a block mapping its first key, of a block list its first item."""
    if node.style or node.kind == "scalar":
        return node.start, node.end
    if node.kind == "sequence":
        return node.start, max(node.start + 1, node.value[0].end)
    keys = (key for key in node.keys.values() if node.start <= key.start < node.end)
    first = min(keys, key=lambda key: key.start, default=node)
    return first.start, first.end
