"""Times, bytes and shares as people read them."""

from __future__ import annotations

_PLACES = ((99.95, 0), (9.995, 1), (0.9995, 2))


def milliseconds(seconds: float) -> str:
    """`203`, `20.3`, `2.03`, `0.203`."""
    return three_digits(1e3 * seconds)


def megabytes(size: float) -> str:
    """In millions of bytes."""
    return three_digits(size / 1e6)


def percent(part: float) -> str:
    """`85.3 %`."""
    return f"{_plain(100 * part, 1)} %"


def three_digits(number: float) -> str:
    """Three digits that count, but no more than three places, and no powers of ten."""
    if number == 0:
        return "0"
    places = next((places for least, places in _PLACES if abs(number) >= least), 3)
    return _plain(number, places)


def _plain(number: float, places: int) -> str:
    text = f"{number:.{places}f}"
    return text if float(text) else text.removeprefix("-")
