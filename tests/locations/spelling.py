"""The characters of one scalar in one of the styles of YAML, each with its place in the text."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tests.locations.pen import Pen
from tests.locations.tree import PLAIN, Scalar, Span

_NOT_TEXT = re.compile(
    r"(?i)|~|null|true|false|<<|=|[-+]?\.(inf|nan)|\.nan|0[xob][0-9a-f_]+|[-+.]?[0-9][-+0-9_.:e]*"
)
_STARTS = re.compile(r"[^\s\-?:,\[\]{}#&*!|>'\"%@`=<]|-(?=[\w(.])")


def write_scalar(pen: Pen, node: Scalar, column: int, where: str) -> None:
    """Writes a `key`, a `value`, or a `flow key` or `flow` value; its lines go on behind a column."""
    style = pen.rng.choice(styles(node, where) or ['"'])
    start = pen.at
    pen.is_block_open = style in ("|", ">")
    may_fold = pen.folds and "key" not in where and pen.chance(0.3)
    spelling = _Spelling(pen, style, column, may_fold)
    spans = spelling.block(node.text) if pen.is_block_open else spelling.inline(node.text)
    pen.marks[id(node)] = (start, spans.pop()[1] if pen.is_block_open else pen.at)
    pen.spans[id(node)] = spans


@dataclass
class _Spelling:
    """Writes a text in one style; `may_fold` is whether its blanks may be line breaks."""

    pen: Pen
    style: str
    column: int
    may_fold: bool

    def inline(self, text: str) -> list[Span]:
        """Where each character stands, without quotes or between them."""
        self.pen.put(self.style)
        indent = " " * (self.column + self.pen.rng.randint(1, 4))
        spans = [self._one(text, at, indent) for at in range(len(text))]
        self.pen.put(self.style)
        return spans

    def _one(self, text: str, at: int, indent: str) -> Span:
        pen, char = self.pen, text[at]
        if self.style == '"' and self.may_fold and at and char != " " and pen.chance(0.03):
            pen.put("\\" + pen.line_break + indent)
        start = pen.at
        if self.may_fold and _folds(text, at) and pen.chance(0.3):
            pen.put(pen.line_break)
            span = (start, pen.at)
            pen.put(indent)
            return span
        pen.put(self._spelled(char))
        return start, pen.at

    def _spelled(self, char: str) -> str:
        if self.style == "'":
            return char * (1 + (char == "'"))
        if self.style != '"':
            return char
        if char in '"\\':
            return "\\" + char
        if char == " " or not self.pen.chance(0.05):
            return char
        number = ord(char)
        ways = [f"\\U{number:08x}"]
        ways += [f"\\u{number:04X}"] * (number <= 0xFFFF) + [f"\\x{number:02x}"] * (number <= 0xFF)
        return self.pen.rng.choice(ways)

    def block(self, text: str) -> list[Span]:
        """Where each character stands in the lines of `|` or `>`; last comes their header."""
        pen, deeper = self.pen, self.pen.rng.randint(1, 4)
        size = str(deeper) if pen.chance(0.1) else ""
        header = (pen.at, pen.at + 1 + len(size) + 1)
        pen.put(self.style + (size + "-" if pen.chance(0.5) else "-" + size))
        if pen.chance(pen.comments):
            pen.put(" " + pen.comment())
        indent = pen.line_break + " " * (self.column + deeper)
        pen.put(indent)
        spans: list[Span] = []
        for at, char in enumerate(text):
            start = pen.at
            if self.style == ">" and _folds(text, at) and pen.chance(0.3):
                pen.put(indent)
                spans.append((start, start + len(pen.line_break)))
            else:
                pen.put(char)
                spans.append((start, pen.at))
        return [*spans, header]


def _folds(text: str, at: int) -> bool:
    """Whether a single blank stands there, which a line break can stand for."""
    if text[at] != " " or not 0 < at < len(text) - 1:
        return False
    before, after = text[at - 1], text[at + 1]
    return not before.isspace() and not after.isspace() and after != "#"


def styles(node: Scalar, where: str) -> list[str]:
    """The styles in which a text can be written at its place."""
    is_block = where == "value" and _has_edges(node.text)
    possible = {"": _may_be_plain(node, where), "'": True, '"': True, "|": is_block, ">": is_block}
    return [style for style in node.styles if possible[style]]


def _has_edges(text: str) -> bool:
    return bool(text) and text == text.strip()


def _may_be_plain(node: Scalar, where: str) -> bool:
    text = node.text
    if node.styles == PLAIN:
        return True
    if not _has_edges(text) or (not node.loose and _NOT_TEXT.fullmatch(text)):
        return False
    if not _STARTS.match(text) or re.search(r":(\s|$)|\s#", text):
        return False
    if "flow" not in where:
        return True
    # What leaves a bracket open is taken for an expression that the collection cuts.
    return not re.search(r"[,\[\]{}:]", text) and text.count("(") == text.count(")")
