"""`check --fix` and `--diff`: the files afterwards, byte for byte, and all that is said."""

from __future__ import annotations

import os
import re
import stat
import subprocess
from pathlib import Path

import numpy as np
import pytest

from composer.command.checking import Evidence, Manner, check_files
from composer.command.fix.unified_diff import diff_lines
from composer.language.frames import plain
from tests.command import Outcome, assert_clean, command, environment, losscomp

BROKEN = """\
# The depth of every pixel.
taks:  # see the paper
  depth:
    los: hubr     # robust
    weight: 1_000
    mask: y_ture > 0 & y_pred > 1
"""
SOUND = """\
# The depth of every pixel.
tasks:  # see the paper
  depth:
    loss: huber     # robust
    weight: 1000
    mask: y_true > 0 and y_pred > 1
"""
DIFF = """\
--- loss.yaml
+++ loss.yaml
@@ -1,6 +1,6 @@
 # The depth of every pixel.
-taks:  # see the paper
+tasks:  # see the paper
   depth:
-    los: hubr     # robust
-    weight: 1_000
-    mask: y_ture > 0 & y_pred > 1
+    loss: huber     # robust
+    weight: 1000
+    mask: y_true > 0 and y_pred > 1
"""

# The targets are class numbers, so the one near name is not what is meant.
MISLEADING = """\
tensors:
  y_true: {scene: 'int32[batch]'}
  y_pred: {scene: 'float32[batch, 4]'}
tasks:
  scene:
    wieght: 2
    loss: softmax_cross_entrop
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "loss.yaml"
    file.write_text(BROKEN)
    return file


@pytest.fixture
def check(tmp_path, monkeypatch, capsys):
    """Runs `check` in this process, in the directory of the test."""
    monkeypatch.chdir(tmp_path)

    def run(*files: str, evidence: Evidence | None = None, **manner: object) -> Outcome:
        code = check_files(files, evidence, Manner(**manner))  # type: ignore[arg-type]  # fields
        outcome = Outcome(code, *capsys.readouterr())
        assert_clean(outcome)
        return outcome

    return run


def told(outcome: Outcome) -> tuple[int, str, str]:
    return outcome.code, outcome.stdout, outcome.stderr


def test_mended_is_what_is_meant_and_comments_stay(file, check):
    outcome = check("loss.yaml", fix=True)
    assert told(outcome) == (0, "mended 6 problems in loss.yaml\n1 file checked: sound\n", "")
    assert file.read_text() == SOUND


def test_a_second_time_there_is_nothing_to_do(file, check):
    check("loss.yaml", fix=True)
    before = file.stat()
    outcome = check("loss.yaml", fix=True)
    assert told(outcome) == (0, "1 file checked: sound\n", "")
    assert (file.stat().st_ino, file.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_what_is_left_is_told_as_usual(tmp_path, check):
    file = tmp_path / "loss.yaml"
    file.write_text(MISLEADING)
    outcome = check("loss.yaml", fix=True)
    assert told(outcome) == (
        1,
        """\
mended 1 problem in loss.yaml
loss.yaml:7:11: error[unknown-loss]: there is no loss `softmax_cross_entrop`
7 |     loss: softmax_cross_entrop
  |           ^^^^^^^^^^^^^^^^^^^^
help: did you mean `softmax_cross_entropy`?

loss.yaml: line 7 is left as it is: with `softmax_cross_entropy` there would be another problem: \
`softmax_cross_entropy` takes `y_true` [batch, ..., classes] and `y_pred` [batch, ..., classes], \
found int32[batch]: `y_true` has 1 axis, fewer than 2
1 error in 1 file
""",
        "",
    )
    assert file.read_text() == MISLEADING.replace("wieght", "weight")


def test_nothing_to_mend(tmp_path, check):
    (tmp_path / "a.yaml").write_text("tasks: {depth: {loss: banana}}\n")
    plain = losscomp("check", "a.yaml", cwd=tmp_path)
    assert told(check("a.yaml", fix=True)) == told(plain)
    assert plain.code == 1


@pytest.mark.parametrize(
    ("manner", "stdout"),
    [
        ({"quiet": 1}, ""),
        ({"quiet": 2}, ""),
        ({"output_format": "concise"}, "mended 6 problems in loss.yaml\n1 file checked: sound\n"),
        ({"output_format": "github"}, "mended 6 problems in loss.yaml\n1 file checked: sound\n"),
    ],
)
def test_manners(file, check, manner, stdout):
    assert told(check("loss.yaml", fix=True, **manner)) == (0, stdout, "")
    assert file.read_text() == SOUND


@pytest.mark.parametrize("form", ["json", "sarif"])
def test_formats_for_programs_stay_whole(file, form, check):
    outcome = check("loss.yaml", fix=True, output_format=form)
    sound = check("loss.yaml", output_format=form)
    assert told(outcome) == (0, sound.stdout, "mended 6 problems in loss.yaml\n")


def test_directories_and_several_files(file, check):
    (file.parent / "sub").mkdir()
    for name in ("sub/b.yaml", "sub/c.yaml"):
        (file.parent / name).write_text(BROKEN)
    (file.parent / "sub/sound.yaml").write_text(SOUND)
    outcome = check("loss.yaml", "sub", "loss.yaml", fix=True)
    assert told(outcome) == (
        0,
        "mended 6 problems in loss.yaml\nmended 6 problems in sub/b.yaml\n"
        "mended 6 problems in sub/c.yaml\n5 files checked: sound\n",
        "",
    )


# What is not text, or not the file's


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", ["", "END", "ENDEND"])
def test_byte_order_marks_and_line_ends_stay(tmp_path, mark, end, last):
    def stored(text: str) -> bytes:
        return mark + (text.rstrip("\n") + last.replace("END", "\n")).replace("\n", end).encode()

    file = tmp_path / "loss.yaml"
    file.write_bytes(stored(BROKEN + "# 深度 🙂"))
    assert check_files([str(file)], manner=Manner(fix=True, quiet=2)) == 0
    assert file.read_bytes() == stored(SOUND + "# 深度 🙂")


def piped(*words: str, cwd: Path, input: bytes) -> tuple[int, bytes, str]:
    """The text that is passed on may be anything."""
    done = subprocess.run(
        command("check", "-", *words), input=input, cwd=cwd, env=environment(), capture_output=True
    )
    return done.returncode, done.stdout, done.stderr.decode()


def test_standard_input_is_passed_on_mended(tmp_path):
    data = b"\xef\xbb\xbf" + BROKEN.replace("\n", "\r\n").encode()
    meant = b"\xef\xbb\xbf" + SOUND.replace("\n", "\r\n").encode()
    report = "mended 6 problems in <stdin>\n1 file checked: sound\n"
    assert piped("--fix", cwd=tmp_path, input=data) == (0, meant, report)
    assert piped("--fix", cwd=tmp_path, input=meant) == (0, meant, "1 file checked: sound\n")


@pytest.mark.parametrize(
    "data", [b"", b"tasks: {depth: {loss: banana}}", b"\xff\xfe\x00", b"a: [", b"#" * (3 << 20)]
)
def test_standard_input_that_is_wrong_is_passed_on_as_it_is(tmp_path, data):
    code, text, report = piped("--fix", "--output-format", "concise", cwd=tmp_path, input=data)
    assert (code, text) == (1, data)
    assert report.startswith("<stdin>:")


def test_a_report_beside_standard_input_does_not_mix_with_it(file):
    outcome = piped("loss.yaml", "--fix", cwd=file.parent, input=BROKEN.encode())
    report = (
        "mended 6 problems in <stdin>\nmended 6 problems in loss.yaml\n2 files checked: sound\n"
    )
    assert outcome == (0, SOUND.encode(), report)


def test_overrides_take_part_and_are_not_mended(file, check):
    file.write_text(BROKEN.replace("taks", "tasks"))
    evidence = Evidence(overrides=["tasks.depth.weight=1_0"])
    outcome = check("loss.yaml", evidence=evidence, fix=True)
    assert outcome.code == 1
    first, second, *_, last = outcome.stdout.splitlines()
    assert first == "mended 3 problems in loss.yaml"
    assert second.startswith("--set:1:20: error[")
    assert last == "1 error in 1 file"
    assert file.read_text() == SOUND.replace("1000", "1_000").replace("y_true", "y_ture")  # hidden


# Files that are not to be written


def refused(check, file: Path, reason: str) -> None:
    outcome = check("loss.yaml", fix=True)
    assert outcome.code == 2
    assert outcome.stderr == f"error: not mended: {reason}\n"
    assert outcome.stdout.endswith("help: did you mean `tasks`?\n\n1 error in 1 file\n")
    assert file.read_text() == BROKEN


def test_a_link_is_refused(file, check):
    real = file.rename(file.with_name("real.yaml"))
    file.symlink_to(real)
    refused(check, file, "`loss.yaml` is a symbolic link; name the file itself")
    assert file.is_symlink()


def test_a_read_only_file_is_refused(file, check):
    file.chmod(0o444)
    refused(check, file, "`loss.yaml` is read-only")
    assert stat.S_IMODE(file.stat().st_mode) == 0o444


def test_one_file_that_cannot_be_written_does_not_stop_the_others(file, check):
    (file.parent / "a.yaml").write_text(BROKEN)
    (file.parent / "a.yaml").chmod(0o444)
    outcome = check(".", fix=True, quiet=1)
    assert outcome.code == 2
    assert file.read_text() == SOUND


def test_the_mode_stays(file):
    file.chmod(0o640)
    assert check_files([str(file)], manner=Manner(fix=True, quiet=2)) == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


def test_a_file_that_changes_meanwhile_stays(file, capsys):
    class Writes(Evidence):
        """Somebody saves the file while it is looked at."""

        @property
        def overrides(self) -> tuple[()]:
            file.write_text("theirs")
            return ()

    evidence = object.__new__(Writes)
    object.__setattr__(evidence, "losses", ())
    for name in ("batch", "model"):
        object.__setattr__(evidence, name, None)
    assert check_files([str(file)], evidence, Manner(fix=True, quiet=1)) == 2
    assert file.read_text() == "theirs"
    _, errors = capsys.readouterr()
    assert errors == f"error: not mended: `{file}` has changed since it was read\n"


@pytest.mark.parametrize("how", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_whatever_happens_the_file_is_whole(file, monkeypatch, capsys, how):
    def fails(*_):
        raise how

    monkeypatch.setattr(os, "replace", fails)
    if isinstance(how, KeyboardInterrupt):
        with pytest.raises(KeyboardInterrupt):
            check_files([str(file)], manner=Manner(fix=True))
    else:
        assert check_files([str(file)], manner=Manner(fix=True)) == 2
        reason = f"`{file}` cannot be written: no space left on device"
        assert capsys.readouterr().err == f"error: not mended: {reason}\n"
    assert file.read_text() == BROKEN
    assert os.listdir(file.parent) == ["loss.yaml"]


# With more than the file


def test_constants_beside_the_file_are_found(tmp_path, check):
    np.save(tmp_path / "table.npy", np.float32([1, 2]))
    text = (
        "constants: {table: table.npy}\n"
        "tasks: {scene: {loss: {type: sparse_softmax_cross_entropy, weight: 'take(tabel, y_true)'}}}\n"
    )
    (tmp_path / "loss.yaml").write_text(text)
    outcome = check("loss.yaml", fix=True)
    assert outcome.stdout == "mended 1 problem in loss.yaml\n1 file checked: sound\n"
    assert (tmp_path / "loss.yaml").read_text() == text.replace("tabel", "table")


def test_a_batch_takes_part(tmp_path):
    np.savez(
        tmp_path / "b.npz", **{"y_true.depth": np.float32([[1]]), "y_pred.depth": np.float32([[2]])}
    )
    text = "tasks:\n  depth:\n    mask: y_true.dept > 0\n    loss: huber\n"
    (tmp_path / "loss.yaml").write_text(text)
    words = ["check", "--fix", "loss.yaml", "--batch", "b.npz"]
    outcome = losscomp(*words, cwd=tmp_path, megabytes=None)
    first, kept, last = outcome.stdout.splitlines()
    assert (first, last) == ("mended 1 problem in loss.yaml", "1 file checked: sound")
    assert kept.startswith("loss.yaml: depth/huber keeps 100")
    assert (tmp_path / "loss.yaml").read_text() == text.replace("dept ", "depth ")


def test_losses_of_ones_own_are_known(tmp_path):
    (tmp_path / "mine.py").write_text('''\
from typing import ClassVar, Literal
from composer import Loss
from composer.language.signature import Signature

class Mine(Loss):
    """Half the difference."""

    type: Literal["my_own_loss"] = "my_own_loss"
    signature: ClassVar[Signature] = Signature("y_true=float[...], y_pred=float[...] -> float[...]")

    def values(self, y_true, y_pred):
        return (y_pred - y_true) / 2
''')
    (tmp_path / "loss.yaml").write_text("tasks: {depth: {loss: my_own_los}}\n")
    outcome = losscomp("check", "--fix", "loss.yaml", "--losses", "mine.py", cwd=tmp_path)
    assert outcome.stdout == "mended 1 problem in loss.yaml\n1 file checked: sound\n"


# --diff


@pytest.mark.parametrize("words", [["--diff"], ["--diff", "--fix"]])
def test_the_diff_is_shown_and_nothing_written(file, words):
    outcome = losscomp("check", "loss.yaml", *words, cwd=file.parent)
    closing = "`--fix` mends 6 problems, and then: 1 file checked: sound\n"
    assert told(outcome) == (1, DIFF, closing)
    assert file.read_text() == BROKEN


def test_patch_takes_the_diff(file, check):
    outcome = check("loss.yaml", diff=True)
    done = subprocess.run(["patch", "-p0"], input=outcome.stdout.encode(), cwd=file.parent)
    assert done.returncode == 0
    assert file.read_text() == SOUND


@pytest.mark.parametrize(
    ("text", "code", "stderr"),
    [
        (SOUND, 0, "`--fix` mends nothing: 1 file checked: sound\n"),
        ("tasks: {depth: {loss: banana}}\n", 1, "`--fix` mends nothing: 1 error in 1 file\n"),
        (b"\xff", 1, None),
    ],
)
def test_no_diff(tmp_path, text, code, stderr, check):
    (tmp_path / "a.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
    outcome = check("a.yaml", diff=True)
    assert (outcome.code, outcome.stdout) == (code, "")
    if stderr is None:
        assert outcome.stderr.startswith("a.yaml:1:1: error[invalid-encoding]: ")
        assert outcome.stderr.endswith("\n`--fix` mends nothing: 1 error in 1 file\n")
    else:
        assert outcome.stderr == stderr


def test_a_diff_of_what_is_not_there(tmp_path, check):
    outcome = check("a.yaml", diff=True)
    assert told(outcome) == (
        2,
        "",
        "a.yaml: error[unreadable-file]: the file cannot be read: no such file\n\n"
        "`--fix` mends nothing: 1 error in 1 file\n",
    )


def test_a_diff_tells_what_would_be_left(tmp_path, check):
    (tmp_path / "a.yaml").write_text(MISLEADING)
    outcome = check("a.yaml", diff=True)
    assert outcome.stderr == "`--fix` mends 1 problem, and then: 1 error in 1 file\n"


@pytest.mark.parametrize(("quiet", "stdout"), [(1, DIFF), (2, "")])
def test_a_quiet_diff(file, check, quiet, stdout):
    assert told(check("loss.yaml", diff=True, quiet=quiet)) == (1, stdout, "")


def test_a_diff_in_colour(file, monkeypatch, capsys):
    monkeypatch.chdir(file.parent)
    check_files(["loss.yaml"], manner=Manner(diff=True, color="always"))
    stdout = capsys.readouterr().out
    assert re.sub(r"\x1b\[[0-9;]*m", "", stdout) == DIFF
    assert stdout.splitlines()[:7] == [
        "\x1b[1m--- loss.yaml\x1b[0m",
        "\x1b[1m+++ loss.yaml\x1b[0m",
        "\x1b[36m@@ -1,6 +1,6 @@\x1b[0m",
        " # The depth of every pixel.",
        "\x1b[1;31m-taks:  # see the paper\x1b[0m",
        "\x1b[1;32m+tasks:  # see the paper\x1b[0m",
        "   depth:",
    ]


def test_a_diff_of_standard_input(tmp_path):
    outcome = losscomp("check", "--diff", "-", cwd=tmp_path, input=BROKEN.encode())
    assert outcome.code == 1
    assert outcome.stdout == DIFF.replace("loss.yaml", "<stdin>")


def test_a_diff_is_no_other_format(file):
    outcome = losscomp("check", "--diff", "loss.yaml", "--output-format", "json", cwd=file.parent)
    message = "error: `--diff` is a format of its own; leave `--output-format` out\n"
    assert told(outcome) == (2, "", message)


def test_what_is_in_a_diff_is_obeyed_by_nobody():
    """Neither by a terminal nor by a server of workflows."""
    name = "a\x1b[2J.yaml"
    lines = diff_lines(
        name, "::a\n ##[b\n\u202e\x85\tc\nd", "::a\n ##[b\n\u202e\x85\tc\ne\n", plain
    )
    assert list(lines) == [
        "--- a\\u{1b}[2J.yaml",
        "+++ a\\u{1b}[2J.yaml",
        "@@ -1,4 +1,4 @@",
        " \\u{3a}:a",
        "  \\u{23}#[b",
        " \\u{202e}\\u{85}    c",
        "-d",
        "\\ No newline at end of file",
        "+e",
    ]
