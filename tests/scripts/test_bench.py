"""The benchmark: all ways to a loss agree where they say so, what does less is seen, and the sums are right."""

from __future__ import annotations

import importlib
import json
import math
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from tests.command import ROOT, environment

SCRIPTS = ROOT / "scripts"
CASES = [
    "dense", "dense150", "float16", "sigmoid", "focal", "classes1024", "huge", "embeddings1024",
    "triplet", "weights30", "heads10",
]  # fmt: skip  # the others are small versions of one of these
MODES = ["eager", "graph", "xla"]


@pytest.fixture
def bench(monkeypatch) -> SimpleNamespace:
    monkeypatch.syspath_prepend(SCRIPTS)
    names = (
        "cases case goals page probe rivals roofline scaling step summary table timing measure plot"
    )
    return SimpleNamespace(
        **{name: importlib.import_module(f"bench.{name}") for name in names.split()}
    )


def found(step) -> list[np.ndarray]:
    """Total and gradients, as float64."""
    total, _, gradients = step()
    return [np.asarray(each, np.float64) for each in (total, *gradients.values())]


def assert_close(found, expected, case):
    epsilon = max(8 * max(np.finfo(array.dtype).eps for array in case.y_pred.values()), 2e-6)
    np.testing.assert_allclose(found[0], expected[0], rtol=2e-6)
    for one, other in zip(found[1:], expected[1:], strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=epsilon * np.abs(other).max())


@pytest.mark.parametrize("name", CASES)
def test_ours_and_the_loss_by_hand_agree_in_every_mode(bench, name):
    case = bench.cases.CASES[name](True)
    by_hand = bench.rivals.RIVALS[bench.rivals.REFERENCE].build(case)
    expected = found(bench.step.Step(case, by_hand, "eager"))
    ours = bench.rivals.ours(case)
    for mode in MODES:
        assert_close(found(bench.step.Step(case, ours, mode)), expected, case)
    (_, breakdown), (_, rows) = ours(*case.tensors), by_hand(*case.tensors)
    assert breakdown.keys() == rows.keys()
    for name, row in rows.items():
        np.testing.assert_allclose(breakdown[name], row, rtol=2e-6)


@pytest.mark.parametrize("name", CASES)
def test_what_every_other_does_is_what_it_is_seen_to_do(bench, name):
    evidence = bench.measure.look_into(name, list(bench.rivals.RIVALS), {"jit_compile": None})[
        "evidence"
    ]
    same = {rival for rival, seen in evidence.items() if seen["same_work"]}
    assert {"losscomp", "by hand", "by hand, compiled"} <= same
    # Keras divides by the sum of the weights, tells no rows of a single output, and has no triplets.
    keras = {"Keras, selected first"} if name not in ("triplet", "weights30") else set()
    is_masked = evidence["losscomp"]["selection"] is not None
    plain = {"Keras"} & evidence.keys() | {"tf.losses"}
    expected = keras if is_masked else keras | plain
    assert same - {"losscomp", "by hand", "by hand, compiled", "TF-Slim"} == expected


@pytest.mark.full
@pytest.mark.parametrize("mode", ["graph", "xla"])
@pytest.mark.parametrize("name", CASES)
def test_all_of_the_same_work_agree_in_graphs(bench, name, mode):
    case = bench.cases.CASES[name](True)
    rivals = bench.rivals.RIVALS
    seen = bench.measure.look_into(name, list(rivals), {"jit_compile": None})["evidence"]
    by_hand = rivals[bench.rivals.REFERENCE].build(case)
    expected = found(bench.step.Step(case, by_hand, "eager"))
    for key, rival in rivals.items():
        if seen.get(key, {}).get("same_work") and mode in rival.modes:
            assert_close(found(bench.step.Step(case, rival.build(case), mode)), expected, case)


def looked_into(bench, change):
    """What is seen of the loss by hand of a masked head, once changed."""
    case = bench.cases.CASES["weights30"](True)
    by_hand = bench.rivals.RIVALS[bench.rivals.REFERENCE].build(case)
    expected = bench.probe.outcome(case, by_hand)
    return bench.probe.probe(case, lambda *sides: change(by_hand, *sides), expected)


def test_the_loss_by_hand_is_seen_to_do_all(bench):
    seen = looked_into(bench, lambda loss, *sides: loss(*sides))
    assert seen.is_same
    assert seen.selection is True


def test_a_mask_that_multiplies_is_seen(bench):
    import tensorflow as tf

    def multiplied(loss, y_true, y_pred):
        keep = tf.cast(y_true["depth"] > 0, tf.float32)
        total, rows = loss(y_true, y_pred)
        # 0 · NaN: the same number, unless NaN stands behind the mask.
        return total + 0 * tf.reduce_sum((1 - keep) * y_pred["depth"]), rows

    seen = looked_into(bench, multiplied)
    assert (seen.total, seen.selection, seen.is_same) == (True, False, False)


def test_another_divisor_is_seen(bench):
    def halved(loss, y_true, y_pred):
        total, rows = loss(y_true, y_pred)
        return total / 2, rows

    seen = looked_into(bench, halved)
    assert not seen.total
    assert not seen.gradient
    assert not seen.is_same


def test_a_breakdown_that_is_not_there_is_seen(bench):
    seen = looked_into(bench, lambda loss, *sides: (loss(*sides)[0], {}))
    assert (seen.total, seen.breakdown, seen.is_same) == (True, False, False)


def test_a_gradient_that_stops_is_seen(bench):
    import tensorflow as tf

    def stopped(loss, y_true, y_pred):
        total, rows = loss(y_true, y_pred)
        return (total + tf.stop_gradient(total)) / 2, rows

    seen = looked_into(bench, stopped)
    assert (seen.total, seen.gradient, seen.is_same) == (True, False, False)


def test_calls_are_made_once_a_round_in_an_order_that_changes(bench):
    made = []
    calls = {name: lambda name=name: made.append(name) for name in "abc"}
    repeats = dict.fromkeys("abc", 1)
    orders = {tuple(bench.timing._order(list(repeats), number)) for number in range(6)}
    assert all(sorted(order) == ["a", "b", "c"] for order in orders)
    assert {order[0] for order in orders} == {"a", "b", "c"}
    assert len(orders) == 6
    seconds = bench.timing.interleaved(calls, bench.timing.Effort(4, 0, 60))
    assert [len(each) for each in seconds.values()] == [4, 4, 4]
    assert all(each > 0 for each in seconds["a"])


def test_a_ratio_is_taken_in_every_round(bench):
    # 1/2, 2/2, 3/2, 4/2, 50/100: the machine was slow in the last round.
    spread = bench.timing.ratio([1, 2, 3, 4, 50], [2, 2, 2, 2, 100])
    assert (spread.low, spread.median, spread.high) == (0.5, 1, 1.5)


def test_the_exponent_of_squares_is_2(bench):
    assert bench.scaling.exponent({10: 100, 100: 10000, 1000: 1e6}) == pytest.approx(2)


def test_a_step_as_quick_as_the_copy_of_its_bytes_is_at_1(bench):
    # 1,000 bytes are copied in 2 s: 2,000 move, 1,000 a second.
    assert bench.roofline.multiple(3, 3000, copy_seconds=2, size=1000) == 1
    assert bench.roofline.multiple(6, 3000, copy_seconds=2, size=1000) == 2


def test_what_has_to_move_is_read_once_and_its_gradient_written(bench):
    case = bench.cases.CASES["triplet"](True)  # three predictions of 16 × 20, no targets
    assert case.prediction_bytes == 3 * 16 * 20 * 4
    assert case.least_bytes == 2 * case.prediction_bytes
    weighted = bench.cases.CASES["weights30"](True)  # a target, a weight and a prediction
    assert weighted.least_bytes == 4 * (2 * 16 * 16 * 4)


SAME = {"total": True, "breakdown": True, "gradient": True, "selection": True, "same_work": True}
LESS = {**SAME, "selection": False, "same_work": False}


def results(ours: list[float]) -> dict:
    """Of one case in a graph: losscomp, one that does the same in 1 s, one that does less in half."""
    seconds = {"losscomp": ours, "by hand": [1.0] * len(ours), "Keras": [0.5] * len(ours)}
    mode = {"seconds": seconds, "failed": {"tf.losses": "ValueError: no"}, "agree": {"Keras": True}}
    case = {
        "case": "dense", "about": "small", "least_bytes": 100, "left_out": {},
        "evidence": {"losscomp": SAME, "by hand": SAME, "Keras": LESS, "tf.losses": SAME},
        "modes": {"graph": mode},
    }  # fmt: skip
    memory = {
        "case": "dense150", "evidence": case["evidence"],
        "modes": {"xla": {
            "losscomp": {"bytes": 30, "of_predictions": 1.5},
            "by hand": {"bytes": 60, "of_predictions": 3.0},
            "Keras": {"bytes": 10, "of_predictions": 0.5},
        }},
    }  # fmt: skip
    machine = {"processor": "P", "cores": 2, "python": "3", "versions": {"keras": "3"}}
    return {
        "cases": [case], "memory": [memory], "scaling": None, "startup": None, "machine": machine, "failed": [],
    }  # fmt: skip


def test_goals_are_set_against_the_best_that_does_the_same(bench):
    goals = {goal.what: goal for goal in bench.goals.goals(results([0.4, 0.4, 0.4]))}
    assert goals["dense, graph"].figure == 0.4
    assert goals["dense, graph"].note == "quartiles 0.40 to 0.40, beside by hand"
    assert goals["dense, graph"].is_reached
    assert goals["dense, graph, further"].is_reached
    assert goals["dense150, xla, peak memory"].figure == 0.5
    assert goals["heads100, graph, further"].is_reached is None
    assert "dense, xla" not in goals


def test_a_spread_above_the_bound_is_no_goal_reached(bench):
    # The median is 0.9; the upper quartile 1.1 is above 1.05.
    goals = {goal.what: goal for goal in bench.goals.goals(results([0.9, 0.9, 0.9, 1.1, 1.1]))}
    assert (goals["dense, graph"].figure, goals["dense, graph"].is_reached) == (0.9, False)


def test_times_of_less_work_are_in_brackets(bench):
    found = results([0.4])
    times = bench.table.of_times(found["cases"])
    assert "| dense | graph | 400 | 1000 | (500) | 0.40, by hand | 0.80, Keras |" in times
    assert "| dense | yes | yes | no: NaN passes |" in bench.table.of_work(found["cases"])
    assert bench.table.of_left_out(found["cases"]) == (
        "- dense, graph: tf.losses fails: ValueError: no"
    )
    assert "| dense150 | xla | 1.50 | 3.00 | (0.50) | 0.50, by hand |" in bench.table.of_memory(
        found["memory"]
    )


def test_tables_are_replaced_between_their_marks(bench):
    begin, end = bench.page.BEGIN, bench.page.END
    page = f"before\n\n{begin}\n\nold\n\n{end}\n\nafter\n"
    assert bench.page.replaced(page, "new") == f"before\n\n{begin}\n\nnew\n\n{end}\n\nafter\n"
    with pytest.raises(ValueError, match="the page should hold <!-- bench: begin --> and, below"):
        bench.page.replaced("no marks", "new")


def test_the_page_shows_what_its_data_say(bench):
    page = (ROOT / "docs" / "speed.md").read_text(encoding="utf-8")
    data = json.loads((ROOT / "docs" / "speed.json").read_text(encoding="utf-8"))
    assert bench.page.replaced(page, bench.page.text(data)) == page


@pytest.mark.full
def test_one_command_writes_page_picture_and_data(tmp_path):
    (tmp_path / "speed.md").write_text((ROOT / "docs" / "speed.md").read_text(encoding="utf-8"))
    words = ["triplet", "heads10", "--quick", "--modes", "graph", "xla", "--write"]
    command = [sys.executable, SCRIPTS / "bench.py", *words, tmp_path, "--rivals", "by hand"]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    data = json.loads((tmp_path / "speed.json").read_text())
    assert [case["case"] for case in data["cases"]] == ["triplet", "heads10"]
    assert [found["case"] for found in data["memory"]] == ["triplet", "heads10"]
    assert all(
        math.isfinite(seconds)
        for case in data["cases"]
        for mode in ("graph", "xla")
        for seconds in case["modes"][mode]["seconds"]["losscomp"]
    )
    assert data["scaling"]["exponents"]["losscomp"].keys() == {"build", "trace", "step"}
    assert "| triplet | xla |" in (tmp_path / "speed.md").read_text()
    assert (tmp_path / "speed.png").read_bytes().startswith(b"\x89PNG")
    assert "triplet, xla" in done.stdout
