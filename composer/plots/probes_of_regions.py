"""The inputs of losses that look at more than one number: at vectors, pairs and regions."""

from __future__ import annotations

from typing import Any

import numpy as np

from composer.data.operands import Array
from composer.losses.base import Loss
from composer.plots.probe import POINTS, Case, Probe, even


def cosine(loss: Any, _classes: int | None) -> Probe:
    degrees = even(0, 180)
    turned = np.radians(degrees)
    vectors = np.stack([np.cos(turned), np.sin(turned)], -1)
    target = np.tile([1.0, 0.0], (POINTS, 1))
    # Along which axis the vectors lie changes no value.
    case = Case("", loss.model_copy(update={"axis": -1}), {"y_true": target, "y_pred": vectors})
    return Probe(degrees, "angle of y_pred to y_true (degrees)", "no unit", [case], {})


def triplet(loss: Any, _classes: int | None) -> Probe:
    reach = 2.0 if loss.distance == "cosine" else 2 * loss.margin or 1.0
    x = even(-reach, reach)
    near, far = (_at_distance(loss.distance, np.maximum(sign * x, 0)) for sign in (1, -1))
    anchor = np.tile([1.0, 0.0], (POINTS, 1))
    roles = {"anchor": anchor, "positive": near, "negative": far}
    names = {
        "squared_euclidean": "units of the embedding, squared",
        "euclidean": "units of the embedding",
        "cosine": "no unit",
    }
    unit = names[loss.distance]
    axis = f"d(anchor, positive) − d(anchor, negative) ({unit})"
    marks = {"−margin": -loss.margin} if loss.margin else {}
    return Probe(x, axis, unit, [Case("", loss, roles)], marks)


def _at_distance(kind: str, distance: Array) -> Array:
    """Vectors of the plane that are so far from (1, 0)."""
    if kind == "cosine":
        cosine = 1 - distance
        return np.stack([cosine, np.sqrt(1 - np.square(cosine))], -1)
    length = np.sqrt(distance) if kind == "squared_euclidean" else distance
    return np.stack([1 + length, np.zeros_like(length)], -1)


def center(loss: Loss, _classes: int | None) -> Probe:
    x = even(0, 3)
    roles = {
        "y_true": np.zeros(POINTS, np.int64),
        "y_pred": x[:, None],
        "centers": np.zeros((1, 1)),
    }
    axis = "distance of y_pred from its center (its units)"
    return Probe(x, axis, "those units, squared", [Case("", loss, roles)], {})


def pairwise(loss: Loss, _classes: int | None) -> Probe:
    x = even(-3, 3)
    y_pred = np.stack([x, np.zeros_like(x)], -1)
    roles = {"y_true": np.zeros_like(y_pred), "y_pred": y_pred, "keep": np.full(y_pred.shape, True)}
    axis = "e₁ − e₂, the errors of a sample of two (units of y_true)"
    return Probe(x, axis, "units of y_true, squared", [Case("", loss, roles)], {})


def silog(loss: Loss, _classes: int | None) -> Probe:
    factor = np.geomspace(1 / 4, 4, POINTS)
    y_pred = np.tile(factor[:, None], (1, 2))
    roles = {"y_true": np.ones_like(y_pred), "y_pred": y_pred, "keep": np.full(y_pred.shape, True)}
    unit = "log ratio" if getattr(loss, "root", False) else "log ratio, squared"
    axis = "y_pred ÷ y_true, the same factor everywhere"
    return Probe(factor, axis, unit, [Case("", loss, roles)], {}, is_ratio=True)


def dice(loss: Any, _classes: int | None) -> Probe:
    """Two regions of equal size, shifted against each other; `smooth` tells on the smaller."""
    steps = 20
    overlap = np.linspace(0, 1, steps + 1)
    alone = loss.model_copy(update={"per": "image", "sparse": False})
    sizes = (20, 1000) if loss.smooth else (20,)
    cases = [
        Case(f"{size} pixels" if loss.smooth else "", alone, _regions(size, steps))
        for size in sizes
    ]
    axis = "overlap of two equal regions (0 to 1)"
    return Probe(overlap, axis, "no unit", cases, {})


def _regions(size: int, steps: int) -> dict[str, Array]:
    """The target is the first pixels of a row; the prediction moves onto it, a step a sample."""
    place = np.arange(2 * size)
    start = size - np.arange(steps + 1)[:, None] * (size // steps)
    y_pred = ((place >= start) & (place < start + size)).astype(np.float64)[..., None]
    y_true = np.broadcast_to((place < size).astype(np.float64)[:, None], y_pred.shape)
    return {"y_true": y_true, "y_pred": y_pred, "keep": np.full(y_pred.shape[:2], True)}
