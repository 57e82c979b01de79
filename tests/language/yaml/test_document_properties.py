"""Whatever is written, in whatever style, is read back with its exact place in the text."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

import pytest
import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from composer.language.diagnostics import SpecError, escape, split_lines
from composer.language.yaml.document import Document, Node, read_document
from composer.language.yaml.scalars import resolve

Data = None | bool | int | float | str | list["Data"] | dict[str, "Data"]

_LETTERS = "abyz_0159 .,:;#&*!|>'\"%@`?-+=/\\()[]{}~\n\té深\u0301\U0001f600\u202e"
_NUMBERS = re.compile(r"[-+]?[.0-9]")

texts = st.text(_LETTERS, max_size=30) | st.sampled_from(["on", "null", "012", "1e3", "f(x, y)"])
numbers = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False)
scalars = texts | numbers | st.booleans() | st.none()
data = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


class _Writer:
    """Writes data as YAML, with styles drawn at random."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng

    def write(self, value: Data) -> str:
        events = [yaml.StreamStartEvent(), yaml.DocumentStartEvent(), *self._events(value)]
        text: str = yaml.emit(
            [*events, yaml.DocumentEndEvent(), yaml.StreamEndEvent()],
            width=self.rng.choice([10, 40, 80, 10_000]),
            indent=self.rng.choice([2, 3, 4]),
            allow_unicode=self.rng.random() < 0.7,
            line_break=self.rng.choice(["\n", "\r\n"]),
        )
        return text

    def _events(self, value: Data) -> Iterator[yaml.Event]:
        flow = self.rng.random() < 0.4
        if isinstance(value, dict):
            yield yaml.MappingStartEvent(None, None, True, flow_style=flow)
            for key, item in value.items():
                yield from self._events(key)
                yield from self._events(item)
            yield yaml.MappingEndEvent()
        elif isinstance(value, list):
            yield yaml.SequenceStartEvent(None, None, True, flow_style=flow)
            for item in value:
                yield from self._events(item)
            yield yaml.SequenceEndEvent()
        else:
            yield self._scalar(value)

    def _scalar(self, value: bool | int | float | str | None) -> yaml.ScalarEvent:
        if isinstance(value, str):
            plain = isinstance(resolve(value).value, str) and value not in ("<<", "=")
            style = self.rng.choice(["'", '"', "|", ">", None] if plain else ["'", '"', "|", ">"])
            return yaml.ScalarEvent(None, None, (plain, True), value, style=style)
        return yaml.ScalarEvent(None, None, (True, False), _spell(value))


def _spell(value: bool | int | float | None) -> str:
    if isinstance(value, float):
        return repr(value).replace("inf", ".inf")
    return "null" if value is None else str(value).lower()


def _nodes(node: Node) -> Iterator[Node]:
    yield node
    yield from node.keys.values()
    for child in node.value.values() if node.kind == "mapping" else ():
        yield from _nodes(child)
    for child in node.value if node.kind == "sequence" else ():
        yield from _nodes(child)


def _between(text: str, node: Node) -> str:
    """The source from a node's first to its last character, by its lines and columns alone."""
    lines = split_lines(text)[node.line - 1 : node.end_line]
    lines[-1] = lines[-1][: node.end_column - 1]
    lines[0] = lines[0][node.column - 1 :]
    return "\n".join(lines)


def _read(text: str, value: Data) -> Document:
    """Reads what was written; PyYAML's writer fails on some texts, which then say nothing."""
    scalars = [event.value for event in _events(text) if isinstance(event, yaml.ScalarEvent)]
    assume(scalars == list(_leaves(value)))
    return read_document(text, "f.yaml")


def _events(text: str) -> list[yaml.Event]:
    try:
        return list(yaml.parse(text, Loader=yaml.CSafeLoader))
    except yaml.YAMLError:
        return []


def _leaves(value: Data) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from _leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    else:
        yield value if isinstance(value, str) else _spell(value)


def _accepted(text: str, value: Data) -> Document:
    """Skips what means something else: a bracket left open in `{…}`, and `a:b` before `}`."""
    try:
        return _read(text, value)
    except SpecError as error:
        codes = {problem.code for problem in error.problems}
        assume(not codes <= {"unquoted-expression", "empty-document"})
        raise


QUICK = settings(
    max_examples=250,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)


@QUICK
@given(data, st.randoms(use_true_random=False))
def test_values_and_places(value: Data, rng: random.Random) -> None:
    text = _Writer(rng).write(value)
    document = _accepted(text, value)
    assert repr(document.root.to_python()) == repr(value)
    for node in _nodes(document.root):
        shown = _between(text, node)
        if node.kind == "scalar":
            _check_scalar(node, shown)
        elif node.style:
            assert shown[0] + shown[-1] in ("{}", "[]")
        else:
            assert shown.strip() == shown
    _check_order(document.root)


def _check_scalar(node: Node, shown: str) -> None:
    if node.plain:
        assert shown == shown.strip()
        assert re.sub(r"\s+", " ", shown) == re.sub(r"\s+", " ", node.text)
    elif shown[:1] in "|>":
        words = re.sub(r"\s+", "", shown.split("\n", 1)[1] if "\n" in shown else "")
        assert words == re.sub(r"\s+", "", node.text)
    else:
        assert shown[0] == shown[-1]
        assert yaml.load(shown, Loader=yaml.CSafeLoader) == node.text


def _check_order(root: Node) -> None:
    """Nodes stand inside their parents and do not overlap."""
    for node in _nodes(root):
        children = [*node.keys.values(), *(node.value.values() if node.keys else ())]
        if node.kind == "sequence":
            children = list(node.value)
        children.sort(key=lambda child: child.start)
        ends = [node.start, *(child.end for child in children)]
        for child, end in zip(children, ends, strict=False):
            assert end <= child.start <= child.end <= node.end


@QUICK
@given(st.lists(texts, min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_every_character_has_its_place(value: list[str], rng: random.Random) -> None:
    text = _Writer(rng).write({"k": list(value)})
    document = _accepted(text, {"k": list(value)})
    lines = split_lines(text)
    for node in document.root.value["k"].value:
        places = [node.place(at, at + 1) for at in range(len(node.text))]
        assert places == sorted(places)
        assert len(set(places)) == len(places)
        for char, (line, column, end) in zip(node.text, places, strict=True):
            _check_spelling(char, lines[line - 1][column - 1 : end - 1], node.style)


def _check_spelling(char: str, shown: str, style: str) -> None:
    if style == '"' and shown.startswith("\\") and shown != "\\":
        assert yaml.load(f'"{shown}"', Loader=yaml.CSafeLoader) == char
    elif char in " \n" and shown in ("", " "):
        pass  # a line break, which folds to a space or stays
    elif style == "'" and char == "'":
        assert shown == "''"
    else:
        assert shown == char


_CORPUS = [
    "tasks:\n  scene:\n    loss: {type: huber, weight: 1 + 4 * (y == 3)}\n    mask: y_true > 0\n",
    "a: &x {b: 1, c: [1, 2]}\nd:\n  <<: *x\n  c: 'it''s'\n  e: \"\\u00e9\\n\"\n",
    "- |\n  text\n   more\n- >-\n  folded\n\n  text\n- ? key\n  : value\n",
    "%YAML 1.2\n---\n{a: f(x, y), b: float32[batch, h], c: y_true[\"a b\"] > 0}\n...\n",
    "weight: ramp(step, 0, 1000)  # half\nnumbers: [1e-3, .5, 012, 1:30, 1_000, on, ~, .inf]\n",
]  # fmt: skip
_PIECES = [
    *"{}[]()\"'`:,#&*!|>%@?-~\n\t \\\r\0\x1b\ufeff\u2028é\ud800",
    ": ", "- ", "? ", "<<: ", "*x", "&x ", "!!str ", "f(x, y)", "a[b, c]", "---\n", "  ", "1e999",
]  # fmt: skip


def _mutate(text: str, rng: random.Random) -> str:
    for _ in range(rng.randint(1, 4)):
        at, length = rng.randrange(len(text) + 1), rng.choice([0, 0, 1, 1, 3, 20])
        piece = rng.choice(_PIECES) if rng.random() < 0.8 else rng.choice(_CORPUS)[:40]
        text = text[:at] + piece + text[at + length :]
    return text


def _check_refusal(error: SpecError) -> None:
    places = [(problem.line, problem.column) for problem in error.problems]
    assert places
    assert places == sorted(places)
    for problem in error.problems:
        assert problem.end_column >= problem.column
        assert problem.line <= len(split_lines(error.source))
    shown = str(error)
    assert escape(shown.replace("\n", "")) == shown.replace("\n", "")


@pytest.mark.parametrize("seed", range(4))
def test_only_spec_errors_escape(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(2500):
        text = _mutate(rng.choice(_CORPUS), rng)
        try:
            document = read_document(text, "f.yaml")
        except SpecError as error:
            _check_refusal(error)
        else:
            document.root.to_python()


@QUICK
@given(st.text(_LETTERS + "\0\x1b\r\ud800", max_size=60))
def test_any_text(text: str) -> None:
    try:
        nodes = list(_nodes(read_document(text, "f.yaml").root))
    except SpecError as error:
        _check_refusal(error)
    else:
        for node in nodes:
            for at in range(len(node.text)):
                line, column, end = node.place(at, at + 1)
                assert 1 <= line <= len(split_lines(text))
                assert 1 <= column <= end
