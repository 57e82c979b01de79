"""The spec of a total loss as plain data for a `.keras` file, and the way back from any file."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from pydantic import ValidationError

from composer.compose import TotalLoss
from composer.constants import Constant
from composer.faults import problems_of
from composer.language.diagnostics import SpecError, listing, quote
from composer.language.dtypes import DTYPES
from composer.language.yaml.document import Document
from composer.losses import CATALOGUE
from composer.losses.base import Loss
from composer.npy import MAX_RANK
from composer.plain import document_of
from composer.reading import own_losses
from composer.spec import Spec
from composer.terms import terms_of

_PARTS = {"spec": dict, "arrays": dict, "losses": list}


def write_spec(total_loss: TotalLoss) -> dict[str, Any]:
    """The spec of a total loss as plain data, with the numbers of its `.npy` files."""
    spec = total_loss.spec
    own = sorted(
        {type(term.loss).__name__ for term in terms_of(spec) if term.loss.type not in CATALOGUE}
    )
    mapping = spec.to_mapping()
    _document(mapping)  # what could not be read again is not written
    return {"spec": mapping, "arrays": _arrays(total_loss), "losses": own}


def _arrays(total_loss: TotalLoss) -> dict[str, Any]:
    """The constants that are files, as they were when it was built: they may be gone by now."""
    values = total_loss.constants
    return {
        name: {
            "dtype": constant.dtype,
            "shape": list(constant.shape),
            "values": values[name].tensor.ravel().tolist(),
        }
        for name, constant in total_loss.spec.constants.items()
        if constant.name is not None
    }


def read_spec(saved: Any, custom_objects: Mapping[str, Any] | None = None) -> Spec:
    """What `write_spec` wrote, by whomever.

    Raises:
        SpecError: the spec is not sound.
        ValueError: the rest is not, or the spec needs loss classes that are not known.
    """
    spec, arrays, names = _parts(saved)
    own = own_losses(_own_losses(names, custom_objects))
    document = _document(spec)
    mapping = {**spec, "constants": {**spec["constants"], **arrays}} if arrays else spec
    try:
        return Spec.model_validate(mapping, context={"losses": own, "directory": None})
    except ValidationError as error:
        raise SpecError(problems_of(error, document, own), document.text) from None


def _document(spec: Mapping[str, Any]) -> Document:
    """The spec as text; raises ValueError where it is too large, which Keras lets through."""
    try:
        return document_of(spec)
    except TypeError as error:
        raise ValueError(f"{error}; long constants belong into `.npy` files") from None


def _parts(saved: Any) -> tuple[dict[str, Any], dict[str, Constant], list[str]]:
    """The spec, its arrays and the names of its own losses; raises ValueError for anything else."""
    parts: list[Any] = [saved.get(name) for name in _PARTS] if isinstance(saved, Mapping) else []
    if [type(part) for part in parts] != list(_PARTS.values()):
        raise ValueError(
            "a saved total loss should hold a mapping `spec`, a mapping `arrays` and a list "
            "`losses`; save the model anew"
        )
    spec, arrays, names = parts
    return spec, {name: _constant(name, array, spec) for name, array in arrays.items()}, names


def _constant(name: str, saved: Any, spec: Mapping[str, Any]) -> Constant:
    """The numbers of a file, which the spec still calls by its name."""
    try:
        dtype, shape, values = (saved[part] for part in ("dtype", "shape", "values"))
        file = spec["constants"][name]
        if isinstance(file, str) and _is_array(dtype, shape, values):
            return Constant(dtype, tuple(shape), tuple(values), name=file)
    except (LookupError, TypeError, ValueError, ArithmeticError):
        pass  # told below
    raise ValueError(
        f"the saved constant {quote(name)} should be the numbers of a file: a dtype, a shape and "
        "as many finite numbers; save the model anew"
    )


def _is_array(dtype: str, shape: list[int], values: list[Any]) -> bool:
    """Whether numbers fill a shape; nothing is made of that shape before."""
    if dtype not in DTYPES or len(shape) > MAX_RANK:
        return False
    if not all(type(size) is int and size > 0 for size in shape) or math.prod(shape) != len(values):
        return False
    with np.errstate(over="ignore"):  # what is too large for its dtype is not finite in it
        held = np.array(values, dtype)
    return held.ndim == 1 and held.tolist() == values and bool(np.isfinite(held).all())


def _own_losses(names: list[Any], custom_objects: Mapping[str, Any] | None) -> list[type[Loss]]:
    """Loss classes of one's own by their names; raises ValueError with the way to give them."""
    known = {
        name: keras.saving.get_registered_object(name, custom_objects) for name in map(str, names)
    }
    missing = [
        name for name, cls in known.items() if not (isinstance(cls, type) and issubclass(cls, Loss))
    ]
    if missing:
        given = ", ".join(f'"{name}": {name}' for name in missing)
        raise ValueError(
            f"the total loss of this model has losses of its own, {listing(missing)}; load it with "
            f"`keras.saving.load_model(path, custom_objects={{{given}}})`"
        )
    return list(known.values())
