"""`check --diff`: what `--fix` would change, as a unified diff."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterator, Sequence

from composer.command.checked import Tally, counted
from composer.command.checking import Evidence, Judge, Manner
from composer.command.colours import painter
from composer.command.exits import PROBLEMS
from composer.command.fix.fixing import left, mended
from composer.language.diagnostics import escape, split_lines
from composer.language.frames import Paint, Style, show

_NO_END = "\\ No newline at end of file"
_STYLES: dict[str, Style] = {"+": "help", "-": "error", "@": "place", "\\": "dim"}


def show_diffs(files: Sequence[str], evidence: Evidence, judge: Judge, manner: Manner) -> int:
    """Prints what mending would change in files, and in numbers what would be left.

    Only the diff goes to standard output.

    Returns:
        The exit code: 1 where there is something to mend, or would be something left.
    """
    tally, count = Tally(strict=manner.strict), 0
    paint = painter(manner.color, sys.stdout)
    for file in files:
        original, result = mended(file, evidence, judge)
        for problem in original.problems:
            _tell(show(problem, painter(manner.color, sys.stderr)) + "\n", manner, 2)
        for line in diff_lines(original.name, original.text, result.text, paint):
            if manner.quiet < 2:
                print(line)
        tally.count(left(result.seen.checked))
        count += result.count
    mends = counted(count, "problem") if count else "nothing"
    _tell(f"`--fix` mends {mends}{', and then' if count else ''}: {tally.closing()[0]}", manner, 1)
    return max(tally.exit_code, PROBLEMS if count else 0)


def _tell(text: str, manner: Manner, quiet: int) -> None:
    """Tells what is no diff, unless it is to be this quiet."""
    if manner.quiet < quiet:
        print(text, file=sys.stderr)


def diff_lines(name: str, before: str, after: str, paint: Paint) -> Iterator[str]:
    """The lines of a unified diff, safe to print; none where the texts are equal."""
    if before == after:
        return
    yield paint(f"--- {escape(name)}", "bold")
    yield paint(f"+++ {escape(name)}", "bold")
    found = difflib.unified_diff(_lines(before), _lines(after), lineterm="")
    for line in list(found)[2:]:
        text, _, ending = line.partition("\n")
        style = _STYLES.get(line[0])
        yield from (paint(each, style) if style else each for each in (_safe(text), ending) if each)


def _lines(text: str) -> list[str]:
    """The lines; the last one says so where it has no end."""
    lines = split_lines(text)
    return lines[:-1] if not lines[-1] else [*lines[:-1], f"{lines[-1]}\n{_NO_END}"]


def _safe(line: str) -> str:
    """A line that neither a terminal nor a server of workflows obeys."""
    line = line.replace("\t", "    ")
    text = line.lstrip()
    if text.startswith(("::", "##[")):
        line = line.replace(text[:2], f"\\u{{{ord(text[0]):x}}}{text[1]}", 1)
    return escape(line)
