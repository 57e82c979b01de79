"""Runs `losscomp` as people do: in a process of its own, with limits on its time and memory."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
MEGABYTES = 400  # of address space, for `check`; TensorFlow alone reserves more
SECONDS = 60

# Everything but printable characters and the line feed that ends a line.
RAW = re.compile(
    r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]"
)


@dataclass(frozen=True)
class Outcome:
    """What a run left behind."""

    code: int
    stdout: str
    stderr: str

    @property
    def told(self) -> list[str]:
        """The lines of its answer without source lines, carets, blank ones and the word on `--fix`."""
        lines = [line for line in self.stdout.splitlines() if not line.startswith("`--fix` mends")]
        return [line for line in lines if line.strip() and not re.match(r" *\d* \|( |$)", line)]


def environment(**more: str) -> dict[str, str]:
    """A plain one, in which the package is found wherever the command runs."""
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "LANG": "C.UTF-8",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        **more,
    }


def command(*arguments: str | bytes, megabytes: int | None = MEGABYTES) -> list[str | bytes]:
    """The words of a limited run. `-P` keeps the working directory out of `sys.path`."""
    limits = f"ulimit -t {SECONDS}; " + (f"ulimit -v {megabytes << 10}; " if megabytes else "")
    python = (sys.executable, "-P", "-m", "composer")
    return ["/bin/sh", "-c", limits + 'exec "$@"', "sh", *python, *arguments]


def losscomp(
    *arguments: str | bytes,
    cwd: Path,
    input: bytes = b"",
    env: Mapping[str, str] | None = None,
    megabytes: int | None = MEGABYTES,
    encoding: str = "utf-8",
) -> Outcome:
    """Runs it to its end. Whatever happens, there is no traceback and no raw control character."""
    done = subprocess.run(
        command(*arguments, megabytes=megabytes),
        cwd=cwd,
        input=input,
        env=env or environment(),
        capture_output=True,
        timeout=4 * SECONDS,
    )
    outcome = Outcome(done.returncode, done.stdout.decode(encoding), done.stderr.decode(encoding))
    assert_clean(outcome)
    return outcome


def assert_clean(outcome: Outcome) -> None:
    """Nothing that a terminal, a log or a server of workflows would obey."""
    for text in (outcome.stdout, outcome.stderr):
        assert "Traceback" not in text
        assert not RAW.search(text), repr(RAW.search(text))
        assert not any(line.lstrip().startswith("::") for line in text.splitlines())
    assert outcome.code in (0, 1, 2), outcome
