"""Finding: what is wrong, or hardly meant, at a place of the spec, before the file is looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from composer.faults import number_wanted, spelled
from composer.language.diagnostics import Problem, Severity
from composer.language.errors import Also
from composer.language.yaml.document import Document

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
        caution = number_wanted(node.caution) if self.path[-1] == "weight" else node.caution
        return document.problem(
            self.code,
            self.message,
            node,
            path=self.path,
            span=span,
            help=caution or self.help,
            severity=self.severity,
            also=[each for each in self.also if _is_there(document, each[0])],
            replacement=spelled(document, node, span, self.replacement, is_key=is_key),
        )


def _is_there(document: Document, path: Sequence[str | int]) -> bool:
    """Whether the spec says something at a place: a batch may hold what `tensors:` does not."""
    node = document.root
    for segment in path:
        is_mapping = node.kind == "mapping" and segment in node.value
        is_list = node.kind == "sequence" and segment in range(len(node.value))
        if not (is_mapping or is_list):
            return False
        node = node.value[segment]
    return True
