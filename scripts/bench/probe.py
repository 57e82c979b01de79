"""Whether a rival does the same work: found out on a batch, and with NaN behind its masks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from bench.case import Case, Loss, Row, Tensors, at_left

_TOLERANCE = 1e-4
"""Of a loss: a float16 that was not widened is off by more."""


@dataclass(frozen=True)
class Evidence:
    """What was found.

    Attributes:
        total: whether it is that of the reference.
        breakdown: whether the loss of each term is there, and right.
        gradient: whether it is that of the reference.
        selection: whether NaN behind the masks changes nothing; None where nothing is masked.
    """

    total: bool
    breakdown: bool
    gradient: bool
    selection: bool | None

    @property
    def is_same(self) -> bool:
        """Whether all of it holds."""
        return self.total and self.breakdown and self.gradient and self.selection is not False


@dataclass(frozen=True)
class Outcome:
    """What a loss gives on a batch, as NumPy."""

    total: float
    losses: dict[str, float]
    gradients: dict[str, np.ndarray]


def outcome(case: Case, loss: Loss, *, poisoned: bool = False) -> Outcome:
    """What a loss gives eagerly; `poisoned` puts NaN where masked predictions stand."""
    y_true, y_pred = case.tensors
    if poisoned:
        y_pred = _poisoned(case, y_true, y_pred)
    with tf.GradientTape() as tape:
        tape.watch(y_pred)
        total, rows = loss(y_true, y_pred)
        scaled = total * case.loss_scale
    gradients = tape.gradient(scaled, y_pred)
    return Outcome(
        float(total), _losses(rows), {name: each.numpy() for name, each in gradients.items()}
    )


def probe(case: Case, loss: Loss, reference: Outcome) -> Evidence:
    """Compares a loss to a reference on the batch, and to itself on the poisoned one."""
    first, found = outcome(case, loss), outcome(case, loss)
    # Twice: means over all calls, such as Keras tracks, are those of the batch at the first alone.
    selection = None
    if any(head.mask is not None for head in case.heads):
        selection = is_close(outcome(case, loss, poisoned=True), found, case)
    return Evidence(
        total=_near(first.total, reference.total) and _near(found.total, reference.total),
        breakdown=_same_losses(found, reference),
        gradient=_same_gradients(found, reference, case),
        selection=selection,
    )


def is_close(one: Outcome, other: Outcome, case: Case) -> bool:
    """Whether two are the same to rounding."""
    return (
        _near(one.total, other.total)
        and _same_losses(one, other)
        and _same_gradients(one, other, case)
    )


def _poisoned(case: Case, y_true: Tensors, y_pred: Tensors) -> Tensors:
    poisoned = dict(y_pred)
    for head in case.heads:
        if head.mask is None:
            continue
        for name in head.reads:
            keep = at_left(head.mask(y_true), y_pred[name].shape.rank)
            nan = tf.constant(np.nan, y_pred[name].dtype)
            poisoned[name] = tf.where(keep, poisoned[name], nan)
    return poisoned


def _losses(rows: dict[str, Row]) -> dict[str, float]:
    return {name: float(row.loss) for name, row in rows.items()}


def _near(one: float, other: float) -> bool:
    return abs(one - other) <= _TOLERANCE * max(abs(other), 1e-3)


def _same_losses(one: Outcome, other: Outcome) -> bool:
    return one.losses.keys() == other.losses.keys() and all(
        _near(value, other.losses[name]) for name, value in one.losses.items()
    )


def _same_gradients(one: Outcome, other: Outcome, case: Case) -> bool:
    """To rounding of the largest entry."""
    for name, expected in other.gradients.items():
        epsilon = float(np.finfo(case.y_pred[name].dtype).eps)
        bound = max(8 * epsilon, 2e-5) * np.abs(expected).max()
        # `all` of a comparison with NaN is False.
        if not (np.abs(one.gradients[name] - expected) <= bound).all():
            return False
    return True
