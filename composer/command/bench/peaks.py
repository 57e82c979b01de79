"""The memory of every subject; of processors in a process of its own that gives back what it frees.

TensorFlow's allocator keeps what is freed, and rounds up what it hands out; glibc keeps a part too.
In that process neither does, so that what is resident is what is held. It is slower for it, and
takes no times.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from composer.command.bench.measured import Peaks, Wanted
from composer.command.bench.meters import Meter, MeterError, ResidentMeter, peak_of
from composer.command.specs import STDIN, sound_spec

if TYPE_CHECKING:
    from composer.command.bench.subjects import Subjects
    from composer.spec import Spec

_ALLOCATORS = {
    "TF_ONEDNN_USE_SYSTEM_ALLOCATOR": "1",
    "MALLOC_MMAP_THRESHOLD_": "65536",
    "MALLOC_TRIM_THRESHOLD_": "0",
    "TF_CPP_MIN_LOG_LEVEL": "3",
}
_KNOWN = 2**24
_TOLERANCE = 0.1


def peaks_by(meter: Meter, subjects: Subjects, modes: Sequence[str]) -> Peaks:
    """Measures in this process, as an accelerator can be whose allocator counts what it holds."""

    def of_mode(mode: str) -> dict[str, int]:
        prepared = {name: subjects.prepare(name, mode).run for name in subjects.names}
        return {name: peak_of(run, meter) for name, run in prepared.items() if run is not None}

    return {mode: of_mode(mode) for mode in modes}


def peaks_of(wanted: Wanted, text: str | None = None) -> Peaks:
    """Starts the process and waits for its answer.

    Args:
        wanted: what to measure.
        text: what the spec says, where it came from standard input.

    Raises:
        MeterError: there is no answer, or memory cannot be measured there.
    """
    if not sys.executable:
        raise MeterError("there is no Python to start for it")
    path = os.pathsep.join(os.path.abspath(each) for each in sys.path)
    done = subprocess.run(  # noqa: S603  # our own module, with plain data on its standard input
        [sys.executable, "-P", "-m", __name__],
        input=json.dumps({"wanted": asdict(wanted), "text": text}),
        env={**os.environ, **_ALLOCATORS, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        stderr=None if os.environ.get("LOSSCOMP_DEBUG") else subprocess.DEVNULL,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        code = done.returncode
        raise MeterError(f"the process that measures it ended with code {code}") from None
    if "error" in answer:
        raise MeterError(answer["error"])
    peaks: Peaks = answer["peaks"]
    return peaks


def main() -> None:
    """Reads what is wanted on standard input and answers on standard output."""
    request = json.load(sys.stdin)
    # What a loss of one's own prints is no part of the answer.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    try:
        answer: dict[str, Any] = {"peaks": _measured(Wanted(**request["wanted"]), request["text"])}
    except MeterError as error:
        answer = {"error": str(error)}
    json.dump(answer, answers)
    answers.flush()


def _measured(wanted: Wanted, text: str | None) -> Peaks:
    from composer.command.batches import batch_of
    from composer.command.bench.subjects import Subjects

    spec = _spec(wanted, text)
    subjects = Subjects(spec, *batch_of(spec, wanted.batch), wanted.step)
    return peaks_by(_meter(), subjects, wanted.modes)


def _spec(wanted: Wanted, text: str | None) -> Spec:
    from composer.command.own_losses import load_own_losses
    from composer.reading import examine_text

    own = load_own_losses(wanted.losses)
    if text is None:
        return sound_spec(wanted.config, own, wanted.overrides)
    spec, _, _ = examine_text(text, STDIN, own, wanted.overrides)
    assert spec is not None  # it was sound a moment ago
    return spec


def _meter() -> Meter:
    """What is resident; raises MeterError where it gets a known number of bytes wrong."""
    from composer.command.bench.subjects import copy_of

    meter = ResidentMeter()
    if abs(peak_of(copy_of(_KNOWN), meter) - _KNOWN) > _TOLERANCE * _KNOWN:
        raise MeterError("the allocator here keeps what is freed, which hides what is held")
    return meter


if __name__ == "__main__":
    main()
