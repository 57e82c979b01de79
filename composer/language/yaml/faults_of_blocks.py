"""Faults between values: colons, list dashes and indentation."""

from __future__ import annotations

import re

from composer.language.diagnostics import quote
from composer.language.yaml.faults import QUOTE_IT, Complaint, Fault, Rule

_NO_SPACE = re.compile(r" *(?:- +)*([^\s:#'\"{\[&*!|>%@`][^\s:]*)(:)(?=[^\s:/])")
_WORD = re.compile(r"[^\s,\]}]+")
_ALIAS = re.compile(r"(?:^|[\s\[{,])(\*[\w-]+)\s+$")
_LONGEST_KEY = 1024


def _colon_not_found(fault: Fault) -> Complaint:
    """A line that should have been a key and its value."""
    return _missing_space(fault, fault.opened) or _missing_colon(fault, fault.opened)


def _missing_space(fault: Fault, offset: int) -> Complaint | None:
    """`weight:2` on the line that holds an offset."""
    start = fault.source.line_start(offset)
    found = _NO_SPACE.match(fault.source.text, start)
    if not found:
        return None
    rest = fault.source.text[found.end() : fault.source.line_end(start)].rstrip()
    help = f"write {quote(f'{found[1]}: {rest}')}"
    message = "a space is missing after the colon"
    return Complaint(message, *found.span(2), help, replacement=": ")


def _missing_colon(fault: Fault, start: int) -> Complaint:
    """A line, from `start` on, that holds no key."""
    line = fault.source.text[start : fault.source.line_end(start)].rstrip()
    message = f"a colon is missing after {quote(line)}"
    return Complaint(message, start, start + len(line), "write `key: value`")


def _colon_not_allowed(fault: Fault) -> Complaint:
    """A second colon on a line, or a line that YAML takes for the rest of the one above."""
    if re.search(r":\s", fault.before):
        message = "a second colon on the line cannot be read"
        help = "put quotes around a text that holds `: `"
        return Complaint(message, fault.offset, fault.offset + 1, help)
    return _long_key(fault) or _fault_above(fault) or _joined(fault)


def _long_key(fault: Fault) -> Complaint | None:
    key = fault.before.strip()
    if len(key) <= _LONGEST_KEY:
        return None
    message = f"a key takes at most {_LONGEST_KEY} characters, found {len(key)}"
    return Complaint(message, fault.offset - len(fault.before.lstrip()), fault.offset)


def _fault_above(fault: Fault) -> Complaint | None:
    """What is wrong with the nearest line above that is not blank, if it lacks its colon."""
    start = fault.source.line_start(fault.offset)
    while start > 0:
        start = fault.source.line_start(start - 1)
        line = fault.source.line_text(start)
        if line.strip():
            break
    else:
        return None
    if complaint := _missing_space(fault, start):
        return complaint
    bare = ":" not in line and not line.lstrip().startswith("-")
    return _missing_colon(fault, start + len(line) - len(line.lstrip())) if bare else None


def _joined(fault: Fault) -> Complaint:
    start = fault.offset - len(fault.before.lstrip(" "))
    message = "this line goes on with the value above it, so that its colon cannot be read"
    help = "indent it like the line above; or, if it belongs below that key, remove the value there"
    return Complaint(message, start, fault.offset + 1, help)


def _key_not_found(fault: Fault) -> Complaint:
    """A line at the wrong indentation, or something left over behind a value."""
    if fault.char == "-" and fault.word_end == fault.offset + 1:
        message = "a list item stands where a key is expected"
        help = "indent it below the key it belongs to"
    elif fault.char == ":":
        message, help = "a key is missing before the colon", None
    elif fault.char and fault.char in "]}":
        message, help = f"{quote(fault.char)} closes nothing", "remove it"
        return Complaint(message, fault.offset, fault.offset + 1, help)
    elif fault.before.strip(" -"):
        return _left_over(fault)
    else:
        message = "this line starts in another column than the keys it stands with"
        help = "start it in the same column as one of the keys above"
    return Complaint(message, fault.offset, fault.word_end, help)


def _left_over(fault: Fault) -> Complaint:
    """Something behind a value that is complete."""
    what = "value" if fault.before.strip() else "document"
    shown = quote(fault.source.text[fault.offset : fault.word_end])
    message = f"the {what} ends before {shown}"
    help = QUOTE_IT if what == "value" else "remove it: a spec is one document"
    return Complaint(message, fault.offset, fault.word_end, help)


def behind_alias(fault: Fault) -> Complaint | None:
    """`*valid and y_true > 0`: for its `*` YAML takes the first word for all of the value."""
    text = fault.source.text
    for stop in (fault.offset, fault.opened):
        start = fault.source.line_start(stop)
        alias = _ALIAS.search(text[start:stop])
        if alias is not None:
            break
    else:
        return None
    word = _WORD.match(text, start + alias.end())
    end, shown = (word.end(), quote(word[0])) if word else (stop, "more")
    message = f"an alias is all of a value, found {shown} behind {quote(alias[1])}"
    help = f"write what {quote(alias[1])} stands for in its place"
    begin = start + alias.start(1)
    return Complaint(message, begin, end, help, covers=(begin, end))


def _dash_not_found(fault: Fault) -> Complaint:
    _, column = fault.source.place(fault.opened)
    message = "this line stands among the items of a list, but is none"
    help = f"start it with `- ` in column {column}, or indent it below the item it belongs to"
    also = (fault.opened, fault.opened + 1, "the list starts here")
    return Complaint(message, fault.offset, fault.word_end, help, also=also)


def _dash_not_allowed(fault: Fault) -> Complaint:
    message = "a list cannot start behind something else on the line"
    help = f"start it on a line of its own, or {QUOTE_IT}"
    return Complaint(message, fault.offset, fault.offset + 1, help)


def _question(fault: Fault) -> Complaint:
    message = "a value without quotes cannot start with `? `"
    return Complaint(message, fault.offset, fault.offset + 1, QUOTE_IT)


BLOCK_RULES: list[tuple[str, Rule]] = [
    ("could not find expected ':'", _colon_not_found),
    ("mapping values are not allowed", _colon_not_allowed),
    ("sequence entries are not allowed", _dash_not_allowed),
    ("mapping keys are not allowed", _question),
    ("block (collection|sequence)", _dash_not_found),
    ("block mapping", _key_not_found),
    ("document start", _left_over),
]
