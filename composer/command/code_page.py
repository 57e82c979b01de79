"""The page of a code, for a terminal and for the documentation, from the one explanation."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from composer.codes import find
from composer.codes.base import Example, Explanation, explanation
from composer.command.trial import BATCH, MODEL, transcript
from composer.language.diagnostics import escape, split_lines

WIDTH = 80
INDENT = "    "


@dataclass(frozen=True, slots=True)
class _Block:
    """Text to show as it is, the language to highlight, and what it is if that needs a word."""

    language: str
    text: str
    caption: str = ""


def code_page(code: str) -> str:
    """The explanation of a code as plain text; raises KeyError."""
    told = explanation(find(code))
    parts = [_title(told), _wrapped(told.summary)]
    parts += [_wrapped(paragraph) for paragraph in told.reason.split("\n\n")]
    for name, blocks in _examples(told):
        parts.append(f"{name}:")
        for block in blocks:
            parts += [f"{block.caption}:"] if block.caption else []
            parts.append(textwrap.indent(block.text, INDENT))
    return "\n\n".join(parts) + "\n"


def code_markdown(code: str, level: int = 1) -> str:
    """The same as Markdown under a heading of the level; raises KeyError."""
    told = explanation(find(code))
    parts = [f"{'#' * level} {_title(told)}", told.summary, told.reason]
    for name, blocks in _examples(told):
        parts.append(f"**{name}**")
        for block in blocks:
            parts += [f"{block.caption}:"] if block.caption else []
            parts.append(f"```{block.language}\n{block.text}\n```")
    return "\n\n".join(parts) + "\n"


def _title(told: Explanation) -> str:
    return f"{told.code} ({told.severity})"


def _examples(told: Explanation) -> Iterator[tuple[str, list[_Block]]]:
    """The wrong example with what it is checked on and what is said of it; and the right one."""
    yield "Wrong", [*_written(told.wrong), *_evidence(told.wrong), *_said(told.wrong)]
    yield "Right", _written(told.right) or _said(told.right)


def _written(example: Example) -> list[_Block]:
    """The spec; a session is shown with what its commands print."""
    return [] if example.is_session else [_block("yaml", example.text)]


def _said(example: Example) -> list[_Block]:
    return [_block("console" if example.is_session else "text", transcript(example))]


def _evidence(example: Example) -> list[_Block]:
    shown = {
        f"The arrays in `{BATCH}`": example.batch,
        f"The outputs of `{MODEL}`, without the batch": example.model,
        "The files beside it": example.files,
    }
    return [_block("yaml", text, caption) for caption, text in shown.items() if text]


def _block(language: str, text: str, caption: str = "") -> _Block:
    """A block in which nothing hides."""
    lines = split_lines(text.rstrip("\n"))
    return _Block(language, "\n".join(map(escape, lines)), caption)


def _wrapped(paragraph: str) -> str:
    return textwrap.fill(paragraph, WIDTH, break_long_words=False, break_on_hyphens=False)
