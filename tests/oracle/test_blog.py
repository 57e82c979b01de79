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


def test_one_hinge_for_the_batch_counts_the_margin_once():
    case = cases()[ALL_AXES]
    whole, rows = _whole_and_rows(case)
    batch, margin = len(case.inputs["anchor"]), case.params["margin"]
    assert run(replace(rows, unreduced=True, spec=_triplet_alone(rows))).value.min() > 0
    theirs, ours = assert_agrees(whole).value, run(rows).value
    np.testing.assert_allclose(batch * ours - theirs, (batch - 1) * margin, rtol=1e-5)


def test_one_hinge_for_the_batch_lets_an_easy_triplet_cancel_all_hard_ones():
    case = cases()[ALL_AXES]
    easy = case.inputs["negative"] + np.float32([[100]] + [[0]] * 3)
    whole, rows = _whole_and_rows(replace(case, inputs={**case.inputs, "negative": easy}))
    batch = len(easy)
    ours = run(replace(rows, unreduced=True, spec=_triplet_alone(rows)))
    assert run(whole).value == 0
    assert not run(whole).gradients["anchor"].any()
    # Ours loses the one easy triplet, and nothing else.
    before = run(_whole_and_rows(case)[1]).gradients["anchor"]
    np.testing.assert_array_equal(ours.value > 0, [False, True, True, True])
    np.testing.assert_array_equal(run(rows).gradients["anchor"][1:], before[1:])
    np.testing.assert_allclose(run(rows).value, ours.value.sum() / batch, rtol=1e-6)


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


def _triplet_alone(way):
    triplet, *_ = way.spec["tasks"]["task"]["loss"]
    return {"tasks": {"task": {"loss": [triplet]}}}
