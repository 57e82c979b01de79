"""What speaks against edits: a problem that is still there, or one that came with them."""

from __future__ import annotations

from collections.abc import Sequence

from composer.command.fix.edits import NO_YAML, Shifts, State
from composer.language.diagnostics import Problem

_UNMOVED = Shifts()


def objections_to(before: State, chosen: Sequence[Problem], after: State) -> dict[Problem, Problem]:
    """The problems whose edits do not mend them, each with the problem that shows it.

    That is the same one, if it is still there, or a new one that touches what was written. Others
    that are new were hidden until now, as long as no less of the text can be read than before.
    """
    shifts = Shifts(edit for problem in chosen for edit in problem.edits)
    known = {_key(each, before, shifts) for each in before.seen.checked.problems}
    found = {_key(each, after)[::2]: each for each in after.seen.checked.problems}
    new = [each for each in after.seen.checked.problems if _key(each, after) not in known]
    errors = [each for each in new if each.severity == "error"]
    if errors and after.seen.depth < before.seen.depth:
        return dict.fromkeys(chosen, errors[0])
    if after.seen.depth > before.seen.depth == NO_YAML:
        return {}  # it was to become YAML; what that says is another question
    objections = {}
    for problem in chosen:
        written = [shifts.written(edit) for edit in problem.edits]
        against = errors if problem.severity == "error" else new
        same = found.get(_key(problem, before, shifts)[::2])
        touching = (each for each in against if _speaks_against(each, after, written))
        objection = same or next(touching, None)
        if objection is not None:
            objections[problem] = objection
    return objections


def _speaks_against(problem: Problem, after: State, written: Sequence[tuple[int, int]]) -> bool:
    """Whether a problem touches what was written; in broken YAML, also whether it stands before."""
    own = after.stretch(problem)
    if own is None:
        return problem.file == after.file  # of the whole file
    if after.seen.depth == NO_YAML and own[0] < max(end for _, end in written):
        return True
    return any(_touch(each, other) for each in after.stretches(problem) for other in written)


def _touch(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether two stretches share a character, or one of them is empty and lies in the other."""
    if one[0] == one[1] or other[0] == other[1]:
        return max(one[0], other[0]) <= min(one[1], other[1])
    return max(one[0], other[0]) < min(one[1], other[1])


def _key(problem: Problem, state: State, shifts: Shifts = _UNMOVED) -> tuple[str, str, int]:
    """What makes a problem the same one, with its place as it is after edits."""
    stretch = state.stretch(problem)
    return problem.code, problem.message, -1 if stretch is None else shifts.offset(stretch[0])
