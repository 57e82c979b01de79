"""The page of a loss as Markdown, for the documentation."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from composer.docstrings import sentence
from composer.language.diagnostics import escape
from composer.losses import find
from composer.losses.base import Loss
from composer.pages.facts import LossFacts, facts_of
from composer.pages.text import common, state, takes
from composer.pages.words import LEGEND

_CODE = re.compile(r"(`[^`]+`)")
_SPECIAL = re.compile(r"[\\`*_\[\]#|]")
_TAGS = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def loss_markdown(loss: str | type[Loss], level: int = 1) -> str:
    """The page under a heading of the level; raises KeyError for a type that there is not."""
    facts = facts_of(find(loss) if isinstance(loss, str) else loss)
    return "\n\n".join(_blocks(facts, level)) + "\n"


def prose(text: str) -> str:
    """Text in which nothing but code between backticks is marked up."""
    parts = _CODE.split(escape(text))
    return "".join(part if part.startswith("`") else _plain(part) for part in parts)


def _plain(text: str) -> str:
    return _SPECIAL.sub(r"\\\g<0>", text).translate(_TAGS)


def fence(language: str, lines: Iterable[str]) -> str:
    """A block of code, whatever stands in it."""
    text = "\n".join(escape(line) for line in lines)
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    marks = "`" * max(3, longest + 1)
    return f"{marks}{language}\n{text}\n{marks}"


def _blocks(facts: LossFacts, level: int) -> Iterator[str]:
    yield f"{'#' * level} `{facts.type}`"
    yield prose(facts.summary)
    if facts.formula:
        yield fence("text", facts.formula)
    yield from map(prose, facts.notes)
    for title, blocks in _sections(facts):
        content = [block for block in blocks if block]
        if content:
            yield f"{'#' * (level + 1)} {title}"
            yield from content


def _sections(facts: LossFacts) -> Iterator[tuple[str, list[str]]]:
    variants = "\n".join(f"- {prose(sentence(each))}." for each in facts.variants)
    yield "Tensors", [_tensors(facts), variants, prose(LEGEND)]
    yield "Parameters", [_parameters(facts), prose(common(facts))]
    yield "Domain", [prose(sentence(facts.domain))]
    yield "Units", [prose(sentence(facts.units))]
    yield "Mask", [prose(f"{sentence(facts.mask)}.")]
    yield "Coupling", [prose(f"{sentence(facts.coupling)}.")]
    yield "State", [prose(state(facts))]
    yield "Reference", [prose(facts.reference)]
    yield "Elsewhere", [", ".join(f"`{name}`" for name in facts.elsewhere)]
    yield "Example", [fence("yaml", facts.example.splitlines())]


def _tensors(facts: LossFacts) -> str:
    rows = [
        f"| `{each.name}` | `{each.shape}` | {prose(each.description.rstrip('.') or each.holds)} |"
        for each in facts.tensors
    ]
    return "\n".join(["| tensor | dtype and axes | what it holds |", "|---|---|---|", *rows])


def _parameters(facts: LossFacts) -> str:
    return "\n".join(
        f"- `{each.name}`: {prose(takes(each))}. {prose(sentence(each.description))}".rstrip()
        for each in facts.parameters
    )
