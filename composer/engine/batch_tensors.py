"""The tensors of a batch at the door: found by path, converted, refused by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import tensorflow as tf

from composer.language import tree as t
from composer.language.diagnostics import did_you_mean, listing, quote
from composer.language.dtypes import DTYPES
from composer.language.shape import Shape
from composer.language.signature import TensorType

Batch = Mapping[str, Any]
Paths = Mapping[t.Side, Iterable[tuple[str, ...]]]
Tensors = dict[tuple[t.Side, tuple[str, ...]], tf.Tensor]


def collect(paths: Paths, y_true: Batch, y_pred: Batch | None) -> Tensors:
    """The tensors that a spec reads; raises ValueError for what is missing or of no use."""
    sides: dict[t.Side, Batch | None] = {"y_true": y_true, "y_pred": y_pred}
    found: Tensors = {}
    for side, batch in sides.items():
        if batch is None:
            continue
        for path in paths[side]:
            found[side, path] = _tensor(find(batch, side, path), dotted(side, path))
    return found


def find(batch: Batch, side: str, path: tuple[str, ...]) -> Any:
    """What stands at a path of nested mappings."""
    level: Any = batch
    walked = side
    for name in path:
        if not isinstance(level, Mapping):
            raise ValueError(
                f"{walked} should be a mapping with {quote(name)}, found {type(level).__name__}"
            )
        if name not in level:
            raise ValueError(_missing(walked, name, [str(key) for key in level]))
        level = level[name]
        walked = f"{walked}.{name}"
    return level


def _missing(where: str, name: str, there: list[str]) -> str:
    has = f"it has {listing(sorted(there))}" if there else "it is empty"
    near = did_you_mean(name, there) if there else None
    hint = f"; {near}" if near and near.startswith("did") else ""
    return f"{where} should have {quote(name)}; {has}{hint}"


def dotted(side: str, path: tuple[str, ...]) -> str:
    """`y_true.depth`, for messages."""
    return ".".join((side, *path))


def _tensor(value: Any, name: str) -> tf.Tensor:
    kind = _refused(value)
    if kind is None and isinstance(value, Mapping):
        kind = f"a mapping; it has {listing(str(key) for key in value)}"
    if kind is not None:
        raise ValueError(f"{name} should be a dense tensor, found {kind}")
    try:
        tensor = tf.convert_to_tensor(value)
    except (TypeError, ValueError) as error:
        reason = f"found {type(value).__name__}"
        raise ValueError(f"{name} should be a dense tensor, {reason}") from error
    if tensor.dtype.name not in DTYPES:
        raise ValueError(
            f"{name} should hold booleans, integers or real numbers, found {tensor.dtype.name}"
        )
    if tensor.shape.rank is None:
        raise ValueError(
            f"the rank of {name} should be known while tracing, found a tensor of unknown rank; "
            "`set_shape` or `ensure_shape` tells it"
        )
    return tensor


def _refused(value: Any) -> str | None:
    """The kind of a composite tensor, which has no place for every element."""
    if isinstance(value, tf.RaggedTensor):
        return "a ragged tensor; `to_tensor()` and a mask say the same"
    if isinstance(value, tf.SparseTensor):
        return "a sparse tensor; `tf.sparse.to_dense` makes it dense"
    if isinstance(value, tf.distribute.DistributedValues) and not isinstance(value, tf.Variable):
        return "one value per replica; call the total loss inside `strategy.run`"
    return None


def nested(places: Mapping[Any, Any], side: str) -> dict[str, Any]:
    """What stands at (side, path) keys, nested by the paths of one side."""
    result: dict[str, Any] = {}
    for (found, path), value in places.items():
        if found == side:
            level = result
            for name in path[:-1]:
                level = level.setdefault(name, {})
            level[path[-1]] = value
    return result


def types_of(tensors: Tensors) -> dict[str, Any]:
    """The dtypes and static shapes of a batch, nested as `tensors:` is."""
    types = {
        place: TensorType(tensor.dtype.name, Shape(tuple(tensor.shape.as_list())))
        for place, tensor in tensors.items()
    }
    return {"y_true": nested(types, "y_true"), "y_pred": nested(types, "y_pred")}
