"""How long Python takes to start, to import the package, and to check a spec."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from bench.timing import Effort, Seconds, interleaved

ROOT = Path(__file__).resolve().parents[2]
BARE, IMPORT, CHECK = "python -c pass", "import composer", "losscomp check"

_COMMANDS = {
    BARE: ["-c", "pass"],
    IMPORT: ["-c", "import composer"],
    # What the installed command does; `python -m` would look for the package first.
    CHECK: [
        "-c",
        "from composer.entry import run; run()",
        "check",
        "configs/scene_depth_pose.yaml",
    ],
}


def measure(rounds: int) -> Seconds:
    """Seconds by what is started, in turn."""
    calls = {name: _starter(arguments) for name, arguments in _COMMANDS.items()}
    return interleaved(calls, Effort(rounds, 0, 60))


def _starter(arguments: list[str]) -> Callable[[], object]:
    command = [sys.executable, *arguments]
    return lambda: subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
