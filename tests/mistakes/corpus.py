"""Specs that are wrong and specs that only look it, and what `losscomp check` prints of each."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from composer.command.checking import Evidence, check_files
from composer.command.own_losses import load_own_losses
from tests.mistakes.arrays import save_array, save_arrays

HERE = Path(__file__).parent
KINDS = ("wrong", "right")
BATCH = "batch.npz"
SOUND = "1 file checked: sound\n"


@dataclass(frozen=True)
class Case:
    """A spec with what lies beside it under the same name.

    `.txt` is what a person sees of the command; where a right spec has none, it is told to be sound
    and nothing else. `.json` has the `batch` that the spec is checked on, at which `step`, and the
    `.npy` `files` of its constants, all as `tests.mistakes.arrays` describes them. `.py` has its
    losses.
    """

    spec: Path

    @property
    def name(self) -> str:
        return self.spec.relative_to(HERE).with_suffix("").as_posix()

    @property
    def topic(self) -> str:
        return self.spec.parent.name

    @property
    def transcript(self) -> Path:
        return self.spec.with_suffix(".txt")

    @property
    def inputs(self) -> dict[str, Any]:
        """What the `.json` says; nothing where there is none."""
        file = self.spec.with_suffix(".json")
        inputs: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
        assert set(inputs) <= {"batch", "files", "step"}, file
        return inputs

    @property
    def losses(self) -> list[str]:
        file = self.spec.with_suffix(".py")
        return [file.name] if file.exists() else []

    @property
    def arguments(self) -> list[str]:
        """The words of the command behind `losscomp`."""
        inputs = self.inputs
        words = ["check", self.spec.name]
        words += ["--batch", BATCH] if "batch" in inputs else []
        words += ["--step", str(inputs["step"])] if "step" in inputs else []
        return words + [word for file in self.losses for word in ("--losses", file)]

    @property
    def expected(self) -> str:
        """What a person should see who gives the command."""
        if self.transcript.exists():
            return self.transcript.read_text(encoding="utf-8")
        return seen(self, 0, SOUND)


def cases(kind: str) -> list[Case]:
    """All cases that are `wrong` or `right`, in the order of their names."""
    return [Case(file) for file in sorted((HERE / kind).glob("*/*.yaml"))]


def run(case: Case, directory: Path) -> str:
    """Checks a case in a directory of its own, and gives what a person sees of it."""
    lay_out(case, directory)
    printed = io.StringIO()
    with contextlib.chdir(directory), contextlib.redirect_stdout(printed):
        batch = BATCH if "batch" in case.inputs else None
        losses = load_own_losses(case.losses)
        evidence = Evidence(losses, batch, step=case.inputs.get("step", 0))
        code = check_files([case.spec.name], evidence)
    return seen(case, code, printed.getvalue())


def lay_out(case: Case, directory: Path) -> None:
    """Writes the files that the command reads."""
    for name in (case.spec.name, *case.losses):
        shutil.copy(case.spec.parent / name, directory / name)
    for name, described in case.inputs.get("files", {}).items():
        save_array(directory / name, described)
    if "batch" in case.inputs:
        save_arrays(directory / BATCH, case.inputs["batch"])


def seen(case: Case, code: int, printed: str) -> str:
    """The command, what it printed and, if it is not 0, its exit code."""
    end = f"(exit code {code})\n" if code else ""
    return f"$ losscomp {' '.join(case.arguments)}\n{printed}{end}"


def strays() -> Iterator[Path]:
    """Files among the specs that belong to none of them."""
    for kind in KINDS:
        own = {case.spec.with_suffix("") for case in cases(kind)}
        for file in sorted((HERE / kind).rglob("*")):
            is_part = file.suffix in (".yaml", ".txt", ".json", ".py")
            if file.is_file() and not (is_part and file.with_suffix("") in own):
                yield file
