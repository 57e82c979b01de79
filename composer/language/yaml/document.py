"""A YAML document as nodes that know their line and column."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import yaml

from composer.language.diagnostics import Edit, Place, Problem, Severity, SpecError
from composer.language.yaml.characters import unreadable
from composer.language.yaml.composing import Composer
from composer.language.yaml.findings import Stop
from composer.language.yaml.nodes import Node
from composer.language.yaml.places import Source

__all__ = ["Document", "Node", "read_document"]

Path = Sequence[str | int]

_HEADER = re.compile(r"[|>][-+0-9]*")


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
            if node.kind == "mapping" and isinstance(segment, str) and segment not in node.value:
                return node
            node = _child(node, segment) or node
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
        path: Path = (),
        span: tuple[int, int] | None = None,
        help: str | None = None,
        severity: Severity = "error",
        also: Iterable[tuple[Path, str]] = (),
        replacement: str | None = None,
    ) -> Problem:
        """A problem with a node, or with the characters `node.text[span[0]:span[1]]`.

        Args:
            code: its code.
            message: what was required and what was found.
            node: the node to blame.
            path: how the spec comes to the node: aliases and merges on the way are shown.
            span: the part of the node's text to mark.
            help: what to write instead.
            severity: `error` or `warning`.
            also: paths of other places that take part, and what is there.
            replacement: what to write in the place of what is marked, where nothing else is meant.
        """
        source = node.source
        stretch = node.stretch(*span) if span else _shown(node)
        replaced = stretch if span or node.kind != "scalar" else (node.start, node.end)
        others = [key.source.place_of(*_shown(key), text) for key, text in self._others(also)]
        edits = () if replacement is None else (Edit(source.file, *replaced, replacement),)
        return source.problem(
            code, message, *stretch, help=help, severity=severity,
            places=[*others, *self.uses(path)], edits=edits,
        )  # fmt: skip

    def uses(self, path: Path) -> list[Place]:
        """The aliases and merges that a path goes through."""
        found, node = [], self.root
        for segment in path:
            if (stretch := node.uses.get(segment)) is not None:
                found.append(node.source.place_of(*stretch, "used here"))
            node = _child(node, segment) or node
        return found

    def _others(self, also: Iterable[tuple[Path, str]]) -> Iterator[tuple[Node, str]]:
        """What is at other places: a name that is declared, or a field's value that is a scalar.

        A place that is not there is left out.
        """
        for path, text in also:
            parent = self.find(path[:-1])
            value = _child(parent, path[-1])
            if value is not None:
                is_named = path[0] == "constants" or value.kind != "scalar"
                yield (parent.keys.get(str(path[-1]), value) if is_named else value), text


def read_document(text: str, file: str) -> Document:
    """Reads a text; raises SpecError with all that is wrong with it as YAML."""
    source = Source(text.removeprefix("\ufeff"), file)
    root = read_node(source)
    if root.plain and not root.text:
        message = "the spec is empty: no keys, only blanks or comments"
        raise SpecError([Problem("empty-document", message, file, 0, 0, 0)], source.text)
    return Document(file, source.text, root)


def read_node(source: Source, start: int = 0) -> Node:
    """The value of a text from an offset on; raises SpecError with all that is wrong with it."""
    composer = Composer(source, start)
    problems = unreadable(source) or _compose(composer)
    if problems:
        problems.sort(key=lambda problem: (problem.line, problem.column))
        raise SpecError(problems, source.text)
    if composer.root is not None:
        return composer.root
    nothing = Node.at(source, "scalar", start, start)
    nothing.value, nothing.plain = None, True
    return nothing


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
    return composer.findings.problems


def _child(node: Node, segment: str | int) -> Node | None:
    """An entry of a mapping or of a list, if it is there."""
    found: Node | None = None
    if node.kind == "mapping" and isinstance(segment, str):
        found = node.value.get(segment)
    elif node.kind == "sequence" and isinstance(segment, int) and 0 <= segment < len(node.value):
        found = node.value[segment]
    return found


def _shown(node: Node) -> tuple[int, int]:
    """What to mark of a node: of a block mapping its first key, of a block list its first item."""
    header = _HEADER.match(node.source.text, node.start) if node.style in ("|", ">") else None
    if header:
        return header.span()
    if node.style or node.kind == "scalar":
        return node.start, node.end
    if node.kind == "sequence":
        return node.start, max(node.start + 1, node.value[0].end)
    keys = (key for key in node.keys.values() if node.start <= key.start < node.end)
    first = min(keys, key=lambda key: key.start, default=node)
    return first.start, first.end
