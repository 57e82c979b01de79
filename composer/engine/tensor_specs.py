"""The tensors of a batch as arguments of a SavedModel: dtypes, sizes and names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import tensorflow as tf

from composer.engine.batch_tensors import dotted
from composer.language.signature import TensorType

Place = tuple[str, tuple[str, ...]]
"""A side of a batch and a path in it."""


def tensor_spec(place: Place, dtype: Any, rank: int, declared: TensorType | None) -> tf.TensorSpec:
    """One tensor; its axes are unknown but for those that `tensors:` fixes."""
    sizes: list[int | None] = [None] * rank
    if declared is not None and declared.shape.rank == rank:
        sizes = [dim if isinstance(dim, int) else None for dim in declared.shape.head]
    return tf.TensorSpec(sizes, dtype, _plain(place))


def argument_names(places: Iterable[Place]) -> dict[str, Place]:
    """A distinct argument name for every tensor: `y_true.depth` becomes `y_true_depth`."""
    names: dict[str, Place] = {}
    for place in places:
        plain, count = _plain(place), 2
        name = plain
        while name in names:
            name, count = f"{plain}_{count}", count + 1
        names[name] = place
    return names


def named(specs: Mapping[str, tf.TensorSpec]) -> dict[str, tf.TensorSpec]:
    """The same under the names of their arguments."""
    return {name: tf.TensorSpec(each.shape, each.dtype, name) for name, each in specs.items()}


def flat_rows(total: tf.Tensor, breakdown: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """A total and a breakdown as one mapping: `total`, `depth/huber/loss` and so on."""
    rows = {
        f"{name}/{field}": value for name, row in breakdown.items() for field, value in row.items()
    }
    return {"total": total, **rows}


def _plain(place: Place) -> str:
    """`y_true.depth` in the characters that TensorFlow takes for the name of a node."""
    return "".join(c if c.isascii() and c.isalnum() else "_" for c in dotted(*place))
