"""The dtypes and ranks that a SavedModel takes: from the model, `tensors:` and a batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf

from composer.declared import declaration
from composer.engine.batch_tensors import collect, dotted
from composer.engine.tensor_specs import Place, tensor_spec
from composer.language.diagnostics import listing
from composer.language.signature import TensorType
from composer.training.batches import KERAS_MASK, by_name, with_sample_weight
from composer.training.trainer import TotalLossTrainer

_GIVE_A_BATCH = "give a batch, `training.export(model, directory, batch=(x, y_true))`"


def input_specs(model: TotalLossTrainer, batch: Any) -> Any:
    """The specs of `x`: those of the model's symbolic inputs, or else of a batch."""
    inner: Any = getattr(model, "model", model)
    if getattr(inner, "inputs", None):
        # A sequential model has one input, and tells it so only after it was called by itself.
        tensors = inner.inputs[0] if isinstance(inner, keras.Sequential) else inner.input
    elif batch is None:
        raise ValueError(
            f"the dtypes and ranks of what {inner.name} takes should be known; {_GIVE_A_BATCH}"
        )
    else:
        x, _, _ = keras.utils.unpack_x_y_sample_weight(batch)
        tensors = keras.tree.map_structure(tf.convert_to_tensor, x)
        model(tensors, training=False)  # builds what has not been built
    return keras.tree.map_structure(
        lambda each: tf.TensorSpec([None, *each.shape[1:]], each.dtype), tensors
    )


def target_specs(model: TotalLossTrainer, batch: Any) -> dict[Place, tf.TensorSpec]:
    """The specs of the targets that the spec reads; the model itself makes Keras masks."""
    paths = [path for path in model.total_loss.paths["y_true"] if path[0] != KERAS_MASK]
    given = _batch_targets(model, paths, batch)
    declared = declaration(model.total_loss.spec)
    specs = {
        ("y_true", path): _target(("y_true", path), declared, given.get(("y_true", path)))
        for path in paths
    }
    unknown = [dotted(*place) for place, spec in specs.items() if spec is None]
    if unknown:
        raise ValueError(
            f"the dtypes and ranks of {listing(unknown)} should be known; declare them under "
            f"`tensors:` of the spec, or {_GIVE_A_BATCH}"
        )
    return {place: spec for place, spec in specs.items() if spec is not None}


def _target(
    place: Place, declared: Mapping[Place, TensorType], given: tf.Tensor | None
) -> tf.TensorSpec | None:
    """The dtype of `tensors:` before that of a batch, where both are known."""
    type_ = declared.get(place)
    dtype = type_.dtype if type_ is not None else None
    if given is not None:
        return tensor_spec(place, dtype or given.dtype, given.shape.rank, type_)
    if type_ is None or dtype is None or type_.shape.rank is None:
        return None
    return tensor_spec(place, dtype, type_.shape.rank, type_)


def _batch_targets(
    model: TotalLossTrainer, paths: list[tuple[str, ...]], batch: Any
) -> Mapping[Any, tf.Tensor]:
    """What a batch holds of the targets; none where it has none."""
    _, y_true, sample_weight = keras.utils.unpack_x_y_sample_weight(
        (None,) if batch is None else batch
    )
    if y_true is None:
        return {}
    all_paths = model.total_loss.paths
    targets = by_name("y_true", y_true, getattr(model, "output_names", None), all_paths)
    targets = with_sample_weight(targets, sample_weight, all_paths)
    return collect({"y_true": paths, "y_pred": []}, targets, None)
