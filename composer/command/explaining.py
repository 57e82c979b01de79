"""What `losscomp explain` and `losscomp losses` do: a word to its page, and the lists of words."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence

from composer.codes import CATALOGUE as CODES
from composer.codes import find as find_code
from composer.codes.base import explanation
from composer.command.code_page import code_page
from composer.command.exits import USAGE, StopError
from composer.language.diagnostics import quote, suggest
from composer.losses import CATALOGUE, find
from composer.losses.base import Loss
from composer.losses.names import ELSEWHERE
from composer.pages.table import losses_json, losses_markdown, losses_text
from composer.pages.text import loss_text, paragraph
from composer.reading import own_losses

FORMATS: Mapping[str, Callable[[Sequence[type[Loss]]], str]] = {
    "text": losses_text,
    "markdown": losses_markdown,
    "json": losses_json,
}


def explained(word: str | None, own: Sequence[type[Loss]] = ()) -> str:
    """The page of a code or of a loss; without a word, all codes.

    Args:
        word: the code or the type of the loss, or the name that it has elsewhere.
        own: loss classes of one's own.

    Raises:
        StopError: there is nothing of that name, or there are no docstrings.
    """
    if find_code("unknown-field").__doc__ is None:
        message = "Python runs without docstrings (-OO), and they are what there is to tell"
        raise StopError(message, USAGE)
    if word is None:
        return codes_text()
    losses = own_losses(own)
    if word in CODES:
        return code_page(word)
    if word in losses or word in CATALOGUE:
        return loss_text(losses[word] if word in losses else find(word))
    last = word.lower().rpartition(".")[2]
    here = last if last in CATALOGUE else ELSEWHERE.get(last)
    if here is None:
        raise _unknown(word, [*losses, *CATALOGUE])
    return f"What {quote(word)} is elsewhere is {quote(here)} here.\n\n{loss_text(find(here))}"


def _unknown(word: str, losses: Sequence[str]) -> StopError:
    near = suggest(word.lower(), [*CODES, *losses, *ELSEWHERE])
    if near is None:
        help = "`losscomp explain` lists the codes, `losscomp losses` the losses"
    elif near in ELSEWHERE:
        help = f"what {quote(near)} is elsewhere is {quote(ELSEWHERE[near])} here"
    else:
        help = f"did you mean {quote(near)}?"
    return StopError(f"there is no code and no loss {quote(word)}: {help}", USAGE)


def codes_text() -> str:
    """All codes with their summaries, by what they are about."""
    groups: dict[str, list[str]] = {}
    for code, place in CODES.items():
        groups.setdefault(place.partition(":")[0], []).append(code)
    width = max(map(len, CODES))
    lines = []
    for codes in groups.values():
        module = sys.modules[find_code(codes[0]).__module__]
        lines += [*paragraph((module.__doc__ or "").strip().partition("\n")[0], ""), ""]
        lines += [line for code in codes for line in _entry(code, width)]
        lines.append("")
    return "\n".join([*lines, "`losscomp explain CODE` tells all about one."]) + "\n"


def _entry(code: str, width: int) -> list[str]:
    told = explanation(find_code(code))
    lines = paragraph(told.summary, " " * (width + 4))
    return [f"  {code:{width}}  {lines[0].strip()}", *lines[1:]]


def listed(style: str, own: Sequence[type[Loss]] = ()) -> str:
    """All losses in a style of FORMATS; raises StopError for another."""
    if style not in FORMATS:
        raise StopError(
            f"`--format` is one of {', '.join(map(quote, FORMATS))}, found {quote(style)}",
            USAGE,
        )
    return FORMATS[style]([*map(find, CATALOGUE), *own_losses(own).values()])
