"""Weights scale, masks remove: what stands in a masked place changes no bit, in any loss."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from composer.losses import CATALOGUE
from tests.matrix import (
    CASES,
    STEP,
    assert_close,
    every_run,
    outcome,
    program,
    with_garbage,
)

# Parts of the largest entry; float16 is cast up before anything is computed from it, but what
# comes back as a gradient is rounded to it.
TOLERANCE = {"float16": 1e-6, "float32": 1e-6, "float64": 1e-12}
GRADIENT = TOLERANCE | {"float16": 1e-3}


def bits(outcome):
    """Everything a caller gets, as bytes."""
    rows = [part for row in outcome.rows.values() for part in row]
    return [each.tobytes() for each in (outcome.total, *rows, *outcome.gradients.values())]


def replaced(batch, **tensors):
    return SimpleNamespace(y_true=batch.y_true | tensors, y_pred=batch.y_pred)


def test_every_loss_of_the_table_of_contents_is_in_the_matrix():
    assert {case.type for case in CASES} == set(CATALOGUE)
    for case in CASES:
        assert case.loss.type == case.type  # else: PARAMETERS lacks what it cannot be made without


@every_run()
def test_what_stands_in_a_masked_place_changes_no_bit(case, mode, dtype):
    run, batch = program(case, mode), case.drawn(dtype)
    expected = outcome(case, mode, dtype)
    assert np.isfinite(expected.total)
    for other in with_garbage(case, batch):
        assert bits(run(other)) == bits(expected)


@every_run()
def test_gradients_at_masked_places_are_exactly_zero_and_others_are_not(case, mode, dtype):
    batch = case.drawn(dtype)
    counted = case.counted(batch.y_true)
    for role, gradient in outcome(case, mode, dtype).gradients.items():
        assert not gradient[~case.spread(counted, role)].any()
        assert gradient[case.spread(counted, role)].any()


@every_run()
def test_masked_arrays_agree_with_compacted_ones(case, mode, dtype):
    batch = case.drawn(dtype)
    # In eager mode: a graph would be traced and compiled anew for them.
    small = program(case, "eager")(case.compacted(batch))
    whole = outcome(case, mode, dtype)
    assert_close(whole.total, small.total, TOLERANCE[dtype])
    for name, row in whole.rows.items():
        assert_close(row, small.rows[name], TOLERANCE[dtype], name)
    for role, gradient in whole.gradients.items():
        of_role = SimpleNamespace(y_true=batch.y_true, y_pred={"gradient": gradient})
        found = case.compacted(of_role).y_pred["gradient"]
        assert_close(found, small.gradients[role], GRADIENT[dtype], role)


@every_run()
def test_all_masked_gives_zero_and_no_gradient(case, mode, dtype):
    batch = case.drawn(dtype)
    nothing = replaced(batch, mask=np.zeros_like(batch.y_true["mask"]))
    found = program(case, mode)(nothing)
    assert found.total == 0
    for name, row in found.rows.items():
        assert row.loss == row.weighted == 0
        # `sum` divides by 1; weights of classes are not masked with a region of the batch
        assert row.denominator == (1 if name == "sum" else 0)
    assert not any(gradient.any() for gradient in found.gradients.values())


@every_run()
def test_the_order_of_the_batch_does_not_matter(case, mode, dtype):
    batch = case.drawn(dtype)
    order = np.random.default_rng(2).permutation(len(batch.y_true["mask"]))
    fixed = () if case.batch_is_weighted else ("weight",)  # a weight of classes
    shuffled = SimpleNamespace(
        y_true={k: v if k in fixed else v[order] for k, v in batch.y_true.items()},
        y_pred={k: v[order] for k, v in batch.y_pred.items()},
    )
    before, after = outcome(case, mode, dtype), program(case, mode)(shuffled)
    assert_close(after.total, before.total, TOLERANCE[dtype])
    for role, gradient in before.gradients.items():
        assert_close(after.gradients[role], gradient[order], GRADIENT[dtype], role)


@every_run()
def test_twice_the_scalar_weight_is_twice_the_total_and_the_gradient(case, mode, dtype):
    once = outcome(case, mode, dtype)
    twice = program(case, mode)(case.drawn(dtype), step=2 * STEP)
    assert twice.total == 2 * once.total
    for name, row in once.rows.items():
        assert twice.rows[name] == (row.loss, 2 * row.weight, 2 * row.weighted, row.denominator)
    for role, gradient in once.gradients.items():
        tiny = np.finfo(gradient.dtype).smallest_subnormal
        np.testing.assert_allclose(twice.gradients[role], 2 * gradient, rtol=0, atol=2 * tiny)


@every_run()
def test_twice_the_tensor_weight_cancels_out_of_a_weighted_mean_alone(case, mode, dtype):
    batch = case.drawn(dtype)
    once = outcome(case, mode, dtype)
    twice = program(case, mode)(replaced(batch, weight=2 * batch.y_true["weight"]))
    for name, row in once.rows.items():
        factor = 1 if name == "weighted_mean" else 2
        assert twice.rows[name].loss == factor * row.loss, name


@every_run()
def test_at_weight_zero_the_loss_is_shown_and_nothing_comes_back(case, mode, dtype):
    found = program(case, mode)(case.drawn(dtype), step=0)
    for name, row in outcome(case, mode, dtype).rows.items():
        assert found.rows[name] == (row.loss, 0, 0, row.denominator)
    assert found.total == 0
    assert not any(gradient.any() for gradient in found.gradients.values())


@every_run()
def test_at_weight_zero_not_even_nan_comes_back(case, mode, dtype):
    batch = case.drawn(dtype)
    nan = {name: np.full_like(array, np.nan) for name, array in batch.y_pred.items()}
    found = program(case, mode)(SimpleNamespace(y_true=batch.y_true, y_pred=nan), step=0)
    for row in found.rows.values():
        assert np.isnan(row.loss)
        assert row.weighted == 0
    assert found.total == 0
    assert not any(gradient.any() for gradient in found.gradients.values())
