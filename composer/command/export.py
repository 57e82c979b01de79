"""A total loss as a SavedModel that takes exactly the tensors that its spec reads."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from composer.compose import REGULARIZATION, TotalLoss
from composer.declared import declaration
from composer.engine.batch_tensors import Tensors, nested
from composer.engine.tensor_specs import argument_names, flat_rows, named, tensor_spec
from composer.spec import Spec

Flat = dict[str, Any]


def export(total_loss: TotalLoss, tensors: Tensors, directory: str | os.PathLike[str]) -> None:
    """Writes `total_loss(y_true, y_pred, step)` and a flat `serving_default`.

    Args:
        total_loss: what to write; its state goes along and does not move there.
        tensors: a batch, for dtypes and ranks. Axes are unknown but for those `tensors:` fixes.
        directory: where to; made where missing.
    """
    specs = _specs(total_loss.spec, tensors)
    with total_loss.uncompiled():
        module = _Exported(total_loss, specs)
        signatures = {"serving_default": module.flat}
        tf.saved_model.save(module, os.fspath(directory), signatures=signatures)


class _Exported(tf.Module):
    """The functions of the SavedModel."""

    def __init__(self, total_loss: TotalLoss, specs: Mapping[Any, tf.TensorSpec]) -> None:
        super().__init__(name="exported_total_loss")
        self.loss = total_loss
        step = tf.TensorSpec([], tf.int64, name="step")
        more = [tf.TensorSpec([], tf.float32, name=REGULARIZATION)] if self._regularized else []
        sides = [nested(specs, side) for side in ("y_true", "y_pred")]
        self.total_loss = tf.function(self._call, input_signature=[*sides, step, *more])
        names = argument_names(specs)
        arguments = {name: specs[place] for name, place in names.items()}
        by_name = {spec.name: spec for spec in (step, *more)}
        flat = tf.function(lambda **inputs: self._flat(names, inputs))
        self.flat = flat.get_concrete_function(**named(arguments), **by_name)

    @property
    def _regularized(self) -> bool:
        return REGULARIZATION in self.loss.names

    def _call(self, y_true: Flat, y_pred: Flat, step: tf.Tensor, *more: tf.Tensor) -> Any:
        regularization = list(more) if self._regularized else None
        total, breakdown = self.loss(
            y_true, y_pred, step=step, regularization=regularization, training=False
        )
        return total, {name: row._asdict() for name, row in breakdown.items()}

    def _flat(self, names: Mapping[str, Any], inputs: Flat) -> Flat:
        sides: dict[Any, tf.Tensor] = {place: inputs[name] for name, place in names.items()}
        more = [inputs[REGULARIZATION]] if self._regularized else []
        total, breakdown = self._call(
            nested(sides, "y_true"), nested(sides, "y_pred"), inputs["step"], *more
        )
        return flat_rows(total, breakdown)


def _specs(spec: Spec, tensors: Tensors) -> dict[Any, tf.TensorSpec]:
    """dtype and rank of the batch, sizes of `tensors:`."""
    declared = declaration(spec)
    return {
        place: tensor_spec(place, tensor.dtype, tensor.shape.rank, declared.get(place))
        for place, tensor in tensors.items()
    }
