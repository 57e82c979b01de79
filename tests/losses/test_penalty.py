"""Values of the losses that read a prediction alone."""

from __future__ import annotations

import numpy as np

from composer.losses.penalty import L2, Precomputed


def test_l2_is_half_the_square(run_everywhere):
    found = run_everywhere(L2(), y_pred=[[1.0, 2.0], [3.0, -4.0]])
    np.testing.assert_array_equal(found.values, [[0.5, 2], [4.5, 8]])  # by hand
    np.testing.assert_array_equal(found.gradients["y_pred"], [[1, 2], [3, -4]])


def test_l2_sums_to_l2_loss(run):
    import tensorflow as tf

    array = [[1.0, 2.0], [3.0, 4.0]]
    assert run(L2(), y_pred=array).values.sum() == tf.nn.l2_loss(array).numpy() == 15  # seed 003


def test_precomputed_is_what_it_reads(run):
    found = run(Precomputed(), y_pred=[2.0, -3.0])
    np.testing.assert_array_equal(found.values, [2, -3])
    np.testing.assert_array_equal(found.gradients["y_pred"], [1, 1])


def test_neither_reads_a_target():
    assert L2().bound_signature().inputs == Precomputed().bound_signature().inputs == ("y_pred",)
