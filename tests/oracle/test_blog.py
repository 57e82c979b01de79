"""Where a snippet of the collection is not the loss of its name: how our number relates to its."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from oracle.running import assert_agrees, run
from oracle.translate import ways
from oracle.vectors import cases, with_status

ALL_AXES = "blog.triplet.all_axes.1"
OVER_CLASSES = [
    case for case in with_status("ok") if case.id.startswith(("blog.softmax.", "blog.focal."))
]


@pytest.mark.parametrize("case", OVER_CLASSES, ids=lambda case: case.id)
def test_a_mean_over_the_classes_is_ours_divided_by_their_number(case):
    (way,) = ways(case)
    (loss,) = way.spec["tasks"]["task"]["loss"]
    plain = {"type": loss["type"], "y_true": loss["y_true"], "y_pred": loss["y_pred"]}
    plain |= {"gamma": loss["gamma"]} if "gamma" in loss else {}
    classes = case.inputs["logits"].shape[-1]
    assert_agrees(
        replace(
            way,
            spec={"tasks": {"task": {"loss": plain}}},
            expected=classes * case.expected["value"],
            gradients={"logits": classes * case.gradients["logits"]},
        )
    )


def test_one_hinge_for_the_batch_lets_easy_triplets_cancel_hard_ones():
    case = cases()[ALL_AXES]
    whole, rows = _whole_and_rows(case)
    theirs, ours = assert_agrees(whole).value, run(rows).value
    near, far = (
        np.square(case.inputs["anchor"] - case.inputs[other]).sum(-1)
        for other in ("positive", "negative")
    )
    margin = case.params["margin"]
    hinges = np.maximum(near - far + margin, 0)
    np.testing.assert_allclose(theirs, max((near - far).sum() + margin, 0), rtol=1e-5)
    np.testing.assert_allclose(ours, hinges.mean(), rtol=1e-5)
    # A hinge of the sum is at most the sum of the hinges, and this batch has both kinds of triplet.
    assert hinges.min() == 0
    assert theirs < 0.9 * len(hinges) * ours


def test_the_distances_of_one_hinge_for_the_batch_are_sums_not_means():
    case = cases()[ALL_AXES]
    whole, rows = (run(way).breakdown for way in _whole_and_rows(case))
    batch = len(case.inputs["anchor"])
    for row in ("task/near", "task/far"):
        np.testing.assert_allclose(whole[row]["loss"], batch * rows[row]["loss"], rtol=1e-5)


def _whole_and_rows(case):
    """The snippet's one hinge, and ours for each row, of one batch."""
    (whole,) = ways(case)
    return whole, replace(whole, y_pred=case.inputs, gradients={}, rows={})
