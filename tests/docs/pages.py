"""A page of the documentation as the steps that its reader would take, with what it says they print."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^## (.*)$", re.MULTILINE)
_FILE = re.compile(r"# ([\w./-]+)$")
_TO_BE_READ = ("bash", "json")
"""Languages of fences that are no steps."""


@dataclass(frozen=True)
class Step:
    """One fence to follow: a file to write, code to run or a command to give.

    Attributes:
        kind: what to do with it.
        text: the file, the code, or the command without `$`.
        shown: what the page says it prints.
        section: the heading above it.
        line: where it starts, 1-based.
    """

    kind: Literal["yaml", "python", "console"]
    text: str
    shown: str
    section: str
    line: int

    @property
    def file(self) -> str:
        """The name of a file to write, from the comment on its first line; empty for code to run."""
        named = _FILE.match(self.text.split("\n", 1)[0])
        return named[1] if named else ""


def steps_of(page: Path) -> list[Step]:
    """The steps of a page in order; a `text` fence is what the code above it prints."""
    text = page.read_text(encoding="utf-8")
    steps: list[Step] = []
    for fence in FENCE.finditer(text):
        language, content = fence.groups()
        line = text.count("\n", 0, fence.start()) + 1
        if language == "text":
            steps[-1] = _printing(steps[-1], content)
        elif language not in _TO_BE_READ:
            steps.append(_step(language, content, _section(text, fence.start()), line))
    return steps


def rounded(text: str) -> str:
    """The text with four digits of each number: another processor may add in another order."""
    return re.sub(r"\d+\.\d+(e-\d+)?", lambda number: f"{float(number[0]):.4g}", text)


def _step(language: str, content: str, section: str, line: int) -> Step:
    if language == "console":
        command, _, shown = content.partition("\n")
        return Step("console", command.removeprefix("$ "), shown, section, line)
    assert language in ("yaml", "python"), f"line {line}: a fence of {language}"
    step = Step("yaml" if language == "yaml" else "python", content, "", section, line)
    assert language == "python" or step.file, f"line {line}: YAML without the name of its file"
    return step


def _printing(step: Step, shown: str) -> Step:
    assert (step.kind, step.shown) == ("python", ""), "text is what the code above it prints"
    return replace(step, shown=shown)


def _section(text: str, end: int) -> str:
    return ["", *(match.group(1) for match in _HEADING.finditer(text, 0, end))][-1]
