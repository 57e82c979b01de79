"""Training with a total loss: Keras models, replicas, accumulation, checkpoints and logs."""

import keras

if keras.backend.backend() != "tensorflow":
    raise ImportError(
        f"composer.training runs on Keras's TensorFlow backend, found {keras.backend.backend()}; "
        "set KERAS_BACKEND=tensorflow before Keras is imported"
    )

from composer.training.board import TensorBoardRows
from composer.training.exporting import export
from composer.training.keras_losses import as_keras_losses
from composer.training.lines import JsonLines
from composer.training.model import AttachedModel, MultiTaskModel, attach
from composer.training.nonfinite import NonFiniteError
from composer.training.replicas import reduce
from composer.training.restoring import restore
from composer.training.resuming import Backup
from composer.training.windows import with_denominators

__all__ = [
    "AttachedModel",
    "Backup",
    "JsonLines",
    "MultiTaskModel",
    "NonFiniteError",
    "TensorBoardRows",
    "as_keras_losses",
    "attach",
    "export",
    "reduce",
    "restore",
    "with_denominators",
]
