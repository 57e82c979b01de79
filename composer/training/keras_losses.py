"""A spec as losses of plain Keras, one for each output, where `compile(loss=…)` can express it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypedDict

import keras
import tensorflow as tf

from composer.compose import TotalLoss, build_total_loss
from composer.engine.batch_tensors import dotted, nested
from composer.engine.weights import constant_values, scalar_of
from composer.language.diagnostics import quote
from composer.language.expression import literal
from composer.losses.base import Loss
from composer.spec import Origin, Spec
from composer.terms import Term, is_scalar, terms_of
from composer.training.batches import KERAS_MASK
from composer.training.keras_limits import Output, output_of, refuse
from composer.training.saved_spec import read_spec, write_spec


class CompileArguments(TypedDict):
    """What `keras.Model.compile` takes, by the names of the outputs, nested as they are."""

    loss: dict[str, Any]
    loss_weights: dict[str, Any]


def as_keras_losses(cfg: Any) -> CompileArguments:
    """A spec for a plain `keras.Model`: `model.compile(optimizer, **as_keras_losses(spec))`.

    Every output gets one Keras loss, which adds its terms. Of an output with one term, a constant
    weight goes into `loss_weights`, so that Keras logs the loss without it. `fit` then minimizes
    what the total loss is: on one device, over replicas and compiled. It does not with
    `gradient_accumulation_steps`, where every micro-batch is divided by what counts in itself.

    Keras always adds the losses of the model itself with the weight 1: that is
    `regularization: {weight: 1}`, and a spec without `regularization:` cannot hinder it.

    Args:
        cfg: a TotalLoss, or what `build_total_loss` takes: a path, a mapping or a Spec.

    Raises:
        SpecError: the spec is not sound.
        ValueError: Keras cannot express terms; the message names each, and why.
    """
    spec = cfg.spec if isinstance(cfg, TotalLoss) else build_total_loss(cfg).spec
    refuse(spec)
    terms: dict[Output, list[Term]] = {}
    for term in terms_of(spec):
        terms.setdefault(output_of(term), []).append(term)
    found = {("y_pred", output): _compiled(spec, each) for output, each in terms.items()}
    return {
        "loss": nested({place: loss for place, (loss, _) in found.items()}, "y_pred"),
        "loss_weights": nested({place: weight for place, (_, weight) in found.items()}, "y_pred"),
    }


@keras.saving.register_keras_serializable(package="losscomp")
class OutputLoss(keras.losses.Loss):
    """The terms of one output, added up; `as_keras_losses` makes it.

    Args:
        total_loss: of these terms alone.
        name: by default that of the output.
    """

    def __init__(self, total_loss: TotalLoss, name: str | None = None) -> None:
        (self.output,) = total_loss.paths["y_pred"]
        super().__init__(name=name or self.output[-1], reduction="none")
        self.total_loss = total_loss

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> tf.Tensor:
        """The loss of one batch, a scalar: in a replica its share, whose sum is the loss.

        Raises:
            SpecError: the tensors do not fit the spec.
            ValueError: there are sample weights, or `y_pred` carries a Keras mask.
        """
        if sample_weight is not None:
            raise ValueError(
                f"the loss of {self._shown} takes no `sample_weight` and no `class_weight`: the "
                "spec says all that scales a loss; write `weight:` there. One that is a tensor of "
                "the batch needs a `training.MultiTaskModel`"
            )
        if getattr(y_pred, "_keras_mask", None) is not None:
            mask = dotted("y_true", (KERAS_MASK, *self.output))
            raise ValueError(
                f"{self._shown} carries a Keras mask, which no plain Keras loss can read for the "
                f"spec; train a `training.MultiTaskModel` with `mask: {mask}`"
            )
        return self.call(y_true, y_pred)

    def call(self, y_true: Any, y_pred: Any) -> tf.Tensor:
        """The loss, without a look at how Keras would weigh it."""
        total, _ = self.total_loss(
            nested({("y_true", self.output): y_true}, "y_true"),
            nested({("y_pred", self.output): y_pred}, "y_pred"),
        )
        return total

    @property
    def _shown(self) -> str:
        return quote(dotted("y_pred", self.output))

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, "total_loss": write_spec(self.total_loss)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> OutputLoss:
        return cls(build_total_loss(read_spec(config["total_loss"])), name=config["name"])


def _compiled(spec: Spec, terms: Sequence[Term]) -> tuple[OutputLoss, float]:
    """The Keras loss of one output, and its weight outside."""
    weight = _constant_weight(spec, terms[0]) if len(terms) == 1 else None
    plain = {} if weight is None else {"weight": literal(1)}
    losses: dict[str, list[Loss]] = {}
    for term in terms:
        losses.setdefault(str(term.path[1]), []).append(term.loss.model_copy(update=plain))
    tasks = {
        name: spec.tasks[name].model_copy(update={**plain, "loss": each})
        for name, each in losses.items()
    }
    part = spec.model_copy(update={"tasks": tasks, "regularization": None})
    if any(len(each) < len(spec.tasks[name].loss) for name, each in losses.items()):
        # Its problems would point at losses that stand at these places of the whole spec.
        part._origin = Origin()
    return OutputLoss(TotalLoss(part)), 1.0 if weight is None else weight


def _constant_weight(spec: Spec, term: Term) -> float | None:
    """The product of its weights, where they are numbers.

    None for 0 too: Keras multiplies, and 0 times NaN is NaN.
    """
    ranks = {name: len(constant.shape) for name, constant in spec.constants.items()}
    trees = [part.tree for part in term.weights]
    if not all(is_scalar(tree, ranks) for tree in trees):
        return None
    weight = scalar_of(trees, constant_values(spec), None, "float64")
    return float(weight) if tf.cast(weight, tf.float32) != 0 else None
