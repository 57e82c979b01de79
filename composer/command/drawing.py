"""A random batch from `tensors:`, within the domain of every role that reads a tensor."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from composer.check import infer_terms
from composer.declared import Path, leaves
from composer.fitting import TermTypes
from composer.language import tree as t
from composer.language.dtypes import kind
from composer.language.shape import UNKNOWN, Dim, Shape
from composer.language.signature import Role
from composer.spec import Spec

if TYPE_CHECKING:
    import numpy as np

SEED = 20_260_101
BATCH = 4
_OTHERS = (5, 6, 3, 7, 2)


def draw_batch(spec: Spec) -> tuple[dict[str, Any], dict[str, Any]]:
    """Targets and predictions in the shapes that `tensors:` declares, always the same ones.

    Named axes get one size each: the batch 4, the others a few small ones in turn.
    """
    import numpy as np

    assert spec.tensors is not None
    declared = {"y_true": spec.tensors.y_true, "y_pred": spec.tensors.y_pred}
    _, terms = infer_terms(spec, declared)
    readers = _readers(terms)
    generator = np.random.default_rng(SEED)
    sizes: dict[str, int] = {}
    batch: dict[str, dict[str, Any]] = {"y_true": {}, "y_pred": {}}
    for side, path, type_ in leaves(declared):
        reader = readers.get((side, path))
        shape = _concrete(type_.shape, reader[1] if reader else None, sizes)
        array = _draw(generator, reader, type_.dtype or "float32", shape, sizes)
        level = batch[side]
        for name in path[:-1]:
            level = level.setdefault(name, {})
        level[path[-1]] = array
    return batch["y_true"], batch["y_pred"]


Reader = tuple[Role, Shape, TermTypes]


def _readers(terms: list[TermTypes]) -> dict[tuple[str, Path], Reader]:
    """For each tensor that is a role as it stands: the role, and the shape it has to have.

    Of several roles the first with a domain counts: what is right for it is right for the others.
    """
    readers: dict[tuple[str, Path], Reader] = {}
    for types in terms:
        signature = types.term.loss.bound_signature()
        for name, part in types.term.roles.items():
            tensor = _source(part.tree)
            if tensor is not None:
                place = (tensor.side, tensor.path)
                role = signature.roles[name]
                shape = types.binding.shape(role.axes) if tensor is part.tree else UNKNOWN
                if place not in readers or readers[place][0].domain in (None, "logits"):
                    readers[place] = (role, shape, types)
    return readers


def _source(tree: t.Tree) -> t.Tensor | None:
    """The tensor that a role is, or is a part of."""
    while isinstance(tree, t.Index):
        tree = tree.operand
    return tree if isinstance(tree, t.Tensor) else None


def _concrete(shape: Shape, required: Shape | None, sizes: dict[str, int]) -> tuple[int, ...]:
    """Sizes for every axis; what is declared as unknown takes what the loss requires.

    `...` that nothing requires is no axis at all: masks and weights then fit whatever they meet.
    """
    if shape.rank is None and required is not None and required.rank is not None:
        shape = required
    dims = (*shape.head, *(shape.tail or ()))
    known = required.head if required is not None and required.rank == len(dims) else dims
    chosen = [y if x is None else x for x, y in zip(dims, known, strict=True)]
    return tuple(_size(dim, axis, sizes) for axis, dim in enumerate(chosen))


def _size(dim: Dim, axis: int, sizes: dict[str, int]) -> int:
    if isinstance(dim, int):
        return dim
    name = "?" if dim is None else dim
    if name not in sizes:
        taken = sum(each != BATCH for each in sizes.values())
        sizes[name] = BATCH if axis == 0 else _OTHERS[taken % len(_OTHERS)]
    return sizes[name]


def _draw(
    generator: np.random.Generator,
    reader: Reader | None,
    dtype: str,
    shape: tuple[int, ...],
    sizes: dict[str, int],
) -> np.ndarray[Any, Any]:
    import numpy as np

    role = reader[0] if reader else None
    if role is not None and role.domain == "labels" and reader is not None:
        return generator.integers(0, _limit(reader, sizes), shape).astype(_numpy(dtype))
    if role is not None and role.domain in _WHOLE and kind(dtype) != "float":
        return np.asarray(_WHOLE[role.domain](generator, shape)).astype(_numpy(dtype))
    if role is not None and role.domain in _DOMAINS:
        return np.asarray(_DOMAINS[role.domain](generator, shape)).astype(_numpy(dtype))
    if dtype == "bool":
        return generator.random(shape) < 0.7
    if kind(dtype) == "int":
        return generator.integers(0, 4, shape).astype(_numpy(dtype))
    return generator.standard_normal(shape).astype(_numpy(dtype))


def _numpy(dtype: str) -> str:
    """NumPy has no bfloat16; float32 holds it."""
    return "float32" if dtype == "bfloat16" else dtype


def _limit(reader: Reader, sizes: dict[str, int]) -> int:
    role, _, types = reader
    dim = types.binding.dims.get(str(role.limit), role.limit)
    return dim if isinstance(dim, int) else sizes.get(str(dim), 2)


def _softmax(generator: np.random.Generator, shape: tuple[int, ...]) -> Any:
    import numpy as np

    exp = np.exp(generator.standard_normal(shape))
    return exp / exp.sum(axis=-1, keepdims=True)


def _one_hot(generator: np.random.Generator, shape: tuple[int, ...]) -> Any:
    import numpy as np

    if not shape[-1]:
        return np.zeros(shape)
    rows = generator.integers(0, shape[-1], shape[:-1])
    return rows[..., None] == np.arange(shape[-1])


def _unit(generator: np.random.Generator, shape: tuple[int, ...]) -> Any:
    import numpy as np

    vectors = generator.standard_normal(shape)
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


_WHOLE: dict[str, Callable[[Any, tuple[int, ...]], Any]] = {
    "distribution": _one_hot,
    "unit": _one_hot,
    "probabilities": lambda generator, shape: generator.integers(0, 2, shape),
    "positive": lambda generator, shape: generator.integers(1, 5, shape),
}
"""Draws of whole numbers, for targets in an integer or boolean dtype."""

_DOMAINS: dict[str, Callable[[Any, tuple[int, ...]], Any]] = {
    "zero_one": lambda generator, shape: generator.integers(0, 2, shape),
    "signed": lambda generator, shape: 2 * generator.integers(0, 2, shape) - 1,
    "probabilities": lambda generator, shape: generator.uniform(0.05, 0.95, shape),
    "distribution": _softmax,
    "one_hot": _one_hot,
    "unit": _unit,
    "positive": lambda generator, shape: generator.uniform(0.5, 5.0, shape),
}
