"""Values of the region losses: by hand, in closed form, and against tf.compat.v1.losses."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from pydantic import ValidationError

from composer.losses.region import Dice, MeanPairwiseSquaredError, SILog


def all_kept(array, axes=None):
    return np.ones(np.shape(array)[:axes], bool)


class TestMeanPairwiseSquaredError:
    Y_TRUE = np.array([[0.0, 0.5, 1.0], [1.0, 1.0, 1.0]])
    Y_PRED = np.array([[1.0, 1.0, 1.0], [5.0, 5.0, 8.0]])

    def test_values(self, run):
        # By hand: of the 3 pairs of the first sample the squares are 0.25, 0.25 and 1; of the
        # second 0, 9 and 9. Without bias their sums are divided by 3, with it multiplied by 2/9.
        keep = all_kept(self.Y_TRUE)
        found = run(MeanPairwiseSquaredError(), y_true=self.Y_TRUE, y_pred=self.Y_PRED, keep=keep)
        np.testing.assert_allclose(found.values, [0.5, 6])
        biased = MeanPairwiseSquaredError(unbiased=False)
        found = run(biased, y_true=self.Y_TRUE, y_pred=self.Y_PRED, keep=keep)
        np.testing.assert_allclose(found.values, [1 / 3, 4])

    def test_agrees_with_tf_losses(self, run):
        import tensorflow as tf

        rng = np.random.default_rng(0)
        y_true, y_pred = rng.normal(size=(2, 3, 4, 2)).astype("float32")
        # In a graph: in eager mode the number of elements it counts is that of the batch.
        theirs = tf.function(tf.compat.v1.losses.mean_pairwise_squared_error)(y_true, y_pred)
        ours = run(MeanPairwiseSquaredError(), y_true=y_true, y_pred=y_pred, keep=all_kept(y_true))
        np.testing.assert_allclose(ours.values.sum(), theirs, rtol=1e-5)

    def test_what_is_dropped_is_in_no_pair(self, run):
        rng = np.random.default_rng(1)
        d, keep = rng.normal(size=(2, 6)), np.arange(12).reshape(2, 6) % 3 > 0
        expected = [
            np.mean([(a - b) ** 2 for a, b in itertools.combinations(row[kept], 2)])
            for row, kept in zip(d, keep, strict=True)
        ]
        found = run(MeanPairwiseSquaredError(), y_true=d * 0, y_pred=d, keep=keep)
        np.testing.assert_allclose(found.values, expected, rtol=1e-6)
        np.testing.assert_array_equal(found.gradients["y_pred"][~keep], 0)

    @pytest.mark.parametrize("unbiased", [True, False])
    def test_one_element_and_none_have_the_value_0(self, unbiased, run_everywhere):
        loss = MeanPairwiseSquaredError(unbiased=unbiased)
        keep = np.array([[True, False], [False, False]])
        found = run_everywhere(
            loss, y_true=np.zeros((2, 2)), y_pred=np.full((2, 2), 7.0), keep=keep
        )
        np.testing.assert_array_equal(found.values, [0, 0])
        np.testing.assert_array_equal(found.gradients["y_pred"], np.zeros((2, 2)))

    def test_a_sample_of_a_single_number_has_the_value_0(self, run):
        found = run(MeanPairwiseSquaredError(), y_true=[1.0], y_pred=[3.0], keep=np.array([True]))
        np.testing.assert_array_equal(found.values, [0])

    def test_a_large_offset_costs_no_digits(self, run):
        # The difference of the two sums in the formula of tf.losses gives 0 or less here.
        offset = np.array([[1e4, 1e4 + 1, 1e4 + 2]])
        found = run(
            MeanPairwiseSquaredError(), y_true=offset * 0, y_pred=offset, keep=all_kept(offset)
        )
        np.testing.assert_allclose(found.values, [2], rtol=1e-5)  # (1 + 1 + 4) / 3


class TestSILog:
    def test_values(self, run):
        # By hand: d is log 2 and 0, so its mean square log² 2 / 2 and its squared mean log² 2 / 4.
        arrays = {"y_true": [[1.0, 3.0]], "y_pred": [[2.0, 3.0]], "keep": np.array([[True, True]])}
        square = np.log(2) ** 2
        for share, expected in ((0, square / 2), (0.5, square * 3 / 8), (1, square / 4)):
            found = run(SILog(**{"lambda": share}), **arrays)
            np.testing.assert_allclose(found.values, [expected], rtol=1e-6)
            found = run(SILog(**{"lambda": share, "root": True}), **arrays)
            np.testing.assert_allclose(found.values, [np.sqrt(expected)], rtol=1e-6)

    def test_lambda_1_does_not_see_the_scale(self, run):
        y_true = np.array([[1.0, 2.0, 5.0]])
        loss = SILog(**{"lambda": 1})
        found = run(loss, y_true=y_true, y_pred=3 * y_true, keep=all_kept(y_true))
        np.testing.assert_allclose(found.values, [0], atol=1e-12)
        assert found.values >= 0

    @pytest.mark.parametrize("share", [0, 0.5, 1])
    def test_a_perfect_prediction_and_an_empty_mask_have_gradient_0(self, share, run_everywhere):
        y = np.array([[1.0, 2.0], [3.0, 4.0]])
        keep = np.array([[True, True], [False, False]])
        found = run_everywhere(
            SILog(**{"lambda": share, "root": True}), y_true=y, y_pred=y, keep=keep
        )
        np.testing.assert_array_equal(found.values, [0, 0])
        np.testing.assert_array_equal(found.gradients["y_pred"], np.zeros((2, 2)))

    def test_what_is_not_positive_makes_its_sample_nan(self, run_everywhere):
        y_pred = np.array([[-1.0, 2.0], [0.0, 2.0], [1.0, 2.0]])
        found = run_everywhere(SILog(), y_true=y_pred * 0 + 1, y_pred=y_pred, keep=all_kept(y_pred))
        assert np.isnan(found.values).tolist() == [True, True, False]

    def test_lambda_is_its_name_in_yaml(self):
        assert SILog.model_validate({"lambda": 0.85}).lambda_ == 0.85
        assert SILog().lambda_ == 0.5
        assert SILog(**{"lambda": 0.85}).model_dump(by_alias=True, exclude_defaults=True) == {
            "lambda": 0.85
        }
        for wrong in ({"lambda": 1.5}, {"lambda": -0.1}, {"lambda_": 0.5}):
            with pytest.raises(ValidationError):
                SILog.model_validate(wrong)


class TestDice:
    # Two images of two pixels, two classes.
    Y_PRED = np.array([[[0.0, 1.0], [0.5, 0.5]], [[1.0, 0.0], [1.0, 0.0]]])
    LABELS = np.array([[1, 0], [0, 0]], "int32")
    KEEP = np.ones((2, 2), bool)

    def test_values_per_image(self, run):
        # By hand, with smooth 1. First image, class 0: Σpg 0.5, Σp² 0.25, Σg² 1;
        # class 1: Σpg 1, Σp² 1.25, Σg² 1. Second image: perfect; class 1 absent from both.
        expected = [[1 - 2 / 2.25, 1 - 3 / 3.25], [0, 0]]
        y_true = np.eye(2)[self.LABELS]
        found = run(Dice(), y_true=y_true, y_pred=self.Y_PRED, keep=self.KEEP)
        np.testing.assert_allclose(found.values, expected, rtol=1e-6)

    def test_values_per_batch(self, run):
        # By hand, without smooth. Class 0: Σpg 2.5, Σp² 2.25, Σg² 3; class 1: 1, 1.25 and 1.
        y_true = np.eye(2)[self.LABELS]
        loss = Dice(per="batch", smooth=0)
        found = run(loss, y_true=y_true, y_pred=self.Y_PRED, keep=self.KEEP)
        np.testing.assert_allclose(found.values, [1 - 5 / 5.25, 1 - 2 / 2.25], rtol=1e-6)

    @pytest.mark.parametrize("per", ["image", "batch"])
    @pytest.mark.parametrize("dtype", ["uint8", "int64"])
    def test_sparse_labels_are_their_one_hot(self, per, dtype, run):
        dense = run(
            Dice(per=per), y_true=np.eye(2)[self.LABELS], y_pred=self.Y_PRED, keep=self.KEEP
        )
        sparse = run(
            Dice(per=per, sparse=True),
            y_true=self.LABELS.astype(dtype),
            y_pred=self.Y_PRED,
            keep=self.KEEP,
        )
        np.testing.assert_array_equal(dense.values, sparse.values)

    def test_a_dropped_pixel_is_in_no_sum(self, run):
        keep = np.array([[True, False], [True, True]])
        y_true = np.eye(2)[self.LABELS]
        found = run(Dice(smooth=0), y_true=y_true, y_pred=self.Y_PRED, keep=keep)
        np.testing.assert_array_equal(found.values, np.zeros((2, 2)))

    @pytest.mark.parametrize("per", ["image", "batch"])
    def test_an_empty_mask_has_value_and_gradient_0(self, per, run_everywhere):
        # Keras gives 1 here.
        loss = Dice(per=per, smooth=0)
        y_true = np.eye(2)[self.LABELS]
        found = run_everywhere(loss, y_true=y_true, y_pred=self.Y_PRED, keep=~self.KEEP)
        np.testing.assert_array_equal(found.values, np.zeros_like(found.values))
        np.testing.assert_array_equal(found.gradients["y_pred"], np.zeros_like(self.Y_PRED))

    def test_an_absent_class_is_still_pushed_down(self, run):
        y_true = np.zeros((1, 2, 1))
        found = run(Dice(), y_true=y_true, y_pred=y_true + 0.5, keep=np.ones((1, 2), bool))
        np.testing.assert_allclose(found.values, [[0.5 / 1.5]])
        assert (found.gradients["y_pred"] > 0).all()

    def test_coupling_and_shapes_follow_the_parameters(self):
        assert Dice().coupling == "sample"
        assert Dice(per="batch").coupling == "batch"
        assert Dice().bound_signature().values == ("batch", "classes")
        sparse = Dice(per="batch", sparse=True).bound_signature()
        assert sparse.values == ("classes",)
        assert str(sparse.roles["y_true"]) == "int[batch, ...]"
        assert sparse.roles["y_true"].limit == "classes"
