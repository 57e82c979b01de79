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
    sizes: dict[str, tuple[int, str]] = {}
    problems = []
    for place, declared in declaration(spec).items():
        actual = found.get(place)
        message = actual and _difference(".".join((place[0], *place[1])), declared, actual, sizes)
        if message:
            node = spec.document.find(("tensors", place[0], *place[1]))
            problems.append(spec.document.problem("tensor-mismatch", message, node))
    return problems


def filled_in(
    spec: Spec, found: Mapping[tuple[Any, Path], TensorType]
) -> dict[tuple[str, Path], TensorType]:
    """What `tensors:` declares of a side that a batch lacks, with the sizes that the other gives.

    Sizes that it does not give are unknown.
    """
    sizes: dict[str, tuple[int, str]] = {}
    declared = declaration(spec)
    for place, type_ in declared.items():
        if place in found:
            _difference(place[0], type_, found[place], sizes)
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
    name: str, declared: TensorType, actual: TensorType, sizes: dict[str, tuple[int, str]]
) -> str | None:
    if declared.dtype and actual.dtype and kind(declared.dtype) != kind(actual.dtype):
        return f"{name} is declared as {declared}, found {actual}"
    if actual.shape.rank is None:
        return None
    rank = len(actual.shape.head)
    if rank < declared.shape.least_rank or declared.shape.rank not in (None, rank):
        return f"{name} is declared as {declared}, found {actual}"
    for axis, dim in _axes(declared.shape, rank):
        size = actual.shape.head[axis]
        if not isinstance(size, int) or dim is None:
            continue
        if isinstance(dim, int) and dim != size:
            return f"{name} is declared as {declared}, found {actual}"
        if isinstance(dim, str) and sizes.setdefault(dim, (size, name))[0] != size:
            first, other = sizes[dim]
            return f"`{dim}` is {first} in {other} and {size} in {name}, found {actual}"
    return None


def _axes(shape: Shape, rank: int) -> Iterator[tuple[int, Dim]]:
    """The declared axes with their place in a tensor of this rank."""
    yield from enumerate(shape.head)
    tail = shape.tail or ()
    yield from ((rank - len(tail) + place, dim) for place, dim in enumerate(tail))
