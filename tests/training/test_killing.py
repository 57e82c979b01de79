"""Kill −9 while checkpoints are written: the next process goes on from a whole one."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BEGINNING = [0, 0]


@pytest.mark.parametrize("kills", [3, pytest.param(25, marks=pytest.mark.full)])
def test_a_training_that_is_killed_at_random_moments_ends_with_the_same_bits(tmp_path, kills):
    command = [sys.executable, "-m", "tests.training.killed", str(tmp_path), str(kills), "0"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    print(f"{kills} kills:", dict(Counter(each["where"] for each in told["killed"])))
    # Each process, the first and those after every kill, begins where the last whole checkpoint
    # stands, with its bits; so does the last, which was not killed.
    assert len(told["killed"]) == kills
    counted = [each["counts"] for each in told["killed"]]
    assert [each["at"] for each in told["resumed"]] == [BEGINNING, *counted]
    assert [each["same"] for each in told["resumed"]] == [True] * (kills + 1)
    assert counted == sorted(counted)
    assert told["same"]
