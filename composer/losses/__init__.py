"""The table of contents: the module and class of every loss, as text, so that none is imported."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from composer.losses.base import Loss

CATALOGUE: dict[str, str] = {
    "absolute_difference": "regression:AbsoluteDifference",
    "mean_squared_error": "regression:MeanSquaredError",
    "huber": "regression:Huber",
    "mean_pairwise_squared_error": "region:MeanPairwiseSquaredError",
    "silog": "region:SILog",
    "dice": "region:Dice",
    "hinge": "classification:Hinge",
    "log_loss": "classification:LogLoss",
    "sigmoid_cross_entropy": "classification:SigmoidCrossEntropy",
    "weighted_cross_entropy": "classification:WeightedCrossEntropy",
    "softmax_cross_entropy": "classification:SoftmaxCrossEntropy",
    "sparse_softmax_cross_entropy": "classification:SparseSoftmaxCrossEntropy",
    "softmax_focal": "focal:SoftmaxFocal",
    "sparse_softmax_focal": "focal:SparseSoftmaxFocal",
    "sigmoid_focal": "focal:SigmoidFocal",
    "cosine_distance": "embedding:CosineDistance",
    "triplet": "embedding:Triplet",
    "center": "embedding:Center",
    "l2": "penalty:L2",
    "precomputed": "penalty:Precomputed",
}


def find(type_name: str) -> type[Loss]:
    """The class of a loss by its type; raises KeyError. Imports its family alone."""
    import importlib

    module, _, name = CATALOGUE[type_name].partition(":")
    loss: type[Loss] = getattr(importlib.import_module(f"composer.losses.{module}"), name)
    return loss
