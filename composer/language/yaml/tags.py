"""Tags and anchors before a value: which are accepted, and where the value starts behind them."""

from __future__ import annotations

import re

from composer.language.diagnostics import quote
from composer.language.yaml.findings import Findings
from composer.language.yaml.nodes import Node

REFUSED = "losscomp reads plain data; remove the tag"

_PROPERTY = re.compile(r"!<[^>\s]*>|[&!][^\s,\[\]{}]*")
_NEGATED = re.compile(r"!(?:y_(?:true|pred)\b|[a-z_]+\()")
_BLANK = re.compile(r"(?:\s+|(?<=\s)#[^\r\n]*)*")
_CORE = "tag:yaml.org,2002:"
_TYPES = {"str": str, "int": int, "float": float, "bool": bool, "null": type(None)}
_KINDS = {"map": "mapping", "seq": "sequence"}


def skip_properties(text: str, start: int) -> int:
    """Where the value starts, whose anchor or tag stands at `start`."""
    while found := _PROPERTY.match(text, start):
        start = _after_blanks(text, found.end())
    return start


def check_tag(findings: Findings, tag: str | None, start: int, node: Node) -> None:
    """Refuses every tag but a core one that says what the value is anyway.

    `tag` is resolved, so that no `%TAG` directive disguises it; `start` is where it may stand.
    """
    if tag is None or _agrees(tag, node):
        return
    text = findings.source.text
    start, end = _tag_place(text, start)
    if is_negated(text[start:end]):
        message, help = negation(text[start:end])
        edit = (start, start + 1, "not ")
        findings.add("tag-refused", message, start, end, help=help, edit=edit)
        return
    message = f"the tag {quote(text[start:end] or tag)} is refused"
    findings.add("tag-refused", message, start, end, help=REFUSED)


def is_negated(tag: str) -> bool:
    """Whether what YAML takes for a tag is an expression that begins with the `!` of C."""
    return _NEGATED.match(tag) is not None


def negation(tag: str) -> tuple[str, str]:
    """What to say of such an expression, and what to write."""
    return f"YAML reads {quote(tag)} as a tag, for its `!`", "write `not` for `!`"


def _agrees(tag: str, node: Node) -> bool:
    if tag == "!":
        return not node.plain
    name = tag.removeprefix(_CORE)
    if name == tag:
        return False
    if node.kind != "scalar":
        return _KINDS.get(name) == node.kind
    return type(node.value) is _TYPES.get(name)


def _tag_place(text: str, start: int) -> tuple[int, int]:
    while found := _PROPERTY.match(text, start):
        if found.group().startswith("!"):
            return found.span()
        start = _after_blanks(text, found.end())
    return start, start


def _after_blanks(text: str, start: int) -> int:
    found = _BLANK.match(text, start)
    return found.end() if found else start
