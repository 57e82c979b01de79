"""Syntax errors: our words, the place to act, and what to write instead."""

from __future__ import annotations

from dataclasses import replace

import pytest
import yaml

from composer.language.diagnostics import Place, Problem, SpecError
from composer.language.yaml import composing
from composer.language.yaml.document import read_document

QUOTE = "put quotes around the whole value"
ESCAPE = "write `\\\\` for a backslash, or use single quotes"
BELOW = "indent it like the line above; or, if it belongs below that key, remove the value there"
COLUMN = "this line starts in another column than the keys it stands with"
JOINED = "this line goes on with the value above it, so that its colon cannot be read"

CASES: list[tuple[str, str, tuple[int, int, int], str | None]] = [
    # colons
    ("a: 1\nweight:2\nb: 3", "a space is missing after the colon", (2, 7, 8), "write `weight: 2`"),
    ("weight:2\nb: 3", "a space is missing after the colon", (1, 7, 8), "write `weight: 2`"),
    ("- a: 1\n  b:x y\n", "a space is missing after the colon", (2, 4, 5), "write `b: x y`"),
    ("a: b: c", "a second colon on the line cannot be read", (1, 5, 6),
     "put quotes around a text that holds `: `"),
    ("a: 1\nb\nc: 2", "a colon is missing after `b`", (2, 1, 2), "write `key: value`"),
    ("  ab\n  c: 1", "a colon is missing after `ab`", (1, 3, 5), "write `key: value`"),
    (": 1", "a key is missing before the colon", (1, 1, 2), None),
    ("{: a}", "a key is missing before the colon", (1, 2, 3), None),
    ("{a: b:, c}", "a colon cannot stand here in a value without quotes", (1, 6, 7), QUOTE),
    ("x" * 2000 + ": 1\nb: 2", "a key takes at most 1024 characters, found 2000",
     (1, 1, 2001), None),
    # indentation
    ("a: 1\n  b: 2", JOINED, (2, 3, 5), BELOW),
    ("a:\n- b\n c: d\n", JOINED, (3, 2, 4), BELOW),
    ("a:\n    b: 1\n  c: 2", COLUMN, (3, 3, 5),
     "start it in the same column as one of the keys above"),
    ("a:\n\tb: 1", "this line is indented with a tab", (2, 1, 2), "use spaces"),
    ("a:\n  b: 1\n \t c: 1", "this line is indented with a tab", (3, 1, 4), "use spaces"),
    ("a: 1\n\tb: 2", "this line is indented with a tab", (2, 1, 2), "use spaces"),
    # lists
    ("- a\nb: 1", "this line stands among the items of a list, but is none", (2, 1, 3),
     "start it with `- ` in column 1, or indent it below the item it belongs to"),
    ("a: 1\n- b", "a list item stands where a key is expected", (2, 1, 2),
     "indent it below the key it belongs to"),
    ("a: - b", "a list cannot start behind something else on the line", (1, 4, 5),
     f"start it on a line of its own, or {QUOTE}"),
    # values
    ("a: @x", "a value without quotes cannot start with `@`", (1, 4, 5), QUOTE),
    ("a: `x`", "a value without quotes cannot start with a backtick", (1, 4, 5), QUOTE),
    ("a: %x", "a value without quotes cannot start with `%`", (1, 4, 5), QUOTE),
    ("a: ? b", "a value without quotes cannot start with `? `", (1, 4, 5), QUOTE),
    ("a: > 0", "after `>`, which starts a block of text, the line has to end", (1, 4, 6), QUOTE),
    ("a: *", "an alias is `*` and a name of letters, digits, `-` and `_`", (1, 4, 5), QUOTE),
    ("a: & b", "an anchor is `&` and a name of letters, digits, `-` and `_`", (1, 4, 5), QUOTE),
    ('a: "b" + c', "the value ends before `+`", (1, 8, 9), QUOTE),
    ("{a: 1} b", "the value ends before `b`", (1, 8, 9), QUOTE),
    ("a: 1\n...\nb", "the document ends before `b`", (3, 1, 2),
     "remove it: a spec is one document"),
    # quotes and escapes
    ('a: 1\nb: "c\nd: e', 'the quote `"` that opens here is never closed', (2, 4, 5),
     'close it with `"`'),
    ("a: 'b", "the quote `'` that opens here is never closed", (1, 4, 5), "close it with `'`"),
    ('a: "x\n---\ny"', 'the quote `"` that opens here is never closed', (1, 4, 5),
     'close it with `"`'),
    ('a: "b \\d"', "the escape `\\d` is not known", (1, 7, 9), ESCAPE),
    ('a: "\\ud800"', "the escape `\\ud800` is not known", (1, 5, 11), ESCAPE),
    ('a: "\\xz1"', "the escape `\\xz1` is not known", (1, 5, 9), ESCAPE),
    # brackets
    ("a: {b: 1", "the `{` that opens here is never closed", (1, 4, 5), "close it with `}`"),
    ("a: [1, 2\n\n", "the `[` that opens here is never closed", (1, 4, 5), "close it with `]`"),
    ("a: [1, 2\n b: 3]", "the `[` here lacks a comma or its `]`", (1, 4, 5), None),
    ("[[[", "the `[` that opens here is never closed", (1, 3, 4), "close it with `]`"),
    ("a: {b: 1\nc: 2", "the `{` here lacks a comma or its `}`", (1, 4, 5), None),
    ("a: {b: [1, 2}", "`}` cannot close a `[`", (1, 13, 14),
     "write `]`, or close the `[` before it"),
    ("a: {b: 1}}", "`}` closes nothing", (1, 10, 11), "remove it"),
    ("a: x\n]", "`]` closes nothing", (2, 1, 2), "remove it"),
    ("[a [b]]", "a comma or the closing `]` is missing here", (1, 4, 8),
     "put a comma here, or quotes around the whole value"),
    ("a: [1,,2]", "a value is required here, found `,`", (1, 7, 8),
     "put quotes around it if it is text"),
    # directives
    ("%FOO bar\n---\na: 1", "the directive `%FOO bar` is not known", (1, 1, 9), "remove it"),
    ("%YAML 9.9\n---\na: 1", "the directive `%YAML 9.9` is not known", (1, 1, 10), "remove it"),
    ("%TAG a\n---\nb", "the directive `%TAG a` is not known", (1, 1, 7), "remove it"),
]  # fmt: skip


def _problems(text: str) -> list[Problem]:
    with pytest.raises(SpecError) as raised:
        read_document(text, "f.yaml")
    return list(raised.value.problems)


@pytest.mark.parametrize(("text", "message", "place", "help"), CASES)
def test_syntax_errors(
    text: str, message: str, place: tuple[int, int, int], help: str | None
) -> None:
    (problem,) = _problems(text)
    bare = replace(problem, places=(), edits=())
    assert bare == Problem("invalid-yaml", message, "f.yaml", *place, help)


@pytest.mark.parametrize(
    ("text", "place", "label"),
    [
        ("- a\nb: 1", (1, 1, 2), "the list starts here"),
        ("a: [1, 2\n b: 3]", (2, 2, 4), "before this"),
        ("a: {b: 1\nc: 2", (2, 1, 3), "before this"),
        ("a: {b: [1, 2}", (1, 8, 9), "opened here"),
    ],
)
def test_the_other_place(text: str, place: tuple[int, int, int], label: str) -> None:
    ((other,),) = [problem.places for problem in _problems(text)]
    assert other == Place("f.yaml", *place, label)


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        ("a: 1\nweight:2\nb: 3", "a: 1\nweight: 2\nb: 3"),
        ("- a: 1\n  b:x y\n", "- a: 1\n  b: x y\n"),
        ("mask: !isnan(y_true)", "mask: not isnan(y_true)"),
        ("mask: !y_true.valid and y_true > 0", "mask: not y_true.valid and y_true > 0"),
        ("a: {type:huber, b: 1}", "a: {type: huber, b: 1}"),
    ],
)
def test_what_mends_it(text: str, mended: str) -> None:
    ((edit,),) = [problem.edits for problem in _problems(text)]
    assert text[: edit.start] + edit.text + text[edit.end :] == mended


def test_an_alias_before_more_is_one_problem() -> None:
    help = "write what `*valid` stands for in its place"
    message = "an alias is all of a value, found `and` behind `*valid`"
    expected = Problem("invalid-yaml", message, "f.yaml", 1, 7, 17, help)
    assert _problems("mask: *valid and y_true > 0") == [expected]
    assert _problems("mask: *valid > 0")[0].message.endswith("found `>` behind `*valid`")


@pytest.mark.parametrize("newline", ["\r\n", "\r"])
def test_places_with_other_line_breaks(newline: str) -> None:
    text = newline.join(["# é", "a: 1", "", "weight:2", "b: 3"])
    (problem,) = _problems(text)
    assert (problem.line, problem.column) == (4, 7)
    assert problem.message == "a space is missing after the colon"


@pytest.mark.parametrize("text", [case[0] for case in CASES])
def test_without_libyaml_the_words_are_ours_too(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(composing, "_LOADER", yaml.SafeLoader)
    try:
        read_document(text, "f.yaml")
    except SpecError as error:
        for problem in error.problems:
            assert problem.message != "the YAML cannot be read here"
            assert "expected" not in problem.message or "key is expected" in problem.message


def test_without_libyaml_surrogates_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(composing, "_LOADER", yaml.SafeLoader)
    (problem,) = _problems('a: "\\ud800"')
    message = "the character U+D800 is not allowed in a spec"
    assert problem == Problem("invalid-character", message, "f.yaml", 1, 4, 12)


def test_libyaml_is_there() -> None:
    """The parser whose reading of a spec is the one that counts."""
    assert yaml.__with_libyaml__
    assert composing._LOADER is yaml.CSafeLoader
