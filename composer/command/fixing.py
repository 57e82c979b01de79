"""`check --fix`: specs mended, written in the place of the old ones, and what is left of each."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, BinaryIO

from composer.command.checked import Checked, counted
from composer.command.exits import SOUND, USAGE, StopError
from composer.command.mending import NO_SPEC, NO_YAML, SPEC, Mended, Seen, mend
from composer.command.writing import require_place, write_bytes
from composer.language.diagnostics import Problem, SpecError, escape, quote
from composer.language.yaml.source import read_source, read_stdin

if TYPE_CHECKING:
    from composer.command.checking import Evidence, Judge, Manner
    from composer.spec import Spec

TEXTS = ("full", "concise", "github")
"""The formats into which a line may be put."""

_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Original:
    """A spec as it is stored.

    Attributes:
        file: its name, or `-`.
        text: its text, without byte order marks; nothing where it cannot be read.
        problems: why it cannot be read.
        data: its bytes, where it came from standard input.
    """

    file: str
    text: str
    problems: Sequence[Problem] = ()
    data: bytes = b""

    @property
    def name(self) -> str:
        """What problems call it."""
        return "<stdin>" if self.file == "-" else self.file


def mended(file: str, evidence: Evidence, judge: Judge) -> tuple[Original, Mended]:
    """A file, or `-`, and what mending makes of it; nothing is written."""
    original = _read(file)

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
            _write(original, result.text)
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


def _read(file: str) -> Original:
    if sys.stdin is None and file == "-":
        raise StopError("the standard input is closed", USAGE)
    stream = _Kept(sys.stdin.buffer) if file == "-" else None
    text, problems = "", ()
    try:
        text = read_source(file) if stream is None else read_stdin(stream)
    except SpecError as error:
        problems = error.problems
    return Original(file, text.removeprefix("\ufeff"), problems, stream.data if stream else b"")


class _Kept(io.RawIOBase):
    """A stream that keeps what is read from it."""

    def __init__(self, stream: BinaryIO) -> None:
        self.data = b""
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        self.data = self._stream.read(size)
        return self.data


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


def _write(original: Original, text: str) -> None:
    """Puts a text where the old one came from; raises StopError where that is not to be."""
    if original.file == "-":
        _pass_on(original, text)
    elif text != original.text:
        data = _encoded(original, _current(original.file), text)
        write_bytes(original.file, data, force=True)


def _pass_on(original: Original, text: str) -> None:
    """Prints the text; what cannot be read, as it is."""
    if sys.stdout is None:
        return
    sys.stdout.flush()
    if original.problems:
        sys.stdout.buffer.write(original.data)
        if original.data:
            shutil.copyfileobj(sys.stdin.buffer, sys.stdout.buffer)  # what is too large
    else:
        sys.stdout.buffer.write(_encoded(original, original.data, text))
    sys.stdout.buffer.flush()


def _current(file: str) -> bytes:
    """What a file holds now; raises StopError for one that is not to be replaced."""
    require_place(file, force=True)
    if not os.stat(file).st_mode & 0o222 or not os.access(file, os.W_OK):
        raise StopError(f"{quote(file)} is read-only", USAGE)
    try:
        with open(file, "rb") as stream:
            return stream.read()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise StopError(f"{quote(file)} cannot be read again: {reason}", USAGE) from None


def _encoded(original: Original, data: bytes, text: str) -> bytes:
    """The bytes of a text, with the byte order marks of the old one."""
    old = original.text.encode()
    marks = data.removesuffix(old)
    if not data.endswith(old) or marks.replace(_MARK, b""):
        raise StopError(f"{quote(original.file)} has changed since it was read", USAGE)
    return marks + text.encode()
