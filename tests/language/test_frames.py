"""Frames: which lines are shown, with which marks, in which columns."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from composer.language.diagnostics import Edit, Place, Problem, width
from composer.language.frames import frame, show
from composer.language.yaml.places import Source
from tests.command import RAW

TEXT = """\
tensors:
  depth: float32[batch]
tasks:
  depth: {weight: on, loss: huber}
"""


def problem(source, start, end, **more):
    return source.problem("shape-mismatch", "it does not fit", start, end, **more)


def place(text, found, label, file="a.yaml"):
    source = Source(text, file)
    return source.place_of(text.index(found), text.index(found) + len(found), label)


def at(found, *places, text=TEXT, file="a.yaml", **more):
    start = text.index(found)
    return problem(Source(text, file), start, start + len(found), places=places, **more)


def test_one_place():
    assert show(at("huber", help="write `silog`\nor leave it")) == (
        "a.yaml:4:29: error[shape-mismatch]: it does not fit\n"
        "4 |   depth: {weight: on, loss: huber}\n"
        "  |                             ^^^^^\n"
        "help: write `silog`\n"
        "      or leave it"
    )


def test_a_second_place_above():
    assert show(at("huber", place(TEXT, "float32[batch]", "declared here"))) == (
        "a.yaml:4:29: error[shape-mismatch]: it does not fit\n"
        "2 |   depth: float32[batch]\n"
        "  |          -------------- declared here\n"
        "4 |   depth: {weight: on, loss: huber}\n"
        "  |                             ^^^^^"
    )


def test_two_places_on_one_line():
    assert show(at("huber", place(TEXT, "on", "the weight"))) == (
        "a.yaml:4:29: error[shape-mismatch]: it does not fit\n"
        "4 |   depth: {weight: on, loss: huber}\n"
        "  |                             ^^^^^\n"
        "  |                   -- the weight"
    )


def test_line_numbers_of_two_widths():
    text = "\n" * 8 + "a: 1\nb: 2\n"
    assert show(at("b", place(text, "a", "first here"), text=text)) == (
        "a.yaml:10:1: error[shape-mismatch]: it does not fit\n"
        " 9 | a: 1\n"
        "   | - first here\n"
        "10 | b: 2\n"
        "   | ^"
    )


def test_a_place_in_another_file_comes_behind_and_is_named():
    override = at("on", text="tasks.depth.weight=on", file="--set")
    shown = place(TEXT, "weight", "in the file")
    both = Problem(*[getattr(override, name) for name in ("code", "message", "file", "line", "column", "end_column")], excerpt=override.excerpt, places=(shown,))  # fmt: skip
    assert show(both) == (
        "--set:1:20: error[shape-mismatch]: it does not fit\n"
        "1 | tasks.depth.weight=on\n"
        "  |                    ^^\n"
        "  at a.yaml\n"
        "4 |   depth: {weight: on, loss: huber}\n"
        "  |           ------ in the file"
    )


def test_no_line_is_to_blame():
    assert show(Problem("too-large", "it is too large", "a.yaml", 0, 0, 0, "split it")) == (
        "a.yaml: error[too-large]: it is too large\nhelp: split it"
    )


def test_colours_wrap_what_they_mean_and_change_no_text():
    def paint(text, style):
        return f"<{style}>{text}</{style}>"

    told = at("huber", place(TEXT, "on", "the weight"), help="write `silog`")
    assert show(told, paint) == (
        "<bold>a.yaml:4:29</bold>: <error>error[shape-mismatch]</error>: it does not fit\n"
        "<gutter>4 |</gutter>   depth: {weight: on, loss: huber}\n"
        "<gutter>  |</gutter>                             <error>^^^^^</error>\n"
        "<gutter>  |</gutter>                   <place>-- the weight</place>\n"
        "<help>help</help>: write `silog`"
    )


@pytest.mark.parametrize(
    ("text", "found", "line", "mark"),
    [
        ("深度: ラベル", "ラベル", "深度: ラベル", "      ^^^^^^"),  # two columns each
        ("e\u0301: x", "x", "e\u0301: x", "   ^"),  # a combining accent takes none
        ("☃\ufe0f: x", "x", "☃\ufe0f: x", "   ^"),  # nor does a variation selector
        ("a:\tx", "x", "a:    x", "      ^"),  # a tab is shown as four blanks
        ("\u202e: x", "x", "\\u{202e}: x", "          ^"),
        ("x\x1b[2J: y", "y", "x\\u{1b}[2J: y", "            ^"),
        ("a: ''", "''", "a: ''", "   ^^"),
        ("a:", ":", "a:", " ^"),
    ],
)
def test_columns_of_what_is_shown(text, found, line, mark):
    assert frame(place(text, found, ""), "^") == (line, mark)


def test_a_long_line_is_cut_to_a_window_around_the_mark():
    text = "x" * 300 + "HERE" + "y" * 300
    line, mark = frame(place(text, "HERE", ""), "^")
    assert line == "…" + "x" * 50 + "HERE" + "y" * 46 + "…"
    assert mark == " " * 51 + "^^^^"


def test_two_places_of_a_long_line_have_windows_of_their_own():
    text = "A" + "x" * 300 + "B"
    shown = show(at("B", place(text, "A", "first here"), text=text)).splitlines()
    assert shown[1:] == [
        "1 | …" + "x" * 50 + "B",
        "  |  " + " " * 50 + "^",
        "1 | A" + "x" * 99 + "…",
        "  | - first here",
    ]


def shown(text):
    """How a text by itself is shown."""
    return frame(Place("a", 1, 1, 1, "", text), "^")[0]


@given(st.text(max_size=100), st.data())
def test_marks_stand_below_what_they_mark(text, data):
    """Whatever the characters, the mark begins where the marked text is shown, and is as wide."""
    text = text.replace("\n", " ").replace("\r", " ")
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    line, mark = frame(Place("a", 1, start + 1, end + 1, "", text), "^")
    assert line == shown(text[:start]) + shown(text[start:])
    assert not RAW.search(line)
    wide = max(1, width(shown(text[start : max(end, start + 1)])))
    assert mark == " " * width(shown(text[:start])) + "^" * wide


def test_edits_and_excerpts_take_no_part_in_the_drawing():
    plain = at("huber")
    with_edit = at("huber", edits=[Edit("a.yaml", 3, 4, "silog")])
    assert show(plain) == show(with_edit)
