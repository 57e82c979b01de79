"""The rounds of a bench on a clock that stands still until a call moves it."""

from __future__ import annotations

import pytest

from composer.command.bench.measured import Times
from composer.command.bench.rounds import WARM_UP, measure, quartiles, rotated


class Clock:
    """Seconds that pass in calls alone, and the order of the calls."""

    def __init__(self):
        self.now = 0.0
        self.called = []

    def __call__(self):
        return self.now

    def call(self, name, *seconds):
        """A call that takes so long at first, then so long, and ever after the last of them."""
        left = list(seconds)

        def run():
            self.called.append(name)
            self.now += left.pop(0) if len(left) > 1 else left[0]

        return run


def silent(_):
    pass


def test_each_round_calls_everything_once_beginning_one_further():
    clock = Clock()
    calls = [clock.call(name, 1.0) for name in "abc"]
    measure(calls, 3, clock, silent)
    assert "".join(clock.called) == "abc" + "bca" + "cab" + "abc" + "bca" + "cab"  # once, 2 warm, 3


def test_a_call_is_timed_without_its_first_rounds():
    clock = Clock()
    slow_at_first = clock.call("a", 9.0, *[7.0] * WARM_UP, 2.0, 4.0)
    (found,) = measure([slow_at_first], 2, clock, silent)
    assert found == Times(2.0, 2.5, 3.0, 3.5)


def test_what_takes_microseconds_runs_as_often_as_fills_a_millisecond():
    clock = Clock()
    (found,) = measure([clock.call("a", 250e-6)], 1, clock, silent)
    assert len(clock.called) == 1 + 4 * (WARM_UP + 1)
    assert found.median == pytest.approx(250e-6, rel=1e-9)


@pytest.mark.parametrize("seconds", [0.0, 1e-9])
def test_what_takes_no_time_runs_a_hundred_times(seconds):
    clock = Clock()
    measure([clock.call("a", seconds)], 1, clock, silent)
    assert len(clock.called) == 1 + 100 * (WARM_UP + 1)


def test_how_far_it_is():
    told = []
    clock = Clock()
    measure([clock.call("a", 1.0)], 2, clock, told.append)
    assert told == ["round 0 of 2", "round 0 of 2", "round 0 of 2", "round 1 of 2"]


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        ([3.0], Times(3, 3, 3, 3)),
        ([5.0, 1.0], Times(1, 2, 3, 4)),
        ([4.0, 0.0, 3.0, 1.0, 2.0], Times(0, 1, 2, 3)),
    ],
)
def test_quartiles(samples, expected):
    assert quartiles(samples) == expected


def test_an_order_is_rotated():
    assert [rotated(3, shift) for shift in (-2, 0, 1, 5)] == [
        [1, 2, 0], [0, 1, 2], [1, 2, 0], [2, 0, 1],
    ]  # fmt: skip
