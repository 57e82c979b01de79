"""The total as lines of text: its addends, and below each what its symbols stand for."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

from composer.docstrings import docstring_of
from composer.formula.addends import (
    Addend,
    Factor,
    Notation,
    Piece,
    addends_of,
    divisor,
    regularization_of,
)
from composer.formula.written import AND, OR, POWER, PRODUCT, SIGN, TooLongError, written
from composer.language.python_syntax import MAX_LENGTH
from composer.losses.base import Loss
from composer.spec import Spec

LEGEND = (
    "Σ runs over all elements, #(c) counts those for which c holds, N is how many there are.",
    "K selects and W weighs an element. What is divided by 0 is 0.",
)
_NOTATION = Notation("·", "Σ {}", "#({})", "{} ≠ 0", "N")
MOST_ENTRIES = 8
_MOST = 4 * MAX_LENGTH


def text_of_total(spec: Spec) -> Iterator[str]:
    """`total = …`, a line for each addend, and below it its name and its symbols."""
    lead = "total = "
    for addend in addends_of(spec):
        yield lead + text_of_addend(addend)
        yield " " * 12 + ":  ".join(filter(None, [addend.term.name, text_of_symbols(addend)]))
        lead = "      + "
    factors = regularization_of(spec)
    if factors is not None:
        yield lead + _times(factors, "Σ regularization")


def text_of_addend(addend: Addend) -> str:
    """`0.5 · Σ K·huber(y_true.depth, y_pred.depth; delta=1.0) / #(K)`."""
    mask, weight = "K" * bool(addend.masks), "W" * bool(addend.tensor_weights)
    summed = "·".join(filter(None, [mask, weight, _loss(addend)]))
    below = divisor(addend.term.reduction, mask, weight, _NOTATION)
    return _times(addend.scalars, f"Σ {summed}") + (f" / {below}" if below else "")


def symbols_of(addend: Addend) -> dict[str, str]:
    """What K, W and `keep` are, as far as they stand in the addend."""
    mask, weight = text_of_mask(addend), text_of_weight(addend)
    symbols = {"K": mask, "W": weight}
    if mask and addend.is_region:
        symbols = {"keep": mask, "K": f"any(keep) {addend.region}", "W": weight}
    return {name: meaning for name, meaning in symbols.items() if meaning}


def text_of_symbols(addend: Addend) -> str:
    """`K = y_true.depth > 0,  W = y_true.weight`."""
    return ",  ".join(f"{name} = {meaning}" for name, meaning in symbols_of(addend).items())


def text_of_mask(addend: Addend) -> str:
    """All that must hold, empty where nothing has to."""
    level = AND if len(addend.masks) > 1 else OR
    return " and ".join(_piece(each, level) for each in addend.masks)


def text_of_weight(addend: Addend) -> str:
    """The product of the tensor weights, empty where there is none."""
    level = SIGN if len(addend.tensor_weights) > 1 else OR
    return " · ".join(_piece(each, level) for each in addend.tensor_weights)


def text_of_product(factors: list[Factor]) -> str:
    """`0.5 · ramp(step, 0, 1000)`; empty for 1."""
    text = ""
    for tree, divides in factors:
        if divides:
            text = f"{text or '1'} / {written(tree, POWER, sys.maxsize)}"
        elif text:
            text += f" · {written(tree, POWER, sys.maxsize)}"
        else:
            text = written(tree, PRODUCT, sys.maxsize)
    return text


def _times(factors: list[Factor], text: str) -> str:
    return " · ".join(filter(None, [text_of_product(factors), text]))


def text_of_role(piece: Piece) -> str:
    """A tensor that a loss reads."""
    return _piece(piece, OR)


def text_of_parameter(value: Any) -> str:
    """A number, a word or a list of them; a long list is cut."""
    if isinstance(value, list | tuple) and len(value) > MOST_ENTRIES:
        shown = ", ".join(map(text_of_parameter, value[:MOST_ENTRIES]))
        return f"[{shown}, … {len(value)} in all]"
    return json.dumps(value, ensure_ascii=False, default=str)


def _loss(addend: Addend) -> str:
    """`huber(y_true.depth, y_pred.depth; delta=1.0)`; other roles are named."""
    roles = [
        text_of_role(piece) if role in ("y_true", "y_pred") else f"{role}={text_of_role(piece)}"
        for role, piece in addend.roles.items()
    ]
    parameters = [
        f"{name}={text_of_parameter(value)}" for name, value in parameters_of(addend.term.loss)
    ]
    if addend.is_region and addend.masks:
        parameters.insert(0, "keep")
    given = "; ".join(filter(None, [", ".join(roles), ", ".join(parameters)]))
    return f"{addend.term.loss.type}({given})"


def parameters_of(loss: Loss) -> Iterator[tuple[str, Any]]:
    """The parameters of a loss, named and written as in a spec; not those that are none."""
    fields, data = type(loss).model_fields, loss.model_dump(mode="json", by_alias=True)
    for field in loss.parameters():
        name = fields[field].alias or field
        if data[name] is not None:
            yield name, data[name]


def definitions(spec: Spec) -> Iterator[str]:
    """What each loss of the spec computes, by its own documentation."""
    classes = {loss.type: type(loss) for task in spec.tasks.values() for loss in task.loss}
    for name, cls in classes.items():
        first, *others = docstring_of(cls).formula or [""]
        if first:
            yield f"{name}: {first}"
            yield from (" " * (len(name) + 2) + line for line in others)


def _piece(piece: Piece, level: int) -> str:
    """Written out; where that is too long, as it is written, with its bare names."""
    try:
        return written(piece.resolved, level, _MOST)
    except TooLongError:
        return written(piece.tree, level, sys.maxsize)
