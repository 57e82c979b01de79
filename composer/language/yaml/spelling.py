"""Where each character of a scalar's value is spelled in the source."""

from __future__ import annotations

import re
from collections.abc import Iterator

Span = tuple[int, int]

_BREAK = r"(?:\r\n|\r|\n)"
_FOLD = rf"(?P<fold>[ \t]*{_BREAK}(?:[ \t]*{_BREAK})*[ \t]*)"
_LINE_BREAK = re.compile(_BREAK)
_TOKENS = {
    "": re.compile(rf"{_FOLD}|[ \t]+|(?P<one>[^ \t\r\n])"),
    "'": re.compile(rf"{_FOLD}|[ \t]+|(?P<one>''|[^ \t\r\n])"),
    '"': re.compile(
        rf"(?P<joined>\\{_BREAK}(?:[ \t]*{_BREAK})*[ \t]*)|{_FOLD}|[ \t]+"
        r"|(?P<one>\\(?:x.{2}|u.{4}|U.{8}|.)|[^ \t\r\n])"
    ),
}


def source_spans(source: str, start: int, end: int, style: str, text: str) -> list[Span]:
    """The offsets in `source` of each character of `text`; empty where they cannot be told."""
    if style in ("|", ">"):
        spans = _block_spans(source, start, end, style, text)
    else:
        quotes = len(style)
        spans = list(_inline_spans(source, start + quotes, end - quotes, style))
    return spans[: len(text)] if len(spans) >= len(text) else []


def _inline_spans(source: str, start: int, end: int, style: str) -> Iterator[Span]:
    """Plain and quoted scalars: escapes count as one, line breaks fold."""
    for token in _TOKENS[style].finditer(source, start, end):
        if token["one"] is not None:
            yield token.span()
        elif token["fold"] is not None:
            yield from _folded(token, keep_single=True)
        elif style == '"' and token["joined"] is not None:
            yield from _folded(token, keep_single=False)
        else:
            yield from ((at, at + 1) for at in range(*token.span()))


def _folded(token: re.Match[str], *, keep_single: bool) -> Iterator[Span]:
    """One break folds to a space (or nothing, if escaped); of several, all but the first stay."""
    breaks = [found.span() for found in _LINE_BREAK.finditer(token.string, *token.span())]
    yield from breaks[1:]
    if len(breaks) == 1 and keep_single:
        yield breaks[0]


def _block_spans(source: str, start: int, end: int, style: str, text: str) -> list[Span]:
    """Literal and folded block scalars, line by line below the header."""
    lines = _lines(source, start, end)[1:]
    indent = _indent(source, lines, text)
    contents = [(min(begin + indent, stop), stop, after) for begin, stop, after in lines]
    if style == ">":
        return list(_fold_block(source, contents))
    spans: list[Span] = []
    for begin, stop, after in contents:
        spans += [(at, at + 1) for at in range(begin, stop)]
        spans.append((stop, after))
    return spans


def _lines(source: str, start: int, end: int) -> list[tuple[int, int, int]]:
    """Start, end and start of the next line, of every line from `start` on.

    Goes past `end` over blank lines, whose breaks a scalar may keep.
    """
    lines: list[tuple[int, int, int]] = []
    begin = start
    while True:
        found = _LINE_BREAK.search(source, begin)
        stop, after = found.span() if found else (len(source), len(source))
        if begin > end and source[begin:stop].strip(" "):
            return lines
        lines.append((begin, stop, after))
        if found is None:
            return lines
        begin = after


def _indent(source: str, lines: list[tuple[int, int, int]], text: str) -> int:
    """How many spaces the block is indented by: what its first line shows and the value lacks."""
    shown = next((line for line in text.split("\n") if line.strip(" ")), "")
    raw = next((source[a:b] for a, b, _ in lines if source[a:b].strip(" ")), "")
    return _leading(raw) - _leading(shown)


def _leading(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _fold_block(source: str, lines: list[tuple[int, int, int]]) -> Iterator[Span]:
    """Lines join by a space, unless one of the two is indented further or blank lines part them."""
    pending: list[Span] = []
    was_deeper, started = False, False
    for begin, stop, after in lines:
        if begin < stop:
            deeper = source[begin] in " \t"
            yield from _joint(pending, started and not was_deeper and not deeper)
            yield from ((at, at + 1) for at in range(begin, stop))
            pending, was_deeper, started = [], deeper, True
        pending.append((stop, after))
    yield from pending


def _joint(breaks: list[Span], folds: bool) -> list[Span]:
    return breaks[1:] if folds and len(breaks) > 1 else breaks
