"""What the file of vectors leaves out of a case, taken from its id, its note and what came out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from oracle.vectors import Case

REPAIRS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "v1.bool_weights": (
        "the weights are not in the file; they were booleans, and 1.0 is the mean of the first",
        {"weights": np.array([True, False])},
    ),
    "v1.silent.negative_label_smoothing_ignored": (
        "the parameter is not in the file; its id says that it was below 0",
        {"params": {"label_smoothing": -0.1}},
    ),
    "error.v1.rank_mismatch": (
        "the inputs in the file stand in for others; the message names the shapes (2, 1) and (2,)",
        {"inputs": {"labels": np.zeros((2, 1), "float32"), "predictions": np.ones(2, "float32")}},
    ),
    "error.slim.rank0": (
        "the inputs in the file stand in for others; its id says that they had rank 0",
        {"inputs": {"labels": np.float32(0), "predictions": np.float32(1)}},
    ),
    "error.slim.sparse_rank3": (
        "the inputs in the file stand in for others; its id says that the logits had rank 3, "
        "and the message that there were 6 labels",
        {
            "inputs": {
                "labels": np.zeros((2, 3), "int32"),
                "predictions": np.linspace(-1, 1, 24, dtype="float32").reshape(2, 3, 4),
            }
        },
    ),
}
"""By id: what is missing and how it is known, and the fields as they must have been."""


def repaired(case: Case) -> Case:
    """The case as it was run."""
    _, fields = REPAIRS.get(case.id, ("", {}))
    return replace(case, **fields)
