"""What a misspelt word most likely means, and whether only that can be meant."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from composer.language.diagnostics import listing, quote, suggest

_LEAST = 0.75  # how alike a word is to the one that it means
_AHEAD = 0.1  # and how much less alike to every other
_RIVALS = 8
_SHORTEST = 3
_MARK = re.compile(r"\d+|(?<![^\W_])[^\W\d_](?![^\W_])")
"""What tells names of one kind apart: a number, or a letter by itself."""

_NOTHING: Mapping[str, str] = {}


class Nearest(NamedTuple):
    """What to tell of a word that is not known.

    Attributes:
        help: `did you mean …?`, or else the list of what is known.
        meant: the one known word that it can only mean, or None.
        near: the known word that is near, or None.
    """

    help: str | None
    meant: str | None = None
    near: str | None = None


class Nearness:
    """Looks for near words in bounded time.

    A thousand missing names among a thousand known ones would take seconds: past so many pairs, the
    known words are listed.
    """

    def __init__(self, pairs: int = 20_000) -> None:
        self._pairs = pairs

    def nearest(
        self,
        word: str,
        known: Iterable[str],
        *,
        noun: str = "known",
        means: Mapping[str, str] = _NOTHING,
    ) -> Nearest:
        """What to tell of a word.

        Args:
            word: the word that is not known.
            known: the known ones.
            noun: what these are.
            means: what known words stand for, where it is another one.
        """
        names = list(dict.fromkeys(known))
        self._pairs -= len(names)
        near = _near(word, names) if self._pairs >= 0 else None
        if near is None:
            return Nearest(f"{noun}: {listing(names)}" if names else None)
        meant = means.get(near, near) if _is_alone(word, near, names, means) else None
        return Nearest(f"did you mean {quote(near)}?", meant, near)


def nearest(
    word: str, known: Iterable[str], *, noun: str = "known", means: Mapping[str, str] = _NOTHING
) -> Nearest:
    """The same for one word."""
    return Nearness().nearest(word, known, noun=noun, means=means)


def _near(word: str, names: Sequence[str]) -> str | None:
    """A name that one slip of a finger makes of the word, or else one that is like it."""
    slips = _slips(word, names)
    is_there = any(name.lower() == word.lower() for name in names)
    return slips[0] if len(slips) == 1 and not is_there else suggest(word, names)


def _is_alone(word: str, near: str, names: Sequence[str], means: Mapping[str, str]) -> bool:
    """Whether the near word is very near, and none that means something else is as near."""
    import difflib  # costs milliseconds, and only problems need it

    if word.lower() == near.lower():
        return sum(name.lower() == near.lower() for name in names) == 1
    if _is_sibling(word, near):
        return False
    if _slips(word, names) == [near]:
        return True
    best = difflib.SequenceMatcher(None, near, word).ratio()
    rivals = difflib.get_close_matches(word, names, n=_RIVALS, cutoff=max(0, best - _AHEAD))
    return best >= _LEAST and len({means.get(each, each) for each in rivals}) == 1


def _is_sibling(word: str, near: str) -> bool:
    """Whether one may stand beside the other: `mask_l` and `mask_r`, `alpha1` and `alpha2`."""
    one, other = _MARK.findall(word), _MARK.findall(near)
    return len(one) == len(other) and one != other


def _slips(word: str, names: Sequence[str]) -> list[str]:
    """The names that differ from it by one letter, or by two that are swapped."""
    return [name for name in names if _is_slip(word, name)]


def _is_slip(word: str, name: str) -> bool:
    if abs(len(word) - len(name)) > 1 or min(len(word), len(name)) < _SHORTEST:
        return False
    start = _common(word, name)
    behind = _common(word[start:][::-1], name[start:][::-1])
    one, other = word[start : len(word) - behind], name[start : len(name) - behind]
    return max(len(one), len(other)) == 1 or (len(one) == 2 and one == other[::-1])


def _common(one: str, other: str) -> int:
    """How many letters two words begin with in common."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))
