"""Finding: what is wrong, or hardly meant, at a place of the spec, before the file is looked at."""

from __future__ import annotations

from dataclasses import dataclass

from composer.faults import number_wanted
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
    """

    code: str
    message: str
    path: Path
    span: tuple[int, int] | None = None
    help: str | None = None
    severity: Severity = "error"
    also: Also = ()
    replacement: str | None = None

    def problem(self, document: Document) -> Problem:
        """The finding at its place in the file."""
        node, span = document.find(self.path), self.span
        if node.kind != "scalar":
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
            also=self.also,
            replacement=self.replacement,
        )
