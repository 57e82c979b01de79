"""For every loss, the inputs along which its penalty is drawn."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from composer.data.operands import Array
from composer.losses import CATALOGUE, find
from composer.losses.base import Loss
from composer.plots.probe import INSIDE, POINTS, Case, Probe, even
from composer.plots.probes_of_regions import center, cosine, dice, pairwise, silog, triplet

_LOGITS = 6.0
_MOST_CLASSES = 1000
CLASSES = 10
"""Where the spec does not tell how many there are."""


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


def _error(loss: Loss, _classes: int | None, unit: str, reach: float = 3.0) -> Probe:
    x = even(-reach, reach)
    case = Case("", loss, {"y_true": np.zeros_like(x), "y_pred": x})
    return Probe(x, "error y_pred − y_true (units of y_true)", unit, [case], {})


def _huber(loss: Any, classes: int | None) -> Probe:
    found = _error(loss, classes, "units of y_true, squared", 3 * loss.delta)
    marks = {"−delta": -loss.delta, "delta": loss.delta}
    return Probe(found.x, found.axis, found.unit, found.cases, marks)


def _size(loss: Loss, _classes: int | None, unit: str) -> Probe:
    x = even(-3, 3)
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
    x = even(-_LOGITS, _LOGITS)
    return _binary(loss, x, "logit y_pred", "nats", reference=reference)


def _hinge(loss: Any, _classes: int | None) -> Probe:
    off = -1.0 if loss.labels == "signed" else 0.0
    return _binary(loss, even(-3, 3), "logit y_pred", "units of the logit", off=off)


def _log_loss(loss: Loss, _classes: int | None) -> Probe:
    return _binary(loss, even(*INSIDE), "probability y_pred", "nats")


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
    p = even(*INSIDE)
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


def _of_ones_own(loss: Loss) -> Probe | None:
    """What goes element by element from a target and a prediction can be drawn like ours."""
    signature = loss.bound_signature()
    every = [*(role.axes for role in signature.roles.values()), signature.values]
    if set(signature.roles) != {"y_true", "y_pred"} or set(every) != {("...",)} or loss.state():
        return None
    domain = signature.roles["y_true"].domain
    if domain in ("zero_one", "signed"):
        is_probability = signature.roles["y_pred"].domain == "probabilities"
        x = even(*INSIDE) if is_probability else even(-_LOGITS, _LOGITS)
        axis = "probability y_pred" if is_probability else "logit y_pred"
        return _binary(loss, x, axis, "its own unit", off=-1.0 if domain == "signed" else 0.0)
    return _error(loss, None, "its own unit") if domain is None else None


_PROBES: dict[str, Callable[[Any, int | None], Probe]] = {
    "absolute_difference": lambda loss, n: _error(loss, n, "units of y_true"),
    "mean_squared_error": lambda loss, n: _error(loss, n, "units of y_true, squared"),
    "huber": _huber,
    "mean_pairwise_squared_error": pairwise,
    "silog": silog,
    "dice": dice,
    "hinge": _hinge,
    "log_loss": _log_loss,
    "sigmoid_cross_entropy": _logit,
    "weighted_cross_entropy": _logit,
    "softmax_cross_entropy": _softmax,
    "sparse_softmax_cross_entropy": _softmax,
    "softmax_focal": _softmax,
    "sparse_softmax_focal": _softmax,
    "sigmoid_focal": _logit,
    "cosine_distance": cosine,
    "triplet": triplet,
    "center": center,
    "l2": lambda loss, n: _size(loss, n, "its units, squared"),
    "precomputed": lambda loss, n: _size(loss, n, "its own units"),
}
