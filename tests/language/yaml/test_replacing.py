"""What stands in for a part of a value is read as it was meant, wherever it stands."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from composer.language.diagnostics import SpecError
from composer.language.yaml.document import Node, read_document
from composer.language.yaml.replacing import replacement

TEXTS = st.text(st.sampled_from("abc01 .:,#'\"\\[]{}&*!|>-?é\n"), max_size=12)
FRAMES = ("a: {}", "- {}", "[{}]", "{{a: {}}}", "a:\n  b: {}  # note\n", "[x, {{y: {}}}]", "{}")


def scalar(root: Node) -> Node:
    """The innermost last value."""
    while root.kind != "scalar":
        root = list(root.value.values() if root.kind == "mapping" else root.value)[-1]
    return root


def replaced(text: str, part: str, by: str) -> str | None:
    """The text with a part of its last value replaced, or None where that cannot be."""
    root = read_document(text, "f.yaml").root
    node = scalar(root)
    start = node.text.index(part)
    span = (start, start + len(part))
    found = replacement(root, node, span, by)
    begin, end = node.stretch(*span)
    return None if found is None else text[:begin] + found + text[end:]


@pytest.mark.parametrize(
    ("text", "part", "by", "after"),
    [
        ("m: y == 1 or 2  # note", "y == 1 or 2", "y in [1, 2]", "m: y in [1, 2]  # note"),
        ("{m: y == 1 or 2}", "y == 1 or 2", "y in [1, 2]", None),
        ("{m: 'y == 1 or 2'}", "y == 1 or 2", "y in [1, 2]", "{m: 'y in [1, 2]'}"),
        ('m: "y.class > 0"', "y.class", 'y["class"]', 'm: "y[\\"class\\"] > 0"'),
        ("m: 'y.it_s > 0'", "y.it_s", "y['it''s']", "m: 'y[''it''''s''] > 0'"),
        ("m: y.class", "y.class", 'y["class"]', 'm: y["class"]'),
        ("m: y.class", "y.class", '["class"]', None),  # a list
        ("m: a b", "b", "#b", None),  # a comment
        ("m: a b", "b", "b: c", None),
        ("m: |\n  a & b\n", "&", "and", "m: |\n  a and b\n"),
        ("m: >-\n  a\n  & b\n", "&", "and", "m: >-\n  a\n  and b\n"),
        ("m: a\n  & b", "&", "and", "m: a\n  and b"),
    ],
)
def test_a_part(text: str, part: str, by: str, after: str | None):
    assert replaced(text, part, by) == after


@given(st.sampled_from(FRAMES), st.sampled_from(["{}", "'{}'", '"{}"']), TEXTS, TEXTS)
def test_what_is_written_is_read_as_it_was_meant(frame: str, style: str, before: str, by: str):
    text = frame.format(style.format("x" + before.replace("'", "").replace('"', "") + "y"))
    try:
        old = scalar(read_document(text, "f.yaml").root).text
        new = replaced(text, "y", by) if old.endswith("y") and old.count("y") == 1 else None
    except SpecError:
        return
    if new is not None:
        root = read_document(new, "f.yaml").root
        assert scalar(root).text.rstrip("\n") == (old[:-1] + by).rstrip("\n")


def test_a_value_that_stands_nowhere_is_not_replaced():
    root, other = read_document("a: b", "f.yaml").root, read_document("a: b", "g.yaml").root
    assert replacement(root, scalar(other), None, "c") is None
    assert replacement(root, root, None, "c") is None
    assert replacement(root, scalar(root), None, "c") == "c"
