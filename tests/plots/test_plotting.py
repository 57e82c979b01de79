"""`losscomp plot`: what it writes, what it says, and what it refuses."""

from __future__ import annotations

import os
import sys
from typing import ClassVar, Literal

import numpy as np
import pytest

from composer import Loss, Signature
from composer.command.exits import PROBLEMS, USAGE, StopError
from composer.command.plotting import Wanted, plot_to
from composer.language.diagnostics import SpecError
from tests.command import losscomp

SPEC = "tasks: {a: {loss: huber, weight: 'ramp(step, 0, 10)'}}\n"
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(autouse=True)
def directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "agg")
    (tmp_path / "loss.yaml").write_text(SPEC)
    arrays = {"y_true.a": np.zeros((2, 4, 4), "f4"), "y_pred.a": np.ones((2, 4, 4), "f4")}
    np.savez(tmp_path / "batch.npz", **arrays)
    return tmp_path


def told(**wanted):
    return list(plot_to(Wanted(**{"config": "loss.yaml", "output": "out.svg"} | wanted)))


def stopped(**wanted):
    with pytest.raises(StopError) as caught:
        told(**wanted)
    return str(caught.value), caught.value.exit_code


def test_the_command_writes_a_picture_and_says_so(directory):
    done = losscomp(
        *("plot", "loss.yaml", "-o", "out.png", "--batch", "batch.npz", "--step", "5"),
        *("--steps", "100", "--set", "tasks.a.loss=l2"),
        cwd=directory,
        megabytes=None,
    )
    assert (done.code, done.stdout, done.stderr) == (0, "", "`out.png` is written\n")
    assert (directory / "out.png").read_bytes().startswith(PNG)


def test_the_suffix_decides_and_a_picture_that_is_there_goes(directory):
    (directory / "out.SVG").write_text("old")
    os.chmod(directory / "out.SVG", 0o600)
    assert told(output="out.SVG") == ["`out.SVG` is written"]
    assert (directory / "out.SVG").read_bytes().startswith(b"<?xml")
    assert (directory / "out.SVG").stat().st_mode & 0o777 == 0o600
    assert sorted(os.listdir(directory)) == ["batch.npz", "loss.yaml", "out.SVG"]


@pytest.mark.parametrize("output", ["out.jpg", "out", "png", ".png", "out.png.pdf", "out.svgz"])
def test_another_suffix_is_refused(output):
    message = f"a picture is a `.png` or `.svg` file, found `{output}`"
    assert stopped(output=output, config="none.yaml") == (message, USAGE)


def test_what_is_no_regular_file_is_refused_before_any_work(directory):
    (directory / "link.png").symlink_to("loss.yaml")
    (directory / "directory.png").mkdir()
    os.mkfifo(directory / "pipe.png")
    link = "`link.png` is a symbolic link; name the file itself"
    assert stopped(output="link.png", config="none.yaml") == (link, USAGE)
    for name in ("directory.png", "pipe.png"):
        assert stopped(output=name, config="none.yaml") == (f"`{name}` is no regular file", USAGE)
    nowhere = "`no/out.png` cannot be written: no such file or directory"
    assert stopped(output="no/out.png", config="none.yaml") == (nowhere, USAGE)
    assert (directory / "loss.yaml").read_text() == SPEC


def test_without_matplotlib_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    message = "a plot needs Matplotlib, which is missing: pip install 'losscomp[plots]'"
    assert stopped() == (message, USAGE)


def test_a_spec_with_problems_is_not_drawn(directory):
    (directory / "loss.yaml").write_text("tasks: {a: {loss: hubert}}\n")
    with pytest.raises(SpecError) as caught:
        told()
    assert [problem.code for problem in caught.value.problems] == ["unknown-loss"]
    assert not (directory / "out.svg").exists()


def test_a_batch_that_cannot_be_read_or_does_not_fit_is_told(directory):
    missing = "`none.npz` cannot be read: no such file or directory"
    assert stopped(batch="none.npz") == (missing, USAGE)
    np.savez(directory / "other.npz", **{"y_true.b": np.ones(2), "y_pred.a": np.ones(2)})
    assert stopped(batch="other.npz") == ("y_true should have `a`; it has `b`", PROBLEMS)
    unequal = {"y_true.a": np.ones(2, "f4"), "y_pred.a": np.ones(3, "f4")}
    np.savez(directory / "unequal.npz", **unequal)
    with pytest.raises(SpecError):
        told(batch="unequal.npz")
    assert not (directory / "out.svg").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--step", "3"), "`--step` is that of a batch: give `--batch FILE.npz` too"),
        (("--steps", str(2**63)), f"`--steps` is at most {2**63 - 1}"),
        (("--batch", "batch.npz", "--step", str(2**63)), f"`--step` is at most {2**63 - 1}"),
    ],
)
def test_steps_that_are_none_are_refused(arguments, message, directory):
    done = losscomp("plot", "loss.yaml", "-o", "out.png", *arguments, cwd=directory)
    assert (done.code, done.stderr) == (USAGE, f"error: {message}\n")


class Unlucky(Loss):
    type: Literal["unlucky"] = "unlucky"
    signature: ClassVar[Signature] = Signature("y_true=float[...], y_pred=float[...] -> float[...]")

    def values(self, y_true, y_pred):
        raise RuntimeError("no such luck")


def test_a_loss_of_ones_own_that_fails_on_the_batch_is_named(directory):
    (directory / "loss.yaml").write_text("tasks: {a: {loss: unlucky}}\n")
    with pytest.raises(StopError) as caught:
        list(plot_to(Wanted("loss.yaml", "out.svg", "batch.npz"), [Unlucky]))
    expected = "RuntimeError: no such luck in the loss `a/unlucky`"
    assert (str(caught.value), caught.value.exit_code) == (expected, PROBLEMS)
    alone = list(plot_to(Wanted("loss.yaml", "out.svg"), [Unlucky]))
    assert alone == ["`out.svg` is written"]


def test_characters_without_a_glyph_are_told_and_drawn_escaped(directory, monkeypatch):
    monkeypatch.setattr("composer.plots.style._FALLBACKS", ())
    os.rename("loss.yaml", "深度\u202e.yaml")
    assert told(config="深度\u202e.yaml") == [
        "`out.svg` is written",
        "note: no installed font has `度深`, drawn as `\\u{…}`; "
        "Noto Sans CJK has Chinese, Japanese and Korean",
    ]
    assert rb"\u{6df1}\u{5ea6}\u{202e}.yaml" in (directory / "out.svg").read_bytes()
