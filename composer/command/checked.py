"""What a run of `check` found: file by file, and in numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from composer.command.exits import PROBLEMS, SOUND, USAGE
from composer.language.diagnostics import OVERRIDE, Problem

MAX_SHOWN = 100
"""How many problems are shown where nobody asks for more."""


@dataclass(frozen=True)
class Checked:
    """One file: its problems in order, and what else is worth saying of it."""

    file: str
    problems: Sequence[Problem]
    notes: Sequence[str] = ()


@dataclass
class Tally:
    """Counts what is found, and cuts it to what is shown.

    An override that is wrong in itself is so for every file, and counts once.

    Attributes:
        most: how many problems are shown; 0 for all.
        strict: whether warnings fail.
        quiet: whether there are neither notes nor counts.
        files, errors, warnings: how many there were.
        hidden: how many problems are not shown.
        fixable: how many have edits that mend them.
        is_unreadable: whether a file could not be read at all.
    """

    most: int = 0
    strict: bool = False
    quiet: bool = False
    files: int = 0
    errors: int = 0
    warnings: int = 0
    hidden: int = 0
    fixable: int = 0
    is_unreadable: bool = False
    _shown: int = field(default=0, repr=False)
    _of_overrides: set[Problem] = field(default_factory=set, repr=False)

    def count(self, checked: Checked) -> Checked:
        """Counts a file; gives it back with as many of its problems as are still to be shown."""
        self.files += 1
        problems = [each for each in checked.problems if not self._is_told(each)]
        for problem in problems:
            self.errors += problem.severity == "error"
            self.warnings += problem.severity == "warning"
            self.fixable += bool(problem.edits)
            self.is_unreadable |= problem.code == "unreadable-file"
        room = self.most - self._shown if self.most else len(problems)
        shown = problems[:room]
        self._shown += len(shown)
        self.hidden += len(problems) - len(shown)
        return replace(checked, problems=shown, notes=() if self.quiet else checked.notes)

    def _is_told(self, problem: Problem) -> bool:
        """Whether a file before had the same problem, at the same override."""
        if problem.file != OVERRIDE:
            return False
        if problem in self._of_overrides:
            return True
        self._of_overrides.add(problem)
        return False

    @property
    def exit_code(self) -> int:
        """0 sound, 1 problems, 2 where a file cannot be read."""
        if self.is_unreadable:
            return USAGE
        return PROBLEMS if self.errors or (self.strict and self.warnings) else SOUND

    def closing(self) -> list[str]:
        """The lines that count, once every file is counted."""
        if self.quiet:
            return []
        lines = [self._found() + (f"; {self.hidden} of them not shown" if self.hidden else "")]
        if self.fixable:
            is_all = self.fixable == self.errors + self.warnings
            lines.append(f"`--fix` mends {'all' if is_all else self.fixable} of them")
        return lines

    def _found(self) -> str:
        files, warnings = counted(self.files, "file"), counted(self.warnings, "warning")
        if self.errors:
            also = f" and {warnings}" if self.warnings else ""
            return f"{counted(self.errors, 'error')}{also} in {files}"
        if self.warnings and self.strict:
            return f"{warnings} in {files}"
        return f"{files} checked: sound{f', with {warnings}' if self.warnings else ''}"


def counted(number: int, noun: str) -> str:
    """`1 file`, `2 files`."""
    return f"{number} {noun}{'s' * (number != 1)}"
