"""Keras's progress bar, no wider than a terminal."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import keras

ON_TERMINAL, IN_FILE = 1, 2
"""What Keras calls `verbose`: a bar, or a line for every epoch."""


class Progress(keras.callbacks.ProgbarLogger):  # type: ignore[misc]  # Keras ships no types
    """The bar with the total loss alone: with every row it is wider than a terminal, and wraps."""

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        super().on_train_batch_end(batch, _totals(logs))

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        super().on_epoch_end(epoch, _totals(logs))


def _totals(logs: Mapping[str, Any]) -> dict[str, Any]:
    return {name: logs[name] for name in ("loss", "val_loss") if name in logs}


def verbosity() -> int:
    """A bar on a terminal, and lines elsewhere."""
    return ON_TERMINAL if sys.stdout.isatty() else IN_FILE
