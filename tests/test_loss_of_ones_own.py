"""A loss that a user writes: it is held to its own signature, and blamed by name."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
import pytest
import tensorflow as tf

from composer import Loss, Signature, build_total_loss
from composer.language.errors import SignatureError


class RowDistance(Loss):
    """A distance of rows that gives what its `wrong` says."""

    type: Literal["row_distance"] = "row_distance"
    wrong: str = ""
    signature: ClassVar[Signature] = Signature(
        "y_true=float[batch, n], y_pred=float[batch, n] -> float[batch]"
    )

    def values(self, y_true, y_pred):
        distance = tf.reduce_sum(tf.abs(y_true - y_pred), -1)
        if self.wrong == "kept":
            return tf.reduce_mean(distance, keepdims=True)
        if self.wrong == "twice":
            return tf.concat([distance, distance], 0)
        if self.wrong == "raises":
            raise AttributeError("no such thing")
        return distance


def build(**options):
    spec = {"tasks": {"a": {"loss": {"type": "row_distance", **options}}}}
    return build_total_loss(spec, losses=[RowDistance])


def test_it_is_a_loss_like_any_other():
    total_loss = build(mask="y_true[:, 0] > 0")
    y_true, y_pred = np.float32([[1, 1], [0, 9]]), np.float32([[2, 4], [np.nan, 9]])
    assert float(total_loss({"a": y_true}, {"a": y_pred})[0]) == 4


def test_only_predictions_decide_what_it_computes_in():
    total, _ = build()({"a": np.ones((2, 2), np.float64)}, {"a": np.ones((2, 2), np.float32)})
    assert total.dtype == tf.float32


@pytest.mark.parametrize("wrong", ["kept", "twice"])
def test_values_of_another_shape_are_refused_eagerly(wrong):
    ones = np.ones((2, 3), np.float32)
    with pytest.raises(ValueError, match="should have the shape") as caught:
        build(wrong=wrong)({"a": ones}, {"a": ones})
    assert caught.value.__notes__ == ["in the loss `a/row_distance`"]


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("wrong", ["kept", "twice"])
def test_values_of_another_shape_are_refused_where_no_size_is_known(wrong, jit_compile):
    total_loss = build(wrong=wrong)
    unknown = tf.TensorSpec([None, 3])
    with pytest.raises((ValueError, tf.errors.InvalidArgumentError)):
        tf.function(
            lambda a, b: total_loss({"a": a}, {"a": b})[0],
            input_signature=[unknown, unknown],
            jit_compile=jit_compile,
            autograph=False,
        )(tf.ones([2, 3]), tf.zeros([2, 3]))


def test_what_it_raises_names_the_term():
    ones = np.ones((2, 3), np.float32)
    with pytest.raises(AttributeError, match="no such thing") as caught:
        build(wrong="raises")({"a": ones}, {"a": ones})
    assert caught.value.__notes__ == ["in the loss `a/row_distance`"]


@pytest.mark.parametrize(
    ("values", "found"),
    [("batch, ?", "?"), ("batch, 4", "4"), ("batch, n", "n"), ("batch, batch", "batch")],
)
def test_the_axes_of_its_values_have_names_that_masks_can_be_led_by(values, found):
    with pytest.raises(SignatureError) as caught:
        Signature(f"y_true=float[batch, n, n], y_pred=float[batch, n, n] -> float[{values}]")
    assert caught.value.message == (
        f"an axis of the values is 1, or has a name that stands once in each tensor, found `{found}`"
    )
