"""Whether the tensors of a term fit together: its roles against the signature of its loss."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from composer.finding import Finding, Path
from composer.language.binding import Binding
from composer.language.diagnostics import quote
from composer.language.errors import Also
from composer.language.shape import UNKNOWN, Mismatch, Shape
from composer.language.signature import accepts
from composer.language.static.infer import Type
from composer.places import declared, tensor_of
from composer.remedies import dtype_help, has_channel, role_help
from composer.terms import Part, Term


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
    wanted = [f"`{role}` {text_of(signature.roles[role].axes)}" for role in signature.inputs]
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


def whole(part: Part) -> tuple[int, int]:
    """The offsets of an expression without the blanks around it."""
    text = part.expression.text
    return len(text) - len(text.lstrip()), len(text.rstrip())


def text_of(axes: Sequence[object]) -> str:
    """Axes between their brackets."""
    return "[" + ", ".join("?" if axis is None else str(axis) for axis in axes) + "]"


def _and(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]
