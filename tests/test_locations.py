"""Random single faults in random right specs: each is told once, at the very characters.

The specs are written by tests/locations/writing.py, which knows where it put everything: block and
flow style, every kind of quotes, folded lines, comments, aliases and merges, wide characters, and
names that are words of the language.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from functools import cached_property

import pytest
import yaml

import tests.locations.faults_of_calls
import tests.locations.faults_of_constants
import tests.locations.faults_of_expressions
import tests.locations.faults_of_fields
import tests.locations.faults_of_fit
import tests.locations.faults_of_names
import tests.locations.faults_of_tensors
import tests.locations.faults_of_tokens
import tests.locations.faults_of_values
import tests.locations.faults_of_yaml  # noqa: F401  # each of them adds its kinds
from composer.language.diagnostics import Edit, Problem
from composer.reading import examine_text
from tests.locations.injecting import KINDS, Fault, NoRoomError
from tests.locations.pen import Written
from tests.locations.specs import subject
from tests.locations.subjects import Subject
from tests.locations.tree import Alias, Map, Scalar, Seq, Tree
from tests.locations.writing import write

QUICK, FULL = 500, 5_000
NAMES = sorted(KINDS)


@dataclass
class Trial:
    """One fault in one spec, all of it drawn from the number of the trial."""

    number: int

    @property
    def kind(self) -> str:
        return NAMES[self.number % len(NAMES)]

    @cached_property
    def drawn(self) -> tuple[Subject, Fault, Written]:
        for attempt in range(1_000):
            rng = random.Random(f"{self.number} {attempt}")
            spec = subject(rng)
            try:
                fault = KINDS[self.kind](rng, spec)
            except NoRoomError:
                continue
            return spec, fault, write(spec.root, rng)
        raise AssertionError(f"no spec has room for {self.kind}")

    @cached_property
    def problems(self) -> list[Problem]:
        # A byte order mark is no column.
        mark = "\ufeff" if self.number % 7 == 0 else ""
        return examine_text(mark + self.drawn[2].text, "spec.yaml")[1]

    @property
    def told(self) -> list[tuple[str, int, int, int]]:
        return [(each.code, each.line, each.column, each.end_column) for each in self.problems]

    @property
    def expected(self) -> tuple[str, int, int, int]:
        _, fault, written = self.drawn
        return (fault.code, *written.mark(fault.node, fault.part))

    @property
    def is_missed(self) -> bool:
        if self.told != [self.expected]:
            return True
        return self.drawn[1].help not in (self.problems[0].help or "") or not self.uses_are_right

    @property
    def uses_are_right(self) -> bool:
        """Whether what is shown as `used here` is an alias to what holds the fault."""
        spec, fault, written = self.drawn
        aliases = {
            written.mark(each) for each in _aliases(spec.root) if _holds(each.of, fault.node)
        }
        places = [place for each in self.problems for place in each.places]
        shown = {(p.line, p.column, p.end_column) for p in places if p.text == "used here"}
        return shown <= aliases

    def __str__(self) -> str:
        help = self.drawn[1].help
        told = "\n".join(f"{each}\n  {each.help}\n  {each.places}" for each in self.problems)
        return (
            f"trial {self.number}, {self.kind}: expected {self.expected} with {help!r} in its help,"
            f" told {self.told}\n{told}\n{self.drawn[2].text!r}"
        )


def _holds(outer: Tree, node: Tree) -> bool:
    return any(each is node for each in _all(outer))


def _all(node: Tree) -> list[Tree]:
    inner: list[Tree] = []
    if isinstance(node, Map):
        inner = [each for entry in node.entries for each in entry]
    elif isinstance(node, Seq):
        inner = node.items
    return [node, *(each for part in inner for each in _all(part))]


def _aliases(node: Tree) -> list[Alias]:
    return [each for each in _all(node) if isinstance(each, Alias)]


def assert_no_miss(numbers: range) -> None:
    missed = [trial for trial in map(Trial, numbers) if trial.is_missed]
    kinds = Counter(trial.kind for trial in missed)
    shown = "\n\n".join(map(str, missed[:3]))
    assert not missed, f"{len(missed)} of {len(numbers)} are missed: {dict(kinds)}\n\n{shown}"


def test_single_faults_are_told_once_at_the_very_characters() -> None:
    assert_no_miss(range(QUICK))


@pytest.mark.full
@pytest.mark.parametrize("start", range(QUICK, QUICK + FULL, 1_000))
def test_many_more_single_faults_are_told_once_at_the_very_characters(start: int) -> None:
    assert_no_miss(range(start, start + 1_000))


MENDABLE = [name for name in NAMES if name.startswith("misspelt")]
MENDABLE += ["bits_for_logic", "capital_word", "hidden_character", "operator_of_elsewhere"]


def test_what_can_only_mean_one_thing_is_mended_by_its_edits() -> None:
    mended: Counter[str] = Counter()
    for trial in filter(lambda each: each.kind in MENDABLE, map(Trial, range(QUICK))):
        edits = [edit for problem in trial.problems for edit in problem.edits]
        if edits:
            text = _mended(trial.drawn[2].text, edits)
            assert examine_text(text, "spec.yaml")[1] == [], f"{edits} of {trial}"
            mended[trial.kind] += 1
    assert set(mended) == set(MENDABLE)


def _mended(text: str, edits: list[Edit]) -> str:
    for edit in sorted(edits, key=lambda each: each.start, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def test_there_are_as_many_kinds_of_faults_as_can_be_asked_for() -> None:
    assert len(KINDS) > 100
    assert {Trial(number).expected[0] for number in range(len(NAMES))} >= {
        "dtype-mismatch", "duplicate-key", "duplicate-name", "empty-value", "invalid-character",
        "invalid-constant", "invalid-expression", "invalid-key", "invalid-merge", "invalid-name",
        "invalid-path", "invalid-signature", "invalid-type", "invalid-value", "invalid-yaml",
        "missing-field", "number-out-of-range", "reserved-name", "shape-mismatch", "tag-refused",
        "unknown-alias", "unknown-field", "unknown-function", "unknown-loss", "unknown-name",
        "unknown-tensor", "unplaced-constant", "unquoted-expression", "unused-constant",
        "unused-tensor", "backward-schedule",
    }  # fmt: skip


def test_the_specs_are_right() -> None:
    for seed in range(100):
        rng = random.Random(seed)
        text = write(subject(rng).root, rng).text
        assert examine_text(text, "spec.yaml")[1] == [], text


def test_what_is_written_stands_where_the_writer_says() -> None:
    """By the marks of PyYAML, for every scalar but those of blocks."""
    for seed in range(100):
        rng = random.Random(seed)
        root = subject(rng).root
        written = write(root, rng)
        node = yaml.compose(written.text, yaml.CSafeLoader)
        assert node is not None
        _compare(root, node, written)


def _compare(tree: Tree, node: yaml.Node, written: Written) -> None:
    if isinstance(tree, Scalar):
        assert tree.text == node.value
        assert isinstance(node, yaml.ScalarNode)
        if node.style not in ("|", ">"):
            assert written.marks[id(tree)] == (node.start_mark.index, node.end_mark.index)
    elif isinstance(tree, Map):
        for (key, value), (found, inner) in zip(tree.entries, node.value, strict=True):
            _compare(key, found, written)
            _compare(value, inner, written)
    elif isinstance(tree, Seq):
        for item, inner in zip(tree.items, node.value, strict=True):
            _compare(item, inner, written)


@pytest.mark.parametrize("change", ["code", "column", "help", "twice"])
def test_a_miss_is_noticed(change: str, monkeypatch: pytest.MonkeyPatch) -> None:
    trial = Trial(1)
    assert not trial.is_missed
    (problem,) = trial.problems
    wrong = {
        "code": [Problem("other", "", "", problem.line, problem.column, problem.end_column)],
        "column": [Problem(problem.code, "", "", problem.line, problem.column + 1, 0)],
        "help": [Problem(*trial.expected[:1], "", "", *trial.expected[1:], help=None)],
        "twice": [problem, problem],
    }
    monkeypatch.setattr(trial, "drawn", (trial.drawn[0], _asking(trial.drawn[1]), trial.drawn[2]))
    trial.problems = wrong[change]
    assert trial.is_missed


def _asking(fault: Fault) -> Fault:
    return Fault(fault.code, fault.node, fault.part, fault.help or "a help")
