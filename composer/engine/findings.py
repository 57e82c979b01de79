"""Where a term is not finite, and which tensor made it so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import tensorflow as tf

from composer.engine.weighting import chosen_elements
from composer.language import tree as t

if TYPE_CHECKING:
    from composer.engine.term import TermOnBatch


def find_nonfinite(term: TermOnBatch) -> Iterator[str]:
    """A sentence for each cause of NaN or infinity that no mask removes.

    The first place is named for each tensor; if no input is to blame, the value itself is.
    """
    values = term.contributions()
    if bool(tf.math.is_finite(tf.reduce_sum(values))) and bool(tf.math.is_finite(term.weight)):
        return
    causes = [*_weights(term), *_roles(term)] or list(_values(values))
    yield from (f"{term.name}: {cause}" for cause in causes)


def _weights(term: TermOnBatch) -> Iterator[str]:
    if not bool(tf.math.is_finite(term.weight)):
        yield f"its weight is {_number(term.weight)} at this step"
    weight = term.selection.weight
    if weight is not None and (place := first_place(~tf.math.is_finite(weight))) is not None:
        yield f"its weight is {_number(weight[tuple(place)])} at {place}, and no mask removes it"


def _roles(term: TermOnBatch) -> Iterator[str]:
    for name, tensor in term.axes.tensors.items():
        chosen = chosen_elements(term.axes, term.selection, name)
        for bad, words in _bad(term, name, tensor):
            place = first_place(bad if chosen is None else bad & chosen)
            if place is not None:
                found = _number(tensor[tuple(place)])
                source = _source(term, name)
                yield f"{source} is {found} at {place}{words}, and no mask removes it"
                break


def _bad(term: TermOnBatch, name: str, tensor: tf.Tensor) -> Iterator[tuple[tf.Tensor, str]]:
    """Where a role's tensor is of no use, and what is wrong with it there."""
    role = term.signature.roles[name]
    if role.domain == "labels":
        limit = int(term.axes.shape([role.limit])[0])
        labels = tf.cast(tensor, tf.int64)
        yield (labels < 0) | (labels >= limit), f", no label from 0 to {limit - 1}"
    if tensor.dtype.is_floating:
        yield ~tf.math.is_finite(tensor), ""
    if role.domain == "positive":
        yield tensor <= 0, f", where {term.term.loss.type} takes numbers above 0"
    if role.domain == "probabilities":
        yield (tensor < 0) | (tensor > 1), f", where {term.term.loss.type} takes probabilities"


def _source(term: TermOnBatch, name: str) -> str:
    """The tensor behind a role, by its name in the batch."""
    part = term.term.roles[name]
    tree = part.tree
    if isinstance(tree, t.Tensor):
        return ".".join((tree.side, *tree.path))
    return f"{name} (`{part.expression.text.strip()}`)"


def _values(values: tf.Tensor) -> Iterator[str]:
    place = first_place(~tf.math.is_finite(values))
    if place is not None:
        yield f"its value is {_number(values[tuple(place)])} at {place}, from finite tensors"
    elif not bool(tf.math.is_finite(tf.reduce_sum(values))):
        yield f"the sum of its values overflows {values.dtype.name}"


def first_place(bad: tf.Tensor) -> list[int] | None:
    """The indices of the first True; `tf.where` takes no single boolean."""
    if bad.shape.rank == 0:
        return [] if bool(bad) else None
    places = tf.where(bad)
    found: list[int] | None = places[0].numpy().tolist() if places.shape[0] else None
    return found


def _number(value: Any) -> str:
    number = value.numpy()
    return f"{number:g}" if getattr(value, "dtype", None) is not None else str(number)
