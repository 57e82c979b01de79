"""The training scripts: their data are what they say, they learn, and plain Keras agrees where it can."""

from __future__ import annotations

import importlib
import json
import math
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from tests.command import ROOT, environment

SCRIPTS = ROOT / "scripts"


@pytest.fixture
def digits(monkeypatch) -> ModuleType:
    monkeypatch.syspath_prepend(SCRIPTS)
    return importlib.import_module("runs.digits")


@pytest.fixture
def stereo(monkeypatch) -> ModuleType:
    monkeypatch.syspath_prepend(SCRIPTS)
    return importlib.import_module("runs.stereo")


def test_depths_and_poses_are_missing_as_often_as_said(digits):
    depth, has_pose = (digits.parts(1)["train"].y[name] for name in ("depth", "has_pose"))
    without = (depth == 0).all(axis=(1, 2, 3))
    rest = depth[~without]
    assert without.mean() == pytest.approx(0.1, abs=0.03)
    assert (rest == 0).mean() == pytest.approx(0.3, abs=0.005)
    assert np.isnan(rest).mean() == pytest.approx(0.02, abs=0.002)
    assert has_pose.mean() == pytest.approx(0.7, abs=0.04)


def test_a_pose_is_the_unit_quaternion_of_the_angle(digits):
    quarter = digits.quaternions(np.array([90.0]))[0]
    assert quarter == pytest.approx([math.sqrt(0.5), 0, 0, math.sqrt(0.5)])
    y = digits.parts(1)["test"].y
    lengths = np.linalg.norm(y["pose"], axis=-1)
    assert lengths[y["has_pose"]] == pytest.approx(1, abs=1e-6)
    assert (lengths[~y["has_pose"]] == 0).all()


def test_the_strokes_of_a_digit_are_nearer_by_a_metre(digits):
    # A digit of ink alone, at any angle: its middle is 1 m before the plane, of which the corners tell.
    ink = np.ones([3, 8, 8])
    depth = digits._samples(ink, np.zeros(3), np.random.default_rng(1)).y["depth"][..., 0]
    corners = np.nanmean(
        np.where(depth > 0, depth, np.nan)[:, [0, 0, -1, -1], [0, -1, 0, -1]], axis=1
    )
    middles = np.nanmean(np.where(depth > 0, depth, np.nan)[:, 4:8, 4:8], axis=(1, 2))
    assert corners - middles == pytest.approx(1, abs=0.26)  # not all of them were measured


def test_a_pixel_meets_the_one_that_its_disparity_says(stereo):
    # left(x) = right(x − 20): no difference at 20, apart from the border.
    right = np.random.default_rng(0).uniform(size=[4, 120])
    scene = {"left": np.roll(right, 20, axis=1), "right": right}
    x = stereo.whole(scene, np.zeros([4, 120])).x
    differences = stereo.Differences()(x["left"], x["right"]).numpy()[0]
    assert differences.shape == (4, 120, 48)
    assert (differences[:, 20:, 20 - stereo.LEAST] == 0).all()
    assert (np.delete(differences, 20 - stereo.LEAST, axis=2)[:, 60:].min(axis=2) > 0).any()


def test_the_answer_to_one_clear_score_is_its_disparity(stereo):
    scores = np.zeros([1, 1, 1, 48], "float32")
    scores[..., 12] = 100
    assert float(stereo.Expected()(scores)[0, 0, 0, 0]) == 12 + stereo.LEAST


def test_what_is_withheld_is_not_trained_with(stereo):
    scene = stereo.scene()
    numbered = np.arange(1, scene["disparity"].size + 1).reshape(scene["disparity"].shape)
    job = stereo.job({**scene, "disparity": numbered}, count=200, epochs=1)
    train, held = (set(part.y["disparity"].ravel()) - {0} for part in (job.train, job.validation))
    assert not train & held
    assert len(held) == stereo.withheld(numbered.shape).sum()
    assert len(train) > 0.5 * numbered.size


def run(script: str, output: Path, *options: str) -> tuple[dict, str]:
    """What a script wrote into `results.json`, and what it printed."""
    command = [sys.executable, SCRIPTS / script, "--output", output, *options]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    return json.loads((output / "results.json").read_text()), done.stdout


def assert_sound(results: dict, printed: str, pictures: set[str], output: Path) -> None:
    """What holds of every run, however short."""
    assert {file.name for file in output.glob("*.png")} == pictures
    epochs, rows = len(results["train"]), len(results["train"][0])
    table = re.findall(r"^ +\d+ [\w/]+ .*\d$|^ +\d+ [\w/]+ .*%$", printed, re.MULTILINE)
    assert len(table) == epochs * (rows + 1)
    for side, key in (("train", "loss"), ("validation", "val_loss")):
        for number, epoch in enumerate(results[side]):
            total = sum(row["weighted"] for row in epoch.values())
            assert math.isfinite(total)
            assert total == pytest.approx(results["history"][number][key], rel=1e-9)
            assert all(
                row["weighted"] == pytest.approx(row["weight"] * row["loss"])
                for row in epoch.values()
            )
    first, last = (results["history"][place]["loss"] for place in (0, -1))
    assert last < 0.9 * first


def assert_keras_is_nan(results: dict) -> None:
    found = results["beside"]["first_nan"]
    assert found["step"] == 0
    assert found["hidden"] > 0
    assert found["later"] == 1
    assert found["spoilt"] > 0


def assert_keras_agrees(results: dict, epochs: float) -> None:
    found = results["beside"]["differences"]
    assert found["first_steps"] < 1e-5
    assert max(found["epochs"].values()) < epochs


def assert_in_effect(results: dict, rows: dict[str, tuple[str, float]]) -> None:
    """Keras's divisor multiplies the weight of an output by what its mask keeps."""
    for output, (row, weight) in rows.items():
        kept = results["validation"][-1][row]["kept"]
        in_effect = results["beside"]["weights_in_effect"][output]
        assert in_effect == pytest.approx(weight * kept, rel=1e-4)


DIGITS = {
    "scene": ("scene/sparse_softmax_cross_entropy", 1),
    "depth": ("depth/huber", 2),
    "pose": ("pose/mean_squared_error", 20),
}


def test_a_short_run_on_digits(tmp_path, digits):
    results, printed = run("train_digits.py", tmp_path, "--quick")
    assert_sound(results, printed, {"answers.png", "curves.png"}, tmp_path)
    assert_keras_is_nan(results)
    assert_keras_agrees(results, epochs=1e-3)
    assert_in_effect(results, DIGITS)
    y = digits.parts(1)["train"].y
    for epoch in results["train"]:
        assert epoch["depth/huber"]["kept"] == pytest.approx(np.mean(y["depth"] > 0), rel=1e-9)
        assert epoch["pose/mean_squared_error"]["kept"] == pytest.approx(y["has_pose"].mean())
        assert epoch["scene/sparse_softmax_cross_entropy"]["kept"] == 1


@pytest.mark.full
def test_a_short_run_on_the_aloe_pair(tmp_path):
    results, printed = run("train_stereo.py", tmp_path, "--quick")
    assert_sound(results, printed, {"curves.png", "disparity.png"}, tmp_path)
    assert_keras_is_nan(results)
    assert_keras_agrees(results, epochs=1e-3)
    assert_in_effect(results, {"disparity": ("disparity/huber", 1)})


@pytest.mark.full
def test_the_whole_run_on_digits_learns_all_three_tasks(tmp_path):
    results, printed = run("train_digits.py", tmp_path)
    assert_sound(results, printed, {"answers.png", "curves.png"}, tmp_path)
    assert_keras_is_nan(results)
    assert_keras_agrees(results, epochs=0.02)
    assert_in_effect(results, DIGITS)
    metrics = results["metrics"]
    assert metrics["accuracy"] > 0.85
    assert metrics["depth_rmse"] < 0.15  # were missing depths counted as 0, it would be above 1
    assert metrics["angle"] < 6


@pytest.mark.full
def test_the_whole_run_on_the_aloe_pair_beats_simpler_answers(tmp_path):
    results, printed = run("train_stereo.py", tmp_path)
    assert_sound(results, printed, {"curves.png", "disparity.png"}, tmp_path)
    assert_keras_is_nan(results)
    assert_keras_agrees(results, epochs=0.05)
    metrics = results["metrics"]
    assert metrics["model"] < 2.2
    assert metrics["model"] < 0.5 * min(metrics["median"], metrics["matched"])
