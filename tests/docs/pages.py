"""A page of the documentation as the steps that its reader would take, with what it says they print."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^## (.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Step:
    """One fence to follow: a spec to write, code to run or a command to give.

    Attributes:
        kind: what to do with it.
        text: the spec, the code, or the command without `$`.
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
        """The name of a spec, from the comment on its first line."""
        return self.text.split("\n", 1)[0].removeprefix("# ")


def steps_of(page: Path) -> list[Step]:
    """The steps of a page in order; a `text` fence is what the code above it prints."""
    text = page.read_text(encoding="utf-8")
    steps: list[Step] = []
    for fence in _FENCE.finditer(text):
        language, content = fence.groups()
        line = text.count("\n", 0, fence.start()) + 1
        if language == "text":
            steps[-1] = _printing(steps[-1], content)
        else:
            steps.append(_step(language, content, _section(text, fence.start()), line))
    return steps


def _step(language: str, content: str, section: str, line: int) -> Step:
    if language == "console":
        command, _, shown = content.partition("\n")
        return Step("console", command.removeprefix("$ "), shown, section, line)
    if language == "yaml":
        return Step("yaml", content, "", section, line)
    assert language == "python", f"line {line}: a fence of {language}"
    return Step("python", content, "", section, line)


def _printing(step: Step, shown: str) -> Step:
    assert (step.kind, step.shown) == ("python", ""), "text is what the code above it prints"
    return replace(step, shown=shown)


def _section(text: str, end: int) -> str:
    return [match.group(1) for match in _HEADING.finditer(text, 0, end)][-1]
