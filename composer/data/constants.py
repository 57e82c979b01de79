"""The constants of a spec as NumPy arrays."""

from __future__ import annotations

import numpy as np

from composer.constants import Constant
from composer.data.operands import Array, Value
from composer.language.dtypes import kind
from composer.language.static.dtypes import EXACT
from composer.spec import Spec


def constant_arrays(spec: Spec) -> dict[str, Value]:
    """The constants by name; raises ValueError for a file that is not what it was."""
    return {name: _value(constant) for name, constant in spec.constants.items()}


def _value(constant: Constant) -> Value:
    array = _inline(constant) if constant.file is None else _loaded(constant, constant.file)
    return Value(array, constant.dtype, "table" if constant.shape else "scalar")


def _inline(constant: Constant) -> Array:
    numbers: Array = np.asarray(constant.values, EXACT[kind(constant.dtype)])
    return numbers.reshape(constant.shape)


def _loaded(constant: Constant, file: str) -> Array:
    array: Array = np.load(file, allow_pickle=False)
    if array.shape != constant.shape or not np.isfinite(array).all():
        raise ValueError(f"{file} should hold {constant.shape} finite numbers")
    return array
