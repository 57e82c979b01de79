"""Writes what the steps of pages print into them: `python -m tests.docs.write PAGE…`; read the difference."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from tests.docs.following import follow
from tests.docs.pages import FENCE


def written(text: str, printed: list[str]) -> str:
    """The text of a page with what its steps printed in the place of what it showed."""
    outputs = iter(printed)
    last = ""

    def fence(found: re.Match[str]) -> str:
        nonlocal last
        language, content = found.groups()
        if language == "text":
            return f"```text\n{last}```"
        if language not in ("yaml", "python", "console"):
            return found[0]
        last = next(outputs)
        if language == "console":
            return f"```console\n{content.splitlines()[0]}\n{last}```"
        return found[0]

    return FENCE.sub(fence, text)


if __name__ == "__main__":
    for page in map(Path, sys.argv[1:]):
        outputs = [output for output, _ in follow(page.absolute())]
        page.write_text(written(page.read_text(encoding="utf-8"), outputs), encoding="utf-8")
