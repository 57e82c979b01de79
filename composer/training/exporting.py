"""A model with its total loss as a SavedModel, which needs TensorFlow alone."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf

from composer.engine.batch_tensors import nested
from composer.engine.tensor_specs import Place, argument_names, flat_rows, named
from composer.training.batches import by_name, with_keras_masks
from composer.training.export_specs import input_specs, target_specs
from composer.training.trainer import TotalLossTrainer


def export(
    model: TotalLossTrainer, directory: str | os.PathLike[str], *, batch: Any = None
) -> None:
    """Writes a SavedModel of a model and its total loss, for a process that has TensorFlow alone.

    What `tf.saved_model.load` gives has

    - `predict(x)`: the predictions by name;
    - `total_loss(x, y_true, step)`: the total and the breakdown, a mapping of each row's name to
      its `loss`, `weight`, `weighted` and `denominator`; `step` is an int64 scalar;
    - the signatures `serving_default` and `total_loss`: the same with flat names, `x`, `x_image`,
      `y_true_depth` and `step` in, `depth`, `total` and `depth/huber/loss` out.

    The model is called as in inference, its own losses are in the total, and the state of the loss
    goes along and stays as it is. The batch axis is unknown.

    Args:
        model: a MultiTaskModel, or what `attach` gave.
        directory: where to; made where missing; an older SavedModel there is written over.
        batch: `(x, y_true)` as for `fit`, for dtypes and ranks. Needed where the model was made
            without symbolic inputs, or where `tensors:` does not declare a target that the spec
            reads.

    Raises:
        ValueError: a dtype or a rank is not known, or the model has no total loss.
        SpecError: the tensors do not fit the spec.
    """
    if not isinstance(model, TotalLossTrainer):
        raise ValueError(
            f"model should have a total loss, found {type(model).__name__}; "
            "`training.attach(model, spec)` gives it one"
        )
    inputs = input_specs(model, batch)
    with model.total_loss.uncompiled():
        functions = _Functions(model, inputs, target_specs(model, batch))
        tf.saved_model.save(
            functions.as_module(),
            os.fspath(directory),
            signatures={
                "serving_default": functions.flat_predict,
                "total_loss": functions.flat_total_loss,
            },
        )


class _Functions:
    """The functions of the SavedModel, traced once each.

    It is no `tf.Module`: as a part of one the model would bring its own functions along.

    Args:
        model: what they call.
        inputs: the specs of `x`, as they nest.
        targets: the specs of the targets by place.
    """

    def __init__(
        self, model: TotalLossTrainer, inputs: Any, targets: Mapping[Place, tf.TensorSpec]
    ) -> None:
        self.model = model
        self.inputs = inputs
        step = tf.TensorSpec([], tf.int64, name="step")
        y_true = nested(targets, "y_true")
        self.predict = _function(self._predict, [inputs])
        self.total_loss = _function(self._total_loss, [inputs, y_true, step])
        leaves = {_input_place(path): spec for path, spec in keras.tree.flatten_with_path(inputs)}
        self.x_names = argument_names(leaves)
        self.y_names = argument_names(targets)
        x = named({name: leaves[place] for name, place in self.x_names.items()})
        y = named({name: targets[place] for name, place in self.y_names.items()})
        self.flat_predict = _function(self._flat_predict).get_concrete_function(**x)
        self.flat_total_loss = _function(self._flat_total_loss).get_concrete_function(
            **x, **y, step=step
        )

    def as_module(self) -> tf.Module:
        """What is saved: the functions, and all that they read."""
        module = tf.Module(name="exported_model")
        module.predict = self.predict
        module.total_loss = self.total_loss
        module.loss = self.model.total_loss
        module.captured = self.flat_total_loss.variables
        module.tables = [
            each
            for each in tf.train.TrackableView(self.model).descendants()
            if isinstance(each, tf.saved_model.experimental.TrackableResource)
        ]
        return module

    def _predict(self, x: Any) -> dict[str, Any]:
        names = getattr(self.model, "output_names", None)
        y_pred = self.model(x, training=False)
        return by_name("y_pred", y_pred, names, self.model.total_loss.paths)

    def _total_loss(self, x: Any, y_true: Mapping[str, Any], step: tf.Tensor) -> Any:
        y_pred = self._predict(x)
        y_true = with_keras_masks(dict(y_true), y_pred, self.model.total_loss.paths)
        total, breakdown = self.model.total_loss(
            y_true,
            y_pred,
            step=step,
            regularization=self.model._regularization(),
            training=False,
        )
        return total, {name: row._asdict() for name, row in breakdown.items()}

    def _flat_predict(self, **tensors: tf.Tensor) -> dict[str, tf.Tensor]:
        leaves = keras.tree.flatten_with_path(self._predict(self._x(tensors)))
        return {".".join(map(str, path)): tensor for path, tensor in leaves}

    def _flat_total_loss(self, **tensors: tf.Tensor) -> dict[str, tf.Tensor]:
        y_true = {place: tensors[name] for name, place in self.y_names.items()}
        return flat_rows(
            *self._total_loss(self._x(tensors), nested(y_true, "y_true"), tensors["step"])
        )

    def _x(self, tensors: Mapping[str, tf.Tensor]) -> Any:
        return keras.tree.pack_sequence_as(self.inputs, [tensors[name] for name in self.x_names])


def _function(function: Any, signature: Any = None) -> Any:
    return tf.function(function, input_signature=signature, autograph=False)


def _input_place(path: tuple[Any, ...]) -> Place:
    return "x", tuple(map(str, path))
