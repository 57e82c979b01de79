"""Which addend of one spec is which of another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

from composer.formula.addends import Addend
from composer.formula.content import Content


@dataclass(frozen=True, eq=False)
class Read:
    """An addend and what its fields come to."""

    addend: Addend
    content: Content

    @property
    def name(self) -> str:
        return self.addend.term.name

    @property
    def task(self) -> str:
        return str(self.addend.term.path[1])

    @property
    def key(self) -> Hashable:
        return frozenset(self.content.items())


Pair = tuple[Read | None, Read | None]


def matched(old: Sequence[Read], new: Sequence[Read]) -> list[Pair]:
    """Pairs in the order of the new spec, then what is gone.

    Two belong together by their name; else if they alone compute the same; else if they alone are
    left of their task.
    """
    ways: tuple[Callable[[Read], Hashable], ...] = (
        lambda each: each.name, lambda each: each.key, lambda each: each.task,
    )  # fmt: skip
    partners: dict[Read, Read] = {}
    gone, come = list(old), list(new)
    for way in ways:
        before, after = _unique(gone, way), _unique(come, way)
        partners |= {after[key]: before[key] for key in after if key in before}
        taken = set(partners.values())
        gone = [each for each in gone if each not in taken]
        come = [each for each in come if each not in partners]
    pairs: list[Pair] = [(partners.get(each), each) for each in new]
    return pairs + [(each, None) for each in gone]


def _unique(reads: Sequence[Read], way: Callable[[Read], Hashable]) -> dict[Hashable, Read]:
    """Those that no other equals in this way."""
    keys = [way(each) for each in reads]
    counts = Counter(keys)
    return {key: each for key, each in zip(keys, reads, strict=True) if counts[key] == 1}
