"""A YAML document as a tree, before it is written: scalars, mappings, lists and aliases."""

from __future__ import annotations

from dataclasses import dataclass

Span = tuple[int, int]

PLAIN = ("",)
INLINE = ("", "'", '"')
ANY = ("", "", "", "'", '"', "|", ">")
"""Styles of a scalar; the one that stands more than once is taken more often."""


@dataclass(eq=False)
class Scalar:
    """A key, or a value without parts.

    Attributes:
        text: what it says.
        styles: the styles that it may be written in; one that stands twice is taken more often.
        loose: whether without quotes it may be read as a number or boolean.
        anchor: its name for aliases.
        is_bare: whether it is a key that stands without its colon and value, in a flow mapping.
    """

    text: str
    styles: tuple[str, ...] = ANY
    loose: bool = False
    anchor: str | None = None
    is_bare: bool = False


@dataclass(eq=False)
class Map:
    """Keys and values; a key may stand twice. `is_flow` keeps it between brackets."""

    entries: list[tuple[Scalar, Tree]]
    anchor: str | None = None
    is_flow: bool = False

    def __getitem__(self, name: str) -> Tree:
        return next(value for key, value in self.entries if key.text == name)

    def __contains__(self, name: str) -> bool:
        return any(key.text == name for key, _ in self.entries)

    def key(self, name: str) -> Scalar:
        return next(key for key, _ in self.entries if key.text == name)


@dataclass(eq=False)
class Seq:
    """Values in their order."""

    items: list[Tree]
    anchor: str | None = None


@dataclass(eq=False)
class Alias:
    """What repeats a value that stands before it."""

    of: Scalar | Map | Seq

    @property
    def anchor(self) -> None:
        return None


Tree = Scalar | Map | Seq | Alias
