"""Follows pages of the documentation in one process: `python following.py PAGE…` prints JSON.

One process for all, because loading TensorFlow takes longer than the pages. Each page has a folder
and names of its own; its steps share them.
"""

from __future__ import annotations

import contextlib
import io
import json
import shlex
import shutil
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any

from composer.entry import main
from tests.command import ROOT
from tests.docs.pages import Step, steps_of


def follow(page: Path) -> list[tuple[str, int]]:
    """What each step prints, and the exit code of a command (0 of all else)."""
    names: dict[str, Any] = {"__name__": "__main__"}
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        shutil.copytree(ROOT / "configs", "configs")
        sys.path.insert(0, folder)  # where Python finds the modules that a page writes
        return [_take(step, names) for step in steps_of(page)]


def _take(step: Step, names: dict[str, Any]) -> tuple[str, int]:
    code = 0
    with contextlib.redirect_stdout(io.StringIO()) as output:
        try:
            if step.file:
                Path(step.file).parent.mkdir(parents=True, exist_ok=True)
                Path(step.file).write_text(step.text, encoding="utf-8")
            elif step.kind == "python":
                exec(step.text, names)  # noqa: S102  # the page's own code is what is tested
            else:
                sys.argv = shlex.split(step.text)
                main()
        except SystemExit as end:
            code = int(end.code or 0)
        except Exception:
            print(traceback.format_exc())
    return output.getvalue(), code


if __name__ == "__main__":
    pages = [Path(argument).absolute() for argument in sys.argv[1:]]
    followed = {str(page): follow(page) for page in pages}
    sys.stdout.write(json.dumps(followed))
