"""Batches drawn from `tensors:`: every shape that is sound, every domain that a loss needs."""

from __future__ import annotations

import numpy as np
import pytest

from composer import build_total_loss, parse_spec
from composer.command.drawing import draw_batch


def drawn(tensors: str, task: str):
    spec = parse_spec(f"tensors: {tensors}\ntasks: {{a: {task}}}")
    y_true, y_pred = draw_batch(spec)
    total, _ = build_total_loss(spec)(y_true, y_pred)
    assert np.isfinite(float(total))
    return y_true, y_pred, float(total)


def test_a_batch_is_always_the_same():
    tensors = "{y_true: {a: 'float32[batch]'}, y_pred: {a: 'float32[batch]'}}"
    first, second = drawn(tensors, "{loss: huber}"), drawn(tensors, "{loss: huber}")
    np.testing.assert_array_equal(first[0]["a"], second[0]["a"])


def test_one_name_is_one_size():
    y_true, y_pred, _ = drawn(
        "{y_true: {a: 'float32[batch, h, w]'}, y_pred: {a: 'float32[batch, h, w]'}}",
        "{loss: huber}",
    )
    assert y_true["a"].shape == y_pred["a"].shape == (4, 5, 6)


@pytest.mark.parametrize(
    ("tensors", "task"),
    [
        ("{y_true: {a: 'float32[batch]'}, y_pred: {a: 'float32[batch, 2]'}}", "{loss: silog, y_true: 'y_true[:, None]', y_pred: 'y_pred[..., :1]'}"),
        ("{y_true: {a: 'int32[batch, 1]'}, y_pred: {a: 'float32[batch, 2]'}}", "{loss: sparse_softmax_cross_entropy, y_true: 'y_true[..., 0]'}"),
        ("{y_true: {a: 'float32[batch, h]', m: 'bool[batch, ...]'}, y_pred: {a: 'float32[batch, h]'}}", "{loss: huber, mask: y_true.m}"),
        ("{y_true: {a: 'float32[batch, ?]'}, y_pred: {a: 'float32[batch, ...]'}}", "{loss: huber}"),
        ("{y_true: {a: 'int64[batch]'}, y_pred: {a: 'float32[batch, ?]'}}", "{loss: {type: center, num_classes: 3, embedding_size: 7}}"),
    ],
)  # fmt: skip
def test_what_is_sound_can_be_drawn_and_run(tensors: str, task: str):
    drawn(tensors, task)


@pytest.mark.parametrize("dtype", ["int32", "bool", "uint8", "float32"])
def test_rows_of_classes_are_distributions_in_every_dtype(dtype: str):
    y_true, _, total = drawn(
        f"{{y_true: {{a: '{dtype}[batch, c]'}}, y_pred: {{a: 'float32[batch, c]'}}}}",
        "{loss: softmax_cross_entropy}",
    )
    np.testing.assert_allclose(y_true["a"].astype(float).sum(-1), 1, rtol=1e-6)
    assert total > 0


@pytest.mark.parametrize("dtype", ["int32", "bool", "float32"])
@pytest.mark.parametrize("loss", ["softmax_cross_entropy", "cosine_distance"])
def test_rows_of_no_classes_are_empty(loss: str, dtype: str):
    y_true, y_pred, total = drawn(
        f"{{y_true: {{a: '{dtype}[batch, 0]'}}, y_pred: {{a: 'float32[batch, 0]'}}}}",
        f"{{loss: {loss}}}",
    )
    assert y_true["a"].shape == y_pred["a"].shape == (4, 0)
    assert total == {"softmax_cross_entropy": 0, "cosine_distance": 1}[loss]  # an empty sum


@pytest.mark.parametrize("loss", ["log_loss", "silog", "cosine_distance", "hinge"])
def test_a_tensor_is_drawn_within_the_domain_of_its_loss(loss: str):
    drawn(
        "{y_true: {a: 'float32[batch, n]'}, y_pred: {a: 'float32[batch, n]'}}", f"{{loss: {loss}}}"
    )
