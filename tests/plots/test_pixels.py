"""What becomes of the pixels of a map: states, smaller pictures and scales."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from composer.plots.pixels import (
    KEPT,
    MASKED,
    NO_CLASS,
    NOT_FINITE,
    STATES,
    WEIGHTLESS,
    picture,
    scale_of_charges,
    scale_of_values,
    states,
    states_of_classes,
)

NAN = math.nan


def test_what_is_masked_is_nothing_else():
    values = np.array([[1, NAN, math.inf], [0, NAN, 2]])
    mask = np.array([[True, True, True], [True, False, False]])
    weight = np.array([[1, 1, 2], [0, NAN, 0]])
    assert states(values, mask, weight).tolist() == [
        [KEPT, NOT_FINITE, NOT_FINITE],
        [WEIGHTLESS, MASKED, MASKED],
    ]


def test_class_numbers_out_of_range_are_no_class():
    found = states_of_classes(np.array([[0, 4], [255, -1]]), 5)
    assert found.tolist() == [[KEPT, KEPT], [NO_CLASS, NO_CLASS]]


def test_a_picture_that_fits_is_the_numbers_themselves():
    values = np.array([[1.0, 2.0], [3.0, NAN]])
    state = np.array([[KEPT, MASKED], [KEPT, NOT_FINITE]])
    found = picture(values, state)
    assert found.values.tolist() == [[1, 0], [3, 0]]
    assert found.state.tolist() == state.tolist()
    assert (found.block, found.parts) == (1, (2, 1, 0, 1, 0))


def test_a_smaller_picture_is_honest_about_each_block():
    values = np.array([[1, 3, 9, 9, 5], [5, 7, 9, 9, 5], [2, 9, 1, 1, 4]], float)
    state = np.full(values.shape, KEPT)
    state[0:2, 2:4] = MASKED  # all of a block
    state[2, 1] = MASKED  # half of one
    state[2, 3] = NOT_FINITE
    state[0:2, 4] = WEIGHTLESS
    found = picture(values, state, most=3)
    assert found.block == 2
    assert found.state.tolist() == [[KEPT, MASKED, WEIGHTLESS], [KEPT, NOT_FINITE, KEPT]]
    assert found.values.tolist() == [[4, 0, 0], [2, 0, 4]]
    assert found.parts == (7, 5, 2, 1, 0)


def test_class_numbers_are_never_averaged():
    found = picture(np.array([[0, 2], [2, 2]]), np.zeros((2, 2), int), are_classes=True, most=1)
    assert found.values.tolist() == [[0]]


@given(
    arrays.arrays(np.int8, arrays.array_shapes(min_dims=2, max_dims=2, max_side=30),
                  elements=st.sampled_from(STATES[:4])),
    st.integers(1, 40),
)  # fmt: skip
def test_no_picture_is_too_large_and_no_nan_is_lost(state, most):
    found = picture(np.ones(state.shape), state, most=most)
    assert max(found.values.shape) <= most
    assert (NOT_FINITE in found.state) == (NOT_FINITE in state)
    assert set(np.unique(found.values[found.state == KEPT])) <= {1}
    assert sum(found.parts) == state.size
    for each in (KEPT, MASKED, WEIGHTLESS):
        assert each in state or each not in found.state


def test_charges_are_drawn_from_0_and_clipped_only_for_outliers():
    even = scale_of_charges([np.array([1.0, 2.0, 3.0])])
    assert (even.low, even.high, even.clips_high, even.diverges) == (0, 3, False, False)
    outlier = scale_of_charges([np.append(np.ones(999), 1000.0)])
    assert (outlier.low, outlier.high, outlier.clips_high, outlier.most) == (0, 1, True, 1000)


def test_charges_below_0_have_0_in_the_middle():
    found = scale_of_charges([np.array([-1.0, 4.0])])
    assert (found.low, found.high, found.diverges) == (-4, 4, True)


@pytest.mark.parametrize("numbers", [[], [np.zeros(0)], [np.array([NAN, math.inf])], [np.zeros(5)]])
def test_a_scale_of_nothing_has_a_length(numbers):
    for found in (scale_of_charges(numbers), scale_of_values(numbers)):
        assert found.low < found.high
        assert not found.clips_low
        assert not found.clips_high


def test_values_are_drawn_from_the_least_to_the_most():
    found = scale_of_values([np.array([2.0, 3.0]), np.array([5.0, NAN])])
    assert (found.low, found.high) == (2, 5)


@given(st.lists(st.floats(-(2.0**100), 2.0**100), min_size=1, max_size=50))
def test_scales_are_finite_and_say_when_they_clip(numbers):
    values = np.array(numbers)
    for found in (scale_of_charges([values]), scale_of_values([values])):
        assert found.low < found.high
        assert math.isfinite(found.low)
        assert math.isfinite(found.high)
        assert found.clips_high or values.max() <= found.high
        assert found.clips_low or values.min() >= found.low or found.low == 0
