"""For every loss, the inputs along which its penalty is drawn."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from composer.data.operands import Array
from composer.losses import CATALOGUE, find
from composer.losses.base import Loss

POINTS = 241
_LOGITS = 6.0
_INSIDE = (0.001, 0.999)
_MOST_CLASSES = 1000
CLASSES = 10
"""Where the spec does not tell how many there are."""


@dataclass(frozen=True)
class Case:
    """One line: what a loss gives for these inputs.

    Attributes:
        label: tells it from the others of the panel; empty where there is one alone.
        loss: with the parameters of the spec.
        roles: what its `values` gets, one row for each point.
        is_reference: whether it stands for comparison only.
    """

    label: str
    loss: Loss
    roles: Mapping[str, Array]
    is_reference: bool = False


@dataclass(frozen=True)
class Probe:
    """One panel: the axis of the error, and the lines over it.

    Attributes:
        x: the points.
        axis: what they are, with their unit.
        unit: of the penalty.
        cases: the lines.
        marks: parameters that are a place on the axis, by name.
        is_ratio: whether the axis is one of factors, which is drawn as their logarithm.
    """

    x: Array
    axis: str
    unit: str
    cases: Sequence[Case]
    marks: Mapping[str, float]
    is_ratio: bool = False

    @property
    def ends(self) -> tuple[float, float]:
        """The ends of the axis; that of a probability reaches 0 and 1, where a loss may not."""
        low, high = float(self.x[0]), float(self.x[-1])
        return (0, 1) if (low, high) == _INSIDE else (low, high)


def probe(loss: Loss, classes: int | None) -> Probe | None:
    """How to draw a loss; None for one of somebody's own that reads more than element by element.

    Args:
        loss: with the parameters of the spec.
        classes: how many there are, as far as that is known.
    """
    if loss.type in CATALOGUE and type(loss) is find(loss.type):
        return _PROBES[loss.type](loss, classes)
    return _of_ones_own(loss)


def smooths(loss: Loss) -> bool:
    """Whether its value depends on how many classes there are."""
    return bool(getattr(loss, "label_smoothing", False))


def _plain(kind: str) -> Loss:
    """A loss of the catalogue with the defaults of its parameters."""
    return find(kind).model_validate({"type": kind})


def _even(low: float, high: float) -> Array:
    return np.linspace(low, high, POINTS)


def _error(loss: Loss, _classes: int | None, unit: str, reach: float = 3.0) -> Probe:
    x = _even(-reach, reach)
    case = Case("", loss, {"y_true": np.zeros_like(x), "y_pred": x})
    return Probe(x, "error y_pred − y_true (units of y_true)", unit, [case], {})


def _huber(loss: Any, classes: int | None) -> Probe:
    found = _error(loss, classes, "units of y_true, squared", 3 * loss.delta)
    marks = {"−delta": -loss.delta, "delta": loss.delta}
    return Probe(found.x, found.axis, found.unit, found.cases, marks)


def _size(loss: Loss, _classes: int | None, unit: str) -> Probe:
    x = _even(-3, 3)
    return Probe(x, "prediction y_pred (its own units)", unit, [Case("", loss, {"y_pred": x})], {})


def _binary(
    loss: Loss,
    x: Array,
    axis: str,
    unit: str,
    *,
    off: float = 0.0,
    reference: Loss | None = None,
) -> Probe:
    """Target 1 and target 0; of a parameter per class, the classes with the least and the most."""
    cases = []
    for label, each in by_class(loss):
        for target in (1.0, off):
            words = f"{label}target {target:g}".replace("-", "−")
            cases.append(Case(words, each, {"y_true": np.full_like(x, target), "y_pred": x}))
    if reference is not None:
        for target in (1.0, off):
            roles = {"y_true": np.full_like(x, target), "y_pred": x}
            cases.append(Case("cross entropy", reference, roles, is_reference=True))
    return Probe(x, axis, unit, cases, {})


def _logit(loss: Loss, _classes: int | None) -> Probe:
    reference = _plain("sigmoid_cross_entropy") if loss.type == "sigmoid_focal" else None
    x = _even(-_LOGITS, _LOGITS)
    return _binary(loss, x, "logit y_pred", "nats", reference=reference)


def _hinge(loss: Any, _classes: int | None) -> Probe:
    off = -1.0 if loss.labels == "signed" else 0.0
    return _binary(loss, _even(-3, 3), "logit y_pred", "units of the logit", off=off)


def _log_loss(loss: Loss, _classes: int | None) -> Probe:
    return _binary(loss, _even(*_INSIDE), "probability y_pred", "nats")


def by_class(loss: Any) -> list[tuple[str, Loss]]:
    """The loss with a label; of a parameter per class, the classes with the least and the most."""
    for name, values in loss.parameters().items():
        if isinstance(values, tuple):
            ends = sorted({values.index(min(values)), values.index(max(values))})
            return [
                (f"class {k}, ", loss.model_copy(update={name: float(values[k])})) for k in ends
            ]
    return [("", loss)]


def _softmax(loss: Any, classes: int | None) -> Probe:
    """Over the probability of the true class; the other classes share the rest evenly."""
    p = _even(*_INSIDE)
    number = min(classes or CLASSES, _MOST_CLASSES) if smooths(loss) else 2
    logits = np.zeros((POINTS, number))
    logits[:, 0] = np.log(p / (1 - p)) + math.log(number - 1) if number > 1 else 0
    sparse = loss.type.startswith("sparse")
    target = np.zeros(POINTS, np.int64) if sparse else np.tile(np.eye(number)[0], (POINTS, 1))
    roles = {"y_true": target, "y_pred": logits}
    cases = [Case(label.rstrip(", "), each, roles) for label, each in by_class(loss)]
    kind = "sparse_softmax_cross_entropy" if sparse else "softmax_cross_entropy"
    if loss.type != kind or smooths(loss):
        word = "without smoothing" if loss.type == kind else "cross entropy"
        cases.append(Case(word, _plain(kind), roles, is_reference=True))
        cases[0] = Case(cases[0].label or "this loss", cases[0].loss, roles)
    axis = "probability of the true class"
    if smooths(loss):
        axis += f" ({number} classes, the others alike)"
    return Probe(p, axis, "nats", cases, {})


def _cosine(loss: Any, _classes: int | None) -> Probe:
    degrees = _even(0, 180)
    turned = np.radians(degrees)
    vectors = np.stack([np.cos(turned), np.sin(turned)], -1)
    target = np.tile([1.0, 0.0], (POINTS, 1))
    # Along which axis the vectors lie changes no value.
    case = Case("", loss.model_copy(update={"axis": -1}), {"y_true": target, "y_pred": vectors})
    return Probe(degrees, "angle of y_pred to y_true (degrees)", "no unit", [case], {})


def _triplet(loss: Any, _classes: int | None) -> Probe:
    reach = 2.0 if loss.distance == "cosine" else 2 * loss.margin or 1.0
    x = _even(-reach, reach)
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


def _center(loss: Loss, _classes: int | None) -> Probe:
    x = _even(0, 3)
    roles = {
        "y_true": np.zeros(POINTS, np.int64),
        "y_pred": x[:, None],
        "centers": np.zeros((1, 1)),
    }
    axis = "distance of y_pred from its center (its units)"
    return Probe(x, axis, "those units, squared", [Case("", loss, roles)], {})


def _pairwise(loss: Loss, _classes: int | None) -> Probe:
    x = _even(-3, 3)
    y_pred = np.stack([x, np.zeros_like(x)], -1)
    roles = {"y_true": np.zeros_like(y_pred), "y_pred": y_pred, "keep": np.full(y_pred.shape, True)}
    axis = "e₁ − e₂, the errors of a sample of two (units of y_true)"
    return Probe(x, axis, "units of y_true, squared", [Case("", loss, roles)], {})


def _silog(loss: Loss, _classes: int | None) -> Probe:
    factor = np.geomspace(1 / 4, 4, POINTS)
    y_pred = np.tile(factor[:, None], (1, 2))
    roles = {"y_true": np.ones_like(y_pred), "y_pred": y_pred, "keep": np.full(y_pred.shape, True)}
    unit = "log ratio" if getattr(loss, "root", False) else "log ratio, squared"
    axis = "y_pred ÷ y_true, the same factor everywhere"
    return Probe(factor, axis, unit, [Case("", loss, roles)], {}, is_ratio=True)


def _dice(loss: Any, _classes: int | None) -> Probe:
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


def _of_ones_own(loss: Loss) -> Probe | None:
    """What goes element by element from a target and a prediction can be drawn like ours."""
    signature = loss.bound_signature()
    every = [*(role.axes for role in signature.roles.values()), signature.values]
    if set(signature.roles) != {"y_true", "y_pred"} or set(every) != {("...",)} or loss.state():
        return None
    domain = signature.roles["y_true"].domain
    if domain in ("zero_one", "signed"):
        is_probability = signature.roles["y_pred"].domain == "probabilities"
        x = _even(*_INSIDE) if is_probability else _even(-_LOGITS, _LOGITS)
        axis = "probability y_pred" if is_probability else "logit y_pred"
        return _binary(loss, x, axis, "its own unit", off=-1.0 if domain == "signed" else 0.0)
    return _error(loss, None, "its own unit") if domain is None else None


_PROBES: dict[str, Callable[[Any, int | None], Probe]] = {
    "absolute_difference": lambda loss, n: _error(loss, n, "units of y_true"),
    "mean_squared_error": lambda loss, n: _error(loss, n, "units of y_true, squared"),
    "huber": _huber,
    "mean_pairwise_squared_error": _pairwise,
    "silog": _silog,
    "dice": _dice,
    "hinge": _hinge,
    "log_loss": _log_loss,
    "sigmoid_cross_entropy": _logit,
    "weighted_cross_entropy": _logit,
    "softmax_cross_entropy": _softmax,
    "sparse_softmax_cross_entropy": _softmax,
    "softmax_focal": _softmax,
    "sparse_softmax_focal": _softmax,
    "sigmoid_focal": _logit,
    "cosine_distance": _cosine,
    "triplet": _triplet,
    "center": _center,
    "l2": lambda loss, n: _size(loss, n, "its units, squared"),
    "precomputed": lambda loss, n: _size(loss, n, "its own units"),
}
