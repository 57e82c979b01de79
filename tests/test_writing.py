"""Files that commands write: what they hold afterwards, and what is refused."""

from __future__ import annotations

import errno
import os
import stat

import pytest

from composer.command.exits import USAGE, StopError
from composer.command.writing import write_text


def mode_of(file) -> int:
    return stat.S_IMODE(file.stat().st_mode)


def refusal(path, *, force: bool = False) -> str:
    with pytest.raises(StopError) as caught:
        write_text(str(path), "new\n", force=force)
    assert caught.value.exit_code == USAGE
    return str(caught.value)


def test_a_new_file_has_the_text_and_the_usual_mode(tmp_path):
    before = os.umask(0o027)
    try:
        write_text(str(tmp_path / "a"), "é\r\nb")
    finally:
        os.umask(before)
    assert (tmp_path / "a").read_bytes() == "é\r\nb".encode()
    assert mode_of(tmp_path / "a") == 0o640
    assert os.listdir(tmp_path) == ["a"]


def test_a_name_without_a_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_text("a", "x")
    assert (tmp_path / "a").read_text() == "x"


def test_a_file_that_is_there_stays_without_force(tmp_path):
    file = tmp_path / "a"
    file.write_text("old")
    assert refusal(file) == f"`{file}` is there already; `--force` replaces it"
    assert file.read_text() == "old"
    assert os.listdir(tmp_path) == ["a"]


def test_with_force_it_is_replaced_and_keeps_its_mode(tmp_path):
    file = tmp_path / "a"
    file.write_text("old")
    file.chmod(0o600)
    write_text(str(file), "new", force=True)
    assert file.read_text() == "new"
    assert mode_of(file) == 0o600


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("is_dangling", [False, True])
def test_links_are_refused(tmp_path, force, is_dangling):
    target, link = tmp_path / "target", tmp_path / "link"
    if not is_dangling:
        target.write_text("old")
    link.symlink_to(target)
    assert refusal(link, force=force) == f"`{link}` is a symbolic link; name the file itself"
    assert target.exists() is not is_dangling
    assert link.is_symlink()


def test_what_is_no_file_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for name in ("pipe", "."):
        assert refusal(tmp_path / name, force=True) == f"`{tmp_path / name}` is no regular file"


def test_a_directory_that_is_not_there(tmp_path):
    path = tmp_path / "no" / "a"
    assert refusal(path) == f"`{path}` cannot be written: no such file or directory"


def test_a_name_that_no_file_has():
    assert refusal("a\0b") == "`a\\u{0}b` cannot be written: it has no such name"


@pytest.mark.parametrize("force", [False, True])
def test_a_disk_that_is_full_leaves_all_as_it_was(tmp_path, monkeypatch, force):
    file = tmp_path / "a"
    if force:
        file.write_text("old")

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert refusal(file, force=force) == f"`{file}` cannot be written: no space left on device"
    assert os.listdir(tmp_path) == (["a"] if force else [])
    assert not force or file.read_text() == "old"


def test_a_file_that_appears_meanwhile_stays(tmp_path, monkeypatch):
    file = tmp_path / "a"
    monkeypatch.setattr(os, "fsync", lambda _: file.write_text("theirs"))
    assert refusal(file) == f"`{file}` is there already; `--force` replaces it"
    assert file.read_text() == "theirs"
    assert os.listdir(tmp_path) == ["a"]


def test_a_file_system_without_hard_links(tmp_path, monkeypatch):
    def refused(*_):
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refused)
    write_text(str(tmp_path / "a"), "new")
    assert (tmp_path / "a").read_text() == "new"
    assert os.listdir(tmp_path) == ["a"]
