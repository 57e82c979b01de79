"""Writes what their steps print into pages, all or those named; read the difference.

python -m tests.docs.write [PAGE…]
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from tests.command import ROOT
from tests.docs.following import follow
from tests.docs.pages import FENCE, steps_of


def main(named: list[str]) -> None:
    """Follows the pages, and replaces the files of those that print something else."""
    pages = [Path(name).absolute() for name in named] or sorted((ROOT / "docs").rglob("*.md"))
    for page in pages:
        if steps_of(page):
            text = page.read_text(encoding="utf-8")
            anew = written(text, [output for output, _ in follow(page)])
            if anew != text:
                page.write_text(anew, encoding="utf-8")
                print(page)


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
    main(sys.argv[1:])
