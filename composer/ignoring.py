"""`# losscomp: ignore[code]`: what a line of a spec asks not to be told."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from composer.faults import in_order
from composer.language.diagnostics import Problem, did_you_mean, quote
from composer.language.yaml.document import Document
from composer.language.yaml.findings import within
from composer.language.yaml.nodes import Node

OF_DATA = frozenset({
    "dominant-weight", "label-out-of-range", "looks-like-probabilities", "not-a-distribution",
    "not-finite", "not-positive", "not-probabilities", "not-unit-length", "nothing-counts",
})  # fmt: skip
"""What only a batch shows: as an error it speaks of the data, and the loss can still be built."""

ELSEWHERE = OF_DATA | {"unused-output"}
"""What a spec by itself cannot show."""

_COMMENT = re.compile(r"(?<![^ \t\r\n])#[ \t]*losscomp:[ \t]*ignore\b(?:\[([^\]\r\n]*)\])?")
_MORE_THAN_A_COMMENT = re.compile(r"[\r\n][ \t]*[^ \t\r\n#]")
_CODE = re.compile(r"[^,\s]+")


def may_be_ignored(problem: Problem) -> bool:
    """Whether a spec with this problem still means something."""
    return problem.severity == "warning" or problem.code in OF_DATA


@dataclass(frozen=True)
class _Ignore:
    """A code that a comment names, where it stands, and the line that it is about."""

    code: str
    start: int
    end: int
    line: int


def without_ignored(
    document: Document, problems: Sequence[Problem], was_looked_for: Callable[[str], bool]
) -> list[Problem]:
    """The problems but for those that comments hide, and a warning for comments that hide none.

    Args:
        document: the spec's text.
        problems: what was found in it.
        was_looked_for: whether problems of a code would have been found; no comment about others
            is called idle.
    """
    if "losscomp:" not in document.text:
        return list(problems)
    ignores = list(_ignores(document))
    hidden = {(document.file, each.code, each.line) for each in ignores}
    kept = [each for each in problems if not (may_be_ignored(each) and _key(each) in hidden)]
    if any(each.severity == "error" for each in kept):
        return kept  # the warnings were not all looked for
    used = {_key(each) for each in problems}
    idle = (each for each in ignores if (document.file, each.code, each.line) not in used)
    told = [_idle(document, each) for each in idle if not each.code or was_looked_for(each.code)]
    return in_order([*kept, *told])


def _key(problem: Problem) -> tuple[str, str, int]:
    return problem.file, problem.code, problem.line


def _ignores(document: Document) -> Iterator[_Ignore]:
    source, text = document.source, document.text
    scalars = sorted((node.start, node.end) for node in _scalars(document))
    for comment in _COMMENT.finditer(text):
        start = comment.start()
        if within(start, scalars):
            continue
        line = source.place(start)[0]
        if not text[source.line_start(start) : start].strip():
            following = _MORE_THAN_A_COMMENT.search(text, comment.end())
            line = source.place(following.end() - 1)[0] if following else line
        codes = list(_CODE.finditer(text, *comment.span(1))) if comment[1] else []
        for code in codes:
            yield _Ignore(code[0], code.start(), code.end(), line)
        if not codes:
            yield _Ignore("", comment.start(), comment.end(), line)


def _scalars(document: Document) -> Iterator[Node]:
    """Every scalar that is written in the text, keys too, each once."""
    level, seen = [document.root], set()
    for node in level:
        if id(node) in seen:
            continue
        seen.add(id(node))
        if node.kind == "scalar" and node.source is document.source:
            yield node
        elif node.kind == "mapping":
            level += [*node.keys.values(), *node.value.values()]
        elif node.kind == "sequence":
            level += node.value


def _idle(document: Document, ignore: _Ignore) -> Problem:
    from composer.codes import CATALOGUE

    if not ignore.code:
        message, help = "an ignore names its codes", "write `# losscomp: ignore[zero-weight]`"
    elif ignore.code not in CATALOGUE:
        message = f"there is no code {quote(ignore.code)}"
        help = did_you_mean(ignore.code, CATALOGUE, noun="codes") or ""
    else:
        message = f"there is no {quote(ignore.code)} to ignore on line {ignore.line}"
        help = "remove the comment"
    return document.source.problem(
        "unused-ignore", message, ignore.start, ignore.end, help=help, severity="warning"
    )
