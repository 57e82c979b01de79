"""From YAML's events to nodes: no recursion, nothing constructed, all within limits."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import yaml

from composer.language.yaml.anchors import Anchors
from composer.language.yaml.characters import refusal, surrogate
from composer.language.yaml.findings import Findings, Stop
from composer.language.yaml.limits import Budget
from composer.language.yaml.mappings import Entry, assemble
from composer.language.yaml.nodes import Kind, Node, Stretch
from composer.language.yaml.places import Source
from composer.language.yaml.scalars import Meaning, resolve
from composer.language.yaml.tags import check_tag, skip_properties

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(slots=True)
class _Open:
    """A collection whose end has not come yet.

    `expanded` is what the budget had before it; `aliases` says where the value of an entry is an
    alias, by the number of the entry.
    """

    node: Node
    anchor: str | None
    expanded: int
    entries: list[Entry] = field(default_factory=list)
    aliases: dict[int, Stretch] = field(default_factory=dict)
    key: Node | None = None
    height: int = 1


class Composer:
    """Builds the nodes of one document.

    Attributes:
        source: the text.
        start: offset in it where the document starts.
        findings: what is wrong with it.
        root: the document's node, None as long as there is none.
        flow: offset of the outermost flow collection that is open, None outside of all.
        reached: offset that the events have come to.
    """

    def __init__(self, source: Source, start: int = 0) -> None:
        self.source = source
        self.start = start
        self.findings = Findings(source)
        self.root: Node | None = None
        self.flow: int | None = None
        self.reached = 0
        self._budget = Budget(self.findings)
        self._anchors = Anchors(self.findings, self._budget)
        self._stack: list[_Open] = []
        self._documents = 0
        self._found_before_flow = 0
        self._suspect = False

    def compose(self) -> None:
        """Reads all events; raises Stop, or the parser's own error where the syntax is wrong."""
        # Blanks in front keep the offsets those of the whole text.
        text = " " * self.start + self.source.text[self.start :]
        for event in yaml.parse(text, Loader=_LOADER):
            self._take(event)

    def _take(self, event: yaml.Event) -> None:
        match event:
            case yaml.ScalarEvent():
                self._scalar(event)
            case yaml.CollectionStartEvent():
                self._start(event)
            case yaml.CollectionEndEvent():
                self._end(event)
            case yaml.AliasEvent():
                name, depth = event.anchor or "", len(self._stack) + 1
                repeated = self._anchors.take(name, *_span(event), depth)
                self._note_alias(*_span(event))
                self._attach(repeated.node, repeated.height, _span(event)[1])
            case yaml.DocumentStartEvent():
                self._start_document(event)

    def _start_document(self, event: yaml.DocumentStartEvent) -> None:
        self._documents += 1
        if self._documents > 1:
            message = "a spec is one YAML document, here a second one starts"
            help = "remove this line, or make it a file of its own"
            start, _ = _span(event)
            end = self.source.line_end(start)
            self.findings.add("multiple-documents", message, start, end, help=help)
            raise Stop

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        node = self._node("scalar", event)
        self._budget.scalar(len(event.value), node.start, node.end)
        node.text, node.style, node.plain = event.value, event.style or "", not event.style
        meaning = resolve(node.text) if node.plain else Meaning(node.text)
        node.value, node.caution = meaning.value, meaning.caution
        if meaning.out_of_range and not self._awaits_key():
            self.findings.add("number-out-of-range", meaning.out_of_range, node.start, node.end)
        if self.flow is not None and node.plain:
            self._suspect |= node.text.count("(") > node.text.count(")")
        if char := surrogate(node.text):
            self.findings.add("invalid-character", refusal(char), node.start, node.end)
        check_tag(self.findings, event.tag, _span(event)[0], node)
        self._anchors.name(event.anchor, node, 1, 1)
        self._attach(node, 1, node.end)

    def _start(self, event: yaml.CollectionStartEvent) -> None:
        kind: Kind = "mapping" if isinstance(event, yaml.MappingStartEvent) else "sequence"
        node = self._node(kind, event)
        self._budget.depth(len(self._stack) + 1, node.start, node.start + 1)
        if event.flow_style:
            node.style = "{" if kind == "mapping" else "["
            if self.flow is None:
                self.flow, self._found_before_flow = node.start, len(self.findings)
        check_tag(self.findings, event.tag, _span(event)[0], node)
        self._anchors.name(event.anchor, node)
        self._stack.append(_Open(node, event.anchor, self._budget.expanded))
        self.reached = node.start

    def _end(self, event: yaml.CollectionEndEvent) -> None:
        done = self._stack.pop()
        node = done.node
        # A block's own end mark lies behind the comments and blank lines that follow it.
        node.end = _span(event)[1] if node.style else self.reached
        node.end_line, node.end_column = self.source.place(node.end)
        if node.kind == "mapping":
            assemble(self.findings, node, done.entries, done.aliases)
        size = 1 + self._budget.expanded - done.expanded
        self._anchors.name(done.anchor, node, size, done.height)
        self._attach(node, done.height, node.end)
        if node.style and node.start == self.flow:
            self._end_flow(node)

    def _end_flow(self, node: Node) -> None:
        self.flow = None
        if self._suspect:
            from composer.language.yaml.quoting import unquoted_expressions  # only problems need it

            self._suspect = False
            problems, stretches = unquoted_expressions(self.source, node.start, node.end)
            self.findings.replace(self._found_before_flow, stretches, problems)

    def _awaits_key(self) -> bool:
        parent = self._stack[-1] if self._stack else None
        return parent is not None and parent.node.kind == "mapping" and parent.key is None

    def _note_alias(self, start: int, end: int) -> None:
        """Remembers where the value that comes next is repeated."""
        parent = self._stack[-1] if self._stack else None
        if parent is not None and parent.node.kind == "sequence":
            parent.node.uses[len(parent.node.value)] = (start, end)
        elif parent is not None and parent.key is not None:
            parent.aliases[len(parent.entries)] = (start, end)

    def _attach(self, node: Node, height: int, end: int) -> None:
        """Puts a value where it belongs; `end` is where it, or the alias to it, ends."""
        self.reached = end
        if not self._stack:
            self.root = node
            return
        parent = self._stack[-1]
        parent.height = max(parent.height, height + 1)
        if parent.node.kind == "sequence":
            parent.node.value.append(node)
        elif parent.key is None:
            parent.key = node
        else:
            parent.entries.append((parent.key, node))
            parent.key = None

    def _node(self, kind: Kind, event: yaml.ScalarEvent | yaml.CollectionStartEvent) -> Node:
        """The node of an event, without the anchor and the tag before it."""
        start, end = _span(event)
        if event.anchor or event.tag:
            start = skip_properties(self.source.text, start)
        if isinstance(event, yaml.ScalarEvent):
            start = min(start, end)
            if event.style in ("|", ">"):
                end = start + len(self.source.text[start:end].rstrip())
        self._budget.node(start, end)
        node = Node.at(self.source, kind, start, end)
        node.in_flow = self.flow is not None
        return node


def _span(event: yaml.Event) -> tuple[int, int]:
    start, end = event.start_mark, event.end_mark
    return (start.index if start else 0), (end.index if end else 0)
