"""Which terms of a spec are computed together on batches of one kind."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from composer.engine.forms import Forms, Place
from composer.engine.term import dtype_of
from composer.engine.weighting import is_built_in
from composer.engine.weights import Weights
from composer.fitting import TermTypes, bind_roles
from composer.language import tree as t
from composer.language.binding import Binding
from composer.language.shape import Shape

# Measured in graph mode on two cores, beside the same terms one by one: `huber` and squares of
# finite targets, 256 to 65,536 elements of each, value and gradient.

LEAST_TERMS = 4
"""Of fewer, what joins them and takes them apart costs what it saves."""

MOST_ELEMENTS = 2**12
"""Elements of the largest tensor of a term: of four times as many, the copy costs more."""

MOST_TOGETHER = 2**16
"""Elements of the largest joined tensor: what is larger does not stay in the cache."""

SAMPLES = 64
"""What a batch of unknown size is taken to hold."""

Kind = tuple[str, tuple[int | None, ...]]
"""The dtype and the sizes of a tensor."""


@dataclass(frozen=True)
class Member:
    """A term that may be computed with others.

    Attributes:
        types: what is known of it.
        weights: its weights.
        places: of the tensors it reads, in the order in which it meets them.
    """

    types: TermTypes
    weights: Weights
    places: tuple[Place, ...]

    @property
    def name(self) -> str:
        return self.types.term.name


@dataclass(frozen=True)
class Bundle:
    """Terms of one form.

    Attributes:
        members: the terms; those whose weights move alike stand side by side.
        types: what is known of the first with the samples of all.
        tied: how many of the places of each hold what its roles are computed from.
        each: how many samples each of them has; None where that is unknown while tracing.
    """

    members: tuple[Member, ...]
    types: TermTypes
    tied: int
    each: int | None


class Arrangement(NamedTuple):
    """The terms of a spec on one kind of batch: those computed alone, and those together."""

    alone: list[TermTypes]
    bundles: list[Bundle]


class _Form(NamedTuple):
    """All that a term computes, but for the names of the tensors that it reads.

    Attributes:
        about: its loss, its reduction, and what is no expression.
        roles, masks, weights: the forms of its expressions.
        tied: how many of the tensors its roles are computed from.
        tensors: sides, dtypes and sizes.
    """

    about: Hashable
    roles: tuple[tuple[str, int], ...]
    masks: tuple[int, ...]
    weights: tuple[int, ...]
    tied: int
    tensors: tuple[tuple[t.Side, str, tuple[int | None, ...]], ...]

    @property
    def batch(self) -> int | None:
        return self.tensors[0][2][0]

    @property
    def elements(self) -> int:
        """Of the largest tensor."""
        return max(_elements(sizes) for _, _, sizes in self.tensors)


def arranged(
    terms: Sequence[TermTypes],
    weights: Mapping[str, Weights],
    kinds: Mapping[Place, Kind],
    forms: Forms,
) -> Arrangement:
    """Puts small terms of one form together.

    Args:
        terms: what is known of each.
        weights: by the name of a term.
        kinds: of the tensors of the batch.
        forms: numbers for what computes alike.
    """
    alone: list[TermTypes] = []
    alike: dict[_Form, list[Member]] = {}
    for types in terms:
        leaves: dict[Place, int] = {}
        form = _form(types, weights[types.term.name], leaves, kinds, forms)
        if form is None:
            alone.append(types)
        else:
            member = Member(types, weights[types.term.name], tuple(leaves))
            alike.setdefault(form, []).append(member)
    bundles: list[Bundle] = []
    for form, members in alike.items():
        if len(members) < LEAST_TERMS:
            alone += [member.types for member in members]
        else:
            bundles += [_bundle(part, form) for part in _parts(members, form.elements)]
    return Arrangement(alone, bundles)


def _form(
    types: TermTypes,
    weights: Weights,
    leaves: dict[Place, int],
    kinds: Mapping[Place, Kind],
    forms: Forms,
) -> _Form | None:
    """The form of a term that can be computed with others; adds the tensors it reads to `leaves`.

    No expression mixes samples, nor does a built-in loss that does not couple the batch.
    """
    term, loss = types.term, types.term.loss
    if not is_built_in(loss) or loss.state() or loss.coupling == "batch":
        return None
    about = (type(loss), repr(loss.parameters()), term.reduction, _gradient(types, weights))
    roles = tuple((role, forms.of(part.tree, leaves)) for role, part in term.roles.items())
    tied = len(leaves)
    masks = tuple(forms.of(part.tree, leaves) for part in term.masks)
    tensors = tuple(forms.of(tree, leaves) for tree in weights.tensors)
    sizes = tuple((side, *kinds[side, path]) for side, path in leaves)
    if not _is_small([shape for _, _, shape in sizes]):
        return None
    form = _Form(about, roles, masks, tensors, tied, sizes)
    return form if form.batch is not None or _is_tied(types) else None


def _is_small(shapes: Collection[tuple[int | None, ...]]) -> bool:
    """Whether the sizes of a sample are known, all have one batch, and no tensor is large."""
    if not all(shapes) or any(None in shape[1:] for shape in shapes):
        return False
    batches = {shape[0] for shape in shapes}
    return len(batches) == 1 and batches != {0} and max(map(_elements, shapes)) <= MOST_ELEMENTS


def _is_tied(types: TermTypes) -> bool:
    """Whether the tensors behind its roles need equally many samples, to be told at run time.

    Of two in one expression, one may have a single sample, which stands for all.
    """
    trees = [part.tree for part in types.term.roles.values()]
    leaves = [{node for node in t.walk(tree) if isinstance(node, t.Tensor)} for tree in trees]
    signature = types.term.loss.bound_signature()
    first = {signature.roles[name].axes[0] for name in signature.inputs}
    return all(len(found) == 1 for found in leaves) and len(first) == 1


def _gradient(types: TermTypes, weights: Weights) -> Literal["none", "all", "by step"]:
    """When the term has a gradient."""
    constant = weights.constant_in(dtype_of(types))
    return "by step" if constant is None else "none" if constant == 0 else "all"


def _elements(shape: Sequence[int | None]) -> int:
    return math.prod(SAMPLES if size is None else size for size in shape)


def _parts(members: Sequence[Member], elements: int) -> list[Sequence[Member]]:
    """Equal parts whose joined tensors are not too large; weights that move alike stay close."""
    members = sorted(members, key=lambda member: member.weights.movement)
    count = max(1, math.ceil(len(members) * elements / MOST_TOGETHER))
    bounds = [len(members) * part // count for part in range(count + 1)]
    return [members[start:end] for start, end in itertools.pairwise(bounds)]


def _bundle(members: Sequence[Member], form: _Form) -> Bundle:
    types, each = members[0].types, form.batch
    if each is not None:
        types = _with_samples(types, len(members) * each)
    return Bundle(tuple(members), types, form.tied, each)


def _with_samples(types: TermTypes, samples: int) -> TermTypes:
    """The same term with so many samples."""
    roles = {
        name: replace(found, shape=Shape((samples, *found.shape.head[1:])))
        for name, found in types.roles.items()
    }
    wide = TermTypes(types.term, roles, Binding(types.term.loss.sizes()))
    findings = list(bind_roles(wide))
    assert not findings, findings
    return wide
