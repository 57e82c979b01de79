"""What is loaded, and what is not: `check` answers without TensorFlow, Keras, NumPy and rich."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import numpy as np
import pytest

import composer
from composer.losses import CATALOGUE
from tests.command import ROOT, environment

HEAVY = {"tensorflow", "keras", "numpy", "rich", "matplotlib"}
LISTING = """
import json, sys
{code}
print(json.dumps(sorted({{name.partition(".")[0] for name in sys.modules}})))
"""
CHECKING = """
from composer.entry import main
sys.argv[0] = "losscomp"
try:
    main()
except SystemExit as end:
    assert end.code == {expected}, end.code
"""

OWN = """
from typing import ClassVar, Literal
from composer import Loss, Signature

class Mine(Loss):
    type: Literal["mine"] = "mine"
    signature: ClassVar[Signature] = Signature("y_true=float[...], y_pred=float[...] -> float[...]")

    def values(self, y_true, y_pred):
        return y_pred - y_true
"""


def loaded_by(code: str, *arguments: str, cwd: Path) -> set[str]:
    """The top packages that are loaded after the code has run in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", LISTING.format(code=code), *arguments],
        cwd=cwd, env=environment(), capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


def loaded_by_check(*arguments: str, cwd: Path, code: int = 0) -> set[str]:
    return loaded_by(CHECKING.format(expected=code), *arguments, cwd=cwd)


@pytest.fixture
def specs(tmp_path):
    """A spec that reads a `.npy` file, one of every loss, one that is broken, and a loss."""
    np.save(tmp_path / "weights.npy", np.ones(3, "float32"))
    (tmp_path / "file.yaml").write_text(
        "constants: {w: weights.npy}\n"
        "tensors:\n"
        "  y_true: {a: 'int32[batch]'}\n"
        "  y_pred: {a: 'float32[batch, 3]'}\n"
        "tasks: {a: {loss: sparse_softmax_cross_entropy, weight: 'take(w, y_true)'}}\n"
    )
    every = "".join(f"  task_{name}: {{loss: {name}}}\n" for name in CATALOGUE)
    (tmp_path / "every.yaml").write_text(f"tasks:\n{every}")
    (tmp_path / "broken.yaml").write_text("tasks: {a: {loss: hubert, mask: y_tru > 0}, b: {}}\n")
    (tmp_path / "mine.yaml").write_text("tasks: {a: {loss: mine}}\n")
    (tmp_path / "own.py").write_text(OWN)
    return tmp_path


def test_the_watch_sees_numpy(tmp_path):
    assert "numpy" in loaded_by("import numpy", cwd=tmp_path)


@pytest.mark.parametrize("through_typer", [False, True])
def test_check_of_the_shipped_specs_loads_nothing_heavy(through_typer, tmp_path):
    dashes = ["--"] if through_typer else []
    loaded = loaded_by_check("check", *dashes, str(ROOT / "configs"), cwd=tmp_path)
    assert not loaded & HEAVY
    assert ("typer" in loaded) is through_typer


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["file.yaml"], 0),
        (["every.yaml"], 1),
        (["broken.yaml"], 1),
        (["mine.yaml", "--losses", "own.py"], 0),
    ],
)
def test_check_loads_nothing_heavy(arguments, code, specs):
    assert not loaded_by_check("check", *arguments, cwd=specs, code=code) & HEAVY


@pytest.mark.parametrize("arguments", [["--help"], ["check", "-h"], ["build", "-h"]])
def test_help_loads_nothing_heavy(arguments, tmp_path):
    assert not loaded_by_check(*arguments, cwd=tmp_path) & (HEAVY | {"yaml"})


def test_version_loads_nothing_at_all(tmp_path):
    assert not loaded_by_check("--version", cwd=tmp_path) & (HEAVY | {"pydantic", "yaml", "typer"})


def test_import_composer_loads_nothing_but_itself(tmp_path):
    loaded = loaded_by("import composer; dir(composer); composer.__version__", cwd=tmp_path)
    assert not loaded & (HEAVY | {"pydantic", "yaml", "typer"})


def test_reading_and_checking_from_python_load_nothing_heavy(specs):
    code = (
        "import composer\n"
        "spec = composer.load_spec('file.yaml')\n"
        "assert composer.check_spec(spec) == []\n"
        "composer.Loss, composer.Problem, composer.Signature, composer.Spec, composer.SpecError\n"
    )
    assert not loaded_by(code, cwd=specs) & HEAVY


def test_every_public_name_resolves_and_is_listed():
    assert len(set(composer.__all__)) == len(composer.__all__)
    assert dir(composer) == sorted(composer.__all__)
    for name in composer.__all__:
        value = getattr(composer, name)
        if name != "__version__":
            assert value.__name__ == name
            assert value.__module__ == composer._HOMES[name]
            assert value.__doc__


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match=r"^module 'composer' has no attribute 'Los'$"):
        composer.Los  # noqa: B018


def test_type_checkers_see_the_same_names():
    """What stands under TYPE_CHECKING is what is loaded lazily."""
    tree = ast.parse((ROOT / "composer" / "__init__.py").read_text(encoding="utf-8"))
    (guarded,) = [node for node in tree.body if isinstance(node, ast.If)]
    homes = {each.asname: node.module for node in guarded.body for each in node.names}
    assert homes == composer._HOMES


def module_level(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that run at import, those inside `if` and `try` too; not under TYPE_CHECKING."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            yield from module_level(node.orelse)
            continue
        yield node
        for part in ("body", "orelse", "finalbody"):
            yield from module_level(getattr(node, part, []))
        yield from chain.from_iterable(
            module_level(handler.body) for handler in getattr(node, "handlers", [])
        )


def imported(file: Path) -> set[str]:
    """The modules that a file imports when it is loaded."""
    names: set[str] = set()
    for node in module_level(ast.parse(file.read_text(encoding="utf-8")).body):
        if isinstance(node, ast.Import):
            names |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return names


def computing() -> set[Path]:
    """The modules that pyproject.toml lets import TensorFlow."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    ignores = settings["tool"]["ruff"]["lint"]["per-file-ignores"]
    globs = [glob for glob, rules in ignores.items() if "TID253" in rules]
    return {file for glob in globs if glob.startswith("composer/") for file in ROOT.glob(glob)}


def names_of(files: set[Path]) -> list[str]:
    return sorted(file.relative_to(ROOT).as_posix() for file in files)


ALL = set((ROOT / "composer").rglob("*.py"))


def test_only_the_modules_that_compute_import_what_is_heavy():
    assert computing() <= ALL
    heavy = {file for file in ALL if {name.partition(".")[0] for name in imported(file)} & HEAVY}
    assert names_of(heavy - computing()) == []


def test_only_the_modules_that_compute_import_those_that_do():
    names = {
        ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for file in computing()
    }
    users = {file for file in ALL if imported(file) & names}
    assert names_of(users - computing()) == []
