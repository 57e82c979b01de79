"""The dtypes and shapes of the arrays of a batch, as `tensors:` would declare them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from composer.language.shape import Dim, Shape
from composer.language.tensor_type import TensorType

Arrays = Mapping[str, Any]
Places = dict[tuple[str, tuple[str, ...]], "np.ndarray[Any, Any]"]


def arrays_of(y_true: Arrays, y_pred: Arrays) -> Places:
    """The arrays of nested mappings by side and path."""

    def below(level: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
        if isinstance(level, Mapping):
            for name, inner in level.items():
                yield from below(inner, (*path, name))
        else:
            yield path, np.asarray(level)

    sides = {"y_true": y_true, "y_pred": y_pred}
    return {
        (side, path): array for side, level in sides.items() for path, array in below(level, ())
    }


def types_of(places: Places) -> dict[tuple[str, tuple[str, ...]], TensorType]:
    """The types; the first axis is the size `batch` where all arrays agree on it.

    By that name, a batch that is as large as the classes by accident is still told from them.
    """
    firsts = {array.shape[0] for array in places.values() if array.ndim}
    batch: tuple[Dim, ...] = ("batch",) if len(firsts) == 1 else ()
    return {
        place: TensorType(
            array.dtype.name, Shape((*batch, *array.shape[len(batch) :]) if array.ndim else ())
        )
        for place, array in places.items()
    }


def nested(types: Mapping[tuple[str, tuple[str, ...]], TensorType], side: str) -> dict[str, Any]:
    """The types of one side, nested as the batch is."""
    result: dict[str, Any] = {}
    for (found, path), type_ in types.items():
        if found == side:
            level = result
            for name in path[:-1]:
                level = level.setdefault(name, {})
            level[path[-1]] = type_
    return result
