"""One of two specs that are compared: what its terms come to, how they read, and from where."""

from __future__ import annotations

import functools
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass

from composer.command.diff.constant_changes import values_of_constants
from composer.command.show.resolved import NONE, Resolved, Value
from composer.command.show.resolving import resolve
from composer.formula.addends import Addend, addends_of, regularization_of
from composer.formula.as_text import (
    parameters_of,
    text_of_mask,
    text_of_parameter,
    text_of_product,
    text_of_role,
    text_of_weight,
)
from composer.formula.content import Reading
from composer.formula.matching import Read
from composer.formula.meaning import Meanings
from composer.language import tree as t
from composer.spec import Spec

REGULARIZATION = "regularization"
_NONE = "none"


@dataclass(frozen=True)
class Regularization:
    """The regularization: what its weight comes to, how it reads, and where it comes from."""

    product: Hashable
    text: str
    origin: str
    reads: frozenset[str]

    @property
    def formula(self) -> str:
        return "Σ regularization" if self.text == "1" else f"{self.text} · Σ regularization"


class Side:
    """One spec.

    Attributes:
        spec: the spec.
        constants: the values of its constants, by name.
        reads: its addends, read so that they can be compared with the other's.
    """

    def __init__(self, spec: Spec, meanings: Meanings) -> None:
        self.spec = spec
        self.constants = values_of_constants(spec)
        self._reading = Reading(meanings, self.constants)
        self.reads = [Read(each, self._reading.content(each)) for each in addends_of(spec)]

    @functools.cached_property
    def _resolved(self) -> Resolved:
        return resolve(self.spec)

    @property
    def regularization(self) -> Regularization | None:
        factors = regularization_of(self.spec)
        if factors is None:
            return None
        section = self._resolved.regularization
        assert isinstance(section, Mapping)
        weight = section["weight"]
        assert isinstance(weight, Value)
        names = frozenset(name for tree, _ in factors for name in _constants(tree))
        text = text_of_product(factors) or "1"
        return Regularization(self._reading.product(factors), text, str(weight.origin), names)

    def levels(self, addend: Addend, field: str) -> list[Value]:
        """The values that make a field: its own, and for masks and weights its task's first."""
        _, task, _, place = addend.term.path
        found = self._resolved.tasks[str(task)]
        own = found.losses[int(place)].get(field, NONE)
        if field not in ("mask", "weight"):
            return [own]
        # A task's mask is told again at each of its losses.
        return [found.fields[field], NONE if own.origin.kind == "task" else own]

    def text(self, addend: Addend, field: str) -> str:
        """A field as it reads in the formula."""
        loss = addend.term.loss
        match field:
            case "type":
                return loss.type
            case "mask":
                return text_of_mask(addend) or _NONE
            case "weight":
                parts = [text_of_product(addend.scalars), text_of_weight(addend)]
                return " · ".join(filter(None, parts)) or "1"
            case "reduction":
                return addend.term.reduction
        if field in addend.roles:
            return text_of_role(addend.roles[field])
        parameters = dict(parameters_of(loss))
        return text_of_parameter(parameters[field]) if field in parameters else _NONE

    def read_in(self, addend: Addend, field: str) -> Iterator[str]:
        """The names of the constants that a field reads."""
        pieces = {"mask": addend.masks, "weight": addend.tensor_weights}.get(field, [])
        pieces = [addend.roles[field]] if field in addend.roles else pieces
        trees = [piece.resolved for piece in pieces]
        trees += [tree for tree, _ in addend.scalars] if field == "weight" else []
        return (name for tree in trees for name in _constants(tree))


def _constants(tree: t.Tree) -> Iterator[str]:
    return (node.name for node in t.walk(tree) if isinstance(node, t.Constant))
