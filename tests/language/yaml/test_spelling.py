"""Where the characters of a value stand in the file, for every style of scalar."""

from __future__ import annotations

import pytest

from composer.language.yaml.document import read_document
from composer.language.yaml.nodes import Node


def _spelled(text: str, node: Node, start: int, end: int) -> tuple[int, str]:
    """The line and the source text that `place` points at."""
    line, column, end_column = node.place(start, end)
    return line, text.replace("\r\n", "\n").split("\n")[line - 1][column - 1 : end_column - 1]


def _value(text: str) -> Node:
    node = read_document(text, "f.yaml").root.value["a"]
    assert isinstance(node, Node)
    return node


@pytest.mark.parametrize(
    "text",
    [
        "a: one two three\n",
        "a: one\n  two\n  three\n",
        "a: one \t\n\n\n    two\n\n  three\n",
        "{a: one\n  two\n   three}\n",
        "a: 'it''s one two three'\n",
        "a: '  it''s\n\n  one\n  two three'\n",
        'a: "one two three"\n',
        'a: "one\\ttwo\n  three"\n',
        'a: "one \\\n   two\n\n   three"\n',
        'a: "\\x6fne \\u0074wo \\U00000074hree"\n',
        'a: "one\\\n\n  two three"\n',
        "a: |\n  one\n  two\n  three\n",
        "a: |2-\n    one\n  two\n\n  three\n",
        "a: |  # comment\n\n\n    one\n      two\n    three\n",
        "a: |+\n one\n two\n three\n\n\n",
        "a: >\n  one\n  two\n\n  three\n",
        "a: >-\n  one\n\n    two\n    two\n\n  three\n",
        "a: >+\n\n  one\n  two\n  three\n\n\n",
        "a: &x >\n  one two\n  three\n",
        "a: >1\n  one two\n two\n three",
        "a: !!str one two three",
        "a: &x  # comment\n  one two three",
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_words_are_found(text: str, newline: str) -> None:
    text = text.replace("\n", newline)
    node = _value(text)
    for word in ("one", "two", "three"):
        start = node.text.index(word)
        _, spelled = _spelled(text, node, start, start + len(word))
        first = {"o": "\\x6f", "t": "\\u0074" if word == "two" else "\\U00000074"}[word[0]]
        assert spelled in (word, first + word[1:])


def test_lines_are_counted() -> None:
    text = "a: >\n  x\n\n  y: take(w,\n  y_true)\nb: 1\n"
    node = _value(text)
    assert node.text == "x\ny: take(w, y_true)\n"
    assert node.place(2, 3) == (4, 3, 4)
    assert node.place(13, 19) == (5, 3, 9)
    assert node.place(5, 18) == (4, 6, 13), "clipped at the end of its line"


def test_escapes_count_as_one_character() -> None:
    node = _value('a: "\\u00e9x \\"y\\" \\\\z"')
    assert node.text == 'éx "y" \\z'
    assert node.place(0, 1) == (1, 5, 11)
    assert node.place(1, 2) == (1, 11, 12)
    assert node.place(3, 6) == (1, 13, 18)
    assert node.place(7, 8) == (1, 19, 21)
    assert node.place(8, 9) == (1, 21, 22)


def test_doubled_quote_counts_as_one_character() -> None:
    node = _value("a: 'a''b'")
    assert node.place(1, 2) == (1, 6, 8)
    assert node.place(2, 3) == (1, 8, 9)


def test_ends_and_empty_stretches() -> None:
    node = _value("a: take(w)")
    assert node.place(0, 0) == (1, 4, 4)
    assert node.place(7, 7) == (1, 11, 11)
    assert node.place(7, 99) == (1, 11, 11)
    assert node.place(5, 99) == (1, 9, 11)
    assert _value("a:").place(0, 0) == (1, 3, 3)
    assert _value("a: ''").place(0, 0) == (1, 4, 6)


def test_wide_and_combining_characters_are_code_points() -> None:
    node = _value("a: 深度 e\u0301 \U0001f600 x")
    assert node.place(node.text.index("x"), len(node.text)) == (1, 12, 13)


def test_trailing_breaks_of_a_block() -> None:
    text = "a: |+\n  x\n\n\nb: 1\n"
    node = _value(text)
    assert node.text == "x\n\n\n"
    assert [node.place(at, at + 1)[:2] for at in range(4)] == [(2, 3), (2, 4), (3, 1), (4, 1)]
