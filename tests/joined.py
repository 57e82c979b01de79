"""Specs whose terms are computed together, and the same computed one by one."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

HEADS = ("a", "b", "c", "d")
WAYS = ("eager", "graph", "xla", "unknown", "unknown xla")
"""How a total loss runs; where `unknown`, the size of a batch is unknown while tracing."""

HUBER = {"loss": "huber"}
PLAIN = dict.fromkeys(HEADS, HUBER)
ALL_HUBER = [[f"{name}/huber" for name in HEADS]]

Batch = tuple[dict[str, Any], dict[str, Any]]


def each(task: Mapping[str, Any]) -> dict[str, Any]:
    """The task for every head, its name in the place of `#`."""
    return {name: json.loads(json.dumps(task).replace("#", name)) for name in HEADS}


def build(tasks: Mapping[str, Any], **top: Any) -> Any:
    """Its terms are joined under XLA too, where others are left alone: they have to be right."""
    from composer import build_total_loss

    total_loss = build_total_loss({"tasks": tasks, **top}, jit_compile=False)
    total_loss._plans.joins = lambda: True
    return total_loss


def build_alone(tasks: Mapping[str, Any], **top: Any) -> Any:
    """The same with no terms joined."""
    total_loss = build(tasks, **top)
    total_loss._plans.joins = lambda: False
    return total_loss


def groups(total_loss: Any, y_true: Any, y_pred: Any, step: Any = None) -> list[list[str]]:
    """The names of the terms that are computed together, group by group."""
    from composer.engine.batch_tensors import collect

    tensors = collect(total_loss.paths, y_true, y_pred)
    state = total_loss.state.tensors()
    terms = total_loss._plans.together(tensors, total_loss._clock(step), state)
    return sorted(sorted(term.names) for term in terms if len(term.names) > 1)


def numbers(shape: Sequence[int], seed: int, dtype: str = "float32") -> Any:
    """Random numbers that every dtype holds."""
    drawn = np.random.default_rng(seed).standard_normal(shape)
    return (np.round(drawn * 8) / 8).astype(dtype)


def batch_of(names: Sequence[str], shape: Sequence[int] = (6, 1), dtype: str = "float32") -> Batch:
    """Targets and predictions by name."""
    y_true = {name: numbers(shape, place, dtype) for place, name in enumerate(names)}
    y_pred = {name: numbers(shape, 100 + place, dtype) for place, name in enumerate(names)}
    return y_true, y_pred


def in_way(function: Callable[..., Any], arguments: Any, way: str) -> Callable[..., Any]:
    """The function as a way runs it on arguments like these."""
    import tensorflow as tf

    def told(x: tf.Tensor) -> tf.TensorSpec:
        unknown = "unknown" in way and x.shape.rank > 0
        return tf.TensorSpec([None, *x.shape[1:]] if unknown else x.shape, x.dtype)

    if way == "eager":
        return function
    signature = tf.nest.map_structure(told, arguments)
    jit = "xla" in way
    return tf.function(function, input_signature=signature, jit_compile=jit, autograph=False)


def run(total_loss: Any, batch: Batch, way: str = "eager", **options: Any) -> Any:
    """The total, the rows, what counts, and the gradients by name, as NumPy arrays."""
    import tensorflow as tf

    def evaluate(y_true: Any, y_pred: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch([x for x in tf.nest.flatten(y_pred) if x.dtype.is_floating])
            total, rows, counts = total_loss.evaluate(y_true, y_pred, **options)
        zero = tf.UnconnectedGradients.ZERO
        return total, rows, counts, tape.gradient(total, y_pred, unconnected_gradients=zero)

    tensors = tf.nest.map_structure(tf.constant, batch)
    found = in_way(evaluate, tensors, way)(*tensors)
    return tf.nest.map_structure(np.asarray, found)


ROUNDING = {"float16": 2**-9, "bfloat16": 2**-6}
"""Of gradients that several terms add up in such a dtype, in an order of their own: two ulp."""


def assert_same(found: Any, expected: Any, rtol: float = 1e-6) -> None:
    """Equal but for rounding; NaN is equal to NaN."""
    import tensorflow as tf

    tf.nest.assert_same_structure(found, expected)
    for one, other in zip(tf.nest.flatten(found), tf.nest.flatten(expected), strict=True):
        assert one.dtype == other.dtype
        part = max(rtol, ROUNDING.get(one.dtype.name, 0))
        if one.dtype.name in ROUNDING:
            one, other = one.astype("float32"), other.astype("float32")
        scale = np.max(np.abs(other[np.isfinite(other)]), initial=0)
        np.testing.assert_allclose(one, other, rtol=part, atol=part * scale)


def check(
    tasks: Mapping[str, Any],
    batch: Batch,
    way: str = "eager",
    *,
    joined: bool = True,
    options: Mapping[str, Any] | None = None,
    **top: Any,
) -> Any:
    """What a spec comes to, the same joined and alone.

    Args:
        tasks: of the spec.
        batch: targets and predictions.
        way: how it runs.
        joined: whether any terms are computed together.
        options: of the call.
        top: the other fields of the spec.
    """
    options = options or {}
    total_loss, seen = build(tasks, **top), []
    together = total_loss._plans.together

    def watched(*args: Any) -> Any:
        terms = together(*args)
        seen.extend(len(term.names) > 1 for term in terms)
        return terms

    total_loss._plans.together = watched
    found = run(total_loss, batch, way, **options)
    assert any(seen) == joined
    assert_same(found, run(build_alone(tasks, **top), batch, way, **options))
    return found
