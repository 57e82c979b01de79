"""The targets and predictions of the cases, always the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

IGNORED = 255
"""The label of pixels that are not to be counted."""

Size = tuple[int, int, int]


class Batch(NamedTuple):
    """Targets and predictions by name."""

    y_true: dict[str, np.ndarray]
    y_pred: dict[str, np.ndarray]


def dense(size: Size) -> Batch:
    """Images with classes, depths and unit normals; 5, 30 and 10 % of their pixels do not count."""
    random = np.random.default_rng(1)
    scene, depth = segmentation(size, 19), weighted_depth(size, 0.3)
    y_true = {
        **scene.y_true,
        "depth": depth.y_true["depth"],
        "normals": _unit(random, (*size, 3)),
        "valid": random.random(size) > 0.1,
    }
    y_pred = {**scene.y_pred, **depth.y_pred, "normals": _unit(random, (*size, 3))}
    return Batch(y_true, y_pred)


def segmentation(size: Size, classes: int) -> Batch:
    """Images with a class for each pixel; 5 % of them have the label to ignore."""
    random = np.random.default_rng(2)
    labels = random.integers(0, classes, size, dtype=np.int32)
    labels[random.random(size) < 0.05] = IGNORED
    return Batch({"scene": labels}, {"scene": _normal(random, (*size, classes))})


def weighted_depth(size: Size, missing: float) -> Batch:
    """Depths, 0 where they are missing, and a weight for each pixel."""
    random = np.random.default_rng(3)
    depth = random.uniform(0.5, 10, (*size, 1)).astype(np.float32)
    prediction = depth + _normal(random, depth.shape)
    depth[random.random(depth.shape) < missing] = 0
    importance = random.uniform(0.5, 2, depth.shape).astype(np.float32)
    return Batch({"depth": depth, "importance": importance}, {"depth": prediction})


def tags(size: Size) -> Batch:
    """Images with 20 labels for each pixel; 10 % of the pixels do not count."""
    random = np.random.default_rng(4)
    labels = (random.random((*size, 20)) < 0.1).astype(np.float32)
    y_true = {"tags": labels, "valid": random.random(size) > 0.1}
    return Batch(y_true, {"tags": _normal(random, labels.shape)})


def classes(rows: int, number: int) -> Batch:
    """A class for each row."""
    random = np.random.default_rng(5)
    labels = random.integers(0, number, rows, dtype=np.int32)
    return Batch({"word": labels}, {"word": _normal(random, (rows, number))})


def vectors(rows: int, length: int) -> Batch:
    """Vectors of any length, near to their targets."""
    random = np.random.default_rng(6)
    target = _normal(random, (rows, length))
    return Batch({"face": target}, {"face": target + _normal(random, target.shape)})


def triplets(rows: int, length: int) -> Batch:
    """Anchors, vectors near to them, and others; half of the rows are within the margin."""
    random = np.random.default_rng(7)
    anchor = _unit(random, (rows, length))
    near = anchor + 0.06 * _normal(random, anchor.shape)
    far = anchor + 0.1 * _normal(random, anchor.shape)
    return Batch({}, {"anchor": anchor, "positive": near, "negative": far})


def numbers(names: Sequence[str], rows: int) -> Batch:
    """A number for each row and name; 20 % of them are missing, as NaN."""
    random = np.random.default_rng(8)
    y_true = {name: _normal(random, (rows, 1)) for name in names}
    y_pred = {name: _normal(random, (rows, 1)) for name in names}
    for array in y_true.values():
        array[random.random(array.shape) < 0.2] = np.nan
    return Batch(y_true, y_pred)


def _normal(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return random.standard_normal(shape, dtype=np.float32)


def _unit(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    found = _normal(random, shape)
    found /= np.linalg.norm(found, axis=-1, keepdims=True)
    return found
