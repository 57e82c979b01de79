"""What a misspelt word most likely means, and whether only that can be meant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from composer.language.diagnostics import listing, quote, suggest

_LEAST = 0.75  # how alike a word is to the one that it means
_AHEAD = 0.1  # and how much less alike to every other


class Nearest(NamedTuple):
    """What to tell of a word that is not known.

    Attributes:
        help: `did you mean …?`, or else the list of what is known.
        meant: the one known word that it can only mean, or None.
    """

    help: str | None
    meant: str | None = None


class Nearness:
    """Looks for near words in bounded time.

    A thousand missing names among a thousand known ones would take seconds: past so many pairs, the
    known words are listed.
    """

    def __init__(self, pairs: int = 20_000) -> None:
        self._pairs = pairs

    def nearest(self, word: str, known: Iterable[str], *, noun: str = "known") -> Nearest:
        """What to tell of a word, given the known ones; `noun` is what these are."""
        names = list(dict.fromkeys(known))
        self._pairs -= len(names)
        near = suggest(word, names) if self._pairs >= 0 else None
        if near is None:
            return Nearest(f"{noun}: {listing(names)}" if names else None)
        return Nearest(f"did you mean {quote(near)}?", near if _is_alone(word, near, names) else None)


def nearest(word: str, known: Iterable[str], *, noun: str = "known") -> Nearest:
    """The same for one word."""
    return Nearness().nearest(word, known, noun=noun)


def _is_alone(word: str, near: str, names: Sequence[str]) -> bool:
    """Whether the near word is very near, and no other is as near."""
    import difflib  # costs milliseconds, and only problems need it

    if word.lower() == near.lower():
        return sum(name.lower() == near.lower() for name in names) == 1
    best = difflib.SequenceMatcher(None, near, word).ratio()
    rivals = difflib.get_close_matches(word, names, n=2, cutoff=best - _AHEAD)
    return best >= _LEAST and rivals == [near]
