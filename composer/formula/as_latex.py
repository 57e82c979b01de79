r"""The total as LaTeX: one `aligned` environment, the addends first, then their symbols."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from composer.formula.addends import (
    Addend,
    Factor,
    Notation,
    Piece,
    addends_of,
    divisor,
    regularization_of,
)
from composer.formula.as_text import MOST_ENTRIES, parameters_of
from composer.formula.latex import called, condition, decimal, latex, operator, roman
from composer.formula.written import AND, OR, POWER, PRODUCT, SIGN, TooLongError
from composer.language import tree as t
from composer.spec import Spec

_NOTATION = Notation(r" \, ", r"\sum {}", r"\#\left({}\right)", r"{} \neq 0", "N")


def latex_of_total(spec: Spec) -> str:
    """`total = …` in rows of an `aligned` environment, to stand in a display."""
    symbols = _Symbols()
    addends = [latex_of_addend(addend, symbols) for addend in addends_of(spec)]
    factors = regularization_of(spec)
    if factors is not None:
        addends.append(_factors(factors) + rf"\sum {roman('regularization')}")
    first, *others = addends
    rows = [rf"{roman('total')} ={{}}& {first}", *(f"& + {each}" for each in others)]
    rows += [rf"{name} ={{}}& {meaning}" for name, meaning in symbols]
    return "\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}"


class _Symbols:
    """K, W and keep, numbered: what means the same has one name."""

    def __init__(self) -> None:
        self.names: dict[tuple[str, str], str] = {}
        self.numbers: Counter[str] = Counter()

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return ((name, meaning) for (_, meaning), name in self.names.items())

    def name(self, letter: str, meaning: str) -> str:
        """The name of what has this meaning; none for no meaning."""
        if not meaning:
            return ""
        if (letter, meaning) not in self.names:
            self.numbers[letter] += 1
            self.names[letter, meaning] = f"{letter}_{{{self.numbers[letter]}}}"
        return self.names[letter, meaning]


def latex_of_addend(addend: Addend, symbols: _Symbols) -> str:
    r"""`0.5 \cdot \frac{\sum K_{1} \, …}{\#\left(K_{1}\right)}`."""
    mask, keep = _mask(addend), ""
    if mask and addend.is_region:
        keep = symbols.name(roman("keep"), mask)
        mask = rf"{called(operator('any'), keep)} \quad {roman(addend.region)}"
    mask, weight = symbols.name("K", mask), symbols.name("W", _weight(addend))
    summed = r" \, ".join(filter(None, [mask, weight, _loss(addend, keep)]))
    below = divisor(addend.term.reduction, mask, weight, _NOTATION)
    total = rf"\sum {summed}"
    return _factors(addend.scalars) + (rf"\frac{{{total}}}{{{below}}}" if below else total)


def _mask(addend: Addend) -> str:
    level = AND if len(addend.masks) > 1 else OR
    masks = r" \wedge ".join(_piece(each, condition, level) for each in addend.masks)
    return rf"\mathbb{{1}}\left[{masks}\right]" if masks else ""


def _weight(addend: Addend) -> str:
    level = SIGN if len(addend.tensor_weights) > 1 else OR
    return r" \cdot ".join(_piece(each, latex, level) for each in addend.tensor_weights)


def _loss(addend: Addend, keep: str) -> str:
    roles = [
        piece if role in ("y_true", "y_pred") else f"{roman(role)} = {piece}"
        for role, piece in ((role, _piece(each, latex, OR)) for role, each in addend.roles.items())
    ]
    parameters = [
        f"{roman(name)} = {_parameter(value)}" for name, value in parameters_of(addend.term.loss)
    ]
    parameters = [keep, *parameters] if keep else parameters
    given = r";\, ".join(filter(None, [r",\, ".join(roles), r",\, ".join(parameters)]))
    return called(operator(addend.term.loss.type), given)


def _parameter(value: Any) -> str:
    if isinstance(value, list | tuple):
        shown = [*map(_parameter, value[:MOST_ENTRIES])]
        shown += [r"\ldots"] if len(value) > MOST_ENTRIES else []
        return rf"\left[{', '.join(shown)}\right]"
    return decimal(value) if isinstance(value, bool | int | float) else roman(str(value))


def _factors(factors: list[Factor]) -> str:
    """The product, to stand before what it scales; empty for 1."""
    above = [tree for tree, divides in factors if not divides]
    below = [tree for tree, divides in factors if divides]
    product = _product(above)
    if below:
        product = rf"\frac{{{product or '1'}}}{{{_product(below)}}}"
    return rf"{product} \cdot " if product else ""


def _product(trees: list[t.Tree]) -> str:
    # A product needs no brackets where it comes first.
    return r" \cdot ".join(
        latex(tree, POWER if place else PRODUCT, sys.maxsize) for place, tree in enumerate(trees)
    )


def _piece(piece: Piece, write: Callable[..., str], level: int) -> str:
    """Written out; where that is too long, as it is written, with its bare names."""
    try:
        return write(piece.resolved, level)
    except TooLongError:
        return write(piece.tree, level, sys.maxsize)
