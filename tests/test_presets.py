"""`losscomp init`: every preset is right and runs, and what the command writes and says."""

from __future__ import annotations

import json
import re
import tomllib

import jsonschema
import numpy as np
import pytest
import tensorflow as tf

from composer import build_total_loss, check_spec, load_spec
from composer.command.checking import Manner, check_files
from composer.command.drawing import draw_batch
from composer.command.exits import USAGE, StopError
from composer.command.presets import DEFAULT, MODELINE, names, preset_text, start
from composer.language.yaml.document import read_document
from composer.schema.spec import spec_schema
from tests.command import ROOT, losscomp

LIST = """\
classification    One class for each sample: rare classes count more, unknown ones not at all.
depth             A number for every pixel; where nothing was measured, 0 is stored.
detection         Objectness, box and class for every anchor; the last two where there is an object.
metric-learning   An embedding by triplets, and a classifier of identities beside it.
regression        Several numbers for each sample: some are missing, and sure ones count more.
scene-depth-pose  Three heads of one model: the class of the scene, depth, the pose of the camera.
segmentation      A class for every pixel; pixels labelled 255 belong to none and do not count.
tabular           Several targets of one table, each known for some rows only.
"""
EDITOR = """
For completion in an editor, write the schema and name it in the first line:
  losscomp schema -o {}losscomp.schema.json
  # yaml-language-server: $schema=losscomp.schema.json
"""
HELP = """\
Usage: losscomp init [OPTIONS] [FILE]

  Write a commented spec to start from.

  Every preset passes `check --strict`, and `build` runs it on a batch drawn
  at random.

  Examples:
    losscomp init
    losscomp init --list
    losscomp init depth.yaml --preset depth --schema
    losscomp init - --preset segmentation

Arguments:
  FILE <str>  The spec to write, or - to print it.  [default: loss.yaml]

Options:
  -p, --preset NAME  What to start from.  [default: scene-depth-pose]
  --list             List the presets.
  --schema           Also write losscomp.schema.json beside it, which editors
                     read.
  --force            Replace files that are there already.
  -h, --help         Show this message and exit.
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(params=names())
def preset(request, here):
    """A preset, written to `loss.yaml`."""
    start("loss.yaml", request.param, force=False, with_schema=False)
    return request.param


def next_steps(file: str) -> str:
    return f"\nEdit it, then:\n  losscomp check {file}\n  losscomp build {file}\n"


def refusal(file: str, preset: str = DEFAULT, **options: bool) -> str:
    with pytest.raises(StopError) as caught:
        start(file, preset, **{"force": False, "with_schema": False, **options})
    assert caught.value.exit_code == USAGE
    return str(caught.value)


# The presets


def test_a_preset_passes_the_strict_check(preset, capsys):
    assert check_spec("loss.yaml") == []
    assert check_files(["loss.yaml"], manner=Manner(strict=True)) == 0
    assert capsys.readouterr().out == "1 file checked: sound\n"


@pytest.mark.parametrize("step", [0, 10_000])
def test_a_preset_runs_on_a_batch_drawn_from_its_tensors(preset, step):
    total_loss = build_total_loss("loss.yaml")
    y_true, y_pred = draw_batch(load_spec("loss.yaml"))
    with tf.GradientTape() as tape:
        y_pred = tf.nest.map_structure(tf.constant, y_pred)
        tape.watch(y_pred)
        total, breakdown = total_loss(y_true, y_pred, step=step)
    gradients = tf.nest.flatten(tape.gradient(total, y_pred))
    numbers = [total, *(term.loss for term in breakdown.values())]
    assert all(np.isfinite(float(number)) for number in numbers)
    assert all(np.isfinite(each).all() for each in gradients if each is not None)
    assert all(float(term.loss) > 0 for term in breakdown.values())


def test_a_preset_meets_the_schema(preset):
    data = read_document(preset_text(preset), "loss.yaml").root.to_python()
    jsonschema.Draft7Validator(spec_schema()).validate(data)


def test_a_preset_teaches(preset):
    """Its first line says what it is for; the lines fit a screen, and many have a comment."""
    text = preset_text(preset)
    lines = text.splitlines()
    assert text.isascii()
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    assert max(map(len, lines)) <= 100
    assert re.match(r"# [A-Z].{20,80}\.$", lines[0])
    assert [line for line in lines if line.rstrip() != line] == []
    assert sum("#" in line for line in lines) > 8


def test_the_presets_are_installed():
    """They are data of the package, and no module."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert "presets/*.yaml" in project["tool"]["setuptools"]["package-data"]["composer"]


# The command


def test_without_words(here):
    outcome = losscomp("init", cwd=here)
    told = "`loss.yaml` is written, from the preset `scene-depth-pose`\n"
    assert outcome.stdout == told + next_steps("loss.yaml") + EDITOR.format("")
    assert (outcome.code, outcome.stderr) == (0, "")
    assert (here / "loss.yaml").read_text() == preset_text("scene-depth-pose")


def test_the_list(here):
    outcome = losscomp("init", "--list", cwd=here)
    assert (outcome.code, outcome.stdout, outcome.stderr) == (0, LIST, "")


def test_the_help(here):
    outcome = losscomp("init", "-h", cwd=here)
    assert (outcome.code, outcome.stdout, outcome.stderr) == (0, HELP, "")


def test_a_dash_prints_the_preset_and_nothing_else(here):
    outcome = losscomp("init", "-", "-p", "segmentation", cwd=here)
    assert (outcome.code, outcome.stdout, outcome.stderr) == (0, preset_text("segmentation"), "")
    assert list(here.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--list", "--force"], "`--list` stands alone"),
        (["a.yaml", "--list"], "`--list` stands alone"),
        (["-", "--schema"], "`-` prints the spec; `--schema` and `--force` take a file"),
        (["-", "-p", "depht"], "there is no preset `depht`; did you mean `depth`?"),
    ],
)
def test_misuse(here, words, message):
    outcome = losscomp("init", *words, cwd=here)
    assert (outcome.code, outcome.stdout, outcome.stderr) == (2, "", f"error: {message}\n")
    assert list(here.iterdir()) == []


# Files


def test_a_schema_beside_the_spec_is_named_in_it(here):
    (here / "a b").mkdir()
    told = start("a b/depth.yaml", "depth", force=False, with_schema=True)
    assert told + "\n" == (
        "`a b/depth.yaml` is written, from the preset `depth`\n"
        "`a b/losscomp.schema.json` is written, for editors\n" + next_steps("'a b/depth.yaml'")
    )
    assert (here / "a b/depth.yaml").read_text() == MODELINE + preset_text("depth")
    assert json.loads((here / "a b/losscomp.schema.json").read_text()) == spec_schema()
    # Another one beside it finds the schema there.
    told = start("a b/tabular.yaml", "tabular", force=False, with_schema=False)
    assert told + "\n" == (
        "`a b/tabular.yaml` is written, from the preset `tabular`\n"
        + next_steps("'a b/tabular.yaml'")
    )
    assert (here / "a b/tabular.yaml").read_text() == MODELINE + preset_text("tabular")


def test_the_schema_of_another_directory_is_named_where_it_would_lie(here):
    (here / "sub").mkdir()
    told = start("sub/x.yaml", "depth", force=False, with_schema=False)
    assert (told + "\n").endswith(next_steps("sub/x.yaml") + EDITOR.format("sub/"))


def test_a_schema_that_is_there_stays(here):
    (here / "losscomp.schema.json").write_text("{}")
    told = start("a.yaml", "depth", force=False, with_schema=True)
    assert "`losscomp.schema.json` is there already, and stays" in told.splitlines()
    assert (here / "losscomp.schema.json").read_text() == "{}"
    assert (here / "a.yaml").read_text().startswith(MODELINE)
    told = start("a.yaml", "depth", force=True, with_schema=True)
    assert "`losscomp.schema.json` is written, for editors" in told.splitlines()
    assert json.loads((here / "losscomp.schema.json").read_text()) == spec_schema()


def test_a_file_that_is_there_stays_without_force(here):
    (here / "loss.yaml").write_text("mine")
    assert refusal("loss.yaml", with_schema=True) == (
        "`loss.yaml` is there already; `--force` replaces it"
    )
    assert [each.name for each in here.iterdir()] == ["loss.yaml"]
    start("loss.yaml", "depth", force=True, with_schema=False)
    assert (here / "loss.yaml").read_text() == preset_text("depth")


@pytest.mark.parametrize("force", [False, True])
def test_links_are_refused(here, force):
    (here / "loss.yaml").symlink_to("elsewhere.yaml")
    message = "`loss.yaml` is a symbolic link; name the file itself"
    assert refusal("loss.yaml", force=force) == message
    assert not (here / "elsewhere.yaml").exists()


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("no/loss.yaml", "`no/loss.yaml` cannot be written: no such file or directory"),
        (".", "`.` is a directory; name a file, such as `./loss.yaml`"),
        (
            "depth",
            "`depth` is a preset: `losscomp init --preset depth`, or `losscomp init depth.yaml` "
            "for a file",
        ),
        ("a\0b", "`a\\u{0}b` cannot be written: it has no such name"),
    ],
)
def test_files_that_cannot_be(here, file, message):
    assert refusal(file) == message
    assert list(here.iterdir()) == []


def test_an_unknown_preset_lists_what_there_is(here):
    assert refusal("a.yaml", "banana") == (
        "there is no preset `banana`; there are: `classification`, `depth`, `detection`, "
        "`metric-learning`, `regression`, `scene-depth-pose`, `segmentation`, `tabular`"
    )


@pytest.mark.parametrize(
    ("file", "shown"),
    [
        ("-x.yaml", "./-x.yaml"),
        ("$(id).yaml", "'$(id).yaml'"),
        ("a\x1b.yaml", "'a\\u{1b}.yaml'"),
    ],
)
def test_names_are_told_as_a_shell_takes_them(here, file, shown):
    told = start(file, "depth", force=False, with_schema=False)
    assert next_steps(shown) in told
    assert "\x1b" not in told
    assert (here / file).read_text() == preset_text("depth")
