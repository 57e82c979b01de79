"""What it was measured on, and with which versions."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
from pathlib import Path
from typing import Any

_PACKAGES = ("losscomp", "tensorflow", "keras", "numpy", "tf-slim")


def described() -> dict[str, Any]:
    """Processor, threads, memory and versions."""
    import tensorflow as tf

    return {
        "processor": _found(r"^model name\s*:\s*(.+)$", "/proc/cpuinfo") or platform.processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "system": f"{platform.system()} {platform.machine()}",
        "devices": [device.device_type for device in tf.config.list_physical_devices()],
        "threads": {
            "within_an_op": tf.config.threading.get_intra_op_parallelism_threads(),
            "between_ops": tf.config.threading.get_inter_op_parallelism_threads(),
            "note": "0 is one for each core",
        },
        "python": platform.python_version(),
        "versions": {name: version for name in _PACKAGES if (version := _version(name))},
    }


def _found(pattern: str, path: str) -> str | None:
    try:
        found = re.search(pattern, Path(path).read_text(), re.MULTILINE)
    except OSError:
        return None
    return found[1] if found else None


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
