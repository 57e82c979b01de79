"""Whether a batch is what `tensors:` declares: dtypes, ranks, and one size for every name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from composer.language.diagnostics import Problem
from composer.language.dtypes import kind
from composer.language.shape import Dim, Shape
from composer.language.signature import TensorType
from composer.spec import Spec

Path = tuple[str, ...]
Place = tuple[str, Path]
Sizes = dict[str, tuple[int, Place]]
"""The sizes of a batch by their names, and the tensor that had them first."""


def leaves(declared: Mapping[str, Any]) -> Iterator[tuple[str, Path, TensorType]]:
    """Every tensor of a nested declaration: its side, path and type."""

    def below(level: Any, path: Path) -> Iterator[tuple[Path, TensorType]]:
        if isinstance(level, TensorType):
            yield path, level
        else:
            for name, inner in level.items():
                yield from below(inner, (*path, name))

    for side, level in declared.items():
        for path, type_ in below(level, ()):
            yield side, path, type_


def declaration(spec: Spec) -> dict[tuple[str, Path], TensorType]:
    """The declared tensors of a spec by side and path; none where it has no `tensors:`."""
    if spec.tensors is None:
        return {}
    sides = {"y_true": spec.tensors.y_true, "y_pred": spec.tensors.y_pred}
    return {(side, path): type_ for side, path, type_ in leaves(sides)}


def differences(spec: Spec, found: Mapping[tuple[Any, Path], TensorType]) -> list[Problem]:
    """Where the tensors of a batch are not those that the spec declares.

    The precision of a dtype may differ: mixed precision gives float16 for float32.
    """
    sizes: Sizes = {}
    problems = []
    for place, declared in declaration(spec).items():
        actual = found.get(place)
        if actual and (difference := _difference(place, declared, actual, sizes)):
            message, other = difference
            node = spec.document.find(("tensors", place[0], *place[1]))
            also = [(("tensors", side, *path), text) for side, path, text in other]
            problem = spec.document.problem("tensor-mismatch", message, node, also=also)
            problems.append(problem)
    return problems


def filled_in(
    spec: Spec, found: Mapping[tuple[Any, Path], TensorType]
) -> dict[tuple[str, Path], TensorType]:
    """What `tensors:` declares of a side that a batch lacks, with the sizes that the other gives.

    Sizes that it does not give are unknown.
    """
    sizes: Sizes = {}
    declared = declaration(spec)
    for place, type_ in declared.items():
        if place in found:
            _difference(place, type_, found[place], sizes)
    known: dict[str, Dim] = {name: size for name, (size, _) in sizes.items()}
    there = {side for side, _ in found}
    return {
        place: TensorType(type_.dtype, _sized(type_.shape, known))
        for place, type_ in declared.items()
        if place[0] not in there
    }


def _sized(shape: Shape, known: Mapping[str, Dim]) -> Shape:
    """The shape with numbers for names."""

    def sizes(dims: tuple[Dim, ...]) -> tuple[Dim, ...]:
        return tuple(known.get(dim) if isinstance(dim, str) else dim for dim in dims)

    return Shape(sizes(shape.head), None if shape.tail is None else sizes(shape.tail))


def _difference(
    place: Place, declared: TensorType, actual: TensorType, sizes: Sizes
) -> tuple[str, list[tuple[str, Path, str]]] | None:
    """How a tensor is not what was declared, and where another has another size of that name."""
    name = _name(place)
    message = f"{name} is declared as {declared}, found {actual}"
    if declared.dtype and actual.dtype and kind(declared.dtype) != kind(actual.dtype):
        return message, []
    if actual.shape.rank is None:
        return None
    rank = len(actual.shape.head)
    if rank < declared.shape.least_rank or declared.shape.rank not in (None, rank):
        return message, []
    for axis, dim in _axes(declared.shape, rank):
        size = actual.shape.head[axis]
        if not isinstance(size, int) or dim is None:
            continue
        if isinstance(dim, int) and dim != size:
            return message, []
        if isinstance(dim, str) and sizes.setdefault(dim, (size, place))[0] != size:
            first, other = sizes[dim]
            message = f"`{dim}` is {first} in {_name(other)} and {size} in {name}, found {actual}"
            return message, [(*other, f"`{dim}` is {first} here")]
    return None


def _name(place: Place) -> str:
    return ".".join((place[0], *place[1]))


def _axes(shape: Shape, rank: int) -> Iterator[tuple[int, Dim]]:
    """The declared axes with their place in a tensor of this rank."""
    yield from enumerate(shape.head)
    tail = shape.tail or ()
    yield from ((rank - len(tail) + place, dim) for place, dim in enumerate(tail))
