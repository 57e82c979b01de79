"""The dtypes and shapes of the arrays of a batch, as `tensors:` would declare them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from composer.language.shape import Shape
from composer.language.tensor_type import TensorType

Arrays = Mapping[str, Any]
Place = tuple[str, tuple[str, ...]]
Places = dict[Place, "np.ndarray[Any, Any]"]
Types = dict[Place, TensorType]


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


def types_of(places: Places) -> Types:
    """The dtypes and sizes of arrays."""
    return {
        place: TensorType(array.dtype.name, Shape(array.shape)) for place, array in places.items()
    }


def with_batch(types: Types) -> Types:
    """The types with the first axis by the name `batch`, where all tensors agree on it.

    By that name, a batch that is as large as the classes by accident is still told from them.
    """
    firsts = {type_.shape.head[0] for type_ in types.values() if type_.shape.head}
    if len(firsts) != 1:
        return types
    return {
        place: TensorType(type_.dtype, Shape(("batch", *type_.shape.head[1:])))
        if type_.shape.head
        else type_
        for place, type_ in types.items()
    }


def nested(types: Types, side: str) -> dict[str, Any]:
    """The types of one side, nested as the batch is."""
    result: dict[str, Any] = {}
    for (found, path), type_ in types.items():
        if found == side:
            level = result
            for name in path[:-1]:
                level = level.setdefault(name, {})
            level[path[-1]] = type_
    return result
