"""The hooks for pre-commit, run by pre-commit itself on a repository of their own."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from importlib.metadata import distribution, requires
from pathlib import Path

import pytest
import yaml
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.command import ROOT, environment

MANIFEST = ROOT / ".pre-commit-hooks.yaml"
HOOKS = {hook["id"]: hook for hook in yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))}
SOUND = "tasks:\n  depth:\n    loss: huber\n"
WRONG = "tasks:\n  depth:\n    loss: hubr\n"
TOLD = "depth_loss.yaml:3:11: error[unknown-loss]: there is no loss `hubr`"


def run(*words: object, cwd: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """A command that knows no settings of git but its own."""
    names = {
        f"GIT_{who}_{what}": "a@b.c"
        for who in ("AUTHOR", "COMMITTER")
        for what in ("NAME", "EMAIL")
    }
    env = environment(GIT_CONFIG_GLOBAL="/dev/null", GIT_CONFIG_SYSTEM="/dev/null", **names, **more)
    return subprocess.run(words, cwd=cwd, env=env, capture_output=True, text=True, check=False)


def git(*words: str, cwd: Path) -> str:
    done = run("git", *words, cwd=cwd)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Path:
    """A repository of losscomp, as pre-commit clones it."""
    folder = tmp_path_factory.mktemp("losscomp")
    for name in (".pre-commit-hooks.yaml", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "composer", folder / "composer", ignore=ignored)
    git("init", "--quiet", cwd=folder)
    git("add", "--all", cwd=folder)
    git("commit", "--quiet", "--message", "all", cwd=folder)
    return folder


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A repository with specs, and with YAML that is none."""
    folder = tmp_path / "work"
    (folder / "configs").mkdir(parents=True)
    (folder / "configs" / "loss.yaml").write_text(SOUND)
    (folder / "train.yaml").write_text("epochs: 3\n")
    git("init", "--quiet", cwd=folder)
    git("add", "--all", cwd=folder)
    return folder


def pre_commit(hook: dict[str, object], source: Path, work: Path, home: Path, **more: str):
    """Runs one hook of `source` on the files that `work` has staged."""
    rev = git("rev-parse", "HEAD", cwd=source)
    repo = {"repo": str(source), "rev": rev, "hooks": [hook]}
    (work / ".pre-commit-config.yaml").write_text(yaml.safe_dump({"repos": [repo]}))
    git("add", "--all", cwd=work)
    command = (sys.executable, "-m", "pre_commit", "run", "--color=never")
    return run(*command, cwd=work, PRE_COMMIT_HOME=str(home), **more)


@pytest.fixture
def installed(tmp_path: Path) -> dict[str, str]:
    """A PATH with `losscomp` on it."""
    command = tmp_path / "bin" / "losscomp"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -P -m composer "$@"\n')
    command.chmod(0o755)
    return {"PATH": f"{command.parent}:{environment()['PATH']}"}


def test_the_manifest_is_valid():
    done = run(sys.executable, "-m", "pre_commit", "validate-manifest", MANIFEST, cwd=ROOT)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_system_hook_stops_a_commit_with_a_wrong_spec(source, work, installed, tmp_path):
    hook = {"id": "losscomp-check-system"}
    done = pre_commit(hook, source, work, tmp_path / "home", **installed)
    assert (done.returncode, done.stdout.splitlines()[-1][-6:]) == (0, "Passed")
    (work / "depth_loss.yaml").write_text(WRONG)
    done = pre_commit(hook, source, work, tmp_path / "home", **installed)
    assert done.returncode == 1
    assert TOLD in done.stdout
    assert "1 error in 2 files" in done.stdout
    hook["args"] = ["--fix"]
    done = pre_commit(hook, source, work, tmp_path / "home", **installed)
    assert done.returncode == 1
    assert "files were modified by this hook" in done.stdout
    assert (work / "depth_loss.yaml").read_text() == SOUND


@pytest.mark.full
def test_the_hook_installs_and_runs_without_tensorflow(source, work, tmp_path):
    (work / "depth_loss.yaml").write_text(WRONG)
    alone = {"PYTHONPATH": ""}
    done = pre_commit({"id": "losscomp-check"}, source, work, tmp_path / "home", **alone)
    assert done.returncode == 1, done.stdout + done.stderr
    assert TOLD in done.stdout
    installed = {path.name for path in (tmp_path / "home").rglob("site-packages/*")}
    assert "composer" in installed
    assert not installed & {"tensorflow", "keras", "numpy"}


def test_what_the_hook_installs_is_all_that_losscomp_needs_but_tensorflow():
    given = HOOKS["losscomp-check"]["additional_dependencies"]
    assert given[0] == "--no-deps"
    names = {canonicalize_name(Requirement(each).name) for each in given[1:]}
    needed = closure(canonicalize_name(each.name) for each in own_requirements())
    assert names == needed


def own_requirements() -> list[Requirement]:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = [Requirement(each) for each in project["dependencies"]]
    return [each for each in needed if each.name != "tensorflow"]


def closure(names) -> set[str]:
    """The distributions and all that they require here."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            needed = map(Requirement, requires(name) or ())
            here = default_environment() | {"extra": ""}
            waiting += [
                canonicalize_name(each.name)
                for each in needed
                if each.marker is None or each.marker.evaluate(here)
            ]
    return found


def test_what_the_hook_installs_is_what_the_tests_run_with():
    pinned = (ROOT / "tests" / "requirements.txt").read_text(encoding="utf-8").splitlines()
    given = HOOKS["losscomp-check"]["additional_dependencies"][1:]
    assert set(given) <= set(pinned)
    for each in map(Requirement, given):
        assert str(each.specifier) == f"=={distribution(each.name).version}"


@pytest.mark.parametrize("hook", HOOKS)
def test_the_two_hooks_differ_in_their_environment_alone(hook: str):
    apart = {"id", "description", "language", "additional_dependencies"}
    common = [{k: v for k, v in each.items() if k not in apart} for each in HOOKS.values()]
    assert common[0] == common[1]
    assert HOOKS[hook]["entry"] == "losscomp check"


@pytest.mark.parametrize(
    ("file", "is_taken"),
    [
        ("loss.yaml", True),
        ("configs/loss.yml", True),
        ("depth_loss.yaml", True),
        ("depth-loss.yaml", True),
        ("depth.loss.yaml", True),
        ("depth.losscomp.yaml", True),
        ("train.yaml", False),
        ("glossloss.yaml", False),
        ("losses.yaml", False),
        ("loss.yaml.bak", False),
        ("loss.json", False),
        ("loss/train.yaml", False),
    ],
)
def test_which_files_the_hooks_take(file: str, is_taken: bool):
    assert bool(re.search(HOOKS["losscomp-check"]["files"], file)) == is_taken
