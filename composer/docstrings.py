"""The docstring of a class as its parts: what the pages, the schema and the site are made of."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

_LABEL = re.compile(r"(Units|Domain|Reference):\s+")
_ATTRIBUTES = "Attributes:"
_ATTRIBUTE = re.compile(r" {4}(\w+): *(.*)")
_INDENT = "    "


@dataclass(frozen=True)
class Docstring:
    """What a docstring says; text that runs over several lines is joined to one.

    Attributes:
        summary: its first paragraph.
        formula: its indented lines, without their indent.
        notes: the other paragraphs.
        attributes: the description of each field, by its name.
        units: of the values.
        domain: where a loss is defined, and what happens elsewhere.
        reference: who defined it.
    """

    summary: str = ""
    formula: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)
    units: str = ""
    domain: str = ""
    reference: str = ""


def docstring_of(cls: type) -> Docstring:
    """The docstring that the class itself has; an empty one where it has none."""
    return parse(cls.__dict__.get("__doc__") or "")


def parse(text: str) -> Docstring:
    """Reads a docstring; takes whatever it is given, and leaves empty what it does not find."""
    summary, *paragraphs = re.split(r"\n(?:[ \t]*\n)+", inspect.cleandoc(text))
    formula: list[str] = []
    notes: list[str] = []
    attributes: dict[str, str] = {}
    labelled: dict[str, str] = {}
    for paragraph in paragraphs:
        label = _LABEL.match(paragraph)
        if paragraph.startswith(_ATTRIBUTES):
            attributes |= _attributes(paragraph.splitlines()[1:])
        elif label:
            labelled[label[1].lower()] = _joined(paragraph[label.end() :])
        elif paragraph.startswith(_INDENT):
            formula += textwrap.dedent(paragraph).splitlines()
        else:
            notes.append(_joined(paragraph))
    return Docstring(_joined(summary), tuple(formula), tuple(notes), attributes, **labelled)


def sentence(text: str) -> str:
    """The description of an attribute as a sentence by itself."""
    return text[:1].upper() + text[1:]


def _attributes(lines: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    name = ""
    for line in lines:
        entry = _ATTRIBUTE.fullmatch(line)
        if entry:
            name, found[entry[1]] = entry[1], entry[2]
        elif name:
            found[name] = _joined(f"{found[name]} {line}")
    return found


def _joined(text: str) -> str:
    return " ".join(text.split())
