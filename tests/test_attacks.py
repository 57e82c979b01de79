"""The attack list through the real command: an answer to everything, in bounded time and memory.

Whatever comes, there is no traceback and no raw control character; `losscomp()` asserts it of each run.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest

from composer.command.formats import FORMATS
from tests.attack_inputs import ROWS
from tests.command import MEGABYTES, RAW, Outcome, assert_clean, command, environment, losscomp

ANSWERS = Path(__file__).with_name("attack_answers.txt")
SOUND = "tasks: {depth: {loss: huber}}\n"
BROKEN = "tasks: {depth: {loss: hubert}}\n"


def answers() -> dict[str, list[str]]:
    """The lines told of each row, as the file has them."""
    rows: dict[str, list[str]] = {}
    for line in ANSWERS.read_text(encoding="utf-8").splitlines():
        if line.startswith("row-"):
            lines = rows[line] = []
        else:
            lines.append(line)
    return rows


def write(directory: Path, files: dict[str, str | bytes]) -> list[str]:
    for name, text in files.items():
        content = text.encode() if isinstance(text, str) else text
        (directory / f"{name}.yaml").write_bytes(content)
    return [f"{name}.yaml" for name in files]


def shortened(told: list[str]) -> list[str]:
    return told if len(told) <= 40 else [*told[:2], "…", *told[-2:]]


@pytest.mark.parametrize("row", ROWS)
def test_attack(row, tmp_path):
    outcome = losscomp("check", *write(tmp_path, ROWS[row]), cwd=tmp_path)
    assert shortened(outcome.told) == answers()[row]
    has_errors = any(": error[" in line for line in outcome.told)
    assert (outcome.code, outcome.stderr) == (int(has_errors), "")
    assert not (tmp_path / "pwned").exists()  # what some of them would run creates it


def test_every_answer_is_to_a_row():
    assert list(answers()) == list(ROWS)


NAMES = {
    b"a\nb,c:d.yaml": "a\\u{a}b,c:d.yaml",
    b"\x1b[31m[red]red[bold].yaml": "\\u{1b}[31m[red]red[bold].yaml",
    b"::error file=a,line=1::pwn.yaml": "./::error file=a,line=1::pwn.yaml",
    b" ::warning::pwn.yaml": "./ ::warning::pwn.yaml",
    b"##[error]pwn.yaml": "./##[error]pwn.yaml",
    b"\xff\xfe.yaml": "\\u{dcff}\\u{dcfe}.yaml",
    "\u202egnp.yaml".encode(): "\\u{202e}gnp.yaml",
}


@pytest.mark.parametrize("there", [True, False], ids=["there", "missing"])
def test_row_26_file_names(there, tmp_path):
    for name in NAMES if there else ():
        (tmp_path / os.fsdecode(name)).write_text(BROKEN)
    outcome = losscomp("check", *NAMES, cwd=tmp_path)
    rest = (
        ":1:23: error[unknown-loss]: there is no loss `hubert`"
        if there
        else ": error[unreadable-file]: the file cannot be read: no such file"
    )
    headlines = [line for line in outcome.told[:-1] if not line.startswith("help: ")]
    assert headlines == [name + rest for name in NAMES.values()]
    assert outcome.code == (1 if there else 2)


def test_row_26_file_names_in_a_directory_and_on_build(tmp_path):
    for name in NAMES:
        (tmp_path / os.fsdecode(name)).write_text(BROKEN)
    outcome = losscomp("check", ".", cwd=tmp_path)
    assert (outcome.code, outcome.told[-1]) == (1, f"{len(NAMES)} errors in {len(NAMES)} files")
    outcome = losscomp("build", b"::error::pwn.yaml", "--batch", b"\x1b.npz", cwd=tmp_path)
    assert outcome.stderr == (
        "./::error::pwn.yaml: error[unreadable-file]: the file cannot be read: no such file\n\n"
    )
    assert outcome.code == 2


ANNOTATION = re.compile(r"::(error|warning) [^:\r\n]*::[^\r\n]*")


def printed(directory: Path, output_format: str, *words: str | bytes, **more: str) -> str:
    """What `check` prints in a format, with no control character in it."""
    done = subprocess.run(
        command("check", *words, "--output-format", output_format), cwd=directory,
        env=environment(**more), capture_output=True, timeout=120,
    )  # fmt: skip
    text = done.stdout.decode(more.get("PYTHONIOENCODING", "utf-8"))
    assert (done.returncode, done.stderr) == (1, b"")
    assert not RAW.search(text)
    return text


def files_in(report: str, output_format: str) -> list[str]:
    """The files of the problems of a report for programs, each once, as it names them."""
    found = json.loads(report)
    if output_format == "json":
        return [file["file"] for file in found["files"]]
    places = [result["locations"][0]["physicalLocation"] for result in found["runs"][0]["results"]]
    return list(dict.fromkeys(place["artifactLocation"]["uri"] for place in places))


@pytest.mark.parametrize("output_format", FORMATS)
def test_rows_23_and_25_in_every_format(output_format, tmp_path):
    rows = ("row-23-escape-sequences", "row-25-workflow-commands")
    files = {f"{row[:6]}-{name}": text for row in rows for name, text in ROWS[row].items()}
    problems = [line for row in rows for line in answers()[row] if ": error[" in line]
    text = printed(tmp_path, output_format, *write(tmp_path, files))
    commands = [line for line in text.splitlines() if line.lstrip().startswith("::")]
    assert len(commands) == (len(problems) if output_format == "github" else 0)
    assert all(map(ANNOTATION.fullmatch, commands))
    if output_format in ("json", "sarif"):
        assert text.isascii()
        assert files_in(text, output_format) == [f"{name}.yaml" for name in files]


@pytest.mark.parametrize("output_format", FORMATS)
def test_row_26_file_names_in_every_format(output_format, tmp_path):
    for name in NAMES:
        (tmp_path / os.fsdecode(name)).write_text(BROKEN)
    text = printed(tmp_path, output_format, *NAMES)
    if output_format in ("full", "concise"):
        assert all(f"{name}:1:23: " in text for name in NAMES.values())
    elif output_format == "github":
        lines = text.splitlines()[: len(NAMES)]
        assert all(map(ANNOTATION.fullmatch, lines))
        assert all(line.count("::") == 2 for line in lines)
    else:
        names = files_in(text, output_format)
        if output_format == "sarif":
            names = [os.fsdecode(unquote_to_bytes(name)) for name in names]
        assert [name.removeprefix("./") for name in names] == [os.fsdecode(name) for name in NAMES]


@pytest.mark.parametrize("output_format", FORMATS[1:])
def test_row_29_output_encoding_in_every_format(output_format, tmp_path):
    (tmp_path / "深度.yaml").write_text("tasks: {深度: {loss: hübert}}\n", encoding="utf-8")
    text = printed(tmp_path, output_format, ".", PYTHONIOENCODING="ascii")
    assert "bert" in text
    assert text.isascii()


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_row_29_output_encoding(encoding, tmp_path):
    (tmp_path / "深度.yaml").write_text("tasks: {深度: {loss: hübert}}\n", encoding="utf-8")
    outcome = losscomp(
        "check", ".", cwd=tmp_path, env=environment(PYTHONIOENCODING=encoding), encoding=encoding
    )
    name = "深度" if encoding == "utf-8" else "\\u6df1\\u5ea6"
    loss = "h\\xfcbert" if encoding == "ascii" else "hübert"
    assert outcome.stdout == (
        f"./{name}.yaml:1:9: error[invalid-name]: a name is made of letters, digits, `_` and "
        f"single blanks, `.` or `-`, at most 64 characters, found `{name}`\n"
        f"1 | tasks: {{{name}: {{loss: {loss}}}}}\n"
        "  |         ^^^^\n"
        "\n"
        f"./{name}.yaml:1:20: error[unknown-loss]: there is no loss `{loss}`\n"
        f"1 | tasks: {{{name}: {{loss: {loss}}}}}\n"
        "  |                      ^^^^^^\n"
        "help: did you mean `huber`?\n"
        "\n"
        "2 errors in 1 file\n"
    )
    assert outcome.code == 1


# As pip writes it for an entry point; Python puts its directory on `sys.path`, not the working one.
CONSOLE_SCRIPT = """\
import re
import sys
from composer.entry import main
if __name__ == "__main__":
    sys.argv[0] = re.sub(r"(-script\\.pyw|\\.exe)?$", "", sys.argv[0])
    sys.exit(main())
"""


def test_row_45_modules_in_the_working_directory(tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "losscomp").write_text(CONSOLE_SCRIPT)
    here = tmp_path / "project"
    here.mkdir()
    for name in ("composer", "yaml", "typing", "typer", "pydantic", "numpy", "site", "losses"):
        (here / f"{name}.py").write_text("open('pwned', 'w'); raise SystemExit('pwned')")
    (here / "a.yaml").write_text(SOUND)
    for arguments in (
        ["check", "a.yaml"], ["check", "--", "a.yaml"], ["build", "a.yaml"], ["show", "a.yaml"],
        ["explain", "huber"], ["check", "a.yaml", "--output-format", "sarif"],
    ):  # fmt: skip
        done = subprocess.run(
            [sys.executable, str(tmp_path / "bin" / "losscomp"), *arguments],
            cwd=here, env=environment(), capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert "pwned" not in done.stdout + done.stderr
        assert done.returncode == (2 if arguments[0] == "build" else 0)
    assert not (here / "pwned").exists()


def test_row_46_what_is_no_regular_file(tmp_path):
    os.mkfifo(tmp_path / "fifo.yaml")
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    (tmp_path / "dangling.yaml").symlink_to("nowhere")
    (tmp_path / "file").write_text("")
    files = ["fifo.yaml", "/dev/zero", "loop.yaml", "dangling.yaml", "missing.yaml", "file/below"]
    outcome = losscomp("check", *files, "x" * 300, "", cwd=tmp_path)
    assert outcome.told == [
        "fifo.yaml: error[unreadable-file]: the file cannot be read: it is a named pipe, not a "
        "regular file",
        "/dev/zero: error[unreadable-file]: the file cannot be read: it is a device, not a regular file",
        "loop.yaml: error[unreadable-file]: the file cannot be read: too many levels of symbolic links",
        "dangling.yaml: error[unreadable-file]: the file cannot be read: no such file",
        "missing.yaml: error[unreadable-file]: the file cannot be read: no such file",
        "file/below: error[unreadable-file]: the file cannot be read: a part of its path is not a "
        "directory",
        f"{'x' * 300}: error[unreadable-file]: the file cannot be read: file name too long",
        ": error[unreadable-file]: the file cannot be read: no such file",
        "8 errors in 8 files",
    ]
    assert outcome.code == 2


def test_row_46_a_directory_is_searched_and_built_from_never(tmp_path):
    (tmp_path / "empty").mkdir()
    outcome = losscomp("check", "empty", cwd=tmp_path)
    assert outcome.stderr == "error: there is no .yaml or .yml file in `empty`\n"
    assert outcome.code == 2
    outcome = losscomp("build", "empty", cwd=tmp_path)
    assert outcome.stderr == (
        "empty: error[unreadable-file]: the file cannot be read: it is a directory, "
        "not a regular file\n\n"
    )
    assert outcome.code == 2


def without_privileges() -> list[str]:
    """What takes from root the right to read everything."""
    if os.geteuid() != 0:
        return []
    if shutil.which("setpriv") is None:
        pytest.skip("root may read everything")
    return ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"]


def test_row_47_a_file_without_permission(tmp_path):
    secret = tmp_path / "secret.yaml"
    secret.write_text("secret: 1\n")
    secret.chmod(0)
    done = subprocess.run(
        [*without_privileges(), *command("check", "secret.yaml")], cwd=tmp_path, env=environment(),
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.stdout == (
        "secret.yaml: error[unreadable-file]: the file cannot be read: permission denied\n\n"
        "1 error in 1 file\n"
    )
    assert (done.returncode, done.stderr) == (2, "")


def test_row_47_a_file_that_changes_while_it_is_read(tmp_path):
    file = tmp_path / "a.yaml"
    file.write_text(SOUND)
    done = threading.Event()

    def change():
        while not done.is_set():
            for text in (SOUND, BROKEN * 1_000, "", SOUND[:20]):
                file.write_text(text)

    changing = threading.Thread(target=change)
    changing.start()
    try:
        outcome = losscomp("check", *["a.yaml"] * 200, cwd=tmp_path)
    finally:
        done.set()
        changing.join()
    assert outcome.code in (0, 1)
    assert outcome.stderr == ""


def test_row_53_a_long_line_is_cut_to_a_window(tmp_path):
    tasks = ", ".join(f"task_{i:03}: {{loss: huber}}" for i in range(170))
    line = f"{{tasks: {{{tasks}, last: {{loss: {{type: huber, wieght: 1, delta: 1.0}}}}}}}}"
    assert len(line) > 4_000
    (tmp_path / "a.yaml").write_text(line)
    outcome = losscomp("check", "a.yaml", cwd=tmp_path)
    headline, source, carets, help, *_ = outcome.stdout.splitlines()
    column = line.index("wieght") + 1
    assert headline == (
        f"a.yaml:1:{column}: error[unknown-field]: there is no field `wieght` in the loss `huber`"
    )
    assert len(source) < 120
    assert source.startswith("1 | …")
    start, end = carets.index("^"), len(carets)
    assert source[start:end] == "wieght"
    assert help == "help: did you mean `weight`?"


def test_row_54_many_broken_files_have_one_summary(tmp_path):
    for number in range(200):
        (tmp_path / f"{number:03}.yaml").write_text(BROKEN)
    outcome = losscomp("check", ".", cwd=tmp_path)
    assert outcome.told[:3] == [
        "./000.yaml:1:23: error[unknown-loss]: there is no loss `hubert`",
        "help: did you mean `huber`?",
        "./001.yaml:1:23: error[unknown-loss]: there is no loss `hubert`",
    ]
    assert outcome.told[-1] == "200 errors in 200 files; 100 of them not shown"
    assert len(outcome.told) == 201
    assert (outcome.code, outcome.stderr) == (1, "")


@pytest.mark.parametrize(
    "arguments",
    ["check .", "check . --", "--help", "check . --output-format json", "schema", "show sound.yml"],
)
def test_row_54_a_reader_that_stops(arguments, tmp_path):
    for number in range(200):
        (tmp_path / f"{number:03}.yaml").write_text(BROKEN)
    (tmp_path / "sound.yml").write_text(SOUND)
    read, written = os.pipe()
    os.close(read)  # a reader that is gone already
    done = subprocess.run(
        command(*arguments.split()), cwd=tmp_path, env=environment(), stdout=written,
        stderr=subprocess.PIPE, timeout=120,
    )  # fmt: skip
    os.close(written)
    assert (done.returncode, done.stderr) == (141, b"")


def test_row_54_a_reader_of_both_streams_that_stops(tmp_path):
    (tmp_path / "a.yaml").write_text("a: 1\n" * 9_000)
    read, written = os.pipe()
    os.close(read)
    done = subprocess.run(
        command("build", "a.yaml"), cwd=tmp_path, env=environment(), stdout=written, stderr=written,
        timeout=120,
    )  # fmt: skip
    os.close(written)
    assert done.returncode == 141


def started(directory: Path, *arguments: str) -> subprocess.Popen:
    pipe = subprocess.PIPE
    words = command(*arguments, megabytes=None)
    return subprocess.Popen(
        words, cwd=directory, env=environment(), stdin=pipe, stdout=pipe, stderr=pipe
    )


def assert_silent_end(running: subprocess.Popen) -> None:
    try:
        assert running.wait(60) == 130
        assert (running.stdout.read(), running.stderr.read()) == (b"", b"")
    finally:
        running.kill()


def test_row_54_interrupted_while_reading(tmp_path):
    with started(tmp_path, "check", "-") as running:
        running.stdin.write(b"#" * 500_000)  # returns when most of it is read: a pipe holds 64 KiB
        running.stdin.flush()
        time.sleep(1)  # Python sees no signal between two reads; by now it waits in one
        running.send_signal(signal.SIGINT)
        assert_silent_end(running)


def test_row_54_interrupted_in_a_command_of_typer(tmp_path):
    (tmp_path / "slow.py").write_text(
        "import sys, time\nprint('waiting', file=sys.stderr, flush=True)\ntime.sleep(60)\n"
    )
    with started(tmp_path, "build", "a.yaml", "--losses", "slow.py") as running:
        assert running.stderr.readline() == b"waiting\n"
        running.send_signal(signal.SIGINT)
        assert_silent_end(running)


@pytest.mark.parametrize(
    "settings",
    [{"TERM": "dumb", "COLUMNS": "1", "NO_COLOR": ""}, {"COLUMNS": "x", "FORCE_COLOR": "1"}],
)
def test_row_57_strange_surroundings(settings, tmp_path):
    (tmp_path / "a.yaml").write_text(SOUND)
    env = environment(**settings)
    for arguments in (
        "check a.yaml",
        "--help",
        "check --help",
        "losses",
        "explain huber",
        "schema",
    ):
        assert losscomp(*arguments.split(), cwd=tmp_path, env=env).code == 0


def test_the_limits_hold(tmp_path):
    (tmp_path / "greedy.py").write_text(f"x = bytearray({MEGABYTES} << 20)")
    outcome = losscomp("check", "a.yaml", "--losses", "greedy.py", cwd=tmp_path)
    assert outcome.stderr == "error: `greedy.py` cannot be imported: MemoryError\n"


@pytest.mark.parametrize("text", ["a\x1b[2J", "Traceback", "x\n ::error::", "a\u202eb", "\x9b"])
def test_the_watch_sees(text):
    with pytest.raises(AssertionError):
        assert_clean(Outcome(0, text, ""))


@pytest.mark.full
def test_row_56_edits_that_are_all_objected_to(tmp_path):
    """Each would be tried by itself, on a text that is read whole each time."""
    loss = "{loss: {type: sigmoid_cross_entropy, label_smoothing: 1_000}}"
    text = "tasks:\n" + "".join(f"  t{i}: {loss}\n" for i in range(400))
    (tmp_path / "a.yaml").write_text(text)
    outcome = losscomp("check", "--fix", "a.yaml", cwd=tmp_path)  # within the limit on its time
    assert outcome.code == 1
    assert (tmp_path / "a.yaml").read_text() == text
