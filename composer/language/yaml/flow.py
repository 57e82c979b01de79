"""Finding expressions without quotes in flow collections, where YAML cuts them into pieces."""

from __future__ import annotations

import re
from dataclasses import dataclass

_BLANKS = " \t\r\n"
_SKIPPED = re.compile(r"(?:[ \t\r\n]+|(?<=[ \t\r\n])#[^\r\n]*|[&!](?=[^\s,\[\]{}])[^\s,\[\]{}]*)*")
_QUOTED = re.compile(r'"(?:[^"\\]++|\\.)*+"|' r"'(?:[^']++|'')*+'", re.DOTALL)
_STRING = re.compile(r'"[^"\r\n]*"|' r"'[^'\r\n]*'")
_OPERATOR = re.compile(r"(?:[-+*/%<>=(,]|\b(?:in|and|or|not))[ \t]*\Z")
_OPENING = re.compile(r"(?m)(?:^|[:?-][ \t])[ \t]*(?:[&!]\S*[ \t]+){0,2}([\[{])")
_PARTNER = {")": "(", "]": "[", "}": "{"}


@dataclass(frozen=True, slots=True)
class Cut:
    """An expression that YAML cuts.

    Attributes:
        start: offset of its first character.
        end: offset past its last.
        by: the character that cuts it.
        inside: the bracket of the collection around it.
        closed: whether all of its brackets are.
    """

    start: int
    end: int
    by: str
    inside: str
    closed: bool


def find_cuts(text: str, start: int) -> tuple[list[Cut], int | None]:
    """The cut expressions of the flow collection at `start`, and where the collection ends.

    Reads the collection as its author meant it: brackets and quotes within a value belong to it.
    The end is None where the collection never closes.
    """
    cuts: list[Cut] = []
    around: list[str] = []
    at = start
    while (at := _skip(text, at)) < len(text):
        char = text[at]
        if char in "[{":
            around.append(char)
        elif char in "]}":
            around.pop()
            if not around:
                return cuts, at + 1
        elif char not in ",:?" or not _is_indicator(text, at):
            cut, at = _read_value(text, at, around[-1])
            cuts += [cut] if cut else []
            continue
        at += 1
    return cuts, None


def enclosing_flow(text: str, reached: int, offset: int) -> int | None:
    """Where the flow collection opens that holds `offset`, if one does.

    Goes by what each line looks like from the line of `reached` on, for a text that no parser
    could read.
    """
    at = text.rfind("\n", 0, reached) + 1
    while (found := _OPENING.search(text, at, offset + 1)) is not None:
        start = found.start(1)
        end = find_cuts(text, start)[1]
        if end is None or end > offset:
            return start
        at = end
    return None


def _skip(text: str, at: int) -> int:
    found = _SKIPPED.match(text, at)
    return found.end() if found else at


def _is_indicator(text: str, at: int) -> bool:
    if text[at] == ",":
        return True
    follower = text[at + 1 : at + 2]
    adjacent = text[at] == ":" and text[at - 1] in "\"']}"
    return adjacent or not follower or follower in _BLANKS + ",[]{}"


def _read_value(text: str, at: int, inside: str) -> tuple[Cut | None, int]:
    quoted = _QUOTED.match(text, at)
    if quoted:
        return None, quoted.end()
    end, by, closed = _Value(text, at).read()
    cut = Cut(at, at + len(text[at:end].rstrip()), by, inside, closed) if by else None
    return cut, end


class _Value:
    """Reads one unquoted value up to where its author ended it."""

    def __init__(self, text: str, start: int) -> None:
        self.text = text
        self.start = start
        self.at = start
        self.brackets: list[str] = []
        self.by = ""

    def read(self) -> tuple[int, str, bool]:
        """Its end, the first character that cuts it (or ""), whether its brackets are closed."""
        while self.at < len(self.text):
            if self._ends_here():
                return self.at, self.by, not self.brackets
            self.at = self._next()
        return self.at, self.by, not self.brackets

    def _ends_here(self) -> bool:
        char, before = self.text[self.at], self.text[self.at - 1 : self.at]
        if char == "#":
            return before in _BLANKS
        if self.brackets:
            return char in "]}" and self.brackets[-1] != _PARTNER[char]
        if char in "[{":
            return self.at == self.start or not self._belongs(char)
        return char in ",]}" or (char == ":" and _is_indicator(self.text, self.at))

    def _belongs(self, char: str) -> bool:
        """Whether a bracket goes on with the value: `a[`, `a in [`, but not `a [`, `a {`."""
        line = self.text[max(self.start, self.at - 40) : self.at]
        return line[-1:] not in _BLANKS or (char == "[" and bool(_OPERATOR.search(line)))

    def _next(self) -> int:
        char = self.text[self.at]
        string = _STRING.match(self.text, self.at) if self.brackets and char in "\"'" else None
        if string:
            self._note_cut(next((char for char in string.group() if char in ",[]{}"), ""))
            return string.end()
        if char in "([{":
            self.brackets.append(char)
        elif char in _PARTNER and self.brackets and self.brackets[-1] == _PARTNER[char]:
            self.brackets.pop()
        if self.brackets or char in "[]{}":
            colon = char == ":" and _is_indicator(self.text, self.at)
            self._note_cut(char if char in ",[]{}" or colon else "")
        return self.at + 1

    def _note_cut(self, char: str) -> None:
        self.by = self.by or char
