"""Plain data as YAML on one line, with quotes where it would mean something else without."""

from __future__ import annotations

import re
from typing import Any

from composer.language.diagnostics import escape
from composer.language.yaml.scalars import resolve

# Begins like a word or a number, and holds nothing that ends a plain scalar of a block.
_PLAIN = re.compile(r"[A-Za-z0-9_(.](?:[^:#]|:(?=\S)|(?<=\S)#)*", re.DOTALL)


def yaml_text(data: Any) -> str:
    """A scalar or a list, as the value of a block mapping; text also as its key."""
    if isinstance(data, str):
        return data if _is_plain(data) else _quoted(data)
    return _flow(data)


def _flow(data: Any) -> str:
    if isinstance(data, list | tuple):
        return f"[{', '.join(map(_flow, data))}]"
    if isinstance(data, dict):
        return "{" + ", ".join(f"{_flow(key)}: {_flow(each)}" for key, each in data.items()) + "}"
    if isinstance(data, str):
        return _quoted(data)
    words = {True: "true", False: "false", None: "null"}
    return words[data] if data is None or isinstance(data, bool) else repr(data)


def _is_plain(text: str) -> bool:
    if not _PLAIN.fullmatch(text) or text != text.strip() or escape(text) != text:
        return False
    meaning = resolve(text)
    return meaning.value == text and meaning.caution is None


def _quoted(text: str) -> str:
    """In single quotes where it holds quotes of expressions, which then need no escapes."""
    if escape(text) == text and set(text) & set('"\\'):
        return "'" + text.replace("'", "''") + "'"
    return '"' + "".join(map(_character, text)) + '"'


def _character(char: str) -> str:
    if char in '"\\':
        return "\\" + char
    return char if escape(char) == char else f"\\U{ord(char):08x}"
