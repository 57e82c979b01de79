"""The shape that basic indexing gives, or what is wrong with the index."""

from __future__ import annotations

from composer.language import tree as t
from composer.language.errors import ExpressionError
from composer.language.shape import UNKNOWN, Dim, Shape
from composer.language.tensor_type import MAX_RANK

_WHOLE = t.Slice(None, None, None)


def index_shape(node: t.Index, shape: Shape, *, keeps_batch: bool) -> Shape:
    """The axes of `x[items]`; a tensor of the batch keeps its first axis whole and first."""
    if keeps_batch and node.items[0] not in ("...", _WHOLE):
        raise _batch_error(node)
    if shape.rank is None:
        return _open(node, shape)
    items = _expanded(node, shape)
    if keeps_batch and shape.head and items[0] is None:
        raise _batch_error(node)
    if keeps_batch and shape.head and items[0] != _WHOLE:
        # `x[..., 0]` of a tensor with one axis would name the batch.
        raise _error(node, f"{shape} has no axis behind the batch, which stays whole and first")
    return Shape(tuple(_dims(node, items, list(shape.head))))


def _dims(node: t.Index, items: list[t.Item], dims: list[Dim]) -> list[Dim]:
    """The sizes that the items make of the leading sizes; the others stay."""
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
    if len(result) + len(dims) > MAX_RANK:
        raise _error(node, f"a tensor has at most {MAX_RANK} axes, this has {len(result + dims)}")
    return result + dims


def _expanded(node: t.Index, shape: Shape) -> list[t.Item]:
    """The items with `...` written out."""
    used = sum(item is not None and item != "..." for item in node.items)
    if used > len(shape.head):
        raise _error(node, f"{shape} has {len(shape.head)} axes, the index names {used}")
    whole: list[t.Item] = [_WHOLE] * (len(shape.head) - used)
    items: list[t.Item] = []
    for item in node.items:
        items += whole if item == "..." else [item]
    return items if "..." in node.items else items + whole


def _require_inside(node: t.Index, item: int, dim: Dim) -> None:
    if isinstance(dim, int) and not -dim <= item < dim:
        raise _error(node, f"the index {item} is outside an axis of size {dim}")


def _sliced(item: t.Slice, dim: Dim) -> Dim:
    if item == _WHOLE:
        return dim
    if not isinstance(dim, int):
        return None
    return len(range(*slice(item.start, item.stop, item.step).indices(dim)))


def _open(node: t.Index, shape: Shape) -> Shape:
    """Of unknown rank, `x[..., items]` touches the trailing axes; else only the batch is sure."""
    batch = shape.head[:1]
    if node.items[0] != "...":
        return Shape(batch, ()) if batch else UNKNOWN
    items, tail = list(node.items[1:]), list(shape.tail or ())
    used = sum(item is not None for item in items)
    known = len(tail) - used
    if known < 0:
        return Shape(batch, tuple(_dims(node, items, [None] * -known + tail)))
    return Shape(shape.head, tuple(tail[:known] + _dims(node, items, tail[known:])))


def _batch_error(node: t.Index) -> ExpressionError:
    message = "the first axis is the batch, which stays whole and first"
    return _error(node, message, "begin the index with `:`, and name the axes behind it")


def _error(node: t.Index, message: str, help: str | None = None) -> ExpressionError:
    return ExpressionError(message, node.start, node.end, code="shape-mismatch", help=help)
