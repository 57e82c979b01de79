"""Writes anew what the corpus expects: `python -m tests.mistakes.write`.

What it changes is no better than the program that printed it: read the difference as a user would
(`git diff tests/mistakes`) before it is committed.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from tests.mistakes.corpus import KINDS, SOUND, Case, cases, run, seen


def write(case: Case) -> bool:
    """Writes what is seen of a case; says whether it changed."""
    with tempfile.TemporaryDirectory() as directory:
        new = run(case, Path(directory))
    before, file = case.expected, case.transcript
    if case.name.startswith("right/") and new == seen(case, 0, SOUND):
        file.unlink(missing_ok=True)
    else:
        file.write_text(new, encoding="utf-8")
    return new != before


def main() -> None:
    """Writes all of them, and names those that changed."""
    if "PYTEST_VERSION" in os.environ:
        raise SystemExit("a test never writes what it expects")
    for kind in KINDS:
        for case in cases(kind):
            if write(case):
                print(case.name)


if __name__ == "__main__":
    main()
