"""Binding: the sizes that the axes of a signature have on given tensors, or why they have none."""

from __future__ import annotations

from collections.abc import Mapping

from composer.language.shape import Dim, Mismatch, Shape, meet
from composer.language.signature import Axis, Role


class Binding:
    """The sizes that the axes of one signature got from the tensors of its roles.

    Attributes:
        dims: size by name of axis.
        middle: the axes that `...` stands for, or None while unknown.
        middle_of: the role that they were met in first.
        places: for every named axis, and for each axis of `...`, the (role, axis) it was met at.
    """

    def __init__(self, parameters: Mapping[str, int]) -> None:
        self.dims: dict[str, Dim] = dict(parameters)
        self.middle: tuple[Dim, ...] | None = None
        self.middle_of: str | None = None
        self.places: dict[str | int, list[tuple[str, int]]] = {}

    def bind(self, name: str, role: Role, shape: Shape) -> None:
        """Matches a tensor of this shape with the role; raises Mismatch."""
        if shape.tail is not None:
            self._bind_open(name, role, shape)
            return
        axes, dims = role.axes, shape.head
        if "..." not in axes:
            if len(dims) != len(axes):
                raise _rank(name, len(dims), f"not {len(axes)}")
            self._bind_axes(name, axes, dims, 0)
            return
        place = axes.index("...")
        behind = len(axes) - place - 1
        if len(dims) < len(axes) - 1:
            raise _rank(name, len(dims), f"fewer than {len(axes) - 1}")
        end = len(dims) - behind
        self._bind_axes(name, axes[:place], dims[:place], 0)
        self._bind_axes(name, axes[place + 1 :], dims[end:], end)
        self._bind_middle(name, dims[place:end], place)

    def _bind_open(self, name: str, role: Role, shape: Shape) -> None:
        """Of a tensor of unknown rank, only the axes known from either end are matched."""
        axes = role.axes
        place = axes.index("...") if "..." in axes else len(axes)
        if "..." not in axes and shape.least_rank > len(axes):
            raise _rank(name, shape.least_rank, f"more than {len(axes)}", "at least ")
        ahead = min(place, len(shape.head))
        self._bind_axes(name, axes[:ahead], shape.head[:ahead], 0)
        behind = min(len(axes) - place - 1, len(shape.tail or ()))
        if behind > 0:
            tail = (shape.tail or ())[-behind:]
            self._bind_axes(name, axes[-behind:], tail, -behind)

    def _bind_axes(
        self, name: str, axes: tuple[Axis, ...], dims: tuple[Dim, ...], first: int
    ) -> None:
        for offset, (axis, dim) in enumerate(zip(axes, dims, strict=True)):
            if isinstance(axis, int):
                if dim not in (axis, None):
                    number = first + offset
                    message = f"axis {number} of `{name}` is {dim}, not {axis}"
                    raise Mismatch(message, roles=[(name, f"axis {number} is {dim}")])
            elif axis is not None:
                self.dims[axis] = self._met(axis, self.dims.get(axis), dim, (name, first + offset))

    def _bind_middle(self, name: str, dims: tuple[Dim, ...], first: int) -> None:
        if self.middle is None:
            self.middle, self.middle_of = dims, name
        if len(self.middle) != len(dims):
            there = f"{_counted(len(self.middle))} in `{self.middle_of}`"
            raise Mismatch(
                f"`...` is {there} and {_counted(len(dims))} in `{name}`",
                roles=[
                    (str(self.middle_of), f"`...` is {_counted(len(self.middle))}"),
                    (name, f"`...` is {_counted(len(dims))}"),
                ],
            )
        self.middle = tuple(
            self._met(offset, known, dim, (name, first + offset))
            for offset, (known, dim) in enumerate(zip(self.middle, dims, strict=True))
        )

    def _met(self, key: str | int, known: Dim, dim: Dim, place: tuple[str, int]) -> Dim:
        """The size that an axis has everywhere; raises Mismatch where it has several."""
        try:
            found = meet(known, dim)
        except Mismatch:
            raise self._difference(key, known, dim, place) from None
        self.places.setdefault(key, []).append(place)
        return found

    def _difference(self, key: str | int, known: Dim, dim: Dim, place: tuple[str, int]) -> Mismatch:
        name, axis = place
        if key not in self.places:
            message = f"`{key}` is {known}, and axis {axis} of `{name}` is {dim}"
            roles = [(name, f"axis {axis} is {dim}")]
            return Mismatch(message, parameter=str(key), roles=roles)
        other, before = self.places[key][0]
        names = isinstance(known, str) and isinstance(dim, str)
        there = f"axis {before} of `{other}` is {known}"
        help = "axes of equal size have one name under `tensors:`" if names else None
        message = f"{there}, and axis {axis} of `{name}` is {dim}"
        roles = [(other, f"axis {before} is {known}"), (name, f"axis {axis} is {dim}")]
        return Mismatch(message, help=help, roles=roles)

    def shape(self, axes: tuple[Axis, ...]) -> Shape:
        """The shape that axes of the signature have come to."""
        if "..." not in axes:
            return Shape(tuple(self._dim(axis) for axis in axes))
        place = axes.index("...")
        head = tuple(self._dim(axis) for axis in axes[:place])
        tail = tuple(self._dim(axis) for axis in axes[place + 1 :])
        if self.middle is None:
            return Shape(head, tail)
        return Shape(head + self.middle + tail)

    def _dim(self, axis: Axis) -> Dim:
        return self.dims.get(axis) if isinstance(axis, str) else axis


def _rank(name: str, axes: int, wanted: str, at_least: str = "") -> Mismatch:
    found = f"{at_least}{_counted(axes)}"
    return Mismatch(f"`{name}` has {found}, {wanted}", roles=[(name, found)])


def _counted(axes: int) -> str:
    return f"{axes or 'no'} ax{'i' if axes == 1 else 'e'}s"
