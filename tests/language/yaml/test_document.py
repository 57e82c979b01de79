"""Documents: values, places, paths, merges, and every problem with its whole text."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from composer.language.diagnostics import Problem, SpecError
from composer.language.yaml.document import Document, Node, read_document


def _read(text: str) -> Document:
    return read_document(text, "f.yaml")


def _problems(text: str) -> list[Problem]:
    with pytest.raises(SpecError) as raised:
        _read(text)
    assert raised.value.source == text.removeprefix("\ufeff")
    return list(raised.value.problems)


def _problem(
    code: str, message: str, line: int, column: int, end_column: int, help: str | None = None
) -> Problem:
    return Problem(code, message, "f.yaml", line, column, end_column, help)


def _place(node: Node) -> tuple[int, int, int, int]:
    return node.line, node.column, node.end_line, node.end_column


SPEC = """\
# a comment
tasks:
  depth: &d
    weight: 0.5   # half
    loss:
      - {type: huber, "delta": 1}
      - 'silog'

  pose:
    <<: *d
    weight: "ramp(step, 0, 1)"
    loss: []
    note:
regularization: {weight: 1.0}
"""


def test_values() -> None:
    depth = {"weight": 0.5, "loss": [{"type": "huber", "delta": 1}, "silog"]}
    pose: dict[str, object] = {"weight": "ramp(step, 0, 1)", "loss": [], "note": None}
    assert _read(SPEC).root.to_python() == {
        "tasks": {"depth": depth, "pose": pose},
        "regularization": {"weight": 1.0},
    }


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ([], (2, 1, 14, 30)),
        (["tasks"], (3, 3, 13, 10)),
        (["tasks", "depth"], (4, 5, 7, 16)),
        (["tasks", "depth", "weight"], (4, 13, 4, 16)),
        (["tasks", "depth", "loss"], (6, 7, 7, 16)),
        (["tasks", "depth", "loss", 0], (6, 9, 6, 34)),
        (["tasks", "depth", "loss", 0, "delta"], (6, 32, 6, 33)),
        (["tasks", "depth", "loss", 1], (7, 9, 7, 16)),
        (["tasks", "pose", "loss"], (12, 11, 12, 13)),
        (["tasks", "pose", "note"], (13, 10, 13, 10)),
        (["regularization"], (14, 17, 14, 30)),
    ],
)
def test_places(path: list[str | int], place: tuple[int, int, int, int]) -> None:
    assert _place(_read(SPEC).find(path)) == place


def test_fields_of_scalars() -> None:
    document = _read("a: on\nb: 'on'\nc: |\n  on\n\nd: 0x10\n")
    a, b, c, d = (document.find([name]) for name in "abcd")
    assert (a.kind, a.value, a.text, a.plain) == ("scalar", "on", "on", True)
    assert a.caution == "`on` is text in YAML 1.2, write `true`"
    assert (b.value, b.plain, b.caution) == ("on", False, None)
    assert (c.value, c.plain, _place(c)) == ("on\n", False, (3, 4, 4, 5))
    assert (d.value, d.text) == (16, "0x10")


def test_anchors_and_tags_are_not_part_of_the_place() -> None:
    document = _read("a: &x !!str b\nc: &y\n  # why\n  d: 1\ne: &z\nf: &w [1]\n")
    assert _place(document.find(["a"])) == (1, 13, 1, 14)
    assert _place(document.find(["c"])) == (4, 3, 4, 7)
    assert _place(document.find(["e"])) == (5, 6, 5, 6)
    assert _place(document.find(["f"])) == (6, 7, 6, 10)


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_line_breaks(newline: str) -> None:
    text = newline.join(["a: 1", "", "b:  [1,", "     x]", ""])
    assert _place(_read(text).find(["b", 1])) == (4, 6, 4, 7)


def test_code_points_are_counted() -> None:
    document = _read('\ufeff{深度: e\u0301, "\U0001f600": "é", x: [1, 2]}')
    assert _place(document.find(["x", 1])) == (1, 27, 1, 28)
    assert _place(document.find_key(["\U0001f600"])) == (1, 10, 1, 13)


def test_find() -> None:
    document = _read(SPEC)
    depth = document.find(["tasks", "depth"])
    assert document.find(["tasks", "depth", "nothing"]) is depth
    assert document.find(["tasks", "depth", "nothing", "weight"]) is depth
    weight = document.find(["tasks", "depth", "weight"])
    assert document.find(["tasks", "depth", "weight", "float"]) is weight
    assert document.find(["tasks", 0, "depth", "weight", 3]) is weight
    loss = document.find(["tasks", "depth", "loss"])
    assert document.find(["tasks", "depth", "loss", 7]) is loss
    assert document.find(["tasks", "depth", "loss", -1]) is loss
    assert document.find(["tasks", "depth", "loss", "list", 1]).value == "silog"


def test_find_key() -> None:
    document = _read(SPEC)
    assert _place(document.find_key(["tasks", "pose", "weight"])) == (11, 5, 11, 11)
    assert _place(document.find_key(["tasks", "depth", "loss", 0, "delta"])) == (6, 23, 6, 30)
    assert document.find_key(["tasks", "depth", "loss", 0]).kind == "mapping"
    assert document.find_key([]) is document.root
    assert document.find_key(["nothing"]) is document.root


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (["tasks", "depth", "weight"], (4, 13, 16)),
        (["tasks", "depth"], (4, 5, 11)),
        (["tasks", "depth", "loss"], (6, 7, 34)),
        (["tasks", "depth", "loss", 0], (6, 9, 34)),
        (["tasks", "pose"], (11, 5, 11)),
        (["tasks", "pose", "note"], (13, 10, 10)),
    ],
)
def test_what_a_problem_marks(path: list[str | int], place: tuple[int, int, int]) -> None:
    document = _read(SPEC)
    problem = document.problem("c", "m", document.find(path), help="h", severity="warning")
    assert problem == Problem("c", "m", "f.yaml", *place, "h", "warning")


def test_a_problem_marks_one_line() -> None:
    document = _read("a: {b: 1,\n  c: 2}\nd: 'x\n  y'\ne:\n  <<: {f: 1}\n")
    for name, place in [("a", (1, 4, 10)), ("d", (3, 4, 6)), ("e", (6, 8, 9))]:
        problem = document.problem("c", "m", document.find([name]))
        assert (problem.line, problem.column, problem.end_column) == place


def test_a_problem_with_part_of_a_scalar() -> None:
    document = _read(SPEC)
    node = document.find(["tasks", "pose", "weight"])
    assert document.problem("c", "m", node, span=(5, 9)) == _problem("c", "m", 11, 19, 23)


def test_aliases_share_their_node() -> None:
    document = _read("a: &x {b: 1}\nc: *x\nd: [*x, *x]\n")
    assert document.find(["a"]) is document.find(["c"]) is document.find(["d", 1])
    assert document.root.to_python() == {"a": {"b": 1}, "c": {"b": 1}, "d": [{"b": 1}] * 2}


def test_an_anchor_may_be_given_again() -> None:
    assert _read("a: &x 1\nb: *x\nc: &x 2\nd: *x").root.to_python() == {
        "a": 1, "b": 1, "c": 2, "d": 2,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("<<: *a\nc: 3", {"b": 1, "c": 3}),
        ("b: 3\n<<: *a", {"b": 3, "c": 2}),
        ("<<: [*a, *d]", {"b": 1, "c": 2, "e": 5}),
        ("<<: [*d, *a]", {"b": 4, "c": 2, "e": 5}),
        ("<<: {x: 1}", {"x": 1}),
        ("<<: []", {}),
        ("<<: *f", {"b": 1, "c": 9}),
        ("'<<': 1", {"<<": 1}),
        ("{<<: *a, c: 3}", {"b": 1, "c": 3}),
    ],
)
def test_merges(text: str, value: object) -> None:
    head = "- &a {b: 1, c: 2}\n- &d {b: 4, e: 5}\n- &f\n  <<: *a\n  c: 9\n"
    indented = "- " + text.replace("\n", "\n  ") + "\n"
    result = _read(head + indented).root
    assert result.value[-1].to_python() == value
    assert list(result.value[-1].keys) == list(result.value[-1].value)


def test_merged_values_know_where_they_stand() -> None:
    document = _read("a: &a {b: 1}\nc:\n  <<: *a\n")
    assert _place(document.find(["c", "b"])) == (1, 11, 1, 12)
    assert _place(document.find_key(["c", "b"])) == (1, 8, 1, 9)


@pytest.mark.parametrize("text", ["5", "a", "[1]", "'x: y'", "--- a", "null", "''"])
def test_the_root_may_be_anything(text: str) -> None:
    _read(text)


@pytest.mark.parametrize(
    "text",
    [
        "a: !!str b", "a: !!int 1", "a: !!float 1.0", "a: !!bool true", "a: !!null", "a: !!map {}",
        "a: !!seq []", "a: !!str '1'", "a: ! 'x'", "a: ! []", "a: !<tag:yaml.org,2002:str> b",
        "%TAG !y! tag:yaml.org,2002:\n---\na: !y!str b", "%YAML 1.2\n---\na: 1",
        "--- {a: 1}\n...\n", "%YAML 1.1\n---\na: 1",
    ],
)  # fmt: skip
def test_accepted(text: str) -> None:
    _read(text)


_TAG_HELP = "losscomp reads plain data; remove the tag"
_MERGE_HELP = "write `<<: *name`, or `<<: [*name, *other]` for several"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: !!python/object/apply:os.system []", ("!!python/object/apply:os.system", 1, 4, 35)),
        ("a: !!python/name:os.system", ("!!python/name:os.system", 1, 4, 27)),
        ("a: !!binary aGk=", ("!!binary", 1, 4, 12)),
        ("a: !!set {b}", ("!!set", 1, 4, 9)),
        ("a: !include /etc/passwd", ("!include", 1, 4, 12)),
        ("a: !<x> b", ("!<x>", 1, 4, 8)),
        ("a: !x!y b", ("!x!y", 1, 4, 8)),
        ("%TAG ! tag:yaml.org,2002:python/\n---\na: !name:os.x", ("!name:os.x", 3, 4, 14)),
        ("a: !!str 12", ("!!str", 1, 4, 9)),
        ("a: !!int '12'", ("!!int", 1, 4, 9)),
        ("a: !!float 1", ("!!float", 1, 4, 11)),
        ("a: !!seq {}", ("!!seq", 1, 4, 9)),
        ("a: !!str []", ("!!str", 1, 4, 9)),
        ("a: ! 12", ("!", 1, 4, 5)),
        ("a: &b !c d", ("!c", 1, 7, 9)),
        ("!a b: c", ("!a", 1, 1, 3)),
    ],
)
def test_tags(text: str, expected: tuple[str, int, int, int]) -> None:
    tag, line, column, end_column = expected
    message = f"the tag `{tag}` is refused"
    assert _problems(text) == [
        _problem("tag-refused", message, line, column, end_column, _TAG_HELP)
    ]


@pytest.mark.parametrize(
    ("text", "found", "place", "quoted"),
    [
        ("1: a", "the number `1`", (1, 1, 2), '"1"'),
        ("{1.5: a}", "the number `1.5`", (1, 2, 5), '"1.5"'),
        ("~: a", "the null `~`", (1, 1, 2), '"~"'),
        ("true: a", "the boolean `true`", (1, 1, 5), '"true"'),
        ("[a, b]: c", "a sequence", (1, 1, 7), '"[a, b]"'),
        ('{"a": b}: c', "a mapping", (1, 1, 9), "'{\"a\": b}'"),
        ("? {a: b}\n: c", "a mapping", (1, 3, 9), '"{a: b}"'),
        ("a: &x 1\n*x : b", "the number `1`", (1, 7, 8), '"1"'),
    ],
)
def test_keys_that_are_no_text(
    text: str, found: str, place: tuple[int, int, int], quoted: str
) -> None:
    message, help = f"a key must be text, found {found}", f"put quotes around it: {quoted}"
    assert _problems(text) == [_problem("invalid-key", message, *place, help)]


@pytest.mark.parametrize("name", ["on", "no", "y", "012", "1:30", "2024-01-31", "''", "a b", "-a"])
def test_keys_that_are_text(name: str) -> None:
    assert _read(f"{name}: 1").root.to_python() == {name.strip("'"): 1}


def test_a_number_as_key_is_one_problem() -> None:
    (problem,) = _problems(f"{'9' * 400}: a")
    assert problem.code == "invalid-key"
    assert problem.help == "put quotes around it"


TABLE = (
    "write a list, in the order of the class numbers; for a weight, name it under `constants:` "
    "and write `take(name, y_true)`"
)


@pytest.mark.parametrize(
    ("text", "help"),
    [
        ("w: {0: 0.5, 1: 1.0, 2: 4.0}", TABLE),
        ("w:\n  0: 0.5\n  1: 4\n", TABLE),
        ("w: {1: a, 2: b}", 'put quotes around each of them: "1"'),
        ("w: {1: 0.5, 2: b}", 'put quotes around each of them: "1"'),
        ("w: {a: 2, 1: b}", 'put quotes around it: "1"'),
    ],
)
def test_the_numbers_among_the_keys_of_a_mapping_are_told_once(text: str, help: str) -> None:
    (problem,) = _problems(text)
    number = "0" if help is TABLE else "1"
    assert problem.message == f"a key must be text, found the number `{number}`"
    assert problem.help == help


def test_other_keys_that_are_no_text_are_told_each() -> None:
    told = [problem.message for problem in _problems("{true: 1, 0: 2, ~: 3, 1: 4}")]
    assert told == [
        "a key must be text, found the boolean `true`",
        "a key must be text, found the number `0`",
        "a key must be text, found the null `~`",
    ]


def test_missing_key() -> None:
    message = "a key must be text, found nothing"
    expected = _problem("invalid-key", message, 1, 4, 4, "put quotes around it")
    assert _problems("{? : a}") == [expected]


@pytest.mark.parametrize(
    ("text", "key", "lines", "place"),
    [
        ("a: 1\nb: 2\na: 3", "a", (3, 1), (3, 1, 2)),
        ("{a: 1, 'a': 2}", "a", (1, 1), (1, 8, 11)),
        ("x: &x\n  a: 1\n  a: 2\ny: *x", "a", (3, 2), (3, 3, 4)),
        ("x: {<<: {a: 0}, a: 1, a: 2}", "a", (1, 1), (1, 23, 24)),
        ('"\\e[2J": 1\n"\\e[2J": 2', "\\u{1b}[2J", (2, 1), (2, 1, 8)),
    ],
)
def test_duplicate_keys(
    text: str, key: str, lines: tuple[int, int], place: tuple[int, int, int]
) -> None:
    (problem,) = _problems(text)
    message = f"the key `{key}` is given twice"
    expected = _problem("duplicate-key", message, *place, "remove one of them")
    assert replace(problem, places=()) == expected
    assert [(each.line, each.text) for each in problem.places] == [(lines[1], "first here")]
    assert problem.line == lines[0]


@pytest.mark.parametrize(
    ("text", "message", "place"),
    [
        ("<<: 1", "`<<` merges mappings, found the number `1`", (1, 1, 3)),
        ("<<: a", "`<<` merges mappings, found the text `a`", (1, 1, 3)),
        ("<<:", "`<<` merges mappings, found nothing", (1, 1, 3)),
        ("a: {<<: [{}, 1]}", "`<<` merges mappings, found the number `1`", (1, 5, 7)),
        ("<<: [[{}]]", "`<<` merges mappings, found a sequence", (1, 1, 3)),
        ("<<: {a: 1}\n<<: {b: 1}", "`<<` is given twice", (2, 1, 3)),
    ],
)
def test_merges_that_are_none(text: str, message: str, place: tuple[int, int, int]) -> None:
    (problem,) = _problems(text)
    assert replace(problem, places=()) == _problem("invalid-merge", message, *place, _MERGE_HELP)
    assert len(problem.places) == ("twice" in message)


def test_unknown_alias() -> None:
    message = "the alias `*b` has no anchor before it"
    help = "put `&b` before the value to repeat, or quotes around the alias"
    assert _problems("a: *b\nc: &b 1") == [_problem("unknown-alias", message, 1, 4, 6, help)]
    assert _problems("{<<: *b}") == [_problem("unknown-alias", message, 1, 6, 8, help)]
    assert _problems("*b : 1") == [_problem("unknown-alias", message, 1, 1, 3, help)]


@pytest.mark.parametrize(
    ("text", "place"),
    [("a: &a [*a]", (1, 8, 10)), ("a: &a\n  b: {c: *a}", (2, 10, 12)), ("&a {<<: *a}", (1, 9, 11))],
)
def test_recursive_alias(text: str, place: tuple[int, int, int]) -> None:
    message = "the alias `*a` stands inside the value that it repeats"
    assert _problems(text) == [_problem("recursive-alias", message, *place)]


def test_alias_bomb() -> None:
    text = "- &a [" + "1, " * 99 + "1]\n" + "- *a\n" * 1_600
    message = "with its aliases written out, a spec holds at most 150000 values"
    assert _problems(text) == [_problem("alias-bomb", message, 1486, 3, 5)]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[" * 65 + "]" * 65, (1, 65, 66)),
        ("- " * 65 + "a", (1, 129, 130)),
        ("a: &a " + "[" * 40 + "]" * 40 + "\nb: " + "[" * 30 + "*a" + "]" * 30, (2, 34, 36)),
    ],
)
def test_too_deep(text: str, place: tuple[int, int, int]) -> None:
    message = "a spec nests at most 64 levels deep"
    assert _problems(text) == [_problem("too-deep", message, *place)]


def test_just_deep_enough() -> None:
    _read("[" * 64 + "]" * 64)
    _read("a: &a " + "[" * 40 + "]" * 40 + "\nb: " + "[" * 23 + "*a" + "]" * 23)


def test_too_large() -> None:
    message = "a spec holds at most 60000 values"
    (problem,) = _problems("[" + "1," * 60_000 + "]")
    assert problem == _problem("too-large", message, 1, 120_000, 120_001)
    message = "one value takes at most 65536 characters, found 65537"
    (problem,) = _problems("a: " + "x" * 65_537)
    assert problem == _problem("too-large", message, 1, 4, 65_541)
    (problem,) = _problems("#" * (2**20 + 1))
    assert problem == _problem("too-large", "a spec takes at most 1048576 characters", 0, 0, 0)


def test_multiple_documents() -> None:
    message = "a spec is one YAML document, here a second one starts"
    help = "remove this line, or make it a file of its own"
    expected = _problem("multiple-documents", message, 2, 1, 4, help)
    assert _problems("a: 1\n---\nb: 2") == [expected]
    assert _problems("---\n---\n") == [expected]


@pytest.mark.parametrize("text", ["", "\n \n", "# a\n# b", "---\n", "--- # a\n...\n", "\ufeff"])
def test_empty_document(text: str) -> None:
    message = "the spec is empty: no keys, only blanks or comments"
    assert _problems(text) == [_problem("empty-document", message, 0, 0, 0)]


@pytest.mark.parametrize(
    ("text", "name", "place"),
    [
        ("a: \0", "U+0000", (1, 4, 5)),
        ("a: 1\r\n# \x1b[2J", "U+001B", (2, 3, 4)),
        ("a: é\x07", "U+0007", (1, 5, 6)),
        ("a: \x7f", "U+007F", (1, 4, 5)),
        ("a: \x9b", "U+009B", (1, 4, 5)),
        ("a: \ufffe", "U+FFFE", (1, 4, 5)),
        ("a: \uffff", "U+FFFF", (1, 4, 5)),
        ("a: b\ufeff", "U+FEFF", (1, 5, 6)),
        ("a: '\ud800'", "U+D800", (1, 5, 6)),
        ("# a\x85b: 1", "U+0085", (1, 4, 5)),
        ("# a\u2028b: 1", "U+2028", (1, 4, 5)),
        ("a: \U0001f600\u2029", "U+2029", (1, 5, 6)),
    ],
)
def test_invalid_character(text: str, name: str, place: tuple[int, int, int]) -> None:
    message = f"the character {name} is not allowed in a spec"
    assert _problems(text) == [_problem("invalid-character", message, *place, "remove it")]


def test_invalid_characters_are_named_once_each() -> None:
    problems = _problems("\0\x01\0\x01" * 1000)
    assert [(problem.line, problem.column) for problem in problems] == [(1, 1), (1, 2)]
    assert len(_problems("".join(map(chr, range(32))))) == 16


def test_number_out_of_range() -> None:
    message = "the number `1e999` is too large for a float"
    assert _problems("a: [1e999]") == [_problem("number-out-of-range", message, 1, 5, 10)]
    (problem,) = _problems("a: " + "9" * 5000)
    assert problem.message == f"the whole number `{'9' * 40}…` does not fit 64 bits"


def test_missing_space_in_a_flow_mapping() -> None:
    message = "a space is missing after the colon of `type:huber`"
    expected = _problem("invalid-yaml", message, 1, 8, 18, "write `type: huber`")
    (problem,) = _problems("loss: {type:huber, delta: 1}")
    assert replace(problem, edits=()) == expected
    assert _read("{a, 'b:c', d: e:f, g:h: 1}").root.to_python() == {
        "a": None, "b:c": None, "d": "e:f", "g:h": 1,
    }  # fmt: skip


def test_all_problems_in_the_order_of_the_file() -> None:
    text = "a: *z\nb: {1: 2, c: 1, c: 2}\nd: !x 1e999\na: 1\n"
    problems = _problems(text)
    assert [(problem.code, problem.line, problem.column) for problem in problems] == [
        ("unknown-alias", 1, 4),
        ("invalid-key", 2, 5),
        ("duplicate-key", 2, 17),
        ("tag-refused", 3, 4),
        ("number-out-of-range", 3, 7),
        ("duplicate-key", 4, 1),
    ]


def test_problems_before_a_syntax_error_are_kept() -> None:
    problems = _problems("a: *z\nb: [1\n")
    assert [problem.code for problem in problems] == ["unknown-alias", "invalid-yaml"]


def test_expanded_repetition_is_plain_data() -> None:
    value = _read("- &a [1]\n- *a").root.to_python()
    assert isinstance(value, list)
    first, second = value
    assert first == second
    assert first is not second


def test_import_stays_small() -> None:
    code = (
        "import sys, composer.language.yaml.document\n"
        "heavy = {'numpy', 'tensorflow', 'pydantic', 'difflib', 'composer.language.yaml.syntax'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    root = str(Path(__file__).parents[3])
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": root},
        check=True,
    )
    assert done.stdout.strip() == "[]"


def test_a_node_knows_whether_it_stands_in_brackets_or_braces():
    text = "a: &x [b, {c: d}]\ne: {f: *x, ? g : h}\ni:\n- j\n- k: [l]\n  m: n\n"
    document = read_document(text, "a.yaml")
    found = {}
    level = [document.root]
    for node in level:
        if node.kind == "scalar":
            found[node.text] = node.in_flow
        elif node.kind == "mapping":
            level += [*node.keys.values(), *node.value.values()]
        else:
            level += node.value
    assert {text for text, in_flow in found.items() if in_flow} == set("bcdfghl")
    assert {text for text, in_flow in found.items() if not in_flow} == set("aeijkmn")
    assert [document.find((name,)).in_flow for name in "aei"] == [False] * 3
    assert document.find(("a", 1)).in_flow
