"""Overrides: `tasks.depth.weight=0.3` in the place of what a file says."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from composer.language.diagnostics import (
    OVERRIDE,
    Problem,
    SpecError,
    did_you_mean,
    listing,
    quote,
)
from composer.language.yaml.document import Document, read_node
from composer.language.yaml.nodes import Node, Stretch
from composer.language.yaml.places import Source

Overrides = Sequence[str] | Mapping[str, Any]
MOST = 1_000

_SEGMENT = re.compile(r'"(?P<quoted>[^"]*)"|\[(?P<index>\d{1,9})\]|(?P<bare>[^.=\["\]]+)')
_FORM = "write `tasks.depth.weight=0.3`"


@dataclass(frozen=True)
class _Override:
    """One override: the names on its path with their places, and the value that it gives."""

    source: Source
    names: Sequence[str]
    stretches: Sequence[Stretch]
    value: Node


def overridden(document: Document, overrides: Overrides) -> Document:
    """The document with values put in their places, in the order in which they are given.

    Args:
        document: what the file says; it stays as it is.
        overrides: `PATH=VALUE`, the value as YAML; or a mapping of paths to values. A path names
            the keys from the top, separated by dots; a loss of a list is named by its `name`, its
            `type` or its number, and a name with a dot in it stands in double quotes.

    Raises:
        SpecError: a path leads nowhere, or a value cannot be read.
    """
    problems: list[Problem] = []
    root = document.root
    for text in _texts(overrides):
        try:
            override = _read(text)
            root = _Placing(override).put(root, 0)
        except SpecError as error:
            problems += error.problems
    if problems:
        raise SpecError(problems, document.text)
    return Document(document.file, document.text, root)


def _texts(overrides: Overrides) -> list[str]:
    if isinstance(overrides, str):
        raise TypeError('overrides are a list such as ["tasks.depth.weight=0.3"], or a mapping')
    texts = list(overrides)
    if isinstance(overrides, Mapping):
        texts = [f"{path}={json.dumps(each)}" for path, each in overrides.items()]
    if len(texts) > MOST:
        raise TypeError(f"there are at most {MOST} overrides, found {len(texts)}")
    return texts


def _read(text: str) -> _Override:
    source = Source(text, OVERRIDE)
    names, stretches, at = [], [], 0
    while found := _SEGMENT.match(text, at):
        name = next(group for group in found.groups() if group is not None)
        names.append(name.strip())
        stretches.append(found.span())
        at = found.end() + text.startswith(".", found.end())
    if not names or not text.startswith("=", at):
        message = "an override is a path, `=` and a value"
        raise _refusal(source, "invalid-override", message, (0, len(text)), _FORM)
    return _Override(source, names, stretches, read_node(source, at + 1))


def _refusal(
    source: Source, code: str, message: str, stretch: Stretch, help: str | None
) -> SpecError:
    return SpecError([source.problem(code, message, *stretch, help=help)], source.text)


class _Placing:
    """Puts a value where its path leads, in copies of the nodes on the way."""

    def __init__(self, override: _Override) -> None:
        self.override = override

    def put(self, node: Node, depth: int) -> Node:
        """The node with the value below it."""
        if depth == len(self.override.names):
            return self.override.value
        name, is_last = self.override.names[depth], depth == len(self.override.names) - 1
        if node.kind == "sequence":
            return self._put_item(node, self._number(node, name, depth), depth)
        if node.kind == "scalar":
            node = self._as_mapping(node, depth)
        if name not in node.value and not is_last:
            if _label(node) == name and depth and self.override.names[depth - 1] == "loss":
                return self.put(node, depth + 1)
            self._require_known(node, name, depth)
        child = node.value.get(name)
        below = self._mapping(depth) if child is None and not is_last else child
        return self._with_entry(node, name, depth, self.put(below or node, depth + 1))

    def _with_entry(self, node: Node, name: str, depth: int, value: Node) -> Node:
        """A copy of a mapping with an entry; the override is the place of a key that it sets."""
        is_last = depth == len(self.override.names) - 1
        keys = dict(node.keys)
        if is_last or name not in keys:
            keys[name] = self._key(name, depth)
        uses = {each: stretch for each, stretch in node.uses.items() if each != name}
        return replace(node, value={**node.value, name: value}, keys=keys, uses=uses)

    def _put_item(self, node: Node, number: int, depth: int) -> Node:
        items = list(node.value)
        items[number] = self.put(items[number], depth + 1)
        uses = {each: stretch for each, stretch in node.uses.items() if each != number}
        return replace(node, value=items, uses=uses)

    def _number(self, node: Node, name: str, depth: int) -> int:
        """The place in a list that a number, or the name of a loss, means."""
        labels = [_label(item) for item in node.value]
        if name.isdigit() and int(name) < len(labels):
            return int(name)
        if labels.count(name) == 1:
            return labels.index(name)
        known = [label for label in labels if label]
        help = f"numbers from 0 to {len(labels) - 1}"
        help += f", or {listing(known)}" if known else ""
        raise self._misled(f"there is no one {quote(name)} in this list", depth, help)

    def _as_mapping(self, node: Node, depth: int) -> Node:
        """`loss: huber` as `loss: {type: huber}`; no other value has something below it."""
        if depth and self.override.names[depth - 1] == "loss" and isinstance(node.value, str):
            mapping = replace(node, kind="mapping", value={"type": node}, keys={"type": node})
            return replace(mapping, style="{")
        what = quote(".".join(self.override.names[:depth])) if depth else "the spec"
        raise self._misled(f"{what} has nothing below it", depth, None)

    def _require_known(self, node: Node, name: str, depth: int) -> None:
        """A task that is not there is misspelt, and not made up of one field."""
        if self.override.names[:depth] == ["tasks"]:
            help = did_you_mean(name, node.value, noun="tasks")
            raise self._misled(f"there is no task {quote(name)}", depth, help)

    def _mapping(self, depth: int) -> Node:
        return Node.at(self.override.source, "mapping", *self.override.stretches[depth], "{")

    def _key(self, name: str, depth: int) -> Node:
        key = Node.at(self.override.source, "scalar", *self.override.stretches[depth])
        key.value = key.text = name
        key.plain = True
        return key

    def _misled(self, message: str, depth: int, help: str | None) -> SpecError:
        stretch = self.override.stretches[depth]
        return _refusal(self.override.source, "unknown-path", message, stretch, help)


def _label(node: Node) -> str | None:
    """What a loss is called: its name, or its type."""
    if node.kind == "mapping":
        named = node.value.get("name") or node.value.get("type")
        return None if named is None else str(named.value)
    return str(node.value) if node.kind == "scalar" else None
