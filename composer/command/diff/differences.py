"""What may be different between the totals of two specs: terms, their fields, and constants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Names = tuple[str | None, str | None]
"""The name of a term in the old spec and in the new; None where it is in one of them alone."""


@dataclass(frozen=True)
class FieldChange:
    """One field of a term: what it was and is, and where either comes from.

    Attributes:
        name: the field.
        old: its text in the old spec.
        new: its text in the new one.
        old_origin: where the old one comes from.
        new_origin: where the new one does.
        constants: the constants in it whose values changed.
    """

    name: str
    old: str
    new: str
    old_origin: str
    new_origin: str
    constants: tuple[str, ...] = ()


@dataclass(frozen=True)
class TermChange:
    """One term of either total that the other has not, or has otherwise.

    Attributes:
        kind: what happened to it.
        old: its name in the old spec, None where it came.
        new: its name in the new spec, None where it is gone.
        formula: the addend, of a term that came or is gone.
        fields: what changed in it.
    """

    kind: Literal["added", "removed", "changed", "renamed"]
    old: str | None
    new: str | None
    formula: str = ""
    fields: tuple[FieldChange, ...] = ()


@dataclass(frozen=True)
class ConstantChange:
    """A constant that is not what it was: its name, and in words how it differs."""

    name: str
    text: str


@dataclass(frozen=True)
class Differences:
    """All that is different between two totals.

    Attributes:
        terms: the terms that changed, those gone last.
        constants: the changed constants that they read.
        pairs: the names of every term in both specs, in the order of the new one.
        is_reordered: whether the terms that both have stand in another order.
    """

    terms: tuple[TermChange, ...]
    constants: tuple[ConstantChange, ...]
    pairs: tuple[Names, ...]
    is_reordered: bool

    @property
    def is_empty(self) -> bool:
        return not self.terms
