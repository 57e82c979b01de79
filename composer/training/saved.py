"""A `.keras` file that keeps the spec and the state of the loss with the model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib import parse

import tensorflow as tf

from composer.compose import TotalLoss, build_total_loss
from composer.language.diagnostics import listing, quote
from composer.training.saved_spec import read_spec, write_spec

if TYPE_CHECKING:
    from keras import Model as Base

    from composer.training.trainer import TotalLossTrainer
else:
    Base = object  # see KerasFunctions

_KEY = "total_loss"
_POLICY = "on_nonfinite"
_PREFIX = "loss state "
_SEED = "random seed "
_EVERY = "every_variable"


def write_total_loss(model: TotalLossTrainer) -> dict[str, Any]:
    """What a config says of a model's total loss: plain data."""
    return {_KEY: write_spec(model.total_loss), _POLICY: model.on_nonfinite}


def read_total_loss(
    config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The rest of a config, and the arguments `total_loss` and `on_nonfinite`."""
    rest = {name: value for name, value in config.items() if name not in (_KEY, _POLICY)}
    spec = read_spec(config.get(_KEY), custom_objects)
    return rest, {_KEY: build_total_loss(spec), _POLICY: config.get(_POLICY)}


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
