"""What every term does on one batch: its numbers, its gradient, and what is not finite."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from composer.compose import REGULARIZATION, Term, TotalLoss
from composer.engine.batch_tensors import Tensors, collect, dotted, nested
from composer.engine.findings import find_nonfinite, first_place
from composer.engine.term import TermOnBatch
from composer.terms import terms_of


@dataclass(frozen=True)
class Row:
    """One term on one batch.

    Attributes:
        name: its row in the breakdown.
        loss, weight, weighted, denominator: as in the breakdown.
        share: |weighted| ÷ Σ|weighted|; NaN where anything is not finite.
        counted: the part of its elements that count, from 0 to 1.
        gradient: L2 norm of the gradient of `weighted` with respect to all predictions.
    """

    name: str
    loss: float
    weight: float
    weighted: float
    denominator: float
    share: float
    counted: float
    gradient: float


@dataclass(frozen=True)
class Report:
    """A whole batch: rows in spec order, the total, and a sentence for anything not finite."""

    rows: tuple[Row, ...]
    total: float
    step: int
    findings: tuple[str, ...]


def report(
    total_loss: TotalLoss, y_true: Mapping[str, Any], y_pred: Mapping[str, Any], step: int
) -> Report:
    """Traces the total loss, runs it on a batch and takes it apart."""
    tensors = collect(total_loss.paths, y_true, y_pred)
    with total_loss.uncompiled():  # once, and compiling takes longer than that
        total, breakdown, gradients = _run(total_loss, tensors, step)
    terms = total_loss.terms_on_batch(tensors, step)
    weights = [abs(float(row.weighted)) for row in breakdown.values()]
    rows = tuple(
        _row(term, breakdown[term.name], gradients[term.name], sum(weights)) for term in terms
    )
    findings = [finding for term in terms for finding in find_nonfinite(term)]
    findings += [*_overflows(breakdown, total), *_gradient_findings(gradients)]
    return Report(rows, float(total), step, tuple(findings))


def _run(
    total_loss: TotalLoss, tensors: Tensors, step: int
) -> tuple[tf.Tensor, dict[str, Term], dict[str, dict[str, tf.Tensor]]]:
    """Total, breakdown and, by term, the gradients for its predictions, in one graph."""
    names = {place: dotted(*place) for place in tensors}
    reads = {
        term.name: {dotted(*place) for place in term.places} for term in terms_of(total_loss.spec)
    }
    regularization: list[tf.Tensor] | None = [] if REGULARIZATION in total_loss.names else None

    @tf.function(autograph=False)  # type: ignore[untyped-decorator]  # TensorFlow ships no types
    def run(flat: dict[str, tf.Tensor], step: tf.Tensor) -> Any:
        batch = {place: flat[name] for place, name in names.items()}
        watched = {
            names[place]: tensor
            for place, tensor in batch.items()
            if place[0] == "y_pred" and tensor.dtype.is_floating
        }
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(watched)
            y_true, y_pred = nested(batch, "y_true"), nested(batch, "y_pred")
            total, breakdown = total_loss(
                y_true, y_pred, step=step, regularization=regularization, training=False
            )
        gradients = {}
        for name, row in breakdown.items():
            # Of all tensors, a hundred tasks would have ten thousand gradients.
            own = {key: each for key, each in watched.items() if key in reads.get(name, ())}
            gradients[name] = tape.gradient(row.weighted, own, unconnected_gradients="zero")
        return total, breakdown, gradients

    flat = {names[place]: tensor for place, tensor in tensors.items()}
    result: tuple[Any, Any, Any] = run(flat, tf.constant(step, tf.int64))
    return result


def _row(
    term: TermOnBatch, numbers: Term, gradients: Mapping[str, tf.Tensor], weights: float
) -> Row:
    weighted = float(numbers.weighted)
    return Row(
        name=term.name,
        loss=float(numbers.loss),
        weight=float(numbers.weight),
        weighted=weighted,
        denominator=float(numbers.denominator),
        share=abs(weighted) / weights if weights else 0.0,
        counted=term.counted_part(),
        gradient=_norm(gradients.values()),
    )


def _norm(gradients: Any) -> float:
    squares = [tf.reduce_sum(tf.square(tf.cast(each, tf.float64))) for each in gradients]
    return float(tf.sqrt(tf.add_n(squares))) if squares else 0.0


def _overflows(breakdown: Mapping[str, Term], total: tf.Tensor) -> Iterator[str]:
    """Products and sums of finite numbers that are not finite."""
    for name, row in breakdown.items():
        if _is_finite(row.loss, row.weight) and not _is_finite(row.weighted):
            yield f"{name}: weight × loss overflows {row.weighted.dtype.name}"
    if _is_finite(*(row.weighted for row in breakdown.values())) and not _is_finite(total):
        yield f"total: the sum of the terms overflows {total.dtype.name}"


def _is_finite(*numbers: tf.Tensor) -> bool:
    return all(math.isfinite(float(number)) for number in numbers)


def _gradient_findings(gradients: Mapping[str, Mapping[str, tf.Tensor]]) -> Iterator[str]:
    for term, by_tensor in gradients.items():
        for name, gradient in by_tensor.items():
            place = first_place(~tf.math.is_finite(gradient))
            if place is not None:
                yield f"{term}: its gradient is not finite at {name}{place}"
