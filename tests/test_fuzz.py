"""Mutated specs and overrides: whatever comes is answered, in every format, in less than a second.

A failure shows the input; `hostile(number)` of tests/fuzzing.py draws it again.
"""

from __future__ import annotations

import io
import json
import re
import sys
import time
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from composer import entry
from composer.command.formats import FORMATS
from composer.language.diagnostics import SpecError
from composer.language.frames import show
from composer.reading import examine_text
from tests.command import RAW, ROOT, Outcome
from tests.fuzzing import Hostile, hostile

QUICK, FULL = 15, 120
SLOWEST = 1.0  # of process time: how busy the machine is does not count
COMMANDS = 13
ENCODINGS = ("utf-8", "utf-8", "ascii", "cp1252")
STYLES = ("text", "markdown", "latex", "json")
ANNOTATION = re.compile(r"::(error|warning) [^:\r\n]*::[^\r\n]*")


@dataclass
class Run:
    """A command in this process, on a spec in a file."""

    hostile: Hostile
    arguments: list[str]
    encoding: str = "utf-8"

    def outcome(self, monkeypatch: pytest.MonkeyPatch) -> Outcome:
        """Its exit code and what it wrote, read as the terminal would."""
        written = [io.BytesIO(), io.BytesIO()]
        streams = [io.TextIOWrapper(each, self.encoding) for each in written]
        monkeypatch.setattr(sys, "argv", ["losscomp", *self.arguments])
        with monkeypatch.context() as context:
            context.setattr(sys, "stdout", streams[0])
            context.setattr(sys, "stderr", streams[1])
            with pytest.raises(SystemExit) as end:
                entry.main()
        stdout, stderr = (each.getvalue().decode(self.encoding) for each in written)
        assert isinstance(end.value.code, int)
        return Outcome(end.value.code, stdout, stderr)

    def __str__(self) -> str:
        return f"losscomp {' '.join(map(repr, self.arguments))} ({self.encoding}), {self.hostile}"


def run_of(input: Hostile, directory: Path) -> Run:
    """The command, its options and the encoding take turns with the number."""
    number, file = input.number, str(directory / "spec.yaml")
    overrides = [word for each in input.overrides for word in ("--set", each)]
    options = ["--output-format", FORMATS[number % len(FORMATS)]]
    options += ["--strict"] if number % 3 == 0 else []
    options += ["--max-errors", str(number % 5)] if number % 4 == 0 else []
    commands = {
        2: ["show", file, "--format", STYLES[number // COMMANDS % len(STYLES)]],
        4: ["diff", file, str(ROOT / "configs" / "stereo.yaml"), "--format", "json"],
        6: ["check", file, "--diff"],
        8: ["check", file, "--fix", *options],
        10: ["check", file, *options, "--batch", str(directory / "batch.npz")],
    }
    arguments = commands.get(number % COMMANDS, ["check", file, *options])
    arguments += overrides if arguments[0] in ("check", "show") else []
    return Run(input, arguments, ENCODINGS[number % len(ENCODINGS)])


def assert_answered(run: Run, outcome: Outcome) -> None:
    assert outcome.code in (0, 1, 2), f"{run}: {outcome}"
    for text in (outcome.stdout, outcome.stderr):
        assert not RAW.search(text), f"{RAW.search(text)!r} of {run}"
        assert "Traceback" not in text, run
    commands = [line for line in outcome.stdout.splitlines() if line.lstrip().startswith("::")]
    if "github" in run.arguments:
        assert all(map(ANNOTATION.fullmatch, commands)), run
    else:
        assert commands == [], run
    if {"json", "sarif"} & set(run.arguments) and outcome.code < 2:
        json.loads(outcome.stdout or "{}")


def assert_examined(input: Hostile) -> None:
    """The same in Python, where nothing but SpecError may come out."""
    text = input.content.decode("utf-8", "surrogateescape")
    try:
        _, problems, _ = examine_text(text, "spec.yaml", overrides=input.overrides)
    except SpecError as error:
        problems = list(error.problems)
    except Exception as error:
        raise AssertionError(f"{type(error).__name__} from {input}") from error
    for problem in problems[:20]:
        shown = show(problem)
        assert not RAW.search(shown), f"{shown!r} from {input}"
        assert problem.end_column >= problem.column, f"{problem!r} from {input}"


def answer(number: int, directory: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[float, Run]:
    """Asks what there is to ask of one input; gives the longest time of an answer."""
    input, spec = hostile(number), directory / "spec.yaml"
    spec.write_bytes(input.content)
    (directory / "batch.npz").write_bytes(input.batch)
    run = run_of(input, directory)
    start = time.process_time()
    assert_examined(input)
    examined = time.process_time()
    assert_answered(run, run.outcome(monkeypatch))
    took = max(examined - start, time.process_time() - examined)
    if "--fix" in run.arguments:
        mended = spec.read_bytes()
        run.outcome(monkeypatch)
        assert spec.read_bytes() == mended, f"what is mended is mended again by {run}"
    return took, run


def fuzz(seconds: float, first: int, directory: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """Goes on for that long; gives the number of inputs."""
    end = time.monotonic() + seconds
    for number in range(first, first + COMMANDS):  # loads what each of the commands needs
        answer(number, directory, monkeypatch)
    for number in count(first):
        took, run = answer(number, directory, monkeypatch)
        assert took < SLOWEST, f"{took:.1f} s for {run}"
        if time.monotonic() > end:
            return number - first
    raise AssertionError("numbers do not end")


@pytest.mark.parametrize(
    "seconds", [QUICK, pytest.param(FULL, marks=pytest.mark.full)], ids=["quick", "full"]
)
def test_whatever_comes_is_answered(
    seconds: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    assert fuzz(seconds, 0 if seconds == QUICK else 1_000_000, tmp_path, monkeypatch) > 100
