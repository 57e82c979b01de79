"""Single faults for random right specs: of each, what must be told, and where."""

from __future__ import annotations

import random
import string
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TypeVar

from tests.locations.subjects import Head, Subject
from tests.locations.tree import PLAIN, Map, Scalar, Seq, Span, Tree

T = TypeVar("T")


@dataclass(frozen=True)
class Fault:
    """What one mistake has to be answered with.

    Attributes:
        code: of the problem.
        node: the key or value that is marked.
        part: the characters of its text that are marked, or None for all of it.
        help: what the help has to hold.
    """

    code: str
    node: Tree
    part: Span | None = None
    help: str = ""


class NoRoomError(Exception):
    """A spec has no place for a mistake."""


Injection = Callable[[random.Random, Subject], Fault]
"""Makes one mistake in a spec; raises NoRoomError where it has no place for it."""

KINDS: dict[str, Injection] = {}


def kind(inject: Injection) -> Injection:
    """Adds an injection to the table, by its name."""
    KINDS[inject.__name__] = inject
    return inject


def need(condition: object) -> None:
    """Raises NoRoomError where a condition does not hold."""
    if not condition:
        raise NoRoomError


def choose(rng: random.Random, found: Sequence[T]) -> T:
    """One of what is there, if anything is."""
    need(found)
    return rng.choice(found)


def misspelt(rng: random.Random, word: str, known: Collection[str]) -> str:
    """The word with one letter changed, lost, added or swapped; near to no other that is known."""
    for _ in range(20):
        found = _one_letter(rng, word)
        near = [other for other in known if other != word and _distance(found, other) < 3]
        if found != word and not near:
            return found
    raise NoRoomError


def _one_letter(rng: random.Random, word: str) -> str:
    """The first letter is seldom the wrong one."""
    at, letter = rng.randrange(1, max(2, len(word))), rng.choice(string.ascii_lowercase)
    before, after = word[:at], word[at:]
    ways = [before + letter + after[1:], before + after[1:], before + letter + after]
    return rng.choice([*ways, before[:-1] + after[:1] + before[-1:] + after[1:]])


def _distance(one: str, other: str) -> int:
    """How many letters have to be changed, lost or added."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        before, row = row, [i]
        for j, b in enumerate(other, 1):
            row.append(min(before[j] + 1, row[-1] + 1, before[j - 1] + (a != b)))
    return row[-1]


def a_head(rng: random.Random, subject: Subject, *, of_one_loss: bool = False) -> Head:
    """A task; on demand one with a single loss, so that a fault of its tensors shows once."""
    return choose(rng, [each for each in subject.heads if each.entries == 1 or not of_one_loss])


def a_loss(rng: random.Random, subject: Subject, *, of_one_loss: bool = False) -> tuple[Head, Map]:
    """A task, and the mapping of its first loss."""
    head = a_head(rng, subject, of_one_loss=of_one_loss)
    need(isinstance(head.loss, Map))
    assert isinstance(head.loss, Map)
    return head, head.loss


def a_field(
    rng: random.Random, subject: Subject, names: Collection[str], of: type = Scalar
) -> tuple[str, Scalar]:
    """A field of a task, of a loss or of `regularization`: its name and value."""
    found = [
        (path[-1], node)
        for path, node in subject.values()
        if isinstance(node, of) and _is_field(path) and path[-1] in names
    ]
    name, node = choose(rng, found)
    assert isinstance(node, Scalar)
    return name, node


def _is_field(path: tuple[str, ...]) -> bool:
    """Whether a path leads to a field, and not to a task or tensor of that name."""
    return path[:1] == ("regularization",) or (path[:1] == ("tasks",) and len(path) > 2)


def a_mapping(subject: Subject, name: str) -> Map:
    """A field of the spec that is a mapping."""
    need(name in subject.root)
    node = subject.root[name]
    assert isinstance(node, Map)
    return node


def replace(subject: Subject, old: Tree, new: T) -> T:
    """Puts another value in the place of one; it takes over its anchor."""
    assert isinstance(new, Scalar | Map | Seq)
    new.anchor = old.anchor
    for _, node in list(subject.values()):
        if isinstance(node, Map):
            node.entries = [(name, new if value is old else value) for name, value in node.entries]
        elif isinstance(node, Seq):
            node.items = [new if value is old else value for value in node.items]
    return new


def without(node: Map, name: str) -> None:
    """Takes a field out of a mapping."""
    node.entries = [each for each in node.entries if each[0].text != name]
    need(node.entries)


def raw(text: str) -> Scalar:
    """What is written just so."""
    return Scalar(text, PLAIN)
