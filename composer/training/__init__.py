"""Training with a total loss: Keras models, replicas, accumulation, checkpoints and logs."""

from composer.training.model import AttachedModel, MultiTaskModel, attach
from composer.training.nonfinite import NonFiniteError
from composer.training.replicas import reduce
from composer.training.windows import with_denominators

__all__ = [
    "AttachedModel",
    "MultiTaskModel",
    "NonFiniteError",
    "attach",
    "reduce",
    "with_denominators",
]
