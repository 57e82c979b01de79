"""What is different between the totals of two specs: terms, their fields, and constants."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from composer.command.constant_changes import (
    ConstantChange,
    constant_changes,
    values_of_constants,
)
from composer.command.resolved import Value, resolve
from composer.formula.addends import Addend, addends_of, regularization_of
from composer.formula.as_text import (
    parameters_of,
    text_of_addend,
    text_of_mask,
    text_of_parameter,
    text_of_product,
    text_of_role,
    text_of_symbols,
    text_of_weight,
)
from composer.formula.content import Reading
from composer.formula.matching import Pair, Read, matched
from composer.formula.meaning import Meanings
from composer.language import tree as t
from composer.spec import Spec
from composer.terms import Part

REGULARIZATION = "regularization"
_NONE = "none"


@dataclass(frozen=True)
class FieldChange:
    """One field of a term: what it was and is, and where either comes from.

    Attributes:
        name: the field.
        old: its text in the old spec.
        new: its text in the new one.
        old_origin: where the old one comes from.
        new_origin: where the new one does.
        constants: the constants in it whose values changed.
    """

    name: str
    old: str
    new: str
    old_origin: str
    new_origin: str
    constants: tuple[str, ...] = ()


@dataclass(frozen=True)
class TermChange:
    """One term of either total that the other has not, or has otherwise.

    Attributes:
        kind: what happened to it.
        old: its name in the old spec, None where it came.
        new: its name in the new spec, None where it is gone.
        formula: the addend, of a term that came or is gone.
        fields: what changed in it.
    """

    kind: Literal["added", "removed", "changed", "renamed"]
    old: str | None
    new: str | None
    formula: str = ""
    fields: tuple[FieldChange, ...] = ()


@dataclass(frozen=True)
class Differences:
    """All that is different between two totals.

    Attributes:
        terms: the changed ones.
        constants: the changed ones that the terms read.
        same: how many terms are the same.
        is_reordered: whether the terms that both have stand in another order.
    """

    terms: tuple[TermChange, ...]
    constants: tuple[ConstantChange, ...]
    same: int
    is_reordered: bool

    @property
    def is_empty(self) -> bool:
        return not self.terms


def differences(old: Spec, new: Spec) -> Differences:
    """What changed from the one to the other; neither has errors.

    Raises:
        StopError: the file of a constant cannot be read.
    """
    return _Comparison(old, new).differences()


class _Side:
    """One of the two specs."""

    def __init__(self, spec: Spec, meanings: Meanings) -> None:
        self.spec = spec
        self.constants = values_of_constants(spec)
        self.reading = Reading(meanings, self.constants)
        self.reads = [Read(each, self.reading.content(each)) for each in addends_of(spec)]
        self.resolved = resolve(spec)

    def levels(self, addend: Addend, field: str) -> list[Value | None]:
        """The values that make a field: its own, and for masks and weights its task's first."""
        _, task, _, place = addend.term.path
        found = self.resolved.tasks[str(task)]
        own = found.losses[int(place)].get(field)
        if field not in ("mask", "weight"):
            return [own]
        # A task's mask is told again at each of its losses.
        is_inherited = own is not None and own.origin.kind == "task"
        return [found.fields[field], None if is_inherited else own]


class _Comparison:
    def __init__(self, old: Spec, new: Spec) -> None:
        meanings = Meanings()
        self.old, self.new = _Side(old, meanings), _Side(new, meanings)
        self.changed_constants = {
            name
            for name, value in self.old.constants.items()
            if name in self.new.constants and self.new.constants[name] != value
        }

    def differences(self) -> Differences:
        pairs = matched(self.old.reads, self.new.reads)
        changes = [change for pair in pairs if (change := self._change(pair)) is not None]
        read = {name for change in changes for field in change.fields for name in field.constants}
        names = [name for name in self.old.constants if name in read]
        constants = tuple(constant_changes(self.old.spec, self.new.spec, names))
        terms = (*changes, *self._regularization())
        return Differences(terms, constants, len(pairs) - len(changes), self._is_reordered(pairs))

    def _is_reordered(self, pairs: list[Pair]) -> bool:
        places = {read: place for place, read in enumerate(self.old.reads)}
        order = [places[old] for old, new in pairs if old is not None and new is not None]
        return order != sorted(order)

    def _change(self, pair: Pair) -> TermChange | None:
        old, new = pair
        if old is None or new is None:
            return _alone(old, new)
        fields = tuple(self._fields(old, new))
        if fields:
            return TermChange("changed", old.name, new.name, fields=fields)
        return TermChange("renamed", old.name, new.name) if old.name != new.name else None

    def _fields(self, old: Read, new: Read) -> Iterator[FieldChange]:
        is_other = old.content["type"] != new.content["type"]
        losses = [read.addend.term.loss for read in (old, new)]
        parameters = {name for loss in losses for name, _ in parameters_of(loss)}
        for name in dict.fromkeys([*old.content, *new.content]):
            # The parameters of two types have nothing to do with each other.
            if is_other and name in parameters:
                continue
            if old.content.get(name) != new.content.get(name):
                yield self._field(name, old.addend, new.addend, is_other)

    def _field(self, name: str, old: Addend, new: Addend, is_other: bool) -> FieldChange:
        before, after = self.old.levels(old, name), self.new.levels(new, name)
        differ = [
            place
            for place, (a, b) in enumerate(zip(before, after, strict=True))
            if (a and a.data) != (b and b.data)
        ]
        constants = {node.name for addend in (old, new) for node in _constants(addend, name)}
        return FieldChange(
            name,
            _text(old, name, is_other),
            _text(new, name, is_other),
            _origins(before, differ),
            _origins(after, differ),
            tuple(each for each in self.old.constants if each in constants & self.changed_constants),
        )

    def _regularization(self) -> Iterator[TermChange]:
        """The last row of the breakdown, which has nothing but a weight."""
        old, new = (_Regularization(side) for side in (self.old, self.new))
        if old.is_there and new.is_there and old.product != new.product:
            constants = tuple(
                each for each in self.old.constants
                if each in {*old.constants, *new.constants} & self.changed_constants
            )  # fmt: skip
            field = FieldChange("weight", old.text, new.text, old.origin, new.origin, constants)
            yield TermChange("changed", REGULARIZATION, REGULARIZATION, fields=(field,))
        elif old.is_there and not new.is_there:
            yield TermChange("removed", REGULARIZATION, None, old.formula)
        elif new.is_there and not old.is_there:
            yield TermChange("added", None, REGULARIZATION, new.formula)
