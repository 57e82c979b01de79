"""Batches in `.npz` files: sizes are checked before anything is unpacked, and nothing is unpickled."""

from __future__ import annotations

import io
import os
import struct
import zipfile
import zlib

import numpy as np
import pytest

from composer.command import batch_file
from composer.command.batch_file import MAX_ARRAYS, BatchError, read_batch
from tests.command import losscomp

ONES = np.ones((2, 3), "float32")


def npy(array):
    stream = io.BytesIO()
    np.lib.format.write_array(stream, np.asarray(array), allow_pickle=True)
    return stream.getvalue()


def archive(path, members, method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", method) as file:
        for name, content in members:
            file.writestr(name, content)


@pytest.fixture
def path(tmp_path, monkeypatch):
    """`b.npz` in the working directory, so that messages name it as it is."""
    monkeypatch.chdir(tmp_path)
    return "b.npz"


def told(path):
    with pytest.raises(BatchError) as error:
        read_batch(path)
    return str(error.value)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_names_become_nested_mappings(save, path):
    arrays = {"y_true.depth": ONES, "y_true.head.boxes": 2 * ONES, "y_pred.a b": 3 * ONES}
    save(path, **arrays)
    y_true, y_pred = read_batch(path)
    assert list(y_true) == ["depth", "head"]
    np.testing.assert_array_equal(y_true["depth"], ONES)
    np.testing.assert_array_equal(y_true["head"]["boxes"], 2 * ONES)
    np.testing.assert_array_equal(y_pred["a b"], 3 * ONES)


def test_dtypes_shapes_and_order_are_kept(path):
    arrays = [
        np.ones((), "bool"), np.ones((0, 3), "int8"), np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.full(3, np.nan, "float16"),
    ]  # fmt: skip
    np.savez(path, **{f"y_true.{i}": array for i, array in enumerate(arrays)})
    y_true, y_pred = read_batch(path)
    for expected, found in zip(arrays, y_true.values(), strict=True):
        np.testing.assert_array_equal(found, expected, strict=True)
    assert y_pred == {}


KEYS = "`b.npz` holds {}; its keys are like `y_true.depth` and `y_pred.depth`"


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([], "`b.npz` holds no array"),
        (["depth"], KEYS.format("`depth`")),
        (["y_true"], KEYS.format("`y_true`")),
        (["y_true."], KEYS.format("`y_true.`")),
        (["y_true..a"], KEYS.format("`y_true..a`")),
        (["y_tru.a"], KEYS.format("`y_tru.a`")),
        (["y_true.a", "y_true.a.b"], "`y_true.a.b` lies below another array"),
        (["y_true.a.b", "y_true.a"], "`y_true.a` stands twice, or has arrays below it"),
        (["\x1b[2J"], KEYS.format("`\\u{1b}[2J`")),
    ],
)
def test_keys(names, message, path):
    archive(path, [(f"{name}.npy", npy(ONES)) for name in names])
    assert told(path) == message


def test_a_key_that_stands_twice(path):
    with pytest.warns(UserWarning, match="Duplicate name"):
        archive(path, [("y_true.a.npy", npy(ONES)), ("y_true.a.npy", npy(ONES))])
    assert told(path) == "`y_true.a` stands twice, or has arrays below it"


KIND = "`b.npz:y_true.a.npy` holds {}; booleans, integers or real numbers are required"
NO_NPY = "`b.npz:y_true.a.npy` is no `.npy` file"
SHORT = "`b.npz:y_true.a.npy` is cut short, or goes on behind its numbers"
DAMAGED = "`b.npz:y_true.a.npy` is damaged, or cannot be unpacked"
NO_NPZ = "`b.npz` is no `.npz` file; write it with `numpy.savez`"
UNPACKS = "`b.npz` unpacks to more than 2 GiB"


class Trap:
    def __reduce__(self):
        return (open, ("pwned", "w"))


def header(descr, shape):
    text = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (npy(np.array([Trap()])), KIND.format("`|O`")),
        (npy(np.ones(3, "complex64")), KIND.format("`<c8`")),
        (npy(np.ones(3, ">f4")), KIND.format("`>f4`")),
        (npy(np.array(["a"])), KIND.format("`<U1`")),
        (npy(np.zeros(1, [("a", "f4")])), KIND.format("`[('a', '<f4')]`")),
        (header("|V0", (10**12,)), KIND.format("`|V0`")),
        (header("<f4", (10**12,)) + b"\0" * 12, SHORT),
        (npy(ONES)[:-1], SHORT),
        (npy(ONES) + b"\0", SHORT),
        (b"", NO_NPY),
        (b"text", NO_NPY),
        (b"\x80\x04K\x01.", NO_NPY),  # a pickle
    ],
    ids=["object", "complex", "big-endian", "text", "record", "void", "huge", "short", "long", "empty",
         "no-npy", "pickle"],
)  # fmt: skip
def test_row_49_members_that_are_refused(content, message, path):
    archive(path, [("y_true.a.npy", content)])
    assert told(path) == message
    assert not os.path.exists("pwned")


def test_an_array_that_is_no_npy_at_all(path):
    archive(path, [("y_true.a", b"1 2 3")])
    assert told(path) == "`b.npz:y_true.a` is no `.npy` file"


def test_row_49_a_bomb_is_not_unpacked(path):
    size = 1 << 30
    zeros = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = zeros.compress(bytes(1 << 20)) + zeros.flush(zlib.Z_FULL_FLUSH)
    deflated = block + block * 3 + zeros.flush()
    write_archive(path, [(b"y_true.a.npy", deflated, size), (b"y_true.b.npy", deflated, 1 + size)])
    assert os.path.getsize(path) < 100_000
    assert told(path) == UNPACKS


def write_archive(path, members, method=8, crc=0):
    """An archive by hand, whose directory says what it likes of the sizes."""
    with open(path, "wb") as file:
        directory = b""
        for name, deflated, size in members:
            fields = (20, 0, method, 0, 0, crc, len(deflated), size, len(name), 0)
            directory += struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 20, *fields, 0, 0, 0, 0,
                                     file.tell()) + name  # fmt: skip
            file.write(struct.pack("<4s5H3L2H", b"PK\x03\x04", *fields) + name + deflated)
        start = file.tell()
        count = len(members)
        file.write(directory)
        file.write(
            struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, len(directory), start, 0)
        )


def deflate(content):
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(content) + packer.flush()


@pytest.mark.parametrize("factor", [100, 10**6])
def test_row_49_a_directory_that_lies_about_sizes(factor, path):
    """It says little where the stream is long: no more than what it says is ever unpacked."""
    content = npy(ONES)
    stream = deflate(content + bytes(factor))
    for size in (len(content), len(content) - 1):
        write_archive(path, [(b"y_true.a.npy", stream, size)], crc=zlib.crc32(content) ^ 1)
        assert told(path) in (DAMAGED, SHORT)


def test_row_49_a_directory_that_says_much_where_little_is(path):
    content = header("<f4", (400_000_000,))
    size = len(content) + 1_600_000_000
    write_archive(path, [(b"y_true.a.npy", deflate(content + bytes(100)), size)])
    assert told(path) in (DAMAGED, "`b.npz:y_true.a.npy` takes more memory than there is")


def test_more_memory_than_there_is(path, monkeypatch):
    np.savez(path, **{"y_true.a": ONES})

    def read_array(*_, **__):
        raise MemoryError

    monkeypatch.setattr(np.lib.format, "read_array", read_array)
    assert told(path) == "`b.npz:y_true.a.npy` takes more memory than there is"


def test_too_many_arrays(path):
    archive(path, [(f"y_true.{i}.npy", b"") for i in range(MAX_ARRAYS + 1)], zipfile.ZIP_STORED)
    assert told(path) == UNPACKS


def test_the_limit_is_on_the_sum(path, monkeypatch):
    np.savez(path, **{"y_true.a": ONES, "y_pred.a": ONES})
    monkeypatch.setattr(batch_file, "MAX_BYTES", 2 * len(npy(ONES)))
    read_batch(path)
    monkeypatch.setattr(batch_file, "MAX_BYTES", 2 * len(npy(ONES)) - 1)
    assert told(path) == "`b.npz` unpacks to more than 0 GiB"


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA], ids=["bzip2", "lzma"])
def test_only_what_numpy_writes_is_unpacked(method, path):
    archive(path, [("y_true.a.npy", npy(ONES))], method)
    assert told(path) == DAMAGED


def test_damage_anywhere_is_told(path, tmp_path):
    """Every byte of an archive is broken once: it is refused, or what it held is read."""
    archive(path, [("y_true.a.npy", npy(ONES)), ("y_pred.a.npy", npy(ONES))])
    whole = (tmp_path / path).read_bytes()
    refused = 0
    for place in range(len(whole)):
        broken = bytearray(whole)
        broken[place] ^= 0xFF
        (tmp_path / path).write_bytes(broken)
        try:
            read_batch(path)
        except BatchError:
            refused += 1
    assert refused > len(whole) / 2


@pytest.mark.parametrize(
    "content", [b"", b"PK", b"text", b"\x93NUMPY\x01\x00", b"PK\x05\x06" + b"\xff" * 18]
)
def test_what_is_no_archive(content, path, tmp_path):
    (tmp_path / path).write_bytes(content)
    assert told(path) == NO_NPZ


def test_row_46_what_is_no_file(path, tmp_path):
    assert told("missing.npz") == "`missing.npz` cannot be read: no such file or directory"
    assert told("") == "`` cannot be read: no such file or directory"
    assert told("a\0b") == "`a\\u{0}b` cannot be read: it has no such name"
    os.mkfifo("fifo.npz")
    assert told("fifo.npz") == "`fifo.npz` is no regular file"
    assert told("/dev/zero") == "`/dev/zero` is no regular file"
    assert told(".") == "`.` is no regular file"
    os.symlink("loop.npz", "loop.npz")
    assert told("loop.npz") == "`loop.npz` cannot be read: too many levels of symbolic links"


def test_through_the_command(path, tmp_path):
    """A batch that cannot be read is wrong usage, found before TensorFlow is loaded."""
    (tmp_path / "a.yaml").write_text("tasks: {a: {loss: huber}}\n")
    os.mkfifo("fifo.npz")
    archive(path, [("\x1b[2J::error::\n.npy", npy(ONES))])
    messages = {
        path: KEYS.format("`\\u{1b}[2J::error::\\u{a}`"),
        "fifo.npz": "`fifo.npz` is no regular file",
        b"\x1b\xff": "`\\u{1b}\\u{dcff}` cannot be read: no such file or directory",
    }
    for batch, message in messages.items():
        outcome = losscomp("build", "a.yaml", "--batch", batch, cwd=tmp_path, megabytes=None)
        assert (outcome.code, outcome.stdout, outcome.stderr) == (2, "", f"error: {message}\n")
