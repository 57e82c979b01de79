"""Where a snippet of the collection is not the loss of its name: how our number relates to its."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from oracle.running import assert_agrees, run
from oracle.translate import ways
from oracle.vectors import cases, with_status

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
    case = cases()["blog.triplet.all_axes.1"]
    (whole,) = ways(case)
    theirs = assert_agrees(whole).value
    rows = replace(whole, y_pred=case.inputs, gradients={}, rows={})
    hinges = run(replace(rows, unreduced=True, spec=_with_distances_left_out(rows.spec))).value
    near, far = (
        np.square(case.inputs["anchor"] - case.inputs[other]).sum(-1)
        for other in ("positive", "negative")
    )
    margin = case.params["margin"]
    np.testing.assert_allclose(hinges, np.maximum(near - far + margin, 0), rtol=1e-5)
    np.testing.assert_allclose(theirs, max((near - far).sum() + margin, 0), rtol=1e-5)
    # A hinge of a sum is at most the sum of the hinges; and this batch has triplets of both kinds.
    assert theirs < hinges.sum()
    np.testing.assert_allclose(run(rows).value, hinges.mean(), rtol=1e-6)


def test_the_distances_of_one_hinge_for_the_batch_are_sums_not_means():
    (whole,) = ways(cases()["blog.triplet.all_axes.1"])
    (by_rows,) = (
        replace(way, y_pred=cases()["blog.triplet.all_axes.1"].inputs, gradients={}, rows={})
        for way in [whole]
    )
    batch = len(by_rows.y_pred["anchor"])
    for name in ("near", "far"):
        theirs = run(whole).breakdown[f"task/{name}"]["loss"]
        ours = run(by_rows).breakdown[f"task/{name}"]["loss"]
        np.testing.assert_allclose(theirs, batch * ours, rtol=1e-5)


def _with_distances_left_out(spec):
    triplet, *_ = spec["tasks"]["task"]["loss"]
    return {"tasks": {"task": {"loss": [triplet]}}}
