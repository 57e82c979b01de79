"""What `check` prints besides problems: counts, notes, files and times, and what is left out."""

from __future__ import annotations

import re

import pytest

from composer.command.checked import Checked, Tally
from composer.language.diagnostics import Edit, Problem
from tests.command import losscomp

SOUND = "tasks: {depth: {loss: huber}}\n"
WARNING = "tasks: {depth: {loss: huber, weight: -1}}\n"
BROKEN = "tasks: {depth: {loss: hinje}}\n"
TOLD = """\
warning.yaml:1:38: warning[negative-weight]: the weight is negative: training makes the loss larger
1 | tasks: {depth: {loss: huber, weight: -1}}
  |                                      ^^
help: a loss is made smaller where its weight is above 0
"""


@pytest.fixture
def specs(tmp_path):
    for name, text in (("sound", SOUND), ("warning", WARNING), ("broken", BROKEN)):
        (tmp_path / f"{name}.yaml").write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("words", "code", "last"),
    [
        (["sound.yaml"], 0, "1 file checked: sound"),
        (["warning.yaml"], 0, "1 file checked: sound, with 1 warning"),
        (["warning.yaml", "--strict"], 1, "1 warning in 1 file"),
        (["warning.yaml", "sound.yaml", "--strict"], 1, "1 warning in 2 files"),
        (["sound.yaml", "--strict"], 0, "1 file checked: sound"),
        (["warning.yaml", "--ignore", "negative-weight"], 0, "1 file checked: sound"),
        (["warning.yaml", "--ignore", "zero-weight,negative-weight"], 0, "1 file checked: sound"),
        (["warning.yaml", "--ignore", "zero-weight, negative-weight,"], 0, "1 file checked: sound"),
        (["warning.yaml", "--select", "zero-weight"], 0, "1 file checked: sound"),
        (
            ["warning.yaml", "--select", "zero-weight", "--select", "negative-weight"],
            0,
            "1 file checked: sound, with 1 warning",
        ),
    ],
)
def test_counts(words, code, last, specs):
    outcome = losscomp("check", *words, cwd=specs)
    assert (outcome.code, outcome.told[-1], outcome.stderr) == (code, last, "")


def test_errors_and_warnings_are_counted_apart(specs):
    outcome = losscomp("check", ".", cwd=specs)
    assert outcome.stdout.splitlines()[-2:] == [
        "1 error and 1 warning in 3 files",
        "`--fix` mends 1 of them",
    ]


@pytest.mark.parametrize(
    ("words", "printed"),
    [
        ([], TOLD + "\n1 file checked: sound, with 1 warning\n"),
        (["-q"], TOLD + "\n"),
        (["-qq"], ""),
        (["-q", "-q"], ""),
        (["--quiet", "--strict"], TOLD + "\n"),
    ],
)
def test_quiet(words, printed, specs):
    outcome = losscomp("check", "warning.yaml", *words, cwd=specs)
    assert outcome.stdout == printed
    assert outcome.code == ("--strict" in words)


def test_verbose_tells_versions_and_every_file_on_the_error_stream(specs):
    outcome = losscomp("check", "sound.yaml", "warning.yaml", "-v", "-qq", cwd=specs)
    assert outcome.stdout == ""
    versions, *files = outcome.stderr.splitlines()
    assert re.fullmatch(
        r"losscomp [\d.]+, Python [\d.]+, pydantic [\d.]+, PyYAML [\d.]+ with libyaml", versions
    )
    assert [re.sub(r"[\d.]+ ms", "T ms", line) for line in files] == [
        "sound.yaml: sound, T ms",
        "warning.yaml: 1 problem, T ms",
    ]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--output-format", "xml"], "`--output-format` knows no `xml`; there are: `full`, `concise`, `json`, `github`, `sarif`"),
        (["--ignore", " , "], "`--ignore` takes codes, such as `zero-weight`"),
        (["--ignore", "zero-wieght"], "`--ignore` knows no `zero-wieght`; did you mean `zero-weight`?"),
        (["--select", "zero-weight,negative_weight"], "`--select` knows no `negative_weight`; did you mean `negative-weight`?"),
    ],
)  # fmt: skip
def test_wrong_words(words, told, specs):
    outcome = losscomp("check", "sound.yaml", *words, cwd=specs)
    assert (outcome.code, outcome.stdout, outcome.stderr) == (2, "", f"error: {told}\n")


def problem(severity="error", **more):
    return Problem("zero-weight", "it is 0", "a.yaml", 1, 1, 2, severity=severity, **more)


@pytest.mark.parametrize(
    ("problems", "lines"),
    [
        ([], ["1 file checked: sound"]),
        ([problem()], ["1 error in 1 file"]),
        ([problem(), problem("warning")], ["1 error and 1 warning in 1 file"]),
        ([problem()] * 5, ["5 errors in 1 file; 1 of them not shown"]),
        (
            [problem(edits=(Edit("a.yaml", 0, 1, "b"),))],
            ["1 error in 1 file", "`--fix` mends all of them"],
        ),
    ],
)
def test_tally(problems, lines):
    tally = Tally(most=4)
    shown = tally.count(Checked("a.yaml", problems))
    assert len(shown.problems) == min(4, len(problems))
    assert tally.closing() == lines


def test_the_most_is_shared_by_all_files():
    tally = Tally(most=3)
    shown = [tally.count(Checked(name, [problem()] * 2)) for name in ("a", "b", "c")]
    assert [len(each.problems) for each in shown] == [2, 1, 0]
    assert tally.closing() == ["6 errors in 3 files; 3 of them not shown"]


def test_an_override_that_is_wrong_in_itself_counts_once_for_all_files(specs):
    (specs / "other.yaml").write_text("tasks: {pose: {loss: huber}}\n")
    words = ("check", "sound.yaml", "other.yaml", "--set", "reduction=summ")
    outcome = losscomp(*words, cwd=specs)
    assert outcome.stdout.endswith("help: did you mean `sum`?\n\n1 error in 2 files\n")
    assert outcome.stdout.count("error[") == 1


def test_a_path_that_only_one_file_has_names_the_other(specs):
    (specs / "other.yaml").write_text("tasks: {pose: {loss: huber}}\n")
    words = ("check", "sound.yaml", "other.yaml", "--set", "tasks.pose.weight=1")
    assert losscomp(*words, cwd=specs).stdout == (
        "--set:1:7: error[unknown-path]: there is no task `pose`\n"
        "1 | tasks.pose.weight=1\n"
        "  |       ^^^^\n"
        "  at sound.yaml\n"
        "1 | tasks: {depth: {loss: huber}}\n"
        "  | ----- the tasks\n"
        "help: tasks: `depth`\n\n"
        "1 error in 2 files\n"
    )
