"""What `check --batch` adds: a spec against the dtypes, shapes and numbers of a real batch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from composer.check import check_with
from composer.command.batch_file import BatchError, read_batch
from composer.command.checking import Check
from composer.command.exits import PROBLEMS, USAGE, StopError
from composer.declared import differences
from composer.language import tree as t
from composer.language.diagnostics import Problem
from composer.language.tensor_type import TensorType
from composer.naming import Declared
from composer.spec import Spec
from composer.terms import Term

if TYPE_CHECKING:
    from composer.data.types import Places
    from composer.fitting import TermTypes

Place = tuple[str, tuple[str, ...]]
Types = Mapping[Place, TensorType]


def check_on_batch(path: str, step: int = 0) -> Check:
    """The check of specs on a batch file, in which either side may be missing.

    It finds the problems of a spec on the batch, and says what each mask keeps.
    """
    from composer.data.types import arrays_of, types_of

    try:
        places = arrays_of(*read_batch(path))
    except BatchError as error:
        raise StopError(str(error), USAGE) from None
    types = types_of(places)
    return lambda spec: _check(spec, types, places, step)


def _check(spec: Spec, types: Types, places: Places, step: int) -> tuple[list[Problem], list[str]]:
    wrong = differences(spec, types)
    if wrong:
        return wrong, []
    declared = _declared(spec, types)
    unknown: list[t.Side] = [side for side in ("y_true", "y_pred") if side not in declared]
    problems, sound = check_with(spec, declared, unknown, is_whole=False)
    found, notes = _looked_at(spec, sound, places, step)
    return [*problems, *found], notes


def _declared(spec: Spec, types: Types) -> dict[str, Declared]:
    """The types of the batch; a side that it does not have, as `tensors:` declares it."""
    from composer.data.types import nested

    declared: dict[str, Declared] = {}
    if spec.tensors is not None:
        declared = {"y_true": spec.tensors.y_true, "y_pred": spec.tensors.y_pred}
    return declared | {side: nested(types, side) for side in {side for side, _ in types}}


def _looked_at(
    spec: Spec, terms: Sequence[TermTypes], places: Places, step: int
) -> tuple[list[Problem], list[str]]:
    """What the numbers show, of the terms whose tensors are all in the batch."""
    from composer.data.constants import constant_arrays
    from composer.data.findings import findings_of, kept
    from composer.data.selection import TermOnArrays

    try:
        constants = constant_arrays(spec)
    except ValueError as error:
        raise StopError(str(error), PROBLEMS) from None
    problems: list[Problem] = []
    notes: list[str] = []
    for types in terms:
        if all(place in places for place in _read_by(types.term)):
            term = TermOnArrays(types, lambda side, path: places[side, path], constants, step)
            problems += [each.problem(spec.document) for each in findings_of(term)]
            notes += [note for note in [kept(term)] if note is not None]
    return problems, notes


def _read_by(term: Term) -> Iterator[Place]:
    for part in (*term.roles.values(), *term.masks, *term.weights):
        yield from (
            (node.side, node.path) for node in t.walk(part.tree) if isinstance(node, t.Tensor)
        )
