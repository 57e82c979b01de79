"""Overrides: `tasks.depth.weight=0.3` in the place of what a file says."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from composer.language.diagnostics import (
    OVERRIDE,
    Place,
    Problem,
    SpecError,
    did_you_mean,
    listing,
    quote,
)
from composer.language.yaml.document import Document, read_node
from composer.language.yaml.limits import MAX_DEPTH
from composer.language.yaml.nodes import Node, Stretch
from composer.language.yaml.places import Source
from composer.plain import plain_data

Overrides = Sequence[str] | Mapping[str, Any]
MOST = 1_000

_STEP = re.compile(r'(?:^|\.)(?:"(?P<quoted>[^"]*)"|(?P<bare>[^.=\["\]]+))|\[(?P<index>\d{1,9})\]')
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
    root, line = document.root, 1
    for text in _texts(overrides):
        # Each has lines of its own, so that no two of them are taken for one place.
        source = Source(text, OVERRIDE, line)
        line = source.next_line
        try:
            override = _read(source)
            root = _Placing(override).put(root, root)
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
        texts = [f"{path}={_as_yaml(path, value)}" for path, value in overrides.items()]
    if len(texts) > MOST:
        message = f"there are at most {MOST} overrides, found {len(texts)}"
        raise SpecError([Problem("too-large", message, OVERRIDE, 0, 0, 0)])
    return texts


def _as_yaml(path: str, value: Any) -> str:
    # YAML joins no two escapes to one character, as JSON does for what is beyond U+FFFF.
    return json.dumps(plain_data(value, quote(path)), ensure_ascii=False)


def _read(source: Source) -> _Override:
    text = source.text
    names, stretches, at = [], [], 0
    while found := _STEP.match(text, at):
        group = str(found.lastgroup)
        names.append(found[group].strip())
        stretches.append(found.span() if group == "index" else _without_dot(found))
        at = found.end()
    if not names or not text.startswith("=", at):
        message = "an override is a path, `=` and a value"
        raise _refusal(source, "invalid-override", message, (0, len(text)), _FORM)
    if len(names) > MAX_DEPTH:
        message = f"a path has at most {MAX_DEPTH} names, found {len(names)}"
        raise _refusal(source, "too-deep", message, stretches[MAX_DEPTH], None)
    return _Override(source, names, stretches, read_node(source, at + 1))


def _without_dot(step: re.Match[str]) -> Stretch:
    return step.start() + step[0].startswith("."), step.end()


def _refusal(
    source: Source,
    code: str,
    message: str,
    stretch: Stretch,
    help: str | None,
    places: Sequence[Place] = (),
) -> SpecError:
    problem = source.problem(code, message, *stretch, help=help, places=places)
    return SpecError([problem], source.text)


class _Placing:
    """Puts a value where its path leads, in copies of the nodes on the way."""

    def __init__(self, override: _Override) -> None:
        self.override = override

    def put(self, node: Node, key: Node, depth: int = 0) -> Node:
        """The node with the value below it; `key` is what leads to the node."""
        if depth == len(self.override.names):
            return self.override.value
        name, is_last = self.override.names[depth], depth == len(self.override.names) - 1
        if node.kind == "sequence":
            return self._put_item(node, self._number(node, key, name, depth), depth)
        if node.kind == "scalar":
            node = self._as_mapping(node, key, depth)
        if name not in node.value and not is_last:
            if self._is_loss(depth) and _label(node) == name:
                return self.put(node, key, depth + 1)
            self._require_known(node, key, name, depth)
        child = node.value.get(name)
        below = self._mapping(depth) if child is None and not is_last else child
        value = self.put(below or node, node.keys.get(name, key), depth + 1)
        return self._with_entry(node, name, depth, value)

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
        items[number] = self.put(items[number], items[number], depth + 1)
        uses = {each: stretch for each, stretch in node.uses.items() if each != number}
        return replace(node, value=items, uses=uses)

    def _number(self, node: Node, key: Node, name: str, depth: int) -> int:
        """The place in a list that a number, or the name of a loss, means."""
        labels = [_label(item) for item in node.value]
        if name.isdecimal() and len(name) < 10 and int(name) < len(labels):
            return int(name)
        if labels.count(name) == 1:
            return labels.index(name)
        known = [label for label in dict.fromkeys(labels) if label and labels.count(label) == 1]
        help = f"numbers from 0 to {len(labels) - 1}" if labels else "the list is empty"
        help += f", or {listing(known)}" if known else ""
        count = f"{labels.count(name)} times" if name in labels else "not"
        raise self._misled(f"{quote(name)} is {count} in this list", depth, help, key, "the list")

    def _as_mapping(self, node: Node, key: Node, depth: int) -> Node:
        """`loss: huber` as `loss: {type: huber}`; no other value has something below it."""
        if self._is_loss(depth) and isinstance(node.value, str):
            mapping = replace(node, kind="mapping", value={"type": node}, keys={"type": node})
            return replace(mapping, style="{")
        what = quote(".".join(self.override.names[:depth])) if depth else "the spec"
        raise self._misled(f"{what} has nothing below it", depth, None, key, "here")

    def _is_loss(self, depth: int) -> bool:
        """Whether so many names lead to a loss, or to one in a list of them."""
        names = self.override.names
        return depth in (3, 4) and names[0] == "tasks" and names[2] == "loss"

    def _require_known(self, node: Node, key: Node, name: str, depth: int) -> None:
        """A task that is not there is misspelt, and not made up of one field."""
        if self.override.names[:depth] == ["tasks"]:
            help = did_you_mean(name, node.value, noun="tasks")
            raise self._misled(f"there is no task {quote(name)}", depth, help, key, "the tasks")

    def _mapping(self, depth: int) -> Node:
        return Node.at(self.override.source, "mapping", *self.override.stretches[depth], "{")

    def _key(self, name: str, depth: int) -> Node:
        key = Node.at(self.override.source, "scalar", *self.override.stretches[depth])
        key.value = key.text = name
        key.plain = True
        return key

    def _misled(
        self, message: str, depth: int, help: str | None, key: Node, label: str
    ) -> SpecError:
        """A path that leads nowhere, with where in the file it breaks off."""
        stretch, source = self.override.stretches[depth], self.override.source
        place = key.source.place_of(key.start, key.end, label)
        return _refusal(source, "unknown-path", message, stretch, help, [place] if depth else [])


def _label(node: Node) -> str | None:
    """What a loss is called: its name, or its type."""
    if node.kind == "mapping":
        named = node.value.get("name") or node.value.get("type")
        return None if named is None else str(named.value)
    return str(node.value) if node.kind == "scalar" else None
