"""Reading files: whatever is not a small regular UTF-8 file is refused, and never waited for."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from composer.language.diagnostics import Problem, SpecError
from composer.language.yaml.source import LARGEST, read_source, read_stdin

_READ = """
import sys
from composer.language.diagnostics import SpecError
from composer.language.yaml.source import read_source
try:
    read_source(sys.argv[1])
except SpecError as error:
    print(error.problems[0].code, "|", error.problems[0].message)
"""


def _refusal(path: str | Path) -> Problem:
    with pytest.raises(SpecError) as raised:
        read_source(path)
    (problem,) = raised.value.problems
    return problem


def _read_apart(path: str | Path) -> str:
    """Reads in a process of its own, so that a read that hangs fails instead of hanging."""
    command = [sys.executable, "-c", _READ, str(path)]
    root = str(Path(__file__).parents[3])
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=10, env={"PYTHONPATH": root}, check=True
    )
    return done.stdout.strip()


def test_reads_utf8_with_and_without_bom(tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    for data in ("a: größe\n".encode(), b"\xef\xbb\xbf" + "a: größe\n".encode()):
        path.write_bytes(data)
        assert read_source(path) == "a: größe\n"
        assert read_source(str(path)) == "a: größe\n"


def test_keeps_line_breaks_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_bytes(b"a: 1\r\nb: 2\r")
    assert read_source(path) == "a: 1\r\nb: 2\r"


def test_missing_file(tmp_path: Path) -> None:
    path = str(tmp_path / "none.yaml")
    assert _refusal(path) == Problem(
        "unreadable-file", "the file cannot be read: no such file", path, 0, 0, 0
    )


def test_directory(tmp_path: Path) -> None:
    problem = _refusal(tmp_path)
    assert problem.code == "unreadable-file"
    assert problem.message == "the file cannot be read: it is a directory, not a regular file"


def test_symlink_loop(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    problem = _refusal(tmp_path / "a")
    assert problem.code == "unreadable-file"
    assert problem.message == "the file cannot be read: too many levels of symbolic links"


def test_nul_in_the_name() -> None:
    assert _refusal("a\0b").code == "unreadable-file"


def test_file_below_a_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    problem = _refusal(tmp_path / "a" / "b")
    assert problem.message == "the file cannot be read: a part of its path is not a directory"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads all")
def test_permission_denied(tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text("a: 1")
    path.chmod(0)
    assert _refusal(path).message == "the file cannot be read: permission denied"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs here")
def test_fifo_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "fifo"
    os.mkfifo(path)
    expected = "unreadable-file | the file cannot be read: it is a named pipe, not a regular file"
    assert _read_apart(path) == expected


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="no devices here")
def test_endless_device_is_not_read() -> None:
    expected = "unreadable-file | the file cannot be read: it is a device, not a regular file"
    assert _read_apart("/dev/zero") == expected


def test_size_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_bytes(b"#" * LARGEST)
    assert len(read_source(path)) == LARGEST
    path.write_bytes(b"#" * (LARGEST + 1))
    assert _refusal(path) == Problem(
        "too-large", "a spec takes at most 1048576 bytes", str(path), 0, 0, 0
    )


@pytest.mark.parametrize(
    ("data", "message", "place"),
    [
        (b"a: 1\r\nb: \xe9\n", "the file is not UTF-8: byte 9 is 0xe9", (2, 4, 5)),
        ("é: ".encode() + b"\xff", "the file is not UTF-8: byte 4 is 0xff", (1, 4, 5)),
        (b"\xef\xbb\xbfa: \x80", "the file is not UTF-8: byte 6 is 0x80", (1, 4, 5)),
        (b"a: \xed\xa0\x80", "the file is not UTF-8: byte 3 is 0xed", (1, 4, 5)),
        ("a: 1".encode("utf-16"), "the file is UTF-16, not UTF-8", (1, 1, 2)),
    ],
)
def test_other_encodings(
    tmp_path: Path, data: bytes, message: str, place: tuple[int, int, int]
) -> None:
    path = tmp_path / "spec.yaml"
    path.write_bytes(data)
    expected = Problem("invalid-encoding", message, str(path), *place, "save the file as UTF-8")
    assert _refusal(path) == expected


def test_stdin() -> None:
    assert read_stdin(io.BytesIO(b"\xef\xbb\xbfa: 1")) == "a: 1"
    with pytest.raises(SpecError) as raised:
        read_stdin(io.BytesIO(b"#" * (LARGEST + 1)))
    assert raised.value.problems[0].code == "too-large"
    with pytest.raises(SpecError) as raised:
        read_stdin(io.BytesIO(b"\xff"))
    assert raised.value.problems[0].file == "<stdin>"


def test_stdin_that_fails() -> None:
    stream = io.BytesIO()
    stream.close()
    with pytest.raises(SpecError) as raised:
        read_stdin(stream)
    assert raised.value.problems[0].code == "unreadable-file"
