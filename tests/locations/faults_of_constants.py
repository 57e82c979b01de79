"""Faults in `constants:`: the mark is under the very entry."""

from __future__ import annotations

import random

from tests.locations.injecting import Fault, T, kind, raw
from tests.locations.subjects import Subject, key, number, numbers
from tests.locations.tree import Map, Scalar, Seq, Tree


def _new(rng: random.Random, subject: Subject, value: Map | Scalar | Seq) -> Scalar:
    """Adds a constant; gives its name."""
    if "constants" not in subject.root:
        subject.root.entries.append((key("constants"), Map([])))
    constants = subject.root["constants"]
    assert isinstance(constants, Map)
    name = rng.choice([each for each in ("loss", "type", "spare") if each not in constants])
    constants.entries.append((key(name), value))
    return constants.entries[-1][0]


def _put(rng: random.Random, subject: Subject, row: Seq, at: int, wrong: T) -> Fault:
    """Puts what is wrong into the list of a new constant."""
    assert isinstance(wrong, Map | Scalar | Seq)
    row.items[at] = wrong
    _new(rng, subject, row)
    return Fault("invalid-constant", wrong)


@kind
def constant_that_nobody_reads(rng: random.Random, subject: Subject) -> Fault:
    """A warning."""
    ways: list[Scalar | Seq] = [number("1"), numbers("1", "2"), Seq([numbers("1"), numbers("2")])]
    return Fault("unused-constant", _new(rng, subject, rng.choice(ways)))


@kind
def entry_of_a_list(rng: random.Random, subject: Subject) -> Fault:
    texts = [raw("on"), raw(".inf"), raw(".nan"), raw("012"), Scalar("one"), Scalar("1", ("'",))]
    return _put(rng, subject, numbers("1", "2.5", "3"), rng.randrange(3), rng.choice(texts))


@kind
def entry_of_a_table(rng: random.Random, subject: Subject) -> Fault:
    row, wrong = numbers("4", "-5", "6"), rng.choice([raw("on"), raw(".nan"), Scalar("one")])
    row.items[rng.randrange(3)] = wrong
    rows: list[Tree] = [numbers("1", "2.5", "3"), numbers("7", "8", "9e-3")]
    rows.insert(rng.randint(0, 2), row)
    _new(rng, subject, Seq(rows))
    return Fault("invalid-constant", wrong)


@kind
def mapping_in_a_list(rng: random.Random, subject: Subject) -> Fault:
    wrong = Map([(key("a"), number("1"))])
    return _put(rng, subject, numbers("1", "2", "3"), rng.randrange(3), wrong)


@kind
def row_of_another_length(rng: random.Random, subject: Subject) -> Fault:
    rows = Seq([numbers("1", "2"), numbers("3", "4"), numbers("5", "6")])
    wrong = rng.choice([numbers("3"), numbers("3", "4", "5")])
    return _put(rng, subject, rows, rng.randrange(1, 3), wrong)


@kind
def row_that_is_a_number(rng: random.Random, subject: Subject) -> Fault:
    rows = Seq([numbers("1", "2"), numbers("3", "4"), numbers("5", "6")])
    return _put(rng, subject, rows, rng.randrange(1, 3), number("3"))


@kind
def boolean_among_numbers(rng: random.Random, subject: Subject) -> Fault:
    wrong = raw(rng.choice(["true", "false"]))
    return _put(rng, subject, numbers("1", "2", "3"), rng.randrange(1, 3), wrong)


@kind
def list_without_entries(rng: random.Random, subject: Subject) -> Fault:
    wrong = Seq([])
    _new(rng, subject, wrong if rng.random() < 0.5 else Seq([wrong]))
    return Fault("invalid-constant", wrong)


@kind
def constant_of_a_file(rng: random.Random, subject: Subject) -> Fault:
    """A text is a file beside the spec; this one was not read from a file."""
    wrong = Scalar(rng.choice(("table.npy", "../secret", "深度.npy")))
    _new(rng, subject, wrong)
    return Fault("invalid-path", wrong)
