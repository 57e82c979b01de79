"""Every example is put to the program: the wrong ones have their problem alone, the right ones none."""

from __future__ import annotations

import os
import shutil

import pytest

from composer.codes import CATALOGUE, find
from composer.codes.base import Example, explanation
from composer.command.trial import problems_told, transcript

RIGHT = "tasks:\n  depth: {loss: huber}\n"


def _tried(code):
    """Those that load Keras have to wait for the full tier."""
    is_slow = explanation(find(code)).wrong.model
    return pytest.param(code, marks=[pytest.mark.full] if is_slow else [])


CODES = [_tried(code) for code in CATALOGUE]


@pytest.mark.parametrize("code", CODES)
def test_the_wrong_example_has_its_problem_and_no_other(code):
    told = explanation(find(code))
    assert problems_told(transcript(told.wrong)) == [(told.severity, code)]


@pytest.mark.parametrize("code", CODES)
def test_the_right_example_is_sound_and_has_no_warning(code):
    said = transcript(explanation(find(code)).right)
    assert problems_told(said) == []
    assert said.endswith("\n1 file checked: sound\n")


def test_a_spec_is_checked():
    assert transcript(Example(RIGHT)) == "$ losscomp check loss.yaml\n1 file checked: sound\n"


def test_a_spec_is_checked_on_a_batch():
    batch = "y_true.depth: [[1.0, .nan]]\ny_pred.depth: {dtype: float16, values: [[1, 2]]}\n"
    said = transcript(Example(RIGHT, batch=batch))
    assert said.startswith("$ losscomp check loss.yaml --batch batch.npz\n")
    assert problems_told(said) == [("error", "not-finite")]


def test_files_lie_beside_the_spec():
    spec = (
        RIGHT.replace("huber}", "huber, weight: 'take(w, y_true.id)'}")
        + "constants: {w: a/w.npy}\n"
    )
    assert problems_told(transcript(Example(spec))) == [("error", "invalid-path")]
    assert problems_told(transcript(Example(spec, files="a/w.npy: [1.0, 2.0]\n"))) == []


def test_a_session_shows_each_command_with_what_it_prints():
    session = "$ echo 'tasks: {depth: {loss: huber}}' > a.yaml\n$ losscomp check a.yaml\n"
    assert transcript(Example(session)) == session + "1 file checked: sound\n"


def test_without_a_shell_a_session_shows_its_commands(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert transcript(Example("$ losscomp check a.yaml\n")) == "$ losscomp check a.yaml\n"


def test_nothing_is_left_behind(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    transcript(Example(RIGHT, files="w.npy: [1.0]\n"))
    transcript(Example("$ echo hello > here.txt\n"))
    assert os.listdir(tmp_path) == []
    assert os.path.samefile(os.getcwd(), tmp_path)


def test_colours_are_left_out(monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    for example in (Example("tasks:\n"), Example("$ echo 'tasks:' | losscomp check -\n")):
        said = transcript(example)
        assert problems_told(said) == [("error", "empty-value")]
        assert "\x1b" not in said
