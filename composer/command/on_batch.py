"""What `check --batch` adds: a spec against the dtypes, shapes and numbers of a real batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from composer.check import check_with, infer_terms
from composer.command.batch_file import BatchError, read_batch
from composer.command.checking import Check
from composer.command.exits import USAGE, StopError
from composer.declared import differences, filled_in
from composer.finding import Finding
from composer.language import tree as t
from composer.language.diagnostics import Problem
from composer.naming import Declared
from composer.spec import Spec

if TYPE_CHECKING:
    from composer.data.types import Places, Types
    from composer.fitting import TermTypes


_CAUSES = {
    "nothing-counts": ("contradiction", "impossible-comparison", "constant-mask"),
    "looks-like-probabilities": ("probabilities-as-logits",),
    "zero-weight": ("impossible-comparison",),
}


def check_on_batch(path: str, step: int = 0) -> Check:
    """The check of specs on a batch file, in which either side may be missing.

    It finds the problems of a spec on the batch, and says what each mask keeps.
    """
    from composer.data.types import arrays_of

    try:
        places = arrays_of(*read_batch(path))
    except BatchError as error:
        raise StopError(str(error), USAGE) from None
    return lambda spec: _check(spec, places, step)


def _check(spec: Spec, places: Places, step: int) -> tuple[list[Problem], list[str]]:
    from composer.data.types import types_of, with_batch

    types = types_of(places)
    wrong = differences(spec, types)
    if wrong:
        return wrong, []
    types |= filled_in(spec, types)
    missing: set[t.Side] = {"y_true", "y_pred"}
    unknown = missing - {side for side, _ in types}
    examined = check_with(spec, _sides(with_batch(types)), unknown, is_whole=False)
    paths = {each.term.path for each in examined.sound}
    _, terms = infer_terms(spec, _sides(types), unknown)
    terms = [each for each in terms if each.term.path in paths]
    found, notes = _looked_at(spec, terms, places, step)
    told = {(each.path, each.code) for each in examined.findings}
    new = [each for each in found if not any((each.path, code) in told for code in _causes(each))]
    return [*examined.problems, *(each.problem(spec.document) for each in new)], notes


def _causes(finding: Finding) -> tuple[str, ...]:
    """What shows without a batch, and explains what the batch shows."""
    return (finding.code, *_CAUSES.get(finding.code, ()))


def _sides(types: Types) -> dict[str, Declared]:
    from composer.data.types import nested

    return {side: nested(types, side) for side in {side for side, _ in types}}


def _looked_at(
    spec: Spec, terms: Sequence[TermTypes], places: Places, step: int
) -> tuple[list[Finding], list[str]]:
    """What the numbers show, and what each mask keeps."""
    from composer.data.constants import constant_arrays
    from composer.data.findings import findings_of, kept
    from composer.data.selection import TermOnArrays

    try:
        constants = constant_arrays(spec)
    except ValueError as error:
        return [Finding("invalid-constant", str(error), ("constants",))], []
    findings: dict[tuple[str, str], Finding] = {}
    notes: list[str] = []
    for types in terms:
        term = TermOnArrays(types, places, constants, step)
        if not term.is_here:
            notes.append(f"{types.term.name} is not looked at: a tensor that it reads is not there")
            continue
        try:
            found, note = list(findings_of(term)), kept(term)
        except MemoryError:
            notes.append(f"{types.term.name} is not looked at: it takes more memory than there is")
            continue
        for each in found:
            # What is odd about a tensor is told once, whichever losses read it.
            findings.setdefault((each.code, each.message), each)
        notes += [] if note is None else [note]
    return list(findings.values()), notes
