"""What other libraries give is what losscomp gives, in value and in gradient."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from oracle.coverage import places
from oracle.running import assert_agrees, run
from oracle.translate import ways
from oracle.vectors import with_status

AGREEING = [case for case in with_status("ok") if "agrees" in places(case)]
# The last of each: one with a gradient that is not 0, if there is any.
_BY_GRADIENT = sorted(AGREEING, key=lambda case: any(map(np.any, case.gradients.values())))
ONE_OF_EACH = list({(case.oracle, case.loss): case for case in _BY_GRADIENT}.values())
MASKED = [case for case in AGREEING if case.oracle == "mask"]
OVER_THE_BATCH_SIZE = [case for case in MASKED if case.reduction == "SUM_OVER_BATCH_SIZE"]

by_id = {"argnames": "case", "ids": lambda case: case.id}


@pytest.mark.parametrize(argvalues=AGREEING, **by_id)
def test_a_case_agrees_in_every_way_to_write_it(case):
    for way in ways(case):
        assert_agrees(way)


@pytest.mark.parametrize("mode", ["graph", "xla"])
@pytest.mark.parametrize(argvalues=ONE_OF_EACH, **by_id)
def test_one_case_of_each_loss_agrees_in_graphs_and_under_xla(case, mode):
    assert_agrees(ways(case)[0], mode)


@pytest.mark.parametrize(argvalues=MASKED, **by_id)
def test_what_is_masked_has_gradient_exactly_zero(case):
    for way in ways(case):
        gradient = run(way).gradients["predictions"]
        np.testing.assert_array_equal(gradient[case.weights == 0], 0)
        assert np.isfinite(gradient).all()


@pytest.mark.parametrize(argvalues=OVER_THE_BATCH_SIZE, **by_id)
def test_a_mask_leaves_the_batch_size_where_a_weight_of_zero_stays(case):
    # The vectors divide by all elements, which is what a weight of 0 does; a mask removes them.
    (way,) = ways(case)
    (loss,) = way.spec["tasks"]["task"]["loss"]
    masked = loss | {"weight": 1, "mask": "y_true.weight != 0"}
    larger = case.weights.size / np.count_nonzero(case.weights)
    assert larger > 1.2
    assert_agrees(
        replace(
            way,
            spec={"tasks": {"task": {"loss": masked}}},
            expected=np.float32(larger * case.expected["value"]),
            gradients={"predictions": np.float32(larger * case.gradients["predictions"])},
        )
    )
