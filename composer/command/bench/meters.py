"""Memory at its peak: what a call holds beyond what was held before it."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable
from typing import Any, Protocol

CALLS = 3
"""A graph runs its operations in an order of its own: the largest of several peaks counts."""

_STATUS, _CLEAR = "/proc/self/status", "/proc/self/clear_refs"
_RESET_PEAK = "5"  # proc(5)


class MeterError(RuntimeError):
    """Memory cannot be measured here."""


class Meter(Protocol):
    """Tells what is held, and what was held at most since it was reset."""

    def reset(self) -> None: ...

    def held(self) -> int: ...

    def peak(self) -> int: ...


class ResidentMeter:
    """The resident memory of this process, which Linux counts.

    Raises MeterError where Linux does not. An allocator that keeps what is freed hides what comes
    after: see `peaks`.
    """

    def __init__(self) -> None:
        try:
            self._trim = ctypes.CDLL(None).malloc_trim
            self.reset()
            self.peak()
        except (OSError, AttributeError, TypeError) as error:
            raise MeterError("Linux with glibc counts it, and nothing else here does") from error

    def reset(self) -> None:
        self._trim(0)
        with open(_CLEAR, "w", encoding="ascii") as file:
            file.write(_RESET_PEAK)

    def held(self) -> int:
        return _kilobytes("VmRSS") * 1024

    def peak(self) -> int:
        return _kilobytes("VmHWM") * 1024


class DeviceMeter:
    """The memory of an accelerator, which TensorFlow's allocator counts."""

    def __init__(self, device: str) -> None:
        self.device = device

    def reset(self) -> None:
        _experimental().reset_memory_stats(self.device)

    def held(self) -> int:
        return int(_experimental().get_memory_info(self.device)["current"])

    def peak(self) -> int:
        return int(_experimental().get_memory_info(self.device)["peak"])


def peak_of(run: Callable[[], Any], meter: Meter) -> int:
    """Bytes above what is held before, at the peak of a call that has run before."""
    return max(0, *(_peak(run, meter) for _ in range(CALLS)))


def _peak(run: Callable[[], Any], meter: Meter) -> int:
    meter.reset()
    before = meter.held()
    run()
    return meter.peak() - before


def _kilobytes(field: str) -> int:
    with open(_STATUS, encoding="ascii") as file:
        found = re.search(rf"^{field}:\s+(\d+) kB$", file.read(), re.MULTILINE)
    if found is None:
        raise OSError(f"{_STATUS} has no {field}")
    return int(found[1])


def _experimental() -> Any:
    import tensorflow as tf

    return tf.config.experimental
