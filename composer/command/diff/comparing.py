"""Two specs to the differences between their totals."""

from __future__ import annotations

from collections.abc import Iterator

from composer.command.diff.constant_changes import constant_changes
from composer.command.diff.differences import Differences, FieldChange, TermChange
from composer.command.diff.side import REGULARIZATION, Side
from composer.command.show.resolved import Value
from composer.formula.as_text import parameters_of, text_of_addend, text_of_symbols
from composer.formula.matching import Pair, Read, matched
from composer.formula.meaning import Meanings
from composer.spec import Spec


def differences(old: Spec, new: Spec) -> Differences:
    """What changed from the one to the other; neither has errors.

    Raises:
        StopError: the file of a constant cannot be read.
    """
    return _Comparison(old, new).differences()


class _Comparison:
    def __init__(self, old: Spec, new: Spec) -> None:
        meanings = Meanings()
        self.old, self.new = Side(old, meanings), Side(new, meanings)
        self.constants = [
            name for name, value in self.old.constants.items()
            if name in self.new.constants and repr(self.new.constants[name]) != repr(value)
        ]  # fmt: skip

    def differences(self) -> Differences:
        pairs = matched(self.old.reads, self.new.reads)
        changes = [self._change(old, new) for old, new in pairs]
        terms = [*(change for change in changes if change), *self._regularization()]
        read = {name for term in terms for field in term.fields for name in field.constants}
        names = [name for name in self.constants if name in read]
        return Differences(
            tuple(terms),
            tuple(constant_changes(self.old.spec, self.new.spec, names)),
            tuple((_name(old), _name(new)) for old, new in pairs),
            self._is_reordered(pairs),
        )

    def _is_reordered(self, pairs: list[Pair]) -> bool:
        places = {read: place for place, read in enumerate(self.old.reads)}
        order = [places[old] for old, new in pairs if old and new]
        return order != sorted(order)

    def _change(self, old: Read | None, new: Read | None) -> TermChange | None:
        if old is None:
            return None if new is None else TermChange("added", None, new.name, _formula(new))
        if new is None:
            return TermChange("removed", old.name, None, _formula(old))
        fields = tuple(self._fields(old, new))
        if fields:
            return TermChange("changed", old.name, new.name, fields=fields)
        return TermChange("renamed", old.name, new.name) if old.name != new.name else None

    def _fields(self, old: Read, new: Read) -> Iterator[FieldChange]:
        skipped: set[str] = set()
        if old.content["type"] != new.content["type"]:
            # The parameters of two types have nothing to do with each other.
            skipped |= _parameters(old) | _parameters(new)
        if old.addend.term.reduction == new.addend.term.reduction:
            # It means another divisor where a tensor weight came or went; that is told.
            skipped |= {"reduction"}
        for name in dict.fromkeys([*old.content, *new.content]):
            if name not in skipped and old.content.get(name) != new.content.get(name):
                yield self._field(name, old, new)

    def _field(self, name: str, old: Read, new: Read) -> FieldChange:
        before, after = self.old.levels(old.addend, name), self.new.levels(new.addend, name)
        differ = [n for n in range(len(before)) if before[n].data != after[n].data]
        # Equal as they are written, they differ by the constants in them.
        places = differ or [n for n in range(len(before)) if before[n].origin.kind != "default"]
        constants = {*self.old.read_in(old.addend, name), *self.new.read_in(new.addend, name)}
        return FieldChange(
            name,
            self.old.text(old.addend, name),
            self.new.text(new.addend, name),
            _origins([before[place] for place in places]),
            _origins([after[place] for place in places]),
            tuple(each for each in self.constants if each in constants),
        )

    def _regularization(self) -> Iterator[TermChange]:
        """The last row of the breakdown, which has nothing but a weight."""
        old, new = self.old.regularization, self.new.regularization
        if old is None and new is not None:
            yield TermChange("added", None, REGULARIZATION, new.formula)
        elif old is not None and new is None:
            yield TermChange("removed", REGULARIZATION, None, old.formula)
        elif old is not None and new is not None and old.product != new.product:
            constants = tuple(each for each in self.constants if each in old.reads | new.reads)
            field = FieldChange("weight", old.text, new.text, old.origin, new.origin, constants)
            yield TermChange("changed", REGULARIZATION, REGULARIZATION, fields=(field,))


def _name(read: Read | None) -> str | None:
    return None if read is None else read.name


def _origins(values: list[Value]) -> str:
    return " and ".join(dict.fromkeys(str(value.origin) for value in values))


def _parameters(read: Read) -> set[str]:
    return {name for name, _ in parameters_of(read.addend.term.loss)}


def _formula(read: Read) -> str:
    return ",  ".join(filter(None, [text_of_addend(read.addend), text_of_symbols(read.addend)]))
