"""A spec and a batch in a directory of one's own: `a.yaml` and `b.npz`."""

from __future__ import annotations

import numpy as np


def write(spec, batch):
    """Into the directory that one is in."""
    with open("a.yaml", "w", encoding="utf-8") as file:
        file.write(spec)
    np.savez("b.npz", **batch)
