"""What `losscomp check` does: files to problems, printed, and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TextIO

from composer.command.checked import MAX_SHOWN, Checked, Tally
from composer.command.colours import Choice, painter
from composer.command.exits import USAGE, StopError
from composer.command.formats import find
from composer.command.specs import examine_named, safe_name, shown_name
from composer.ignoring import OF_DATA, may_be_ignored, without_ignored
from composer.language.diagnostics import Problem, quote

if TYPE_CHECKING:
    from composer.spec import Spec

Check = Callable[[Any], tuple[Sequence[Problem], Sequence[str]]]
"""From a spec to its problems, and to what else is worth saying."""
Judge = Callable[[str, "Spec | None", Sequence[Problem]], Checked]
"""From a file, its spec and the spec's own problems to all that is to be told of it."""


@dataclass(frozen=True)
class Evidence:
    """What specs are checked against, besides themselves.

    Attributes:
        losses: loss classes of one's own.
        batch: a file with a batch.
        model: a file with a Keras model.
        step: the training step at which the batch is looked at.
        overrides: `PATH=VALUE`, in the place of what the files say.
    """

    losses: Sequence[Any] = ()
    batch: str | None = None
    model: str | None = None
    step: int = 0
    overrides: Sequence[str] = ()

    def shows(self, code: str) -> bool:
        """Whether problems of a code would be found."""
        if code in OF_DATA:
            return self.batch is not None
        return self.model is not None or code != "unused-output"


@dataclass(frozen=True)
class Manner:
    """How what is found is told.

    Attributes:
        output_format: one of `formats.FORMATS`.
        max_errors: how many problems are shown; 0 for all.
        strict: whether warnings fail.
        select: the codes to tell, where not all; errors of the spec itself are always told.
        ignore: the codes not to tell.
        quiet: 1 leaves out notes and counts, 2 everything.
        verbose: whether every file is told with its time, on standard error.
        color: whether there are colours.
        fix: whether what has edits is mended.
        diff: whether only that is shown which `fix` would change.
    """

    output_format: str = "full"
    max_errors: int = MAX_SHOWN
    strict: bool = False
    select: frozenset[str] = frozenset()
    ignore: frozenset[str] = frozenset()
    quiet: int = 0
    verbose: bool = False
    color: Choice = "auto"
    fix: bool = False
    diff: bool = False

    def tells(self, problem: Problem) -> bool:
        """Whether a problem is told."""
        is_chosen = not self.select or problem.code in self.select
        return not may_be_ignored(problem) or (is_chosen and problem.code not in self.ignore)


def check_files(
    files: Sequence[str], evidence: Evidence | None = None, manner: Manner | None = None
) -> int:
    """Checks files, directories and `-`, prints what is wrong with them; returns the exit code."""
    evidence, manner = evidence or Evidence(), manner or Manner()
    checks = list(_further(evidence))
    names = _expanded(files)

    def judge(file: str, spec: Spec | None, problems: Sequence[Problem]) -> Checked:
        return _judged(file, spec, problems, evidence, manner, checks)

    if manner.diff:
        from composer.command.fix.unified_diff import show_diffs

        return show_diffs(names, evidence, judge, manner)
    if manner.fix:
        from composer.command.fix.fixing import Fixing

        fixing = Fixing(evidence, judge, manner, names)
        return max(_report(fixing.fixed(), manner, fixing.stream), fixing.exit_code)
    return _report((_check_one(each, evidence, judge) for each in names), manner, sys.stdout)


def _report(examined: Iterable[Checked], manner: Manner, stream: TextIO) -> int:
    """Prints what was found, file by file; returns the exit code."""
    tally = Tally(manner.max_errors, manner.strict, manner.quiet > 0)
    if manner.verbose:
        from composer.command.verbosity import told

        examined = told(examined)
    checked = map(tally.count, examined)
    paint = painter(manner.color, stream)
    for text in find(manner.output_format)(checked, tally, paint):
        if manner.quiet < 2:
            print(text, file=stream)
    return tally.exit_code


def _further(evidence: Evidence) -> Iterator[Check]:
    """The checks that need more than the spec; what they read is read once."""
    if evidence.batch is not None:
        from composer.command.on_batch import check_on_batch

        yield check_on_batch(evidence.batch, evidence.step)
    if evidence.model is not None:
        from composer.command.on_model import check_on_model

        yield check_on_model(evidence.model)


def _check_one(file: str, evidence: Evidence, judge: Judge) -> Checked:
    spec, problems, _ = examine_named(file, evidence.losses, evidence.overrides)
    return judge(file, spec, problems)


def _judged(
    file: str,
    spec: Spec | None,
    problems: Sequence[Problem],
    evidence: Evidence,
    manner: Manner,
    checks: Sequence[Check],
) -> Checked:
    """What is wrong with one file, of that which is to be told."""
    notes: list[str] = []
    for check in checks if spec is not None else ():
        found, said = check(spec)
        problems = _merged(problems, found)
        notes += said
    if spec is not None:
        problems = without_ignored(spec.document, problems, evidence.shows)
    told = [problem for problem in problems if manner.tells(problem)]
    return Checked(shown_name(file), told, notes)


def _merged(problems: Sequence[Problem], found: Sequence[Problem]) -> Sequence[Problem]:
    """The problems, and those found besides at other places or of another kind."""
    from composer.faults import in_order

    known = {_place(problem) for problem in problems}
    new = [each for each in found if _place(each) not in known]
    return in_order([*problems, *new]) if new else problems


def _place(problem: Problem) -> tuple[str, str, int, int]:
    return problem.code, problem.file, problem.line, problem.column


def _expanded(files: Sequence[str]) -> list[str]:
    """The files named, and the YAML files of the directories named, in order."""
    found: list[str] = []
    for file in files:
        if os.path.isdir(file):
            inside = list(_specs_in(safe_name(file)))
            if not inside:
                raise StopError(f"there is no .yaml or .yml file in {quote(file)}", USAGE)
            found += inside
        else:
            found.append(safe_name(file))
    return found


def _specs_in(directory: str) -> Iterator[str]:
    for root, directories, names in os.walk(directory):
        directories[:] = sorted(name for name in directories if not name.startswith("."))
        yield from (
            os.path.join(root, name) for name in sorted(names) if name.endswith((".yaml", ".yml"))
        )
