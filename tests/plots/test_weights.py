"""Weights over the steps, against arithmetic in the head and against what the total loss multiplies by."""

from __future__ import annotations

import math

import numpy as np
import pytest

from composer import parse_spec
from composer.compose import TotalLoss
from composer.plots.steps import span_of
from composer.plots.weights import scalar_weights, weight_lines

SCHEDULES = """\
constants: {half: 0.5}
tasks:
  a: {loss: huber, weight: "ramp(step, 0, 1000)"}
  b: {loss: huber, weight: "2 * half"}
  c: {loss: [{type: huber, weight: "3 / cosine(step, 0, 100, 1, 3)"}, l2], weight: -2}
  d: {loss: huber, weight: "piecewise(step, [10, 20], [0, 1, 0.25]) * (1 + (y_true > 0))"}
  e: {loss: huber, weight: "cycle(step, 10, [0, 1])"}
  f: {loss: huber, weight: "where(step < 5, 1, 0)"}
regularization: {weight: "exp(-step / 100)"}
"""


def weights_of(text):
    return scalar_weights(parse_spec(text))


def weight(expression):
    (found,) = weights_of(f"tasks: {{a: {{loss: huber, weight: '{expression}'}}}}")
    return found


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("ramp(step, 0, 1000)", {0: 0, 500: 0.5, 1000: 1, 2000: 1}),
        ("2 * ramp(step, 0, 1000)", {0: 0, 500: 1, 1000: 2}),
        ("cosine(step, 0, 100)", {0: 1, 50: 0.5, 100: 0}),
        ("piecewise(step, [10, 20], [0, 1, 0.25])", {9: 0, 10: 1, 19: 1, 20: 0.25}),
        ("cycle(step, 10, [0, 1])", {0: 0, 4: 0, 5: 1, 9: 1, 10: 0}),
        ("1 / (step - 5)", {4: -1, 5: math.inf, 7: 0.5}),
        ("3 * y_true * ramp(step, 0, 10)", {0: 0, 5: 1.5, 10: 3}),
        ("7", {0: 7, 10**15: 7}),
    ],
)
def test_weights_at_steps(expression, expected):
    found = weight(expression)
    assert {step: found.at(step) for step in expected} == pytest.approx(expected, abs=1e-12)


def test_they_are_what_the_total_loss_multiplies_by():
    spec = parse_spec(SCHEDULES)
    total_loss, weights = TotalLoss(spec), scalar_weights(spec)
    ones = {name: np.ones([2], "float32") for name in "abcdef"}
    for step in (0, 4, 5, 19, 20, 50, 999):
        _, breakdown = total_loss(ones, ones, step=step, regularization=[])
        assert [w.name for w in weights] == list(breakdown)
        found = [float(row.weight) for row in breakdown.values()]
        assert [w.at(step) for w in weights] == pytest.approx(found, rel=1e-6)


def test_weights_that_never_differ_share_a_line():
    weights = weights_of(
        "tasks:\n"
        "  a: {weight: 'ramp(step, 0, 10)', loss: [huber, l2]}\n"
        "  b: {weight: 'ramp(step, 0, 10)', loss: l2}\n"
        "  c: {weight: 2, loss: l2}\n"
        "  d: {weight: 2.0, loss: l2}\n"
    )
    lines = weight_lines(weights, [0, 5, 10])
    assert [line.names for line in lines] == [("a/huber", "a/l2"), ("b/l2",), ("c/l2", "d/l2")]
    assert [list(line.values) for line in lines] == [[0, 0.5, 1], [0, 0.5, 1], [2, 2, 2]]
    assert [line.moves for line in lines] == [True, True, False]


def test_what_is_not_finite_is_a_gap():
    (line,) = weight_lines([weight("1 / (step - 5)")], [4, 5, 6])
    np.testing.assert_array_equal(line.values, [-1, math.nan, 1])


def line_over(expression, end):
    (line,) = weight_lines([weight(expression)], sorted({int(x) for x in np.linspace(0, end, 240)}))
    return line


def test_a_weight_that_moves_faster_than_the_points_is_a_band():
    line = line_over("cycle(step, 7, [1, 3, 2])", 100_000)
    assert line.rough.mean() > 0.9
    assert set(line.low[line.rough]) == {1}
    assert set(line.high[line.rough]) == {3}


@pytest.mark.parametrize(
    "expression",
    ["ramp(step, 0, 90000)", "piecewise(step, [500, 70000], [0, 5, 1])", "ramp(step, 0, 500)"],
)
def test_a_weight_that_moves_slowly_is_none(expression):
    assert not line_over(expression, 100_000).rough.any()


def test_a_line_through_every_step_hides_nothing():
    assert not line_over("cycle(step, 3, [1, 3, 2])", 200).rough.any()


@pytest.mark.parametrize(
    ("expression", "end", "linear"),
    [
        ("ramp(step, 0, 1000)", 1200, None),
        ("ramp(step / 10, 0, 1000)", 12_000, None),
        ("ramp(step - 50, 0, 1000)", 1300, None),
        ("ramp(step, 100, 200) * cosine(step, 0, 10000)", 12_000, 100),
        ("piecewise(step, [30, 40], [0, 1, 2])", 48, None),
        ("cycle(step, 100, [0, 1])", 480, None),
        ("where(step < 250, 1, 0)", 300, None),
        ("where(100 <= step < 250, 1, 0)", 300, None),
        ("exp(-step / 100)", 480, None),
        ("step / 500", 600, None),
        ("ramp(step % 100, 0, 50)", 120, None),
        ("ramp(step, 0, 4000000000000000000)", 4_800_000_000_000_000_000, None),
        ("1 + 0 * step", 1200, None),
    ],
)
def test_the_axis_goes_a_little_beyond_the_last_schedule(expression, end, linear):
    span = span_of([weight(expression)], None, None)
    assert (min(end, 2**62), linear) == (span.end, span.linear)


def test_the_axis_can_be_asked_for_and_reaches_a_marked_step():
    weights = [weight("ramp(step, 0, 1000)")]
    assert span_of(weights, 50, None).end == 50
    assert span_of(weights, None, 100_000) == span_of(weights, 110_000, None)


@pytest.mark.parametrize("last", [1, 2, 7, 10**6, 2**63 - 1])
def test_the_steps_rise_from_0_to_the_end_and_have_both_sides_of_every_turn(last):
    span = span_of([weight("piecewise(step, [5, 900], [0, 1, 2])")], last, None)
    steps = span.steps()
    assert steps == sorted(set(steps))
    assert (steps[0], steps[-1]) == (0, last)
    assert {s for s in (4, 5, 899, 900) if s <= last} <= set(steps)
    assert len(steps) < 1000
