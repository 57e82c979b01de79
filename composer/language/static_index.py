"""The shape that basic indexing gives, or what is wrong with the index."""

from __future__ import annotations

from composer.language import tree as t
from composer.language.errors import ExpressionError
from composer.language.shape import UNKNOWN, Dim, Shape


def index_shape(node: t.Index, shape: Shape, *, keeps_batch: bool) -> Shape:
    """The axes of `x[items]`; a tensor of the batch keeps its first axis whole and first."""
    if keeps_batch:
        _require_whole_batch(node)
    if shape.rank is None:
        return _open(node, shape)
    items = _expanded(node, shape)
    dims = list(shape.head)
    result: list[Dim] = []
    for item in items:
        if item is None:
            result.append(1)
            continue
        dim = dims.pop(0)
        if isinstance(item, int):
            _require_inside(node, item, dim)
        elif isinstance(item, t.Slice):
            result.append(_sliced(item, dim))
    return Shape(tuple(result + dims))


def _require_whole_batch(node: t.Index) -> None:
    first = node.items[0]
    if first != "..." and first != t.Slice(None, None, None):
        raise ExpressionError(
            "the first axis is the batch, which stays whole and first",
            node.start,
            node.end,
            code="shape-mismatch",
            help="begin the index with `...` or `:`",
        )


def _expanded(node: t.Index, shape: Shape) -> list[t.Item]:
    """The items with `...` written out."""
    used = sum(item is not None and item != "..." for item in node.items)
    if used > len(shape.head):
        raise ExpressionError(
            f"{shape} has {len(shape.head)} axes, the index names {used}",
            node.start,
            node.end,
            code="shape-mismatch",
        )
    whole: list[t.Item] = [t.Slice(None, None, None)] * (len(shape.head) - used)
    items: list[t.Item] = []
    for item in node.items:
        items += whole if item == "..." else [item]
    return items


def _require_inside(node: t.Index, item: int, dim: Dim) -> None:
    if isinstance(dim, int) and not -dim <= item < dim:
        raise ExpressionError(
            f"the index {item} is outside an axis of size {dim}",
            node.start,
            node.end,
            code="shape-mismatch",
        )


def _sliced(item: t.Slice, dim: Dim) -> Dim:
    if item == t.Slice(None, None, None):
        return dim
    if not isinstance(dim, int):
        return None
    return len(range(*slice(item.start, item.stop, item.step).indices(dim)))


def _open(node: t.Index, shape: Shape) -> Shape:
    """Of unknown rank only `x[..., items]` keeps what is known: it touches the trailing axes."""
    if node.items[0] != "...":
        return UNKNOWN
    tail = list(shape.tail or ())
    result: list[Dim] = []
    for item in reversed(node.items[1:]):
        if item is None:
            result.insert(0, 1)
            continue
        dim = tail.pop() if tail else None
        if isinstance(item, int):
            _require_inside(node, item, dim)
        elif isinstance(item, t.Slice):
            result.insert(0, _sliced(item, dim))
    used = sum(item is not None for item in node.items[1:])
    return Shape(shape.head if used <= len(shape.tail or ()) else (), tuple(tail + result))
