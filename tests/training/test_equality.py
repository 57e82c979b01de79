"""One batch gives the same numbers on devices, replicas, workers and in micro-batches; the page says so."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import numpy as np
import pytest

from scripts.equality.comparing import BOUNDS, lines
from scripts.equality.configurations import CONFIGURATIONS, LEFT_OUT
from tests.command import ROOT, environment

SCRIPT = ROOT / "scripts" / "equality"
PAGE = ROOT / "docs" / "training" / "equality.md"
WAYS = {"in_a_loop": "custom loop", "under_fit": "`fit`"}
COUPLED, MOVING = "road/dice", "face/center"


def run(*arguments, code=0):
    """What the script finds."""
    command = [sys.executable, SCRIPT, *arguments]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    return done.stdout


def places(configurations):
    return [(each.name, way) for each in configurations for way in each.ways]


def within(distance, bound):
    centers = distance["centers"] or 0
    return max(distance["breakdown"], distance["gradients"]) <= bound and centers <= 1e-6


def test_a_part_of_the_table():
    found = json.loads(run("--quick", "--json"))["lines"]
    assert [(e["name"], e["way"]) for e in found] == places(c for c in CONFIGURATIONS if c.quick)
    assert all(within(each["distances"]["float32"], 1e-6) for each in found)
    assert all(3.9 < each["total"] < 4.5 for each in found)
    # Over several micro-batches the centers are held, and elsewhere they have moved alike.
    assert [each["distances"]["float32"]["centers"] is None for each in found] == [
        "steps" in each["name"] or "then" in each["name"] for each in found
    ]


def made_up(**other):
    """A result, as one process prints it."""
    result = {
        "name": "1 device", "way": "in_a_loop", "held": False, "total": 4.0,
        "breakdown": {"a/l2": {"loss": 4.0, "weight": 1.0, "weighted": 4.0}},
        "gradients": [[1.0, 0.0], [100.0]], "centers": [[1.0]], "keras": None,
    }  # fmt: skip
    return result | other


@pytest.mark.parametrize(
    ("other", "distance"),
    [
        ({}, (0, 0, 0)),
        ({"total": 4 + 4e-3}, (1e-3, 0, 0)),
        ({"gradients": [[1, 1e-3], [100]]}, (0, 1e-3, 0)),  # of its own variable's largest entry
        ({"gradients": [[1, 0], [np.nan]]}, (0, np.inf, 0)),
        ({"centers": [[1], [1 + 1e-3]]}, (0, 0, 1e-3)),  # of the second replica
    ],
    ids=["same", "total", "gradient", "NaN", "centers"],
)
def test_a_distance_is_the_largest(other, distance):
    _, line = lines({"float32": [made_up(), made_up(**other)]})
    (found,) = line.distances.values()
    np.testing.assert_allclose(
        [found.breakdown, found.gradients, found.centers], distance, rtol=1e-6
    )
    assert line.agrees == (not other)


def test_the_exit_code_is_1_where_a_bound_is_broken(tmp_path):
    results = [made_up(), made_up(total=4.1)]
    printed = json.dumps({"results": results, "left_out": {}})
    program = (
        "import runpy, sys\n"
        f"sys.path.insert(0, {str(SCRIPT)!r})\n"
        "import cluster\n"
        f"cluster.run = lambda *_, **__: [{printed!r}]\n"
        f"sys.argv = ['equality', '--quick']\n"
        f"runpy.run_path({str(SCRIPT)!r}, run_name='__main__')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stderr
    assert (
        done.stdout.splitlines()[-1] == "| 1 device | custom loop | 4.10000 | 0.025 | 0 | 0 |  |  |"
    )


def table(heading):
    """The rows of a table of the page, as cells."""
    text = PAGE.read_text(encoding="utf-8")
    (found,) = re.findall(rf"^\| {heading} \|.*\n\| ---.*\n((?:\|.*\n)+)", text, re.MULTILINE)
    return [[cell.strip() for cell in row.strip("|\n").split("|")] for row in found.splitlines()]


def test_the_page_has_every_configuration_and_shows_what_agrees():
    rows = table("one batch on …")
    assert [tuple(row[:2]) for row in rows] == [
        (name, WAYS[way]) for name, way in places(CONFIGURATIONS)
    ]
    for row in rows:
        single, double = row[3:6], row[6:9]
        for cells, bound in ((single, BOUNDS["float32"]), (double, BOUNDS["float64"])):
            assert max(map(float, cells[:2])) <= bound
            assert cells[2] == "held" or float(cells[2]) <= 1e-6


@pytest.fixture(scope="module")
def everything():
    """What the whole script finds, which takes minutes."""
    return json.loads(run("--json"))


@pytest.mark.full
def test_the_whole_table(everything):
    found = everything["lines"]
    assert [(each["name"], each["way"]) for each in found] == places(CONFIGURATIONS)
    for each in found:
        for dtype, bound in BOUNDS.items():
            assert within(each["distances"][dtype], bound), each


@pytest.mark.full
def test_keras_gives_the_same_on_one_device_and_nowhere_else(everything):
    one, fit, *others = everything["lines"]
    for each in (one, fit):
        np.testing.assert_allclose(each["keras"], one["total"], rtol=1e-6)
        assert each["keras_gradients"] <= 1e-6
    for each in others:
        if each["keras_text"] is None:
            assert abs(each["keras"] - one["total"]) > 0.01
            assert each["keras_gradients"] > 0.1
    failing = {(e["name"], e["way"]): e["keras"] for e in others if e["keras_text"] is not None}
    assert failing == {
        **{(name, "under_fit"): "InvalidArgumentError"
           for name in ("2 replicas, 6 + 2", "2 replicas, 8 + 0", "4 replicas, 3 + 0 + 4 + 1")},
        **{(f"2 workers, {sizes}", "under_fit"): "ValueError"
           for sizes in ("4 + 4", "6 + 2", "8 + 0")},
    }  # fmt: skip


@pytest.mark.full
def test_the_terms_left_out_are_those_that_are_no_sum(everything):
    found = everything["left_out"]
    one, steps, replicas = (found[each.name] for each in LEFT_OUT)
    assert abs(one[COUPLED] - replicas[COUPLED]) > 1e-3
    assert abs(one[COUPLED] - steps[COUPLED]) > 1e-3
    # Replicas move the centers together; the second micro-batch finds them where the first left them.
    np.testing.assert_allclose(replicas[MOVING], one[MOVING], rtol=1e-6)
    assert abs(one[MOVING] - steps[MOVING]) > 1e-3


@pytest.mark.full
def test_the_page_shows_what_the_script_prints(everything):
    for row, line in zip(table("one batch on …"), everything["lines"], strict=True):
        keras = line["keras"]
        assert row[9] == f"`{keras}`" if isinstance(keras, str) else near(row[9], keras)
        assert near(row[2], line["total"])
        if line["keras_gradients"] is not None and line["keras_gradients"] > 1e-6:
            np.testing.assert_allclose(float(row[10]), line["keras_gradients"], rtol=0.1)
    for row in table("left out"):
        shown = zip(row[1:], everything["left_out"].values(), strict=True)
        assert all(near(cell, losses[row[0].strip("`")]) for cell, losses in shown)


def near(cell, number):
    """Whether a number of the page is that which the script found, but for its last digit."""
    return abs(float(cell) - number) < 2e-5
