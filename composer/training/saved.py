"""A `.keras` file that keeps the spec and the state of the loss with the model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote  # HDF5 takes a stroke in a name for a group

import keras
import tensorflow as tf

from composer.compose import TotalLoss, build_total_loss
from composer.constants import Constant
from composer.data.constants import constant_arrays
from composer.language.diagnostics import listing
from composer.losses import CATALOGUE
from composer.losses.base import Loss
from composer.reading import own_losses
from composer.spec import Spec
from composer.terms import terms_of

if TYPE_CHECKING:
    from keras import Model as Base

    from composer.training.trainer import TotalLossTrainer
else:
    Base = object  # see TotalLossTrainer

_KEY = "total_loss"
_POLICY = "on_nonfinite"
_PREFIX = "loss state "


def write_total_loss(model: TotalLossTrainer) -> dict[str, Any]:
    """What a config says of a model's total loss: plain data, with the numbers of `.npy` files."""
    spec = model.total_loss.spec
    own = sorted(
        {type(term.loss).__name__ for term in terms_of(spec) if term.loss.type not in CATALOGUE}
    )
    saved = {"spec": spec.to_mapping(), "arrays": _arrays(spec), "losses": own}
    return {_KEY: saved, _POLICY: model.on_nonfinite}


def _arrays(spec: Spec) -> dict[str, Any]:
    """The constants that are files, which may not be there where the model is loaded."""
    values = constant_arrays(spec)
    return {
        name: {
            "dtype": constant.dtype,
            "shape": list(constant.shape),
            "values": values[name].array.ravel().tolist(),
        }
        for name, constant in spec.constants.items()
        if constant.file is not None
    }


def read_total_loss(
    config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The rest of a config, and the arguments `total_loss` and `on_nonfinite`."""
    rest = {name: value for name, value in config.items() if name not in (_KEY, _POLICY)}
    saved = config[_KEY]
    losses = _own_losses(saved["losses"], custom_objects or {})
    mapping = {**saved["spec"], "constants": _constants(saved)}
    spec = Spec.model_validate(mapping, context={"losses": own_losses(losses), "directory": None})
    return rest, {_KEY: build_total_loss(spec), _POLICY: config[_POLICY]}


def _constants(saved: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(saved["spec"].get("constants", {}))
    for name, array in saved["arrays"].items():
        found[name] = Constant(array["dtype"], tuple(array["shape"]), tuple(array["values"]))
    return found


def _own_losses(names: list[str], custom_objects: Mapping[str, Any]) -> list[type[Loss]]:
    """Loss classes of one's own by their names; raises ValueError with the way to give them."""
    known = {**keras.saving.get_custom_objects(), **custom_objects}
    missing = [name for name in names if name not in known]
    if missing:
        given = ", ".join(f'"{name}": {name}' for name in missing)
        raise ValueError(
            f"the total loss of this model has losses of its own, {listing(missing)}; load it with "
            f"`keras.saving.load_model(path, custom_objects={{{given}}})`"
        )
    return [known[name] for name in names]


class Saved(Base):
    """Keeps the variables of the total loss with a model's own, in `.keras` and `.weights.h5`."""

    def save_own_variables(self, store: Any) -> None:
        super().save_own_variables(store)
        for name, variable in loss_state(self.total_loss).items():
            store[_PREFIX + quote(name, safe="")] = variable.numpy()

    def load_own_variables(self, store: Any) -> None:
        """Raises ValueError where the file holds no state of the loss, or that of another."""
        kept = {name: store[name] for name in store.keys()}  # noqa: SIM118  # no mapping
        state = {
            unquote(name.removeprefix(_PREFIX)): value
            for name, value in kept.items()
            if name.startswith(_PREFIX)
        }
        require_state(self.total_loss, state)
        super().load_own_variables(
            {name: value for name, value in kept.items() if not name.startswith(_PREFIX)}
        )
        for name, variable in loss_state(self.total_loss).items():
            variable.assign(state[name])


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
