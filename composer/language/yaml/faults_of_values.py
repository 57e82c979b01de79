"""Faults within one value: quotes, brackets, escapes, tags, and characters YAML keeps to itself."""

from __future__ import annotations

import re

from composer.language.diagnostics import quote
from composer.language.yaml.faults import QUOTE_IT, Complaint, Fault, Rule
from composer.language.yaml.tags import REFUSED, is_negated, negation

_TAG = re.compile(r"!<[^>\s]*>?|[^\s,\[\]{}]+")
_CLOSERS = {"{": "}", "[": "]"}
_ESCAPE_LENGTHS = {"x": 2, "u": 4, "U": 8}


def _directive(fault: Fault) -> Complaint:
    start = fault.source.line_start(fault.opened)
    end = fault.source.line_end(start)
    shown = quote(fault.source.text[start:end].rstrip())
    return Complaint(f"the directive {shown} is not known", start, end, "remove it")


def _tag(fault: Fault) -> Complaint:
    found = _TAG.match(fault.source.text, fault.opened)
    end = found.end() if found else fault.opened
    written = fault.source.text[fault.opened : end]
    if is_negated(written):
        message, help = negation(written)
        meant = f"not {written[1:]}"
        return Complaint(message, fault.opened, end, help, "tag-refused", replacement=meant)
    message = f"the tag {quote(written)} is refused"
    return Complaint(message, fault.opened, end, REFUSED, "tag-refused")


def _name(fault: Fault) -> Complaint:
    char = fault.source.text[fault.opened]
    what = "an alias" if char == "*" else "an anchor"
    message = f"{what} is `{char}` and a name of letters, digits, `-` and `_`"
    return Complaint(message, fault.opened, max(fault.offset, fault.opened + 1), QUOTE_IT)


def _escape(fault: Fault) -> Complaint:
    text = fault.source.text
    start = text.rfind("\\", fault.opened, fault.offset + 1)
    end = start + 2 + _ESCAPE_LENGTHS.get(text[start + 1 : start + 2], 0)
    shown = quote(text[start : min(end, fault.source.line_end(start))])
    help = "write `\\\\` for a backslash, or use single quotes"
    return Complaint(f"the escape {shown} is not known", start, end, help)


def _open_quote(fault: Fault) -> Complaint:
    char = quote(fault.source.text[fault.opened])
    message = f"the quote {char} that opens here is never closed"
    return Complaint(message, fault.opened, fault.opened + 1, f"close it with {char}")


def _block_header(fault: Fault) -> Complaint:
    char = quote(fault.source.text[fault.opened])
    message = f"after {char}, which starts a block of text, the line has to end"
    return Complaint(message, fault.opened, max(fault.offset, fault.opened + 1), QUOTE_IT)


def _reserved(fault: Fault) -> Complaint:
    if fault.char == "\t":
        return Complaint("a tab stands here", fault.offset, fault.offset + 1, "use spaces")
    shown = "a backtick" if fault.char == "`" else quote(fault.char)
    message = f"a value without quotes cannot start with {shown}"
    return Complaint(message, fault.offset, fault.offset + 1, QUOTE_IT)


def _tab(fault: Fault) -> Complaint:
    return Complaint("a tab stands here", fault.offset, fault.offset + 1, "use spaces")


def _next_entry(fault: Fault) -> Complaint:
    """A flow collection that neither goes on with a comma nor ends."""
    opened, opener = fault.opened, fault.source.text[fault.opened]
    closer = _CLOSERS[opener]
    if fault.char and fault.char in "]}":
        message = f"`{fault.char}` cannot close a `{opener}`"
        also = (opened, opened + 1, "opened here")
        help = f"write `{closer}`, or close the `{opener}` before it"
        return Complaint(message, fault.offset, fault.offset + 1, help, also=also)
    if fault.at_end:
        return _never_closed(opened, opener)
    if fault.source.place(fault.offset)[0] > fault.source.place(opened)[0]:
        message = f"the `{opener}` here lacks a comma or its `{closer}`"
        start = fault.offset - len(fault.before.lstrip())
        also = (start, fault.word_end, "before this")
        return Complaint(message, opened, opened + 1, also=also)
    message = f"a comma or the closing `{closer}` is missing here"
    help = "put a comma here, or quotes around the whole value"
    return Complaint(message, fault.offset, fault.word_end, help)


def _never_closed(opened: int, opener: str) -> Complaint:
    message = f"the `{opener}` that opens here is never closed"
    return Complaint(message, opened, opened + 1, f"close it with `{_CLOSERS[opener]}`")


def _no_value(fault: Fault) -> Complaint:
    text = fault.source.text
    opened = max(text.rfind("[", 0, fault.offset), text.rfind("{", 0, fault.offset))
    if fault.at_end and opened >= 0:
        return _never_closed(opened, text[opened])
    if fault.char == ":":
        return Complaint("a key is missing before the colon", fault.offset, fault.offset + 1)
    message = f"a value is required here, found {quote(fault.char)}"
    help = "put quotes around it if it is text"
    return Complaint(message, fault.offset, fault.offset + 1, help)


def _colon(fault: Fault) -> Complaint:
    message = "a colon cannot stand here in a value without quotes"
    return Complaint(message, fault.offset, fault.offset + 1, QUOTE_IT)


VALUE_RULES: list[tuple[str, Rule]] = [
    ("directive|YAML document", _directive),
    ("(scanning|parsing) a tag|tag handle", _tag),
    ("(scanning|parsing) an (alias|anchor)", _name),
    ("unknown escape|hexa?decimal|escape code", _escape),
    ("quoted scalar.*(end of stream|document (indicator|separator))", _open_quote),
    ("scanning a block scalar", _block_header),
    ("tab character", _tab),
    ("cannot start any token", _reserved),
    ("expected ',' or", _next_entry),
    ("node content", _no_value),
    ("unexpected ':'", _colon),
]
