"""Exit codes, streams that are closed or full, and faults of losscomp's own."""

from __future__ import annotations

import errno
import os
import subprocess

import pytest

from composer import entry
from composer.command import checking
from composer.command.exits import StopError
from composer.language.diagnostics import Problem, SpecError
from tests.command import environment, losscomp

SOUND = "tasks: {depth: {loss: huber}}\n"
BROKEN = "tasks: {depth: {loss: hubert}}\n"


@pytest.fixture
def specs(tmp_path):
    (tmp_path / "sound.yaml").write_text(SOUND)
    (tmp_path / "broken.yaml").write_text(BROKEN)
    return tmp_path


def test_sound_is_0(specs):
    outcome = losscomp("check", "sound.yaml", cwd=specs)
    assert (outcome.code, outcome.stdout, outcome.stderr) == (0, "1 file checked: sound\n", "")


def test_problems_are_1(specs):
    outcome = losscomp("check", "sound.yaml", "broken.yaml", cwd=specs)
    assert outcome.stdout == (
        "broken.yaml:1:23: error[unknown-loss]: there is no loss `hubert`\n"
        "1 | tasks: {depth: {loss: hubert}}\n"
        "  |                       ^^^^^^\n"
        "help: did you mean `huber`?\n"
        "\n"
        "1 error in 2 files\n"
        "`--fix` mends all of them\n"
    )
    assert (outcome.code, outcome.stderr) == (1, "")


def test_what_cannot_be_read_is_2_and_the_rest_is_checked_all_the_same(specs):
    outcome = losscomp("check", "missing.yaml", "broken.yaml", cwd=specs)
    assert outcome.told == [
        "missing.yaml: error[unreadable-file]: the file cannot be read: no such file",
        "broken.yaml:1:23: error[unknown-loss]: there is no loss `hubert`",
        "help: did you mean `huber`?",
        "2 errors in 2 files",
    ]
    assert outcome.code == 2


def run(monkeypatch, *arguments):
    """`main()` in this process: its exit code."""
    monkeypatch.setattr("sys.argv", ["losscomp", *arguments])
    with pytest.raises(SystemExit) as end:
        entry.main()
    return end.value.code


def raising(error):
    def function(*_, **__):
        raise error

    return function


@pytest.mark.parametrize("arguments", [["check", "a.yaml"], ["check", "--", "a.yaml"]])
def test_a_fault_of_our_own_is_3_and_hides_its_traceback(arguments, monkeypatch, capsys):
    fault = RecursionError("too\x1b[2J deep" + "!" * 1_000)
    monkeypatch.setattr("composer.command.checking.check_files", raising(fault))
    assert run(monkeypatch, *arguments) == 3
    out, err = capsys.readouterr()
    shown = ("too\\u{1b}[2J deep" + "!" * 1_000)[:500]
    assert out == ""
    assert err == (
        f"error: a fault of losscomp's own: RecursionError: {shown}\n"
        "help: LOSSCOMP_DEBUG=1 shows the traceback; please report it with the spec\n"
    )


def test_a_fault_shows_its_traceback_where_asked_to(monkeypatch):
    monkeypatch.setenv("LOSSCOMP_DEBUG", "1")
    monkeypatch.setattr(checking, "check_files", raising(ZeroDivisionError("why")))
    monkeypatch.setattr("sys.argv", ["losscomp", "check", "a.yaml"])
    with pytest.raises(ZeroDivisionError, match="why"):
        entry.main()


@pytest.mark.parametrize("code", [1, 2])
def test_a_command_that_stops_tells_why(code, monkeypatch, capsys):
    monkeypatch.setattr(checking, "check_files", raising(StopError("no\x07 way", code)))
    assert run(monkeypatch, "check", "a.yaml") == code
    assert capsys.readouterr() == ("", "error: no\\u{7} way\n")


@pytest.mark.parametrize(("kind", "code"), [("shape-mismatch", 1), ("unreadable-file", 2)])
def test_problems_that_end_a_command_are_shown(kind, code, monkeypatch, capsys):
    problem = Problem(kind, "it is wrong", "a.yaml", 1, 4, 5, "mend it", excerpt="a: b")
    monkeypatch.setattr(checking, "check_files", raising(SpecError([problem], "a: b\n")))
    assert run(monkeypatch, "check", "a.yaml") == code
    assert capsys.readouterr() == (
        "",
        f"a.yaml:1:4: error[{kind}]: it is wrong\n1 | a: b\n  |    ^\nhelp: mend it\n\n",
    )


@pytest.mark.parametrize(("error", "code"), [(KeyboardInterrupt(), 130), (BrokenPipeError(), 141)])
def test_an_interrupt_and_a_closed_pipe_end_silently(error, code, monkeypatch, capsys):
    monkeypatch.setattr(checking, "check_files", raising(error))
    assert run(monkeypatch, "check", "a.yaml") == code
    assert capsys.readouterr() == ("", "")


def test_an_output_that_cannot_be_written_is_2(monkeypatch, capsys):
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    monkeypatch.setattr(checking, "check_files", raising(full))
    assert run(monkeypatch, "check", "a.yaml") == 2
    message = "error: the output cannot be written: no space left on device\n"
    assert capsys.readouterr() == ("", message)


def redirected(specs, words, redirection):
    """A run of the shell's, with streams closed or full."""
    done = subprocess.run(
        ["/bin/bash", "-c", f'exec "$@" {redirection}', "bash", *words],
        cwd=specs, env=environment(), capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert "Traceback" not in done.stdout + done.stderr
    return done.returncode, done.stdout, done.stderr


FULL = "error: the output cannot be written: no space left on device\n"
CLOSED = "error: the standard input is closed\n"


@pytest.mark.parametrize(
    ("arguments", "redirection", "expected"),
    [
        ("check sound.yaml", ">&-", (0, "", "")),
        ("check broken.yaml", ">&-", (1, "", "")),
        ("check sound.yaml", "2>&-", (0, "1 file checked: sound\n", "")),
        ("build sound.yaml", ">&- 2>&-", (2, "", "")),
        ("check sound.yaml", ">/dev/full", (2, "", FULL)),
        ("--version", ">/dev/full", (2, "", FULL)),
        ("--help", ">/dev/full", (2, "", FULL)),
        ("build sound.yaml", "2>/dev/full", (2, "", "")),
        ("check sound.yaml", ">/dev/full 2>&1", (2, "", "")),
        ("check -", "<&-", (2, "", CLOSED)),
        ("build -", "<&-", (2, "", CLOSED)),
    ],
)
def test_streams_that_are_closed_or_full(arguments, redirection, expected, specs):
    from tests.command import command

    assert redirected(specs, command(*arguments.split()), redirection) == expected


def test_python_m_composer_is_losscomp(specs):
    assert losscomp("--version", cwd=specs).stdout == "losscomp 0.1.0\n"
