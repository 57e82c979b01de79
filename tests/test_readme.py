"""The README tells the truth: its output is what the commands print, its tables are complete."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from composer.losses import CATALOGUE

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def run(*arguments: str, cwd: Path = ROOT) -> str:
    command = [sys.executable, "-m", "composer", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False).stdout


@pytest.mark.parametrize("config", ["stereo", "stereo_unmasked"])
def test_the_output_of_the_demo_is_copied_from_a_run(config: str):
    shown = run("build", f"configs/{config}.yaml", "--batch", "configs/data/aloe_stereo.npz")
    rounded = [re.sub(r"\d+\.\d+(e-\d+)?", _rounded, line) for line in shown.splitlines()]
    readme = [re.sub(r"\d+\.\d+(e-\d+)?", _rounded, line) for line in README.splitlines()]
    assert all(line in readme for line in rounded)


def _rounded(number: re.Match[str]) -> str:
    """Another processor may add in another order; four digits are the same."""
    return f"{float(number.group()):.4g}"


def test_the_demo_says_how_many_configs_it_checked():
    assert run("check", "configs").strip() in README


def test_every_loss_stands_in_the_table():
    rows = [line for line in README.splitlines() if line.startswith("| `")]
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[1])}
    assert set(CATALOGUE) <= named


SEEDS = [
    "absolute_difference",
    "add_loss",
    "hinge_loss",
    "compute_weighted_loss",
    "cosine_distance",
    "get_losses",
    "get_regularization_losses",
    "get_regularization_loss",
    "get_total_loss",
    "log_loss",
    "mean_pairwise_squared_error",
    "mean_squared_error",
    "sigmoid_cross_entropy",
    "softmax_cross_entropy",
    "sparse_softmax_cross_entropy",
    "sum_of_squares",
    "sum_of_pairwise_squares",
    "huber_loss",
    "tf.nn.l2_loss",
    "tf.nn.softmax",
    "tf.nn.softmax_cross_entropy_with_logits",
    "tf.nn.sparse_softmax_cross_entropy_with_logits",
    "tf.nn.sigmoid_cross_entropy_with_logits",
    "tf.nn.weighted_cross_entropy_with_logits",
    "tf.contrib.losses.log",
    "SUM_BY_NONZERO_WEIGHTS",
    "SUM_OVER_NONZERO_WEIGHTS",
    "SUM_OVER_BATCH_SIZE",
]


@pytest.mark.parametrize("function", SEEDS)
def test_every_function_that_users_come_from_stands_in_the_table(function: str):
    there = [line.split("|")[1] for line in README.splitlines() if line.startswith("| ")]
    assert any(re.search(rf"{re.escape(function)}\b", cell) for cell in there)


def test_the_spec_at_the_top_is_sound(tmp_path: Path):
    (spec,) = re.findall(r"```yaml\n(tasks:.*?)```", README, re.DOTALL)
    (tmp_path / "loss.yaml").write_text(spec)
    assert run("check", "loss.yaml", cwd=tmp_path) == "1 file checked: sound\n"


def test_what_check_finds_is_copied_from_a_run(tmp_path: Path):
    pattern = r"```yaml\n(tensors:.*?)```\n\n```\n\$ losscomp check loss.yaml\n(.*?)```"
    ((spec, shown),) = re.findall(pattern, README, re.DOTALL)
    (tmp_path / "loss.yaml").write_text(spec)
    assert run("check", "loss.yaml", cwd=tmp_path) == shown


def test_what_check_finds_on_the_batch_is_copied_from_a_run():
    pattern = r"\n\$ losscomp (check .* --batch .*)\n(.*?)```"
    ((words, shown),) = re.findall(
        pattern, README[README.index("## What `check` finds") :], re.DOTALL
    )
    assert run(*words.split()) == shown


def test_the_loss_of_ones_own_checks(tmp_path: Path):
    (code,) = re.findall(r"```python\n(from typing import ClassVar.*?)```", README, re.DOTALL)
    (tmp_path / "pose_losses.py").write_text(code[: code.index("total_loss =")])
    (tmp_path / "loss.yaml").write_text("tasks: {pose: {loss: {type: pose, beta: 2.0}}}")
    shown = run("check", "loss.yaml", "--losses", "pose_losses.py", cwd=tmp_path)
    assert shown == "1 file checked: sound\n"


def test_the_accumulation_of_the_readme_gives_the_numbers_of_one_batch():
    import numpy as np
    import tensorflow as tf

    from composer import build_total_loss

    total_loss = build_total_loss(
        {"tasks": {"a": {"loss": "mean_squared_error", "mask": "y_true > 0"}}}
    )
    whole = ({"a": np.float32([1, 0, 2, 0])}, {"a": np.float32([2, 9, 5, 9])})
    micro_batches = [
        tuple({"a": side["a"][part]} for side in whole) for part in (slice(0, 1), slice(1, 4))
    ]
    (code,) = re.findall(r"```python\n(parts = .*?)```", README, re.DOTALL)
    names = {"micro_batches": micro_batches, "total_loss": total_loss, "tf": tf}
    exec(code, names)  # noqa: S102  # the README's own lines are what is tested
    assert float(names["total"]) == 5 == float(total_loss(*whole)[0])
