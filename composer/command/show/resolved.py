"""What is told of a spec: every value of it, and where each comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from composer.language.diagnostics import OVERRIDE, quote


@dataclass(frozen=True)
class Origin:
    """Where a value comes from.

    Attributes:
        kind: a place of the file, an override, a default, or what was inherited: from its task, or
            from the top of the spec.
        file: for a place, the file as it was named.
        line: its 1-based line.
        column: its 1-based column.
        task: the name of the task.
    """

    kind: Literal["file", "override", "default", "task", "spec"]
    file: str = ""
    line: int = 0
    column: int = 0
    task: str = ""

    def __str__(self) -> str:
        if self.kind == "file":
            return f"{self.file}:{self.line}:{self.column}"
        if self.kind == "task":
            return f"task {quote(self.task)}"
        return {"override": OVERRIDE, "spec": "`reduction`"}.get(self.kind, self.kind)


@dataclass(frozen=True)
class Value:
    """One value.

    Attributes:
        data: plain data, as a spec could have it; None where there is none.
        origin: where it comes from.
        note: what else there is to say of it.
        is_told: whether it is only told, since a spec could not say so, or would mean another.
    """

    data: Any
    origin: Origin
    note: str = ""
    is_told: bool = False


Section = Value | Mapping[str, "Section"]
"""A value, or values by name; names nest under `tensors:`."""


@dataclass(frozen=True)
class ResolvedTask:
    """A task: its own fields, and those of its losses."""

    fields: dict[str, Value]
    losses: list[dict[str, Value]]


@dataclass(frozen=True)
class Resolved:
    """A spec: what stands above its tasks, the tasks, and the regularization."""

    above: dict[str, Section]
    tasks: dict[str, ResolvedTask]
    regularization: Section


DEFAULT = Origin("default")
NONE = Value(None, DEFAULT, is_told=True)
"""What is not there, and needs not be."""
