"""Keras models that train with a total loss: a functional one, and one around any other."""

from __future__ import annotations

from typing import Any

import keras

from composer.engine.batch_tensors import find
from composer.training.batches import by_name
from composer.training.saved import Saved, read_total_loss, write_total_loss
from composer.training.trainer import TotalLossTrainer

register = keras.saving.register_keras_serializable(package="losscomp")


@register
class MultiTaskModel(Saved, TotalLossTrainer, keras.Model):
    """A functional model that trains with a total loss.

    Args:
        inputs: as for `keras.Model`.
        outputs: as for `keras.Model`; a mapping names the predictions as the spec does, and of a
            list each takes the name of its layer.
        name: of the model.
        total_loss: a TotalLoss, or what `build_total_loss` takes: a path, a mapping or a Spec. One
            with centers has to be built in the scope of the model's strategy.
        on_nonfinite: `report` logs the name of a term that is not finite and the step; `skip_term`
            leaves it out of that step; `raise` does so and stops with a NonFiniteError. The last
            two compute the loss of a batch twice.

    Raises:
        SpecError: the spec is not sound.
        ValueError: there is no `total_loss`, an output that the spec reads is missing, or
            `on_nonfinite` is no policy.
    """

    def __init__(
        self,
        inputs: Any,
        outputs: Any,
        name: str | None = None,
        *,
        total_loss: Any = None,
        on_nonfinite: str = "report",
        **options: Any,
    ) -> None:
        if total_loss is None:
            raise ValueError(
                "a MultiTaskModel should get a `total_loss`; a copy of one is "
                "`MultiTaskModel.from_config(model.get_config())`"
            )
        super().__init__(inputs, outputs, name=name, **options)
        self.take(total_loss, on_nonfinite)
        paths = self.total_loss.paths
        predictions = by_name("y_pred", self.output, self.output_names, paths)
        for path in paths["y_pred"]:
            find(predictions, "y_pred", path)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **write_total_loss(self)}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> MultiTaskModel:
        config, options = read_total_loss(config, custom_objects)
        plain = keras.Model.from_config(config, custom_objects)
        return cls(plain.input, plain.output, name=plain.name, **options)


@register
class AttachedModel(Saved, TotalLossTrainer, keras.Model):
    """A model of any kind with a total loss; see `attach`."""

    def __init__(
        self,
        model: keras.Model,
        name: str | None = None,
        *,
        total_loss: Any,
        on_nonfinite: str = "report",
        **options: Any,
    ) -> None:
        # That of the model, after which `compile` scales the loss, and not that of the moment.
        super().__init__(name=name or model.name, dtype=model.dtype_policy, **options)
        self.model = model
        self.take(total_loss, on_nonfinite)
        if model.built:
            self.built = True

    @property
    def output_names(self) -> list[str]:
        """Those of the model; AttributeError where it has none."""
        names: list[str] = self.model.output_names
        return names

    def call(self, inputs: Any) -> Any:
        """What the model makes of its inputs; whether it trains reaches it by Keras's context."""
        return self.model(inputs)

    def get_config(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "model": keras.saving.serialize_keras_object(self.model),
            **write_total_loss(self),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> AttachedModel:
        config, options = read_total_loss(config, custom_objects)
        model = keras.saving.deserialize_keras_object(config["model"], custom_objects)
        return cls(model, name=config["name"], **options)


def attach(model: keras.Model, total_loss: Any, *, on_nonfinite: str = "report") -> AttachedModel:
    """A model that exists already, of any kind, with a total loss to train with.

    The layers are shared: what the returned model learns, `model` has learnt. Its own `train_step`
    and what it was compiled with are not used.

    Args:
        model: functional, sequential or a subclass; it should return a mapping by the names of the
            spec, or have `output_names`, or, without these, the one output that the spec reads.
        total_loss: as for MultiTaskModel.
        on_nonfinite: as for MultiTaskModel.

    Returns:
        The model to compile and fit.

    Raises:
        SpecError: the spec is not sound.
        ValueError: `model` is no keras.Model, or `on_nonfinite` is no policy.
    """
    if not isinstance(model, keras.Model):
        raise ValueError(f"model should be a keras.Model, found {type(model).__name__}")
    with model.distribute_strategy.scope():
        return AttachedModel(model, total_loss=total_loss, on_nonfinite=on_nonfinite)
