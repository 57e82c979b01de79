"""The memory bandwidth: how fast all cores together copy what no cache holds."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

BYTES = 256 << 20
"""Of the copied array; caches of server processors hold up to a few dozen MiB for each core."""


def copier(size: int = BYTES) -> Callable[[], None]:
    """Copies so many bytes, a part on each core: that many are read, and as many written."""
    cores = len(os.sched_getaffinity(0))
    source, target = np.ones(size, np.uint8), np.ones(size, np.uint8)
    parts = list(zip(np.array_split(source, cores), np.array_split(target, cores), strict=True))
    pool = ThreadPoolExecutor(cores)

    def copy() -> None:
        # NumPy lets go of the interpreter lock while it copies.
        for done in [pool.submit(np.copyto, into, of) for of, into in parts]:
            done.result()

    return copy


def multiple(seconds: float, least_bytes: int, copy_seconds: float, size: int = BYTES) -> float:
    """How many times as long something takes as its bytes would at the speed of the copy."""
    return seconds / (least_bytes / (2 * size / copy_seconds))
