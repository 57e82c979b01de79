"""Expressions without quotes in `{…}` and `[…]`: found, and shown as they should be written."""

from __future__ import annotations

from dataclasses import replace

import pytest

from composer.language.diagnostics import Problem, SpecError
from composer.language.yaml.document import read_document


def _problems(text: str) -> list[Problem]:
    with pytest.raises(SpecError) as raised:
        read_document(text, "f.yaml")
    return list(raised.value.problems)


def _whole(text: str, by: str, inside: str, start: int, end: int, help: str) -> None:
    message = f"the {by} ends an unquoted expression inside `{inside}`"
    expected = Problem("unquoted-expression", message, "f.yaml", 1, start, end, help)
    (problem,) = _problems(text)
    assert replace(problem, edits=()) == expected
    assert len(problem.edits) == help.startswith("put quotes around it")
    for edit in problem.edits:
        assert help.endswith(text[: edit.start] + edit.text + text[edit.end :])


def test_comma() -> None:
    help = 'put quotes around it: {weight: "take(w, y_true)"}'
    _whole("{weight: take(w, y_true)}", "comma", "{…}", 10, 25, help)


def test_whole_value_is_quoted() -> None:
    help = 'put quotes around it: {weight: "2 * take(w, y_true) + 1", name: a}'
    _whole("{weight: 2 * take(w, y_true) + 1, name: a}", "comma", "{…}", 10, 33, help)


def test_item() -> None:
    help = 'put quotes around it: ["ramp(step, 0, 10)", 1]'
    _whole("[ramp(step, 0, 10), 1]", "comma", "[…]", 2, 19, help)


def test_signature() -> None:
    help = 'put quotes around it: {depth: "float32[batch, h]"}'
    _whole("{depth: float32[batch, h]}", "`[`", "{…}", 9, 26, help)


def test_quotes_within() -> None:
    help = "put quotes around it: {mask: 'y_true[\"a b\"] > 0'}"
    _whole('{mask: y_true["a b"] > 0}', "`[`", "{…}", 8, 25, help)


def test_both_kinds_of_quotes() -> None:
    help = "put quotes around it: {w: 'f(''a'', \"b\")'}"
    _whole("{w: f('a', \"b\")}", "comma", "{…}", 5, 16, help)


def test_slice_with_a_space() -> None:
    help = 'put quotes around it: {w: "f(x: 1)"}'
    _whole("{w: f(x: 1)}", "`:`", "{…}", 5, 12, help)


def test_key() -> None:
    help = 'put quotes around it: {"f(x, y)": 1}'
    _whole("{f(x, y): 1}", "comma", "{…}", 2, 9, help)


def test_over_two_lines() -> None:
    (problem,) = _problems("{a: f(x,\n  y), b: 2}")
    assert (problem.line, problem.column, problem.end_column) == (1, 5, 9)
    assert problem.help == 'put quotes around it: "f(x, y)"'


def test_never_closed() -> None:
    help = "close its brackets, and put quotes around it"
    _whole("{a: f(x, y}", "comma", "{…}", 5, 11, help)
    _whole("{a: f(x, y", "comma", "{…}", 5, 11, help)


def test_long_line_shows_the_expression_alone() -> None:
    (problem,) = _problems("{a: f(x, y), b: " + "z" * 300 + "}")
    assert problem.help == 'put quotes around it: "f(x, y)"'


def test_several_on_a_line_are_quoted_together() -> None:
    text = '    loss: [{weight: f(x, y)}, {mask: a["b, c"] > d[1], "k": [g(1, 2)]}]  # c'
    problems = _problems("x:\n" + text)
    assert [problem.column for problem in problems] == [21, 38, 62]
    for problem in problems:
        assert problem.line == 2
        assert problem.help == (
            'put quotes around them: loss: [{weight: "f(x, y)"}, '
            '{mask: \'a["b, c"] > d[1]\', "k": ["g(1, 2)"]}]  # c'
        )


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("{weight: take(w, y_true)}", {"weight": "take(w, y_true)"}),
        ("{w: 2 * take(w, y) + 1, n: a}", {"w": "2 * take(w, y) + 1", "n": "a"}),
        ("[ramp(step, 0, 10), 1]", ["ramp(step, 0, 10)", 1]),
        ("{depth: float32[batch, h]}", {"depth": "float32[batch, h]"}),
        ('{mask: y["a b"] > 0}', {"mask": 'y["a b"] > 0'}),
        ("{mask: y in [1, 2]}", {"mask": "y in [1, 2]"}),
        ("{mask: not (y[..., 0] > 0), n: b}", {"mask": "not (y[..., 0] > 0)", "n": "b"}),
        ("{w: f('a', \"b\")}", {"w": "f('a', \"b\")"}),
        ("[1 + 4 * (a, b)]", ["1 + 4 * (a, b)"]),
        ("{w: f(g(h(1, 2), 3), 4) , b: {}}", {"w": "f(g(h(1, 2), 3), 4)", "b": {}}),
        ('{"a":f(x, y)}', {"a": "f(x, y)"}),
        ("{a: &q f(x, y), b: *q}", {"a": "f(x, y)", "b": "f(x, y)"}),
        ("{a: x[1:]}", {"a": "x[1:]"}),
        ("{a: x[..., :3], b: 1}", {"a": "x[..., :3]", "b": 1}),
        ("{a: piecewise(step, [1, 2], [0, 1, 2])}", {"a": "piecewise(step, [1, 2], [0, 1, 2])"}),
        ("{a: f(x, y), b: f(z, y)}", {"a": "f(x, y)", "b": "f(z, y)"}),
        ("{a: f(x, b), b: 1}", {"a": "f(x, b)", "b": 1}),
        ("{a: f(x, 1), b: g(y, 1)}", {"a": "f(x, 1)", "b": "g(y, 1)"}),
        ("{a: f(x, 1e999, 012, on)}", {"a": "f(x, 1e999, 012, on)"}),
        ("{a: {b: {c: [f(x, y), {d: g[1]}]}}}", {"a": {"b": {"c": ["f(x, y)", {"d": "g[1]"}]}}}),
        ("{a: it's, b: f(x, y)}", {"a": "it's", "b": "f(x, y)"}),
        ('{a: "it\'s, ok", b: f(x, y)}', {"a": "it's, ok", "b": "f(x, y)"}),
        ("{a: f(x, y), b: 'q(r, s'}", {"a": "f(x, y)", "b": "q(r, s"}),
        ("{a: x[b:c], d: e:f}", {"a": "x[b:c]", "d": "e:f"}),
        (r'{a: f("\d", y)}', {"a": r'f("\d", y)'}),
    ],
)  # fmt: skip
def test_the_line_shown_means_what_was_meant(text: str, meant: object) -> None:
    """Alone, as a value, as an item, and as the second line of a collection."""
    settings: list[tuple[str, object]] = [("{}", meant), ("k: {}", {"k": meant}), ("- {}", [meant])]
    for frame, value in settings:
        problems = _problems(frame.replace("{}", text))
        assert {problem.code for problem in problems} == {"unquoted-expression"}
        help = problems[0].help
        assert help is not None
        _, line = help.split(": ", 1)
        assert read_document(line, "f.yaml").root.to_python() == value
        mended = frame.replace("{}", text)
        for problem in reversed(problems):
            (edit,) = problem.edits
            mended = mended[: edit.start] + edit.text + mended[edit.end :]
        assert read_document(mended, "f.yaml").root.to_python() == value


@pytest.mark.parametrize(
    "text",
    [
        "{weight: 'take(w, y_true)'}",
        '[f(x), "g(x, y)", (a + b) * c, f(g(x))]',
        "{a: f(x)), b: c)}",
        "weight: take(w, y_true)",
        "mask: y_true[..., 0] > 0",
        "depth: float32[batch, h, w, 1]",
        "- f(x, [1, 2])",
        "{a: [1, 2], b: {c: d}, e: [f, [g]]}",
        "{a: b  # f(x, y)\n}",
        "{'a(': b, c: d}",
        "{a: x :), b: c}",
    ],
)
def test_nothing_to_complain_about(text: str) -> None:
    read_document(text, "f.yaml")


@pytest.mark.parametrize("text", ["{a: b {c: d}}", "[a [b]]", "{a: b: c}", '{a: "b"c}'])
def test_missing_commas_are_no_expressions(text: str) -> None:
    assert [problem.code for problem in _problems(text)] == ["invalid-yaml"]


def test_a_fault_elsewhere_is_reported_too() -> None:
    problems = _problems("{a: f(x, y), b: 1, b: 2}")
    assert [(problem.code, problem.column) for problem in problems] == [
        ("unquoted-expression", 5),
        ("duplicate-key", 20),
    ]
    problems = _problems("a: {b: f(x, y)}\nc: @d")
    assert [problem.code for problem in problems] == ["unquoted-expression", "invalid-yaml"]
    problems = _problems("a: {b: f(x, y), c: @d}")
    assert [problem.code for problem in problems] == ["unquoted-expression", "invalid-yaml"]


def test_comments_and_quotes_mislead_nobody() -> None:
    (problem,) = _problems("# see: [f(x, y)]\na: {b: c}\n# {d: f(x, y)\ne: [1")
    assert (problem.code, problem.line) == ("invalid-yaml", 4)
    (problem,) = _problems("a: 'x: {b: f(x, y)'\nc: [1")
    assert (problem.code, problem.line) == ("invalid-yaml", 2)


def test_reports_are_bounded() -> None:
    line = ", ".join(f"k{i}: f(x, y)" for i in range(3000))
    assert len(_problems("{" + line + "}")) == 100
