"""The batch of a command: of a file, or drawn from `tensors:`, its size known before it is made."""

from __future__ import annotations

import math
from typing import Any

from composer.command.batch_file import MAX_BYTES, BatchError, read_batch
from composer.command.exits import USAGE, StopError
from composer.declared import declaration
from composer.language.signature import TensorType
from composer.spec import Spec

Sides = tuple[dict[str, Any], dict[str, Any]]

_SMALL = 7
"""Sizes that have a name instead of a number are drawn no larger."""
_BYTES_DRAWN = 8
"""Numbers are drawn in float64, whatever they are cast to."""


def batch_of(spec: Spec, path: str | None) -> Sides:
    """Targets and predictions; without a file they are drawn at random, always the same.

    Raises:
        StopError: the file cannot be read, there is nothing to draw from, or too much to draw.
    """
    try:
        return _drawn(spec) if path is None else read_batch(path)
    except BatchError as error:
        raise StopError(str(error), USAGE) from None
    except MemoryError:
        raise StopError("the batch takes more memory than there is", USAGE) from None


def _drawn(spec: Spec) -> Sides:
    if spec.tensors is None:
        raise StopError(
            "a batch is needed: give `--batch FILE.npz`, or describe the tensors under `tensors:` "
            "and one is drawn",
            USAGE,
        )
    if sum(map(_bytes, declaration(spec).values())) > MAX_BYTES:
        raise StopError(
            f"`tensors:` describes a batch of more than {MAX_BYTES >> 30} GiB, and none so large "
            "is drawn; `--set tensors.y_pred.depth=float32[8,64,64,1]` makes a tensor smaller",
            USAGE,
        )
    from composer.command.drawing import draw_batch

    return draw_batch(spec)


def _bytes(declared: TensorType) -> int:
    dims = (*declared.shape.head, *(declared.shape.tail or ()))
    return _BYTES_DRAWN * math.prod(dim if isinstance(dim, int) else _SMALL for dim in dims)
