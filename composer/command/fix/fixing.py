"""`check --fix`: specs mended, written in the place of the old ones, and what is left of each."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from composer.command.checked import Checked, counted
from composer.command.exits import SOUND, USAGE, StopError
from composer.command.fix.edits import NO_SPEC, NO_YAML, SPEC, Seen
from composer.command.fix.mending import Mended, mend
from composer.command.fix.originals import Original, put_back, read_original
from composer.language.diagnostics import Problem, SpecError, escape, quote

if TYPE_CHECKING:
    from composer.command.checking import Evidence, Judge, Manner
    from composer.spec import Spec

TEXTS = ("full", "concise", "github")
"""The formats into which a line may be put."""


def mended(file: str, evidence: Evidence, judge: Judge) -> tuple[Original, Mended]:
    """A file, or `-`, and what mending makes of it; nothing is written."""
    original = read_original(file)

    def look(text: str) -> Seen:
        spec, problems, depth = _examined(text, original, evidence)
        return Seen(judge(file, spec, problems), depth)

    return original, mend(original.text, original.name, look)


class Fixing:
    """Mends files one after the other.

    Attributes:
        exit_code: 2 where a file could not be written.
        stream: where to report. Standard output is for the text of `-`, if that is among the files.
    """

    def __init__(
        self, evidence: Evidence, judge: Judge, manner: Manner, files: Sequence[str]
    ) -> None:
        self.exit_code = SOUND
        self.stream = sys.stderr if "-" in files else sys.stdout
        self._evidence = evidence
        self._judge = judge
        self._manner = manner
        self._files = files

    def fixed(self) -> Iterator[Checked]:
        """What is left of each file, after it is written."""
        for file in self._files:
            yield self._put(*mended(file, self._evidence, self._judge))

    def _put(self, original: Original, result: Mended) -> Checked:
        try:
            put_back(original, result.text)
        except StopError as error:
            self.exit_code = USAGE
            print(f"error: not mended: {escape(str(error))}", file=sys.stderr)
            return left(result.first.checked)
        if result.count and not self._manner.quiet:
            told = f"mended {counted(result.count, 'problem')} in {original.name}"
            is_text = self._manner.output_format in TEXTS
            print(escape(told), file=self.stream if is_text else sys.stderr)
        checked = left(result.seen.checked)
        return replace(checked, notes=[*checked.notes, *_reasons(result)])


def left(checked: Checked) -> Checked:
    """The same without edits, since those that mend something are made."""
    return replace(checked, problems=[replace(each, edits=()) for each in checked.problems])


def _reasons(result: Mended) -> Iterator[str]:
    """Why problems that have edits are still there."""
    for problem, objection in result.objections:
        if objection.code != problem.code:
            text = problem.edits[0].text
            change = f"with {quote(text)}" if text else "without it"
            yield (
                f"line {problem.line} is left as it is: {change} there would be another problem: "
                f"{objection.message}"
            )


def _examined(
    text: str, original: Original, evidence: Evidence
) -> tuple[Spec | None, Sequence[Problem], int]:
    """The spec of a text, its problems, and how far it could be read: as from the file itself."""
    from composer.check import check
    from composer.faults import in_order
    from composer.language.yaml.document import read_document
    from composer.reading import validate

    if original.problems:
        return None, original.problems, NO_YAML
    is_file = original.file != "-"
    directory = os.path.dirname(os.path.abspath(original.file)) if is_file else None
    depth = NO_YAML
    try:
        document = read_document(text, original.name)
        depth = NO_SPEC
        if evidence.overrides:
            from composer.overrides import overridden

            document = overridden(document, evidence.overrides)
    except SpecError as error:
        return None, error.problems, depth
    spec, problems = validate(document, evidence.losses, directory)
    if spec is None:
        return None, problems, depth
    return spec, in_order([*problems, *check(spec, is_whole=not problems)]), SPEC
