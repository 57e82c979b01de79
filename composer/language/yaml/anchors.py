"""Anchors and aliases: what a name repeats, and what that would take if it were written out."""

from __future__ import annotations

from dataclasses import dataclass

from composer.language.diagnostics import quote
from composer.language.yaml.findings import Findings
from composer.language.yaml.limits import Budget
from composer.language.yaml.nodes import Node


@dataclass(frozen=True, slots=True)
class Repeated:
    """A value, how many values it holds with itself, and how deep it reaches.

    `height` is 0 while the value has not ended yet.
    """

    node: Node
    size: int
    height: int


class Anchors:
    """The names given so far; giving one again is allowed, as in YAML."""

    def __init__(self, findings: Findings, budget: Budget) -> None:
        self._findings = findings
        self._budget = budget
        self._named: dict[str, Repeated] = {}

    def name(self, anchor: str | None, node: Node, size: int = 0, height: int = 0) -> None:
        """Gives a value its name, if it has one."""
        if anchor:
            self._named[anchor] = Repeated(node, size, height)

    def take(self, name: str, start: int, end: int, depth: int) -> Repeated:
        """What an alias at a depth stands for; the same node for all of them."""
        repeated = self._named.get(name)
        if repeated is None or not repeated.height:
            self._refuse(name, repeated is not None, start, end)
            # Every place accepts an empty mapping, so that one mistake makes one problem.
            stand_in = Node.at(self._findings.source, "mapping", start, end, style="*")
            return Repeated(stand_in, 1, 1)
        self._budget.depth(depth + repeated.height - 1, start, end)
        self._budget.alias(repeated.size, start, end)
        return repeated

    def _refuse(self, name: str, recursive: bool, start: int, end: int) -> None:
        alias = quote("*" + name)
        if recursive:
            message = f"the alias {alias} stands inside the value that it repeats"
            self._findings.add("recursive-alias", message, start, end)
            return
        message = f"the alias {alias} has no anchor before it"
        help = f"put {quote('&' + name)} before the value to repeat, or quotes around the alias"
        self._findings.add("unknown-alias", message, start, end, help=help)
