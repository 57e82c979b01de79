"""Whether the tensors of a term fit together: roles, masks and weights against the signature."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from composer.finding import Finding, Path
from composer.language.binding import Binding
from composer.language.diagnostics import quote
from composer.language.errors import Also
from composer.language.shape import UNKNOWN, Mismatch, Shape, fits
from composer.language.signature import Axis, Role, accepts
from composer.language.static.infer import Type
from composer.places import constants_of, declared, tensor_of
from composer.remedies import coarser, dtype_help, has_channel, placed, role_help
from composer.terms import Part, Term

_OF_TASK = ("tasks", "name", "mask")


@dataclass
class TermTypes:
    """What is known of a term: its roles' types, their axes, and the shape of its values."""

    term: Term
    roles: dict[str, Type] = field(default_factory=dict)
    binding: Binding = field(default_factory=lambda: Binding({}))
    values: Shape = UNKNOWN


def bind_roles(types: TermTypes) -> Iterator[Finding]:
    """Matches the roles with the signature, up to the first that does not fit."""
    signature = types.term.loss.bound_signature()
    if (unsized := _unsized(types.term)) is not None:
        yield unsized
        return
    before: dict[str, Type] = {}
    for name, found in types.roles.items():
        role = signature.roles[name]
        wrong = _wrong_role(types.term, name, role.dtype, found)
        if wrong is not None:
            yield wrong
            return
        try:
            types.binding.bind(name, role, found.shape)
        except Mismatch as mismatch:
            yield _mismatch(types, name, before, mismatch)
            # What the axes came to so far would blame masks and weights for the same mistake.
            types.binding = Binding({})
            return
        before[name] = found
    types.values = types.binding.shape(signature.values)
    yield from _without_labels(types)
    for name, message in types.term.loss.mismatches(types.binding.dims):
        also = _of_axis(message, types)
        yield Finding("shape-mismatch", message, (*types.term.path, name), also=also)


def _of_axis(message: str, types: TermTypes) -> Also:
    """The tensor that gives the axis its size of which a message of a loss speaks."""
    for axis, places in types.binding.places.items():
        size = f"{types.binding.dims.get(axis)} {axis}" if isinstance(axis, str) else None
        if size is not None and size in message:
            return tensor_of(types.term.roles[places[0][0]], f"{size} here")
    return ()


def _unsized(term: Term) -> Finding | None:
    """An axis of a loss of one's own that neither a tensor nor a parameter gives a size."""
    signature = term.loss.bound_signature()
    roles = [signature.roles[name] for name in signature.inputs]
    sized = {*term.loss.sizes(), *(axis for role in roles for axis in role.axes)}
    keep = signature.roles["keep"].axes if signature.is_region else ()
    for axis in (*signature.values, *keep, *(role.limit for role in roles)):
        if isinstance(axis, str) and axis not in sized:
            message = (
                f"the signature of {quote(term.loss.type)} has {quote(axis)}, "
                "to which neither a tensor nor a parameter gives a size"
            )
            return Finding("invalid-signature", message, (*term.path, "type"))
    return None


def _without_labels(types: TermTypes) -> Iterator[Finding]:
    for name, role in types.term.loss.bound_signature().roles.items():
        if types.binding.dims.get(str(role.limit), role.limit) == 0:
            message = f"`{name}` holds labels from 0 to below {quote(str(role.limit))}, which is 0"
            also = declared(*(part.tree for part in types.term.roles.values()))
            yield Finding("shape-mismatch", message, role_path(types.term, name), also=also)


def _wrong_role(term: Term, name: str, word: str, found: Type) -> Finding | None:
    place, also = role_path(term, name), declared(term.roles[name].tree)
    if found.place != "batch":
        message = f"`{name}` is a tensor of the batch, found a constant"
        return Finding("shape-mismatch", message, place, also=also)
    if accepts(word, found.dtype):
        return None
    wanted = {"float": "floats", "int": "integers", "bool": "booleans"}[word]
    message = f"`{name}` of {quote(term.loss.type)} takes {wanted}, found {found}"
    help = dtype_help(term, word, name, found)
    return Finding("dtype-mismatch", message, place, help=help, also=also)


def _mismatch(
    types: TermTypes, name: str, before: Mapping[str, Type], mismatch: Mismatch
) -> Finding:
    term, found = types.term, types.roles[name]
    signature = term.loss.bound_signature()
    wanted = [f"`{role}` {_axes(signature.roles[role])}" for role in signature.inputs]
    message = (
        f"{quote(term.loss.type)} takes {_and(wanted)}, "
        f"found {_and([*map(str, before.values()), str(found)])}: {mismatch}"
    )
    also = [place for role, text in mismatch.roles for place in tensor_of(term.roles[role], text)]
    path = role_path(term, name)
    if mismatch.parameter in term.loss.parameters():
        path = (*term.path, str(mismatch.parameter))
    elif (axis := _lacking(term, found)) is not None:
        message = f"`axis` is {axis}, and `{name}`, {found}, has no axis {axis}"
        path = (*term.path, "axis")
    elif has_channel(term, types.roles):
        path = role_path(term, "y_true")
    help = role_help(term, name, types.roles) or mismatch.help
    return Finding("shape-mismatch", message, path, help=help, also=also)


def _lacking(term: Term, found: Type) -> int | None:
    """The axis that a loss is told to work along, where a tensor has it not."""
    axis, rank = term.loss.parameters().get("axis"), found.shape.rank
    return axis if type(axis) is int and rank is not None and not -rank <= axis < rank else None


def role_path(term: Term, name: str) -> Path:
    """A role's own expression, or the loss where the role is the task's default."""
    part = term.roles[name]
    return term.path if is_default(part) else part.path


def is_default(part: Part) -> bool:
    """Whether it is the tensor of a task's name, which stands nowhere."""
    return len(part.path) == 2 and part.path[0] == "tasks"


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
            also = [*constants_of(part, size), *_of_values(types)]
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


def _of_values(types: TermTypes) -> Also:
    """The tensor that has the axes of the values."""
    signature = types.term.loss.bound_signature()
    for name, part in types.term.roles.items():
        if tuple(signature.roles[name].axes) == tuple(signature.values):
            return tensor_of(part, "the values have this shape")
    return ()


def _ends_with_batch(types: TermTypes) -> bool:
    axes = types.term.loss.bound_signature().values
    return types.values.rank == 1 and not _lacks_batch(types, axes)


def _lacks_batch(types: TermTypes, axes: Sequence[Axis]) -> bool:
    """Whether they begin with another axis than the tensors of the batch do."""
    signature = types.term.loss.bound_signature()
    first = [signature.roles[name].axes[:1] for name in signature.inputs]
    return bool(axes) and tuple(axes[:1]) not in first


def _text(axes: Sequence[object]) -> str:
    return "[" + ", ".join("?" if axis is None else str(axis) for axis in axes) + "]"


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
        also = [*declared(part.tree), *(_of_values(types) if region is None else ())]
        if len(part.path) == len(_OF_TASK):
            also.append((types.term.path, "this loss"))
        yield Finding("shape-mismatch", message, part.path, whole(part), help, also=also)


def _unaligned(
    part: Part, what: str, found: Shape, types: TermTypes, axes: Sequence[Axis]
) -> Finding:
    """A tensor of the batch never passes for one of the classes, were the sizes equal."""
    message = (
        f"{quote(types.term.name)} has no value for each sample, only one for each of "
        f"{_text(axes)}; found a {what} of {found}"
    )
    help = "weigh its values with a number or `last_axis(constant)`" if what == "weight" else None
    also = declared(part.tree)
    return Finding("shape-mismatch", message, part.path, whole(part), help, also=also)


def whole(part: Part) -> tuple[int, int]:
    """The offsets of an expression without the blanks around it."""
    text = part.expression.text
    return len(text) - len(text.lstrip()), len(text.rstrip())


def _axes(role: Role) -> str:
    return _text(role.axes)


def _and(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]
