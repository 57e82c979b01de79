"""Expressions that several terms share."""

from __future__ import annotations

import copy

import numpy as np
import pytest

SPEC = {
    "tasks": {
        "a": {
            "mask": "isfinite(y_true.a) and y_true.kept",
            "loss": ["mean_squared_error", "absolute_difference"],
        },
        "b": {
            "mask": "isfinite(y_true.a) and y_true.kept",
            "y_true": "y_true.a",
            "y_pred": "y_pred.a",
            "loss": "huber",
        },
        "c": {"y_true": "y_true.a", "y_pred": "y_pred.a", "mask": "y_true == 1", "loss": "huber"},
        "d": {"y_true": "y_true.a", "y_pred": "y_pred.a", "mask": "y_true == 1.0", "loss": "huber"},
    }
}
Y_TRUE = {"a": np.float32([1, np.nan, 3]), "kept": np.array([True, True, False])}
Y_PRED = {"a": np.float32([3, 5, 7])}


@pytest.fixture
def computed(monkeypatch):
    """How often each function of the language was computed."""
    from composer.engine.calls import Calls

    found = []
    plain = Calls.__call__

    def counting(self, node, *rest):
        found.append(node.name)
        return plain(self, node, *rest)

    monkeypatch.setattr(Calls, "__call__", counting)
    return found


def test_a_mask_that_three_losses_have_is_computed_once(computed):
    from composer import build_total_loss

    rows = build_total_loss(SPEC)(Y_TRUE, Y_PRED)[1]
    assert [float(row.loss) for row in rows.values()] == [4, 2, 1.5, 1.5, 1.5]
    assert computed == ["isfinite"]


def test_the_next_call_computes_anew(computed):
    from composer import build_total_loss

    total_loss = build_total_loss(SPEC)
    total_loss(Y_TRUE, Y_PRED)
    other = total_loss({**Y_TRUE, "kept": np.array([False] * 3)}, Y_PRED)[1]
    assert float(other["b/huber"].loss) == 0
    assert len(computed) == 2


def test_a_copy_computes_the_same_without_sharing_what_it_is_not_sure_of(computed):
    from composer import build_total_loss

    rows = copy.deepcopy(build_total_loss(SPEC))(Y_TRUE, Y_PRED)[1]
    assert [float(row.loss) for row in rows.values()] == [4, 2, 1.5, 1.5, 1.5]


def test_numbers_that_are_equal_and_compute_otherwise_are_not_shared():
    from composer.engine.sharing import Shared
    from composer.language import tree as t

    one, float_one, again = t.Number(0, 1, 1), t.Number(0, 3, 1.0), t.Number(5, 6, 1)
    shared = Shared([one, float_one, again])
    assert one == float_one
    assert shared.number(one) == shared.number(again) != shared.number(float_one)
    assert shared.number(t.Number(0, 1, 1)) is None
