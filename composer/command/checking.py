"""What `losscomp check` does: files to problems, printed, and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from composer.command.exits import PROBLEMS, SOUND, USAGE, StopError
from composer.language.diagnostics import Problem, Severity, SpecError, escape, quote, show

MAX_SHOWN = 100
Check = Callable[[Any], tuple[Sequence[Problem], Sequence[str]]]
"""From a spec to its problems, and to what else is worth saying."""


@dataclass(frozen=True)
class Evidence:
    """What specs are checked against, besides themselves.

    Attributes:
        losses: loss classes of one's own.
        batch: a file with a batch.
        model: a file with a Keras model.
        step: the training step at which the batch is looked at.
    """

    losses: Sequence[Any] = ()
    batch: str | None = None
    model: str | None = None
    step: int = 0


def check_files(files: Sequence[str], evidence: Evidence | None = None) -> int:
    """Checks files, directories and `-`, prints what is wrong with them; returns the exit code."""
    evidence = evidence or Evidence()
    checks = list(_further(evidence))
    names = _expanded(files)
    outcome = [_check_one(file, evidence.losses, checks, len(names) > 1) for file in names]
    severities = [problem.severity for found, _ in outcome for problem in found]
    _print_summary(len(outcome), severities)
    if any(is_unreadable for _, is_unreadable in outcome):
        return USAGE
    return PROBLEMS if "error" in severities else SOUND


def _further(evidence: Evidence) -> Iterator[Check]:
    """The checks that need more than the spec; what they read is read once."""
    if evidence.batch is not None:
        from composer.command.on_batch import check_on_batch

        yield check_on_batch(evidence.batch, evidence.step)
    if evidence.model is not None:
        from composer.command.on_model import check_on_model

        yield check_on_model(evidence.model)


def _check_one(
    file: str, own: Sequence[Any], checks: Sequence[Check], is_one_of_many: bool
) -> tuple[Sequence[Problem], bool]:
    """The problems of one file, shown; and whether it could not be read at all."""
    spec, problems, source = examine_named(file, own)
    notes: list[str] = []
    for check in checks if spec is not None else ():
        found, said = check(spec)
        problems = _merged(problems, found)
        notes += said
    for problem in problems[:MAX_SHOWN]:
        print(show(problem, source) + "\n")
    if len(problems) > MAX_SHOWN:
        print(f"{escape(file)}: {len(problems) - MAX_SHOWN} more problems are not shown\n")
    for note in notes:
        print(escape(f"{file}: {note}" if is_one_of_many else note))
    return problems, any(problem.code == "unreadable-file" for problem in problems)


def _merged(problems: Sequence[Problem], found: Sequence[Problem]) -> Sequence[Problem]:
    """The problems, and those found besides at other places or of another kind."""
    known = {(problem.code, problem.line, problem.column) for problem in problems}
    from composer.faults import in_order

    new = [each for each in found if (each.code, each.line, each.column) not in known]
    return in_order([*problems, *new]) if new else problems


def examine_named(file: str, own: Sequence[Any]) -> tuple[Any, Sequence[Problem], str]:
    """What `reading.examine` gives, for a file or `-`."""
    from composer.language.yaml.source import read_stdin
    from composer.reading import examine, examine_text

    if file != "-":
        return examine(file, own)
    if sys.stdin is None:
        raise StopError("the standard input is closed", USAGE)
    try:
        return examine_text(read_stdin(sys.stdin.buffer), "<stdin>", own)
    except SpecError as error:
        return None, error.problems, error.source


def safe_name(file: str) -> str:
    """The same file by a name that GitHub does not take for a command of a workflow."""
    return os.path.join(".", file) if file.lstrip().startswith(("::", "##")) else file


def _print_summary(files: int, severities: Sequence[Severity]) -> None:
    checked, found = _counted(files, "file"), len(severities)
    if "error" in severities:
        print(f"{_counted(found, 'problem')} in {checked}")
    else:
        warnings = f", with {_counted(found, 'warning')}" if found else ""
        print(f"{checked} checked: sound{warnings}")


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"


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
