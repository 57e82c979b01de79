"""What commands tell of a spec with errors, where they need one without."""

from __future__ import annotations

import subprocess

import pytest

from composer.command.refusing import refuse
from composer.language.diagnostics import Problem
from tests.command import command, environment, losscomp

HEAD = "a.yaml:1:19: error[unknown-loss]: there is no loss `hubr`"


@pytest.mark.parametrize("words", [["show", "a.yaml"], ["diff", "a.yaml", "a.yaml"]])
def test_an_explicit_choice_of_colours_is_that_of_errors_too(words, tmp_path):
    (tmp_path / "a.yaml").write_text("tasks: {a: {loss: hubr}}\n")
    env = environment(FORCE_COLOR="1")
    outcome = losscomp(*words, "--color", "never", cwd=tmp_path, env=env)
    assert (outcome.stdout, outcome.stderr.splitlines()[0]) == ("", HEAD)
    coloured = subprocess.run(
        command(*words, "--color", "always"), cwd=tmp_path, env=environment(), capture_output=True
    )
    assert b"\x1b[1;31merror[unknown-loss]\x1b[0m" in coloured.stderr


def test_what_is_not_shown_is_counted(capsys):
    problems = [Problem("unknown-loss", f"m{n}", "a.yaml", 0, 0, 0) for n in range(103)]
    assert refuse(problems[:100]) == 1
    assert capsys.readouterr().err.endswith("error[unknown-loss]: m99\n\n")
    assert refuse(problems) == 1
    assert capsys.readouterr().err.endswith(
        "error[unknown-loss]: m99\n\n"
        "100 of 103 errors are shown; `losscomp check --max-errors 0` shows all\n"
    )


def test_a_file_that_cannot_be_read_is_2():
    assert refuse([Problem("unreadable-file", "m", "a.yaml", 0, 0, 0)]) == 2
