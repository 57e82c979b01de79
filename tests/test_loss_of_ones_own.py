"""A loss that a user writes: it is held to its own signature, and blamed by name."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
import pytest
import tensorflow as tf

from composer import Loss, Signature, build_total_loss, check_spec
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


class Summed(Loss):
    """The sum of each row of y_true and of y_pred."""

    type: Literal["summed"] = "summed"
    text: str
    signature: ClassVar[Signature] = Signature("y_true=number[...], y_pred=float[...] -> float[]")

    def bound_signature(self):
        return Signature(self.text)

    def values(self, y_true, y_pred):
        sums = [
            tf.reduce_sum(tf.cast(x, tf.float32), list(range(1, x.shape.rank)))
            for x in (y_true, y_pred)
        ]
        ones = [1] * (len(self.bound_signature().values) - 1)
        return tf.reshape(tf.add_n(sums), [-1, *ones])


def summed(text, **task):
    spec = {"tasks": {"a": {"loss": {"type": "summed", "text": text}, **task}}}
    return build_total_loss(spec, losses=[Summed])


def test_an_axis_that_neither_a_tensor_nor_a_parameter_sizes_is_a_problem():
    spec = {"tasks": {"a": {"loss": {"type": "summed", "text": "y_pred=float[n] -> float[m]"}}}}
    assert [(p.code, p.message) for p in check_spec(spec, losses=[Summed])] == [
        (
            "invalid-signature",
            "the signature of `summed` has `m`, to which neither a tensor nor a parameter gives a "
            "size",
        )
    ]


def test_a_label_out_of_range_makes_nan_of_its_own_row_alone():
    total_loss = summed(
        "y_true=int[n, 2] in labels(3), y_pred=float[n, 2] -> float[n, 1]", mask="y_true.kept"
    )
    y_pred = {"a": np.float32([[1, 1], [1, 1]])}
    y_true = {"a": [[0, 1], [0, 7]], "kept": [True, False]}
    assert float(total_loss(y_true, y_pred)[0]) == 3
    values = total_loss.values(y_true | {"kept": [True, True]}, y_pred)["a/summed"]
    np.testing.assert_array_equal(values, [[3], [np.nan]])


class Outer(Loss):
    """The target of each row, spread over the columns of a prediction that has them first."""

    type: Literal["outer"] = "outer"
    signature: ClassVar[Signature] = Signature("y_true=float[n], y_pred=float[m, n] -> float[n, m]")

    def values(self, y_true, y_pred):
        return y_true[:, None] * tf.transpose(y_pred)


def test_a_mask_finds_the_axes_of_a_role_that_has_them_in_another_order():
    total_loss = build_total_loss(
        {"tasks": {"a": {"loss": "outer", "mask": "y_true.kept"}}}, losses=[Outer]
    )
    y_pred = np.float32([[1, np.nan], [3, 0.5]])
    kept = [[True, True], [False, True]]  # all but the values of the second row's first column
    (row,) = total_loss({"a": np.float32([1, 10]), "kept": kept}, {"a": y_pred})[1].values()
    assert (float(row.denominator), float(row.loss)) == (3, (1 + 3 + 5) / 3)


class Lump(Loss):
    """All that there is, in one number."""

    type: Literal["lump"] = "lump"
    signature: ClassVar[Signature] = Signature("y_true=float[n, 2], y_pred=float[n] -> float[]")

    def values(self, y_true, y_pred):
        return tf.reduce_sum(tf.reshape(y_true, [-1])) + tf.reduce_sum(y_pred)


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("y_true", ["y_true.a", "sqrt(y_true.a)"])
def test_tensors_that_a_loss_sums_each_by_itself_are_held_to_one_size(y_true, jit_compile):
    spec = {"tasks": {"a": {"loss": "lump", "y_true": y_true}}}
    total_loss = build_total_loss(spec, losses=[Lump])
    total = tf.function(
        lambda a, b: total_loss({"a": a}, {"a": b})[0],
        input_signature=[tf.TensorSpec([None, 2]), tf.TensorSpec([None])],
        jit_compile=jit_compile,
        autograph=False,
    )
    assert float(total(tf.ones([3, 2]), tf.ones([3]))) == 9
    for rows in (1, 2):
        with pytest.raises((ValueError, tf.errors.InvalidArgumentError)):
            total(tf.ones([rows, 2]), tf.ones([3]))
