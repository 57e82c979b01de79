"""One mistake, one problem: what is found again is told with what was found first."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace

from composer.finding import Finding, Path
from composer.language import tree as t
from composer.terms import Term

_MOST_PLACES = 4


def is_of_task(path: Path) -> bool:
    """Whether a mask or weight stands with a task, for all of its losses."""
    return len(path) == 3 and path[0] == "tasks" and path[2] in ("mask", "weight")


class Told:
    """What was found in a spec.

    Attributes:
        findings: one for each mistake, in the order in which they were met.
        count: how many there were, with those that are told with others.
    """

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.count = 0
        self._first: dict[Hashable, int] = {}
        self._apart: list[frozenset[Path]] = []

    def add(self, *findings: Finding) -> None:
        """Adds what is wrong with an expression, or with a mask or weight."""
        for each in findings:
            path = each.path
            if each.code == "shape-mismatch" and self._is_consequence(each):
                self.count += 1
            elif is_of_task(path):
                # Each loss of the task meets it, in words of its own.
                self._fold((path, each.code), each, replace(each, also=()))
            else:
                self._fold((each.code, path, each.message), each, each)

    def add_of_roles(self, finding: Finding, term: Term) -> None:
        """Adds what is wrong with the tensors of a loss, which others of its task read too."""
        tensors = frozenset(
            node for part in term.roles.values() for node in t.walk(part.tree)
            if isinstance(node, t.Tensor)
        )  # fmt: skip
        is_of_parameter = finding.path[-1] in term.loss.parameters()
        key = finding.path if is_of_parameter else (term.path[:2], finding.code, tensors)
        self._fold(key, finding, replace(finding, also=((finding.path, "and here"),)))
        self._apart.append(_declared(finding))

    def _fold(self, key: Hashable, finding: Finding, again: Finding) -> None:
        """Adds a finding, or the places of it to one that was told of the same."""
        self.count += 1
        if key not in self._first:
            self._first[key] = len(self.findings)
            self.findings.append(finding)
            return
        first = self.findings[self._first[key]]
        also = dict.fromkeys((*first.also, *again.also))
        self.findings[self._first[key]] = replace(first, also=tuple(also)[:_MOST_PLACES])

    def _is_consequence(self, finding: Finding) -> bool:
        """Whether tensors do not go together of which that is told already."""
        tensors = _declared(finding)
        return any(len(pair) > 1 and pair <= tensors for pair in self._apart)


def _declared(finding: Finding) -> frozenset[Path]:
    return frozenset(tuple(path) for path, _ in finding.also if path[0] == "tensors")
