"""A batch is what `tensors:` declares: kind of dtype, rank, sizes, and one size for every name."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from composer import SpecError, build_total_loss

SPEC = {
    "tensors": {"y_true": {"a": "float32[batch, h, 2]"}, "y_pred": {"a": "float32[batch, h, 2]"}},
    "tasks": {"a": {"loss": "huber"}},
}


def call(true_shape, pred_shape, dtype="float32"):
    arrays = np.zeros(true_shape, dtype), np.zeros(pred_shape, "float32")
    return build_total_loss(SPEC)({"a": arrays[0]}, {"a": arrays[1]})


@pytest.mark.parametrize(
    ("true_shape", "dtype", "message"),
    [
        ((4, 3), "float32", "y_true.a is declared as float32[batch, h, 2], found float32[4, 3]"),
        (
            (4, 3, 1),
            "float32",
            "y_true.a is declared as float32[batch, h, 2], found float32[4, 3, 1]",
        ),
        ((4, 3, 2), "int32", "y_true.a is declared as float32[batch, h, 2], found int32[4, 3, 2]"),
        ((4, 5, 2), "float32", "`h` is 5 in y_true.a and 3 in y_pred.a, found float32[4, 3, 2]"),
    ],
)
def test_a_batch_of_another_kind_is_an_error_at_the_declaration(true_shape, dtype, message):
    with pytest.raises(SpecError) as caught:
        call(true_shape, (4, 3, 2), dtype)
    assert [(p.code, p.message) for p in caught.value.problems] == [("tensor-mismatch", message)]


@pytest.mark.parametrize("dtype", ["float16", "float64"])
def test_another_precision_is_no_error(dtype):
    assert float(call((4, 3, 2), (4, 3, 2), dtype)[0]) == 0


def test_it_is_the_same_class_of_error_under_autograph_with_the_same_text():
    total_loss = build_total_loss(SPEC)

    @tf.function
    def step(a, b):
        return total_loss({"a": a}, {"a": b})[0]

    with pytest.raises(SpecError, match=r"`h` is 5 in y_true\.a and 3 in y_pred\.a"):
        step(tf.zeros([4, 5, 2]), tf.zeros([4, 3, 2]))
