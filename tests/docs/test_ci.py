"""The recipe for CI: its workflows parse, their commands run, its matcher finds every place."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

from tests.command import ROOT, environment, losscomp
from tests.command import command as limited
from tests.docs.pages import steps_of

PAGE = ROOT / "docs" / "recipes" / "ci.md"
WORKFLOWS = {
    step.file: yaml.safe_load(step.text)
    for step in steps_of(PAGE)
    if step.file.startswith(".github/workflows/")
}
CHECKS = [
    each["run"]
    for workflow in WORKFLOWS.values()
    for each in workflow["jobs"]["check"]["steps"]
    if each.get("run", "").startswith("losscomp ")
]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with a wrong spec, and one that is no text."""
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "depth.yaml").write_text("tasks:\n  depth:\n    loss: hubr\n")
    (tmp_path / "configs" / "raw.yaml").write_bytes(b"\xff\xfe\xfd")
    return tmp_path


def test_there_are_two_workflows_that_may_read_alone():
    assert len(WORKFLOWS) == len(CHECKS) == 2
    for workflow in WORKFLOWS.values():
        assert workflow["permissions"] == {}
        assert workflow["jobs"]["check"]["permissions"]["contents"] == "read"


@pytest.mark.parametrize("command", CHECKS)
def test_the_command_of_a_workflow_runs(command: str, checkout: Path):
    words = shlex.split(command.partition(" > ")[0])
    printed = subprocess.run(
        limited(*words[1:]), cwd=checkout, env=environment(), capture_output=True, text=True
    )
    assert printed.returncode == 1
    assert "depth.yaml" in printed.stdout
    assert "hubr" in printed.stdout


def test_what_the_workflow_installs_is_what_check_needs():
    installs = [
        shlex.split(each["run"])[2:]
        for each in WORKFLOWS[".github/workflows/losses.yml"]["jobs"]["check"]["steps"]
        if each.get("run", "").startswith("pip install ")
    ]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = [each for each in project["dependencies"] if not each.startswith("tensorflow")]
    assert installs == [needed, ["--no-deps", "losscomp"]]


def test_the_matcher_finds_every_problem_of_the_concise_format(checkout: Path):
    (text,) = re.findall(r"^```json\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.M | re.S)
    patterns = [matcher["pattern"][0] for matcher in json.loads(text)["problemMatcher"]]
    shown = losscomp("check", "configs", "--output-format", "concise", cwd=checkout).stdout
    problems = [line for line in shown.splitlines() if "error[" in line]
    found = [matched(patterns, line) for line in problems]
    assert [len(each) for each in found] == [1] * len(problems) == [1, 1]
    place, whole = found[0][0], found[1][0]
    assert place == {
        "file": "configs/depth.yaml",
        "line": "3",
        "column": "11",
        "severity": "error",
        "code": "unknown-loss",
        "message": "there is no loss `hubr`",
    }
    assert (whole["file"], whole["code"]) == ("configs/raw.yaml", "invalid-encoding")
    assert not matched(patterns, shown.splitlines()[-1])


def matched(patterns: list[dict[str, object]], line: str) -> list[dict[str, str]]:
    """What each pattern that fits makes of a line."""
    found = [(pattern, re.search(str(pattern["regexp"]), line)) for pattern in patterns]
    return [
        {name: match[group] for name, group in pattern.items() if isinstance(group, int)}
        for pattern, match in found
        if match
    ]
