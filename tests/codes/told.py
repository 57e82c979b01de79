"""What is told of every code's wrong example, in every output format."""

from __future__ import annotations

import contextlib
import io
import re
import tempfile
from pathlib import Path

from composer.codes import CATALOGUE, find
from composer.codes.base import Example, explanation
from composer.command.checking import Evidence, Manner, check_files
from composer.command.formats import FORMATS
from composer.command.trial import SPEC, lay_out, printed

HERE = Path(__file__).parent / "told"
SLOW = {code for code in CATALOGUE if explanation(find(code)).wrong.model}
"""Codes whose examples load TensorFlow."""


def transcript(code: str) -> Path:
    """The file that holds what is expected of a code."""
    return HERE / f"{code}.txt"


def told(code: str) -> str:
    """The input, and what `check` prints of it in each format."""
    example = explanation(find(code)).wrong
    with tempfile.TemporaryDirectory() as directory:
        run = _session if example.is_session else _spec
        parts = [f"── {SPEC} ──\n{example.text.rstrip()}\n"]
        parts += [f"── {name} ──\n{run(example, name, Path(directory))}" for name in FORMATS]
    return "".join(parts)


def _spec(example: Example, output_format: str, directory: Path) -> str:
    arguments = lay_out(example, directory)
    named = dict(zip(arguments[1::2], arguments[2::2], strict=True))
    evidence = Evidence(batch=named.get("--batch"), model=named.get("--model"))
    out = io.StringIO()
    with contextlib.chdir(directory), contextlib.redirect_stdout(out):
        check_files([SPEC], evidence, Manner(output_format, color="never"))
    return out.getvalue()


def _session(example: Example, output_format: str, directory: Path) -> str:
    """Only what `check` prints; the commands before it prepare."""
    commands = example.text.removeprefix("$ ").rstrip("\n").split("\n$ ")
    check = f"losscomp check --output-format {output_format}"
    return "".join(
        printed(re.sub(r"\blosscomp check\b", check, each), str(directory)) for each in commands
    )
