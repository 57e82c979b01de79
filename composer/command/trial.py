"""What the program says of an example: always heard from the program itself, never written down."""

from __future__ import annotations

import contextlib
import functools
import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from composer.codes.base import Example

if TYPE_CHECKING:
    import numpy as np

SPEC, BATCH, MODEL = "loss.yaml", "batch.npz", "model.keras"

_TOLD = re.compile(r"^.*?: (error|warning)\[([a-z-]+)\]: ", re.MULTILINE)
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_SHELL = """
losscomp() { "$LOSSCOMP_PYTHON" -P -m composer "$@"; }
python3() { "$LOSSCOMP_PYTHON" "$@"; }
"""


@functools.cache
def transcript(example: Example) -> str:
    """The commands, each with what it prints."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as directory:
        if not example.is_session:
            return _checked(example, Path(directory))
        commands = example.text.removeprefix("$ ").rstrip("\n").split("\n$ ")
        return "".join(f"$ {each}\n{printed(each, directory)}" for each in commands)


def problems_told(text: str) -> list[tuple[str, str]]:
    """Severity and code of each problem in what a command printed, in order."""
    return _TOLD.findall(text)


def _checked(example: Example, directory: Path) -> str:
    from composer.cli import app

    arguments = ["check", *lay_out(example, directory)]
    printed = io.StringIO()
    with contextlib.chdir(directory), contextlib.redirect_stdout(printed):
        app(arguments, standalone_mode=False)
    return f"$ losscomp {' '.join(arguments)}\n{_COLOUR.sub('', printed.getvalue())}"


def lay_out(example: Example, directory: Path) -> list[str]:
    """Writes the spec and what it is checked on; returns the arguments that name them."""
    (directory / SPEC).write_text(example.text, encoding="utf-8")
    arguments = [SPEC]
    for name, described in _read(example.files).items():
        _write_file(directory / name, _array(described))
    if example.batch:
        _write_batch(directory / BATCH, _read(example.batch))
        arguments += ["--batch", BATCH]
    if example.model:
        _write_model(directory / MODEL, _read(example.model))
        arguments += ["--model", MODEL]
    return arguments


def _read(text: str) -> dict[str, Any]:
    from composer.language.yaml.document import read_document

    data: Any = read_document(text, "example").root.to_python() if text else {}
    return dict(data)


def _array(described: Any) -> np.ndarray[Any, Any]:
    import numpy as np

    if isinstance(described, dict):
        return np.asarray(described["values"], described["dtype"])
    array = np.asarray(described)
    return array.astype("float32") if array.dtype == "float64" else array


def _write_file(path: Path, array: np.ndarray[Any, Any]) -> None:
    import numpy as np

    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, array)


def _write_batch(path: Path, batch: dict[str, Any]) -> None:
    import numpy as np

    arrays: dict[str, Any] = {name: _array(described) for name, described in batch.items()}
    np.savez(path, **arrays)


def _write_model(path: Path, outputs: dict[str, Any]) -> None:
    from composer.command.building import native_log_hidden

    with native_log_hidden():
        import keras

        inputs = [keras.Input(tuple(shape)) for shape in outputs.values()]
        heads = {
            name: keras.layers.Identity()(each) for name, each in zip(outputs, inputs, strict=True)
        }
        keras.Model(inputs, heads).save(path)


def printed(command: str, directory: str) -> str:
    """What a command of a session prints, on either stream; nothing where there is no shell."""
    import composer

    shell = shutil.which("sh")
    if shell is None:
        return ""
    source = str(Path(composer.__file__).parents[1])
    environment = {
        **os.environ,
        "LOSSCOMP_PYTHON": sys.executable,
        "PYTHONPATH": os.pathsep.join(filter(None, (source, os.environ.get("PYTHONPATH")))),
        "NO_COLOR": "1",
        "PYTHONIOENCODING": "utf-8",
    }
    environment.pop("FORCE_COLOR", None)
    done = subprocess.run(  # noqa: S603  # the commands are those of our own docstrings
        [shell, "-c", _SHELL + command],
        cwd=directory,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    return done.stdout
