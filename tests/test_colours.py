"""Colours: the choice, then NO_COLOR, then FORCE_COLOR, then the terminal; and where they stand."""

from __future__ import annotations

import io
import os
import pty
import re
import subprocess

import pytest

from composer.command.colours import are_wanted, painter
from tests.command import command, environment


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("choice", "variables", "is_terminal", "wanted"),
    [
        ("auto", {}, False, False),
        ("auto", {}, True, True),
        ("auto", {"TERM": "dumb"}, True, False),
        ("auto", {"NO_COLOR": "1"}, True, False),
        ("auto", {"NO_COLOR": ""}, True, True),
        ("auto", {"FORCE_COLOR": "1"}, False, True),
        ("auto", {"FORCE_COLOR": "0"}, True, True),
        ("auto", {"FORCE_COLOR": "1", "TERM": "dumb"}, False, True),
        ("auto", {"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
        ("never", {"FORCE_COLOR": "1"}, True, False),
        ("always", {"NO_COLOR": "1"}, False, True),
    ],
)
def test_precedence(choice, variables, is_terminal, wanted, monkeypatch):
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert are_wanted(choice, Terminal() if is_terminal else io.StringIO()) is wanted


def test_a_closed_stream_has_none(monkeypatch):
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    assert not are_wanted("auto", None)


def test_what_is_painted():
    paint = painter("always", None)
    assert paint("error", "error") == "\x1b[1;31merror\x1b[0m"
    assert paint("", "error") == ""
    assert painter("never", None)("error", "error") == "error"


def test_a_terminal_gets_colours_and_a_pipe_the_same_text_without(tmp_path):
    (tmp_path / "a.yaml").write_text("tasks: {depth: {loss: hubert}}\n")
    words = command("check", "a.yaml")
    env = environment(TERM="xterm")
    piped = subprocess.run(words, cwd=tmp_path, env=env, capture_output=True, text=True)
    parent, child = pty.openpty()
    with os.fdopen(parent, "rb", buffering=0) as terminal:
        done = subprocess.run(words, cwd=tmp_path, env=env, stdout=child)
        os.close(child)
        painted = terminal.read(1 << 16).decode().replace("\r\n", "\n")
    assert done.returncode == piped.returncode == 1
    assert "\x1b[1;31merror[unknown-loss]\x1b[0m" in painted
    assert re.sub(r"\x1b\[[\d;]*m", "", painted) == piped.stdout
