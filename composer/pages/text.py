"""The page of a loss as plain text, for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from composer.docstrings import sentence
from composer.language.diagnostics import escape
from composer.losses.base import Loss
from composer.pages.facts import LossFacts, Parameter, Tensor, as_yaml, facts_of
from composer.pages.words import LEGEND

WIDTH = 80


def loss_text(cls: type[Loss]) -> str:
    """The page."""
    return "\n".join(_lines(facts_of(cls))) + "\n"


def _lines(facts: LossFacts) -> Iterator[str]:
    yield f"{facts.type} (loss)"
    yield from _spaced(paragraph(facts.summary))
    yield from _spaced(f"      {escape(line)}" for line in facts.formula)
    for note in facts.notes:
        yield from _spaced(paragraph(note))
    yield from _section("Tensors", _tensors(facts))
    yield from _section("Parameters", _parameters(facts))
    yield from _section("Domain", paragraph(sentence(facts.domain)))
    yield from _section("Units", paragraph(sentence(facts.units)))
    yield from _section("Mask", paragraph(f"{sentence(facts.mask)}."))
    yield from _section("Coupling", paragraph(f"{sentence(facts.coupling)}."))
    yield from _section("State", paragraph(state(facts)))
    yield from _section("Reference", paragraph(facts.reference))
    yield from _section("Elsewhere", paragraph(", ".join(facts.elsewhere)))
    yield from _section("Example", (f"  {escape(line)}" for line in facts.example.splitlines()))


def paragraph(text: str, indent: str = "  ") -> list[str]:
    """Text in lines of the page's width."""
    return textwrap.wrap(
        escape(text),
        WIDTH,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def hanging(head: str, text: str) -> list[str]:
    """Text behind a head; its further lines stand below its first."""
    head = escape(head)
    lines = paragraph(text, " " * len(head))
    return [head + lines[0].strip(), *lines[1:]] if lines else [head.rstrip()]


def state(facts: LossFacts) -> str:
    """What a loss carries along, as a sentence; empty where that is nothing."""
    names = ", ".join(f"`{name}`" for name in facts.state)
    return f"It carries {names} from step to step; checkpoints hold it." if names else ""


def takes(parameter: Parameter) -> str:
    """What a parameter takes, and what it is without it."""
    default = "" if parameter.default is None else f"; by default {as_yaml(parameter.default)}"
    return f"{parameter.takes}{'; required' if parameter.is_required else default}"


def common(facts: LossFacts) -> str:
    """The fields that it shares with all losses, as a sentence."""
    names = ", ".join(f"`{name}`" for name in facts.common)
    return f"{'Besides' if facts.parameters else 'None but'} those of every loss: {names}."


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    lines = list(lines)
    return _spaced([title, *lines] if lines else [])


def _spaced(lines: Iterable[str]) -> Iterator[str]:
    """Lines below an empty one, if there are any."""
    lines = list(lines)
    yield from ["", *lines] if lines else []


def _tensors(facts: LossFacts) -> Iterator[str]:
    width = max(len(each.name) for each in facts.tensors)
    shapes = max(len(each.shape) for each in facts.tensors)
    for each in facts.tensors:
        yield from hanging(f"  {each.name:{width}}  {each.shape:{shapes}}  ", _holds(each))
    for variant in facts.variants:
        yield from paragraph(f"{sentence(variant)}.")
    yield from paragraph(LEGEND)


def _holds(tensor: Tensor) -> str:
    return tensor.description.rstrip(".") or tensor.holds


def _parameters(facts: LossFacts) -> Iterator[str]:
    width = max((len(each.name) for each in facts.parameters), default=0)
    for each in facts.parameters:
        yield from hanging(f"  {each.name:{width}}  ", f"{sentence(takes(each))}.")
        yield from paragraph(sentence(each.description), " " * (width + 4))
    yield from paragraph(common(facts))
