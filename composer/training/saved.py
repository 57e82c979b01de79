"""A `.keras` file that keeps the spec and the state of the loss with the model."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib import parse

import keras
import numpy as np
import tensorflow as tf
from pydantic import ValidationError

from composer.compose import TotalLoss, build_total_loss
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

if TYPE_CHECKING:
    from keras import Model as Base

    from composer.training.trainer import TotalLossTrainer
else:
    Base = object  # see KerasFunctions

_KEY = "total_loss"
_POLICY = "on_nonfinite"
_PARTS = {"spec": dict, "arrays": dict, "losses": list}
_PREFIX = "loss state "
_SEED = "random seed "
_EVERY = "every_variable"


def write_total_loss(model: TotalLossTrainer) -> dict[str, Any]:
    """What a config says of a model's total loss: plain data."""
    return {_KEY: write_spec(model.total_loss), _POLICY: model.on_nonfinite}


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
    values = total_loss._plans.constants
    return {
        name: {
            "dtype": constant.dtype,
            "shape": list(constant.shape),
            "values": values[name].tensor.ravel().tolist(),
        }
        for name, constant in total_loss.spec.constants.items()
        if constant.name is not None
    }


def read_total_loss(
    config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The rest of a config, and the arguments `total_loss` and `on_nonfinite`."""
    rest = {name: value for name, value in config.items() if name not in (_KEY, _POLICY)}
    spec = read_spec(config.get(_KEY), custom_objects)
    return rest, {_KEY: build_total_loss(spec), _POLICY: config.get(_POLICY)}


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


class Saved(Base):
    """Keeps all variables: of the loss in `.keras` and `.weights.h5`, of Keras in a checkpoint."""

    def _trackable_children(self, save_type: str = "checkpoint", **options: Any) -> dict[str, Any]:
        """What `tf.train.Checkpoint` keeps: what Keras names, and the variables that it forgets.

        Keras shows TensorFlow no random seeds, and no layers that a model holds in lists.
        """
        children: dict[str, Any] = super()._trackable_children(save_type, **options)
        if save_type == "checkpoint":
            every = self.__dict__.setdefault(_EVERY, tf.Module())
            if len(getattr(every, _EVERY, ())) != len(self.variables):
                setattr(every, _EVERY, list(self.variables))
            children[_EVERY] = every
        return children

    def save_own_variables(self, store: Any) -> None:
        super().save_own_variables(store)
        for name, variable in loss_state(self.total_loss).items():
            # HDF5 takes a stroke in a name for a group.
            store[_PREFIX + parse.quote(name, safe="")] = variable.numpy()
        for place, seed in enumerate(_seeds(self)):
            store[f"{_SEED}{place}"] = seed.numpy()

    def load_own_variables(self, store: Any) -> None:
        """Raises ValueError where the file holds no state of the loss, or that of another."""
        kept = {name: store[name] for name in store.keys()}  # noqa: SIM118  # no mapping
        state = {
            parse.unquote(name.removeprefix(_PREFIX)): value
            for name, value in kept.items()
            if name.startswith(_PREFIX)
        }
        require_state(self.total_loss, state)
        super().load_own_variables(
            {name: value for name, value in kept.items() if not name.startswith((_PREFIX, _SEED))}
        )
        for name, variable in loss_state(self.total_loss).items():
            variable.assign(state[name])
        for place, seed in enumerate(_seeds(self)):
            # Weights of a plain Keras model come without.
            seed.assign(kept.get(f"{_SEED}{place}", seed))


def _seeds(model: Any) -> list[Any]:
    """The random seeds of all layers, such as those of dropout, which Keras saves nowhere."""
    weights = {id(each) for each in model.weights}
    return [each for each in model.variables if id(each) not in weights]


def loss_state(total_loss: TotalLoss) -> dict[str, tf.Variable]:
    """The variables of a total loss by `task/loss/name`."""
    return {
        f"{term}/{name}": variable
        for term, variables in total_loss.state.by_term.items()
        for name, variable in variables.items()
    }


def require_state(total_loss: TotalLoss, found: Mapping[str, Any]) -> None:
    """Raises ValueError where state is missing, or belongs to another spec."""
    wanted = loss_state(total_loss)
    missing = [name for name in wanted if name not in found]
    unknown = [name for name in found if name not in wanted]
    if missing:
        raise ValueError(
            f"the file should hold the state of the total loss, and lacks {listing(missing)}: "
            "it was saved without this loss, or with another"
        )
    if unknown:
        raise ValueError(f"the file holds state that this total loss has not: {listing(unknown)}")
    for name, variable in wanted.items():
        if tuple(found[name].shape) != tuple(variable.shape):
            raise ValueError(
                f"the file should hold {quote(name)} of the total loss as {variable.shape}, "
                f"found {tuple(found[name].shape)}"
            )
