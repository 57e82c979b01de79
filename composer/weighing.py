"""Whether masks and weights fit the values of a term, or the inputs of a region loss."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from composer.finding import Finding
from composer.fitting import TermTypes, text_of, whole
from composer.language.diagnostics import quote
from composer.language.errors import Also
from composer.language.shape import Mismatch, Shape, fits
from composer.language.signature import Axis
from composer.language.static.infer import Type
from composer.places import constants_of, declared, tensor_of
from composer.remedies import coarser, placed
from composer.telling import is_of_task
from composer.terms import Part


def mask_findings(part: Part, found: Type, types: TermTypes) -> Iterator[Finding]:
    """What keeps a mask from selecting among the values, or from the inputs of a region loss."""
    if found.dtype not in (None, "bool"):
        yield Finding(
            "dtype-mismatch",
            f"a mask is boolean, found {found.dtype}",
            part.path,
            whole(part),
            f"compare it, such as `{part.expression.text.strip()} != 0`",
            also=declared(part.tree),
        )
    elif found.place in ("table", "last"):
        message = "a mask is a tensor of the batch, found a constant"
        also = declared(part.tree)
        yield Finding("shape-mismatch", message, part.path, whole(part), also=also)
    else:
        signature = types.term.loss.bound_signature()
        keep = signature.roles["keep"].axes if signature.is_region else None
        yield from _fit(part, "mask", found.shape, types, keep)


def weight_findings(part: Part, found: Type, types: TermTypes) -> Iterator[Finding]:
    """What keeps a weight from multiplying the values."""
    if found.place == "table":
        yield Finding(
            "unplaced-constant",
            "a constant with axes does not say which axis of the values it weighs",
            part.path,
            whole(part),
            "write `take(constant, y_true)` for one weight per class, or `last_axis(constant)`",
            also=declared(part.tree),
        )
    elif found.place == "last":
        message = _last_axis(found, types)
        if message is not None:
            size = f"{found.shape.dim(-1)} entries here"
            also = [*constants_of(part, size), *_of_values(types, part)]
            yield Finding("shape-mismatch", message, part.path, whole(part), also=also)
    else:
        yield from _fit(part, "weight", found.shape, types, None)


def _last_axis(found: Type, types: TermTypes) -> str | None:
    """What keeps a vector from the last axis of the values."""
    size, last = found.shape.dim(-1), types.values.dim(-1)
    if _ends_with_batch(types):
        values = f"values of {types.values}, whose last axis is the batch"
        return f"a weight on the last axis meets {values}"
    if types.values.rank == 0 or (last is not None and size != last):
        return f"a weight on the last axis has {size} entries, the values are {types.values}"
    return None


def _of_values(types: TermTypes, part: Part) -> Also:
    """The tensor that has the axes of the values, where the expression is not made of it."""
    signature = types.term.loss.bound_signature()
    own = [path for path, _ in declared(part.tree)]
    for name, role in types.term.roles.items():
        if tuple(signature.roles[name].axes) == tuple(signature.values):
            found = tensor_of(role, "the values have this shape")
            return [each for each in found if each[0] not in own]
    return ()


def _ends_with_batch(types: TermTypes) -> bool:
    axes = types.term.loss.bound_signature().values
    return types.values.rank == 1 and not _lacks_batch(types, axes)


def _lacks_batch(types: TermTypes, axes: Sequence[Axis]) -> bool:
    """Whether they begin with another axis than the tensors of the batch do."""
    signature = types.term.loss.bound_signature()
    first = [signature.roles[name].axes[:1] for name in signature.inputs]
    return bool(axes) and tuple(axes[:1]) not in first


def _fit(
    part: Part, what: str, found: Shape, types: TermTypes, region: tuple[Axis, ...] | None
) -> Iterator[Finding]:
    """What keeps a mask or weight from the values, or from the inputs of a region."""
    target = types.values if region is None else types.binding.shape(region)
    axes = types.term.loss.bound_signature().values if region is None else region
    if found.least_rank and _lacks_batch(types, axes):
        yield _unaligned(part, what, found, types, axes)
        return
    try:
        fits(found, target)
    except Mismatch as mismatch:
        help = placed(part, found, target) or coarser(part, what, found, target)
        if what == "weight" and types.term.loss.bound_signature().is_region:
            help = "; ".join(filter(None, [help, "a `mask:` leaves elements of a sample out"]))
        noun = "values" if region is None else "inputs"
        message = (
            f"a {what} of {found} does not fit {noun} of {target}, aligned at the left: {mismatch}"
        )
        also = [*declared(part.tree), *(_of_values(types, part) if region is None else ())]
        if is_of_task(part.path):
            also.append((types.term.path, "this loss"))
        yield Finding("shape-mismatch", message, part.path, whole(part), help, also=also)


def _unaligned(
    part: Part, what: str, found: Shape, types: TermTypes, axes: Sequence[Axis]
) -> Finding:
    """A tensor of the batch never passes for one of the classes, were the sizes equal."""
    message = (
        f"{quote(types.term.name)} has no value for each sample, only one for each of "
        f"{text_of(axes)}; found a {what} of {found}"
    )
    help = "weigh its values with a number or `last_axis(constant)`" if what == "weight" else None
    also = declared(part.tree)
    return Finding("shape-mismatch", message, part.path, whole(part), help, also=also)
