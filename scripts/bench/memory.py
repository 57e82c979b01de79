"""The peak memory of one step, in a process of its own."""

from __future__ import annotations

import re
import statistics
from pathlib import Path
from typing import Any

from bench.cases import CASES
from bench.rivals import builders
from bench.step import Step

CALLS = 3
ENVIRONMENT = {
    # glibc keeps what is freed, so that a peak would hide in memory that is resident already. With
    # a fixed threshold, what is larger is mapped for itself and given back as soon as it is freed.
    "MALLOC_MMAP_THRESHOLD_": "65536",
    "MALLOC_TRIM_THRESHOLD_": "65536",
    "MALLOC_TOP_PAD_": "0",
    # With oneDNN, TensorFlow keeps pools of its own and never gives back; no loss uses its kernels.
    "TF_ENABLE_ONEDNN_OPTS": "0",
}
"""Of a process whose memory is measured."""


def peak(name: str, rival: str, mode: str, options: dict[str, Any]) -> dict[str, Any]:
    """Bytes that a step takes above its inputs: the median of some calls, and all of them.

    The gradients are among them: no step takes less than the bytes of the predictions.
    """
    case = CASES[name](options["quick"])
    step = Step(case, builders(options["jit_compile"])[rival].build(case), mode)
    for _ in range(2):  # traces, and fills what is kept from call to call
        step()
    peaks = [_peak_of(step) for _ in range(CALLS)]
    median = statistics.median(peaks)
    return {"bytes": median, "calls": peaks, "of_predictions": median / case.prediction_bytes}


def _peak_of(step: Step) -> int:
    # 5 sets the highest resident size back to the present one; see proc_pid_clear_refs(5).
    Path("/proc/self/clear_refs").write_text("5")
    before = _status("VmRSS")
    found = step()
    peak = _status("VmHWM")
    del found
    return peak - before


def _status(field: str) -> int:
    """Bytes, from what Linux tells of this process."""
    found = re.search(rf"^{field}:\s+(\d+) kB$", Path("/proc/self/status").read_text(), re.M)
    assert found is not None
    return int(found[1]) * 1024
