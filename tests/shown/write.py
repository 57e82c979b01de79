"""Writes anew what `losscomp show` is expected to print: `python -m tests.shown.write`.

Read the difference as a user would (`git diff tests/shown`) before it is committed.
"""

from __future__ import annotations

import os

from composer.command.show.showing import show_spec
from tests.shown.expected import FORMATS, NAMES, file_of


def main() -> None:
    """Writes all of them."""
    if "PYTEST_VERSION" in os.environ:
        raise SystemExit("a test never writes what it expects")
    for name in NAMES:
        for style in FORMATS:
            shown = show_spec(f"configs/{name}.yaml", as_format=style)
            file_of(name, style).write_text(shown.rstrip("\n") + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
