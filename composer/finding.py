"""Finding: what is wrong, or hardly meant, at a place of the spec, before the file is looked at."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from composer.faults import boolean_meant, number_wanted, spelled
from composer.language.diagnostics import Problem, Severity
from composer.language.errors import Also
from composer.language.yaml.document import Document, Node

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Finding:
    """What is wrong at a place of the spec.

    Attributes:
        code: the problem's code.
        message: what was required and what was found.
        path: the place.
        span: offsets in the expression there.
        help: what to write instead.
        severity: `error` or `warning`.
        also: paths of other places that take part, and what is there.
        replacement: what to write in the place of what is marked, where nothing else is meant.
        is_of_key: whether the name at the place is meant, and not what it names.
    """

    code: str
    message: str
    path: Path
    span: tuple[int, int] | None = None
    help: str | None = None
    severity: Severity = "error"
    also: Also = ()
    replacement: str | None = None
    is_of_key: bool = False

    def problem(self, document: Document) -> Problem:
        """The finding at its place in the file."""
        node, span = document.find(self.path), self.span
        is_key = self.is_of_key or node.kind != "scalar"
        if is_key:
            node, span = document.find_key(self.path), None
        elif span is not None and (span[1] == 0 or not isinstance(node.value, str)):
            span = None
        caution, replacement = (None if is_key else node.caution), self.replacement
        if caution is not None:
            is_mask = self.path[-1] == "mask"
            caution = caution if is_mask else number_wanted(caution)
            replacement = boolean_meant(node) if is_mask else None
        return document.problem(
            self.code,
            self.message,
            node,
            path=self.path,
            span=span,
            help=caution or self.help,
            severity=self.severity,
            also=[(path, text) for each, text in self.also if (path := _actual(document, each))],
            replacement=spelled(document, node, span, replacement, is_key=is_key),
        )


def _actual(document: Document, path: Sequence[str | int]) -> Path | None:
    """The path as the spec has it: one loss needs no list, its `type` no mapping.

    None where it says nothing there, as of a tensor that is not declared; and of a loss that stands
    alone, which needs no place to be told from others.
    """
    node = document.root
    actual: list[str | int] = []
    for depth, segment in enumerate(path):
        if node.kind != "scalar" and segment in _segments(node):
            actual.append(segment)
            node = node.value[segment]
        elif not (segment == 0 and depth < len(path) - 1) and not (
            segment == "type" and node.kind == "scalar"
        ):
            return None
    return tuple(actual)


def _segments(node: Node) -> Collection[str | int]:
    return node.value if node.kind == "mapping" else range(len(node.value))
