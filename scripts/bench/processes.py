"""Parts of the benchmark in processes of their own, with what they say as they go."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

SCRIPT = Path(__file__).resolve().parents[1] / "bench.py"


def in_process(request: Mapping[str, Any], environment: Mapping[str, str] | None = None) -> Any:
    """What a part gives.

    Args:
        request: `part`, the name of the part, and its arguments.
        environment: variables set besides those of this process.

    Raises:
        RuntimeError: the process failed; with the end of what it wrote.
    """
    with tempfile.TemporaryDirectory() as folder:
        asked, answer, log = (Path(folder, name) for name in ("asked", "answer", "log"))
        asked.write_text(json.dumps(request))
        variables = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", **(environment or {})}
        with log.open("w") as errors:
            process = subprocess.Popen(
                [sys.executable, SCRIPT, "--part", asked, answer],
                env=variables, stdout=subprocess.PIPE, stderr=errors, text=True,
            )  # fmt: skip
            assert process.stdout is not None
            for line in process.stdout:
                say(line.rstrip())
        if process.wait() != 0:
            end = "\n".join(log.read_text().splitlines()[-15:])
            raise RuntimeError(f"{request['part']} failed:\n{end}")
        return json.loads(answer.read_text())


def answer_to(asked: Path, answer: Path) -> None:
    """Computes the part that was asked for, in the process that was started for it."""
    from bench.parts import PARTS  # loads TensorFlow

    request = json.loads(asked.read_text())
    answer.write_text(json.dumps(PARTS[request.pop("part")](**request)))


def say(text: str) -> None:
    """Tells how far it is, beside what is printed in the end."""
    print(text, file=sys.stderr, flush=True)
