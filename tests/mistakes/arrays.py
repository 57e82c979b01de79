"""Arrays as the corpus describes them: small ones written out, large ones by a rule."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

Described = dict[str, Any]
"""An array in JSON.

`values` are nested lists of all its numbers. Or else `shape` is given and `fill`, a number or a
list of them that is repeated in row-major order; `except` has pairs of an index and what stands
there instead. NaN and the infinities are the texts `nan`, `inf` and `-inf`.
"""


def save_array(path: Path, described: Described) -> None:
    """Writes a `.npy` file."""
    np.save(path, _array(described))


def save_arrays(path: Path, described: Mapping[str, Described]) -> None:
    """Writes an `.npz` file."""
    np.savez(path, **{name: _array(each) for name, each in described.items()})


def _array(described: Described) -> np.ndarray[Any, Any]:
    dtype = described["dtype"]
    if "values" in described:
        assert set(described) == {"dtype", "values"}, described
        return np.asarray(_numbers(described["values"]), dtype)
    assert set(described) <= {"dtype", "shape", "fill", "except"}, described
    filled = np.resize(np.asarray(_numbers(described["fill"]), dtype), described["shape"])
    for index, value in described.get("except", []):
        filled[tuple(index)] = _numbers(value)
    return filled


def _numbers(value: Any) -> Any:
    """The same with its texts read as numbers."""
    if isinstance(value, list):
        return [_numbers(each) for each in value]
    return float(value) if isinstance(value, str) else value
