"""What a batch shows of each term: what its masks keep, and what no mask removes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from composer.data.looks import Look, Role, looks
from composer.data.selection import TermOnArrays
from composer.finding import Finding
from composer.fitting import role_path
from composer.language import tree as t
from composer.language.errors import Also
from composer.lint.scope import warning
from composer.places import declared, tensor_of
from composer.terms import Part

if TYPE_CHECKING:
    from composer.data.looks import Array

_FEWEST_WEIGHTS = 10
"""Before one of them can outweigh all others."""
_SHARE = 0.9
_FAR = 1e4
Index = tuple[int, ...]


def findings_of(term: TermOnArrays) -> Iterator[Finding]:
    """What is wrong, or hardly meant, with the numbers of a term."""
    yield from _weights(term)
    if not term.counted().any():
        yield from _nothing(term)
        return
    for name in term.roles:
        yield from _role(term, name)


def kept(term: TermOnArrays) -> str | None:
    """What the masks and weights of a term keep, in a sentence; None where it has neither."""
    counted = term.counted()
    if not counted.size or (not term.term.masks and counted.all()):
        return None
    share = float(counted.mean())
    words = f"{term.term.name} keeps {_percent(share)} of its elements"
    empty = term.empty_samples()
    if counted.ndim > 1 and empty is not None and empty.any():
        none = int(empty.sum())
        samples = f"{len(empty)} sample{'s' * (len(empty) != 1)}"
        words += f"; {none} of {samples} {'keeps' if none == 1 else 'keep'} none"
    return words


def _nothing(term: TermOnArrays) -> Iterator[Finding]:
    """Nothing counts, although there is something to count."""
    mask = next((part for part in reversed(term.term.masks) if _reads_batch(part)), None)
    is_masked = term.selection.mask is not None and not term.selection.mask.any()
    if mask is not None and is_masked and term.counted().size:
        name = term.term.name if len(mask.path) > 3 else str(mask.path[1])
        message = f"no element of this batch passes the mask of `{name}`: its loss is 0"
        yield warning("nothing-counts", message, mask)


def _reads_batch(part: Part) -> bool:
    """Whether a mask depends on the batch: one of `step` alone waits, `false` is told as such."""
    return any(isinstance(node, t.Tensor) for node in t.walk(part.tree))


def _weights(term: TermOnArrays) -> Iterator[Finding]:
    weight, mask = term.selection.weight, term.selection.mask
    part = next((part for part in reversed(term.term.weights) if _has_axes(term, part)), None)
    if weight is None or part is None or not weight.size or (mask is not None and not mask.any()):
        return
    name = f"the weight of `{term.term.name}`"
    bad = ~np.isfinite(weight)
    if bad.any():
        place = _first(bad)
        message = f"{name} is {_number(weight[place])} at {list(place)}, and no mask removes it"
        also = declared(part.tree)
        yield warning("not-finite", message, part, severity="error", also=also)
    elif not weight.any():
        yield warning("zero-weight", f"{name} is 0 on every element of this batch", part)
    elif (weight * _sign(term)).max() <= 0:
        message = f"{name} is nowhere above 0 on this batch: training makes the loss larger"
        help = "a loss is made smaller where its weight is above 0"
        yield warning("negative-weight", message, part, help=help)
    else:
        yield from _lopsided(term, weight, name, part)


def _sign(term: TermOnArrays) -> float:
    """The sign of the scalar factors, by which the rest is multiplied or divided."""
    factors = [tree for part in term.term.weights for tree, _ in part.split(term.ranks)[0]]
    signs = [np.sign(float(term.evaluator(tree).array)) for tree in factors]
    return float(np.prod(signs)) or 1.0


def _has_axes(term: TermOnArrays, part: Part) -> bool:
    return part.split(term.ranks)[1] is not None


def _lopsided(term: TermOnArrays, weight: Array, name: str, part: Part) -> Iterator[Finding]:
    """One weight that makes the others as good as 0, and weights that cancel."""
    sizes = np.abs(weight.astype(np.float64))
    share = float(sizes.max() / sizes.sum())
    is_far = sizes.max() > _FAR * np.median(sizes[sizes > 0])
    if (share > _SHARE or is_far) and np.count_nonzero(sizes) >= _FEWEST_WEIGHTS:
        place = _first(sizes == sizes.max())
        part_of = f"{_percent(share)} of all its weights together"
        others = f"more than {_FAR:g} times the median of its weights"
        message = (
            f"{name} is {_number(weight[place])} at {list(place)}, "
            f"{part_of if share > _SHARE else others}"
        )
        yield warning("dominant-weight", message, part)
    total = float(weight.sum(dtype=np.float64))
    if term.term.reduction == "weighted_mean" and total <= 0:
        message = f"{name} sums to {total:g} on this batch, by which `weighted_mean` divides"
        yield warning("negative-weight", message, part)


def _role(term: TermOnArrays, name: str) -> Iterator[Finding]:
    """The first thing that is odd about a role."""
    part = term.term.roles[name]
    role = _role_of(term, name)
    for look in looks(role):
        if look.bad.any():
            message, path = _told(look, part.source), role_path(term.term, name)
            help = look.help or (_masked(term, look) if role.is_target else None)
            also = _places(term, name, look)
            yield Finding(look.code, message, path, None, help, look.severity, also=also)
            return


def _places(term: TermOnArrays, name: str, look: Look) -> Also:
    """Where the tensor is declared, and its classes are counted; and the mask that lets it pass."""
    found = list(tensor_of(term.term.roles[name], "declared here"))
    limit = term.signature.roles[name].limit if look.code == "label-out-of-range" else None
    size = term.types.binding.dims.get(str(limit))
    if limit in term.term.loss.parameters():
        found.append(((*term.term.path, str(limit)), f"{size} classes here"))
    elif places := term.types.binding.places.get(str(limit)):
        found += tensor_of(term.term.roles[places[0][0]], f"{size} classes here")
    masks = [part for part in term.term.masks if _reads_batch(part)]
    return [*found, *((part.path, "the mask") for part in masks[-1:])]


def _masked(term: TermOnArrays, look: Look) -> str | None:
    """How to mask what is odd, on top of what is masked already."""
    if look.right is None:
        return None
    them = "it" if int(look.bad.sum()) == 1 else "them"
    if term.term.masks:
        return f"`and {look.right}` in the mask removes {them}"
    return f"`mask: {look.right}` removes {them}"


def _role_of(term: TermOnArrays, name: str) -> Role:
    signature = term.term.loss.bound_signature()
    role, array = signature.roles[name], term.roles[name]
    limit = term.types.binding.dims.get(role.limit) if isinstance(role.limit, str) else role.limit
    chosen = term.chosen(name)
    counts = np.broadcast_to(True if chosen is None else chosen, array.shape)
    has_rows = bool(role.axes) and role.axes[-1] not in ("...", *signature.values)
    size = limit if isinstance(limit, int) else None
    source = term.term.roles[name].source
    return Role(name, source, term.term.loss.type, role.domain, size, has_rows, array, counts)


def _told(look: Look, name: str) -> str:
    place = _first(look.bad)
    number = _number(look.numbers[place])
    message = look.message.format(name=name, number=number, place=list(place))
    if look.severity == "warning" and "{place}" not in look.message:
        return message
    count = int(look.bad.sum())
    rest = f"; {count} of {look.bad.size} are like it" if count > 1 else ""
    return f"{message}{', and no mask removes it' if look.severity == 'error' else ''}{rest}"


def _first(bad: Array) -> Index:
    return tuple(int(axis) for axis in np.unravel_index(int(np.argmax(bad)), bad.shape))


def _number(value: Any) -> str:
    return f"{value:g}" if np.asarray(value).dtype.kind == "f" else str(value)


def _percent(share: float) -> str:
    if 0 < share < 0.001:
        return "less than 0.1 %"
    if 0.999 < share < 1:
        return "more than 99.9 %"
    return f"{100 * share:.1f}".removesuffix(".0") + " %"
