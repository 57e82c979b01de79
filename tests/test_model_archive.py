"""`.keras` files: sizes are checked before anything is unpacked, and other files are named."""

from __future__ import annotations

import os
import pickle
import struct
import tarfile
import tracemalloc
import zipfile

import pytest

from composer.command import model_archive
from composer.command.model_archive import MAX_BYTES, RefusedError, read_config
from tests.model_files import archive, recorded, told, with_dense


@pytest.fixture
def path(tmp_path, monkeypatch):
    """`m.keras` in the working directory, so that messages name it as it is."""
    monkeypatch.chdir(tmp_path)
    return "m.keras"


SAVE = 'save the model with `model.save("model.keras")`'
DAMAGED = f"`m.keras` is damaged, or no `.keras` file; {SAVE}"


def bytes_of(make):
    def write(path):
        with open(path, "wb") as file:
            file.write(make)

    return write


def tar(path):
    with tarfile.open(path, "w") as file:
        file.addfile(tarfile.TarInfo("../../pwned"))


@pytest.mark.parametrize(
    ("name", "write", "kind"),
    [
        ("m.h5", bytes_of(b"\x89HDF\r\n\x1a\n"), "an HDF5 file"),
        ("m.keras", bytes_of(b"\x89HDF\r\n\x1a\n"), "an HDF5 file"),
        ("m.keras", bytes_of(pickle.dumps(print)), "a pickle"),
        ("m.pkl", bytes_of(pickle.dumps(print)), "a pickle"),
        ("m.keras", tar, "a tar archive"),
        ("m.tar.gz", bytes_of(b"\x1f\x8b\x08"), "a gzip file"),
        ("m.zip", lambda path: archive(path, with_dense()), "no `.keras` file"),
        ("m.keras", bytes_of(b""), "damaged, or no `.keras` file"),
        ("m.keras", bytes_of(b"PK"), "damaged, or no `.keras` file"),
        ("m.keras", lambda path: archive(path, "{"), "damaged, or no `.keras` file"),
        ("m.keras", lambda path: archive(path, b"\xff"), "damaged, or no `.keras` file"),
        ("m.keras", lambda path: archive(path, "[" * 10**6), "damaged, or no `.keras` file"),
        ("m.keras", lambda path: archive(path, "9" * 5000), "damaged, or no `.keras` file"),
        ("m.keras", lambda path: archive(path, with_dense(), zipfile.ZIP_BZIP2), "damaged, or no `.keras` file"),
        ("m.keras", lambda path: zipfile.ZipFile(path, "w").close(), "damaged, or no `.keras` file"),
    ],
    ids=["h5", "h5-renamed", "pickle-renamed", "pickle", "tar", "gzip", "zip", "empty", "short", "json", "utf-8",
         "open-brackets", "digits", "bzip2", "no-member"],
)  # fmt: skip
def test_other_files(name, write, kind, path):
    write(name)
    with recorded() as events:
        assert told(name) == f"`{name}` is {kind}; {SAVE}"
    assert [event for event in events if name not in event[1]] == []


def test_what_is_no_file(path):
    assert told("missing.keras") == "`missing.keras` cannot be read: no such file or directory"
    assert told("a\0b") == "`a\\u{0}b` cannot be read: it has no such name"
    os.mkfifo("fifo.keras")
    assert told("fifo.keras") == "`fifo.keras` is no regular file"
    assert told("/dev/zero") == "`/dev/zero` is no regular file"
    os.mkdir("m")
    assert told("m") == f"`m` is a directory; {SAVE}"
    bytes_of(b"")("m/saved_model.pb")
    assert told("m") == f"`m` is a SavedModel; {SAVE}"


def test_two_configurations(path):
    archive(path, with_dense())
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(path, "a") as file:
        file.writestr("config.json", "{}")
    assert told(path) == DAMAGED


def test_a_bomb_is_not_unpacked(path):
    archive(path, b" " * (MAX_BYTES + 1), zipfile.ZIP_DEFLATED)
    assert os.path.getsize(path) < 20_000
    assert told(path) == "`m.keras` holds a `config.json` of more than 8 MiB"


def test_a_directory_that_lies_about_sizes(path, tmp_path):
    size = MAX_BYTES + 1
    archive(path, b" " * size, zipfile.ZIP_DEFLATED)
    whole = (tmp_path / path).read_bytes()
    (tmp_path / path).write_bytes(whole.replace(struct.pack("<L", size), struct.pack("<L", 10)))
    assert told(path) == DAMAGED


def test_a_list_of_members_is_not_read_to_its_end(path):
    """Its end says that a gigabyte of it comes before."""
    size = 1 << 30
    with open(path, "wb") as file:
        file.truncate(size)
        file.seek(size)
        file.write(struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, size, 0, 0))
    tracemalloc.start()
    assert told(path) == DAMAGED
    assert tracemalloc.get_traced_memory()[1] < 100 << 20
    tracemalloc.stop()


def test_too_many_members(path, monkeypatch):
    archive(path, with_dense())
    monkeypatch.setattr(model_archive, "MAX_MEMBERS", 3)
    assert read_config(path) == with_dense()
    monkeypatch.setattr(model_archive, "MAX_MEMBERS", 2)
    assert told(path) == DAMAGED


def test_damage_anywhere_is_told(path, tmp_path):
    """Every byte of an archive is broken once: it is refused, or what it held is read."""
    archive(path, with_dense())
    whole = (tmp_path / path).read_bytes()
    refused = 0
    for place in range(len(whole)):
        broken = bytearray(whole)
        broken[place] ^= 0xFF
        (tmp_path / path).write_bytes(broken)
        try:
            assert read_config(path) == with_dense()
        except RefusedError:
            refused += 1
    assert refused > len(whole) / 2
