"""The constants of two specs: what tells one value from another, and what changed."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from composer.command.diff.differences import ConstantChange
from composer.command.exits import USAGE, StopError
from composer.command.show.resolving import type_of
from composer.constants import Constant
from composer.language.diagnostics import quote
from composer.spec import Spec

if TYPE_CHECKING:
    import numpy as np

_MOST_SHOWN = 3


def values_of_constants(spec: Spec) -> dict[str, Hashable]:
    """By name: a number, or for a tensor what is equal for equal ones alone.

    Raises:
        StopError: a file of numbers cannot be read.
    """
    return {name: _value(constant) for name, constant in spec.constants.items()}


def constant_changes(old: Spec, new: Spec, names: Sequence[str]) -> Iterator[ConstantChange]:
    """How the constants of these names differ; both specs have them."""
    for name in names:
        yield ConstantChange(name, _change(old.constants[name], new.constants[name]))


def _value(constant: Constant) -> Hashable:
    if constant.file is None:
        whole = (constant.dtype, constant.shape, constant.values)
        return whole if constant.shape else constant.values[0]
    numbers = _array(constant).tobytes()
    return constant.dtype, constant.shape, hashlib.sha256(numbers).digest()


def _change(old: Constant, new: Constant) -> str:
    if not old.shape and not new.shape:
        return f"{_numbers(old)[0]} → {_numbers(new)[0]}"
    if old.shape != new.shape:
        return f"{type_of(old)} → {type_of(new)}"
    pairs = list(zip(_numbers(old), _numbers(new), strict=True))
    places = [place for place, (before, after) in enumerate(pairs) if before != after]
    if not places:
        return f"{type_of(old)} → {type_of(new)}, the same numbers"
    shown = [
        f"{_index(place, old.shape)} {pairs[place][0]} → {pairs[place][1]}"
        for place in places[:_MOST_SHOWN]
    ]
    more = ["…"] if len(places) > _MOST_SHOWN else []
    differ = "differs" if len(places) == 1 else "differ"
    return f"{len(places)} of {len(pairs)} entries {differ}: {', '.join(shown + more)}"


def _numbers(constant: Constant) -> Sequence[float]:
    """Its numbers in row-major order."""
    if constant.file is None:
        return constant.values
    numbers: list[float] = _array(constant).ravel().tolist()
    return numbers


def _array(constant: Constant) -> np.ndarray[Any, Any]:
    import numpy as np

    assert constant.file is not None
    try:
        array: np.ndarray[Any, Any] = np.load(constant.file, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        raise StopError(f"{quote(constant.file)} cannot be read", USAGE) from None
    return array


def _index(place: int, shape: tuple[int, ...]) -> str:
    """The index of an entry in row-major order."""
    parts: list[int] = []
    for size in reversed(shape):
        place, part = divmod(place, size)
        parts.insert(0, part)
    return f"[{', '.join(map(str, parts))}]"
