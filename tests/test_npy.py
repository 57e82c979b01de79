"""`.npy` files as constants: none is read from elsewhere, none is believed, none is unpickled."""

from __future__ import annotations

import io
import os
import pickle
import struct
import warnings

import numpy as np
import pytest

from composer.npy import Header, NpyError, confined, read_header
from tests.command import losscomp

MAGIC = b"\x93NUMPY"


def npy(array, version=None):
    stream = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NumPy's on version 2.0
        np.lib.format.write_array(stream, np.asarray(array), version, allow_pickle=True)
    return stream.getvalue()


def headed(header, body=b"", version=(1, 0)):
    """A file with any header."""
    text = header.encode("latin-1") if isinstance(header, str) else header
    return MAGIC + bytes(version) + struct.pack("<H", len(text)) + text + body


def described(descr="'<f4'", shape="(3,)", order="False"):
    return headed(
        f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}\n", b"\0" * 12
    )


def told(directory, name="w.npy"):
    """Code, sentence and help of what is wrong with a file."""
    with pytest.raises(NpyError) as error:
        read_header(str(directory), name)
    return error.value.code, str(error.value), error.value.help


@pytest.mark.parametrize(
    "dtype",
    ["bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float16",
     "float32", "float64"],
)  # fmt: skip
@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_what_is_read(dtype, version, tmp_path):
    content = npy(np.ones((2, 3), dtype), version)
    (tmp_path / "w.npy").write_bytes(content)
    expected = Header(os.path.realpath(tmp_path / "w.npy"), dtype, (2, 3), len(content))
    assert read_header(str(tmp_path), "w.npy") == expected


def test_scalars_and_fortran_order(tmp_path):
    (tmp_path / "w.npy").write_bytes(npy(np.float32(3)))
    assert read_header(str(tmp_path), "w.npy").shape == ()
    (tmp_path / "w.npy").write_bytes(npy(np.asfortranarray(np.ones((2, 3)))))
    assert read_header(str(tmp_path), "w.npy").shape == (2, 3)


KIND = "`w.npy` holds {}; booleans, integers or real numbers are required"
SAVE = "save it as float32, little-endian"
NO_NPY = "`w.npy` is no `.npy` file"
HEADER = "the header of `w.npy` cannot be read"
SHORT = "`w.npy` is cut short, or goes on behind its numbers"


class Trap:
    def __reduce__(self):
        return (os.system, ("touch pwned",))


NUMBERS = npy(np.ones(3, "float32"))
FILES = {
    "empty": (b"", "invalid-file", NO_NPY, None),
    "text": (b"1, 2, 3", "invalid-file", NO_NPY, None),
    "cut-in-the-magic": (MAGIC, "invalid-file", NO_NPY, None),
    "pickle-renamed": (pickle.dumps([1, 2]), "invalid-file", NO_NPY, None),
    "npz-renamed": (b"PK\x03\x04" + b"\0" * 40, "invalid-file", NO_NPY, None),
    "object": (npy(np.array([Trap()])), "invalid-file", KIND.format("`|O`"), SAVE),
    "void-1e12": (described("'|V0'", f"({10**12},)"), "invalid-file", KIND.format("`|V0`"), SAVE),
    "complex": (npy(np.ones(3, "complex64")), "invalid-file", KIND.format("`<c8`"), SAVE),
    "text-dtype": (npy(["a", "bc"]), "invalid-file", KIND.format("`<U2`"), SAVE),
    "date": (npy(np.array([0], "M8[s]")), "invalid-file", KIND.format("`<M8[s]`"), SAVE),
    "big-endian": (npy(np.ones(3, ">f4")), "invalid-file", KIND.format("`>f4`"), SAVE),
    "extended": (npy(np.ones(3, "longdouble")), "invalid-file", KIND.format("`<f16`"), SAVE),
    "record": (
        npy(np.zeros(1, [("a", "f4")])), "invalid-file", KIND.format("`[('a', '<f4')]`"), SAVE,
    ),
    "escape": (described("'\x1b[2J'"), "invalid-file", KIND.format("`\\u{1b}[2J`"), SAVE),
    "strange-escape": (described("'\\\x1b'"), "invalid-file", KIND.format("`\\\\u{1b}`"), SAVE),
    "huge": (described(shape=f"({10**12},)"), "too-large", "`w.npy` holds more than 64 MiB", None),
    "very-huge": (
        described(shape="(" + "9" * 4000 + ",)"), "too-large", "`w.npy` holds more than 64 MiB", None,
    ),
    "no-elements": (
        npy(np.ones((3, 0))), "invalid-file", "`w.npy` has an axis without elements", None,
    ),
    "short": (NUMBERS[:-1], "invalid-file", SHORT, None),
    "long": (NUMBERS + b"\0", "invalid-file", SHORT, None),
    "no-header": (headed("  "), "invalid-file", HEADER, None),
    "no-mapping": (headed("[1, 2]" + " " * 9), "invalid-file", HEADER, None),
    "no-shape": (headed("{'descr': '<f4'}"), "invalid-file", HEADER, None),
    "code": (headed("__import__('os').system('touch pwned')"), "invalid-file", HEADER, None),
    "nul": (headed("{'descr': '<f4'\0}"), "invalid-file", HEADER, None),
    "deep": (headed("(" * 5_000), "invalid-file", HEADER, None),
    "minus": (headed("-" * 9_000 + "1"), "invalid-file", HEADER, None),
    "long-header": (headed("{}" + " " * 20_000), "invalid-file", HEADER, None),
    "negative": (described(shape="(-1,)"), "invalid-file", HEADER, None),
    "float-size": (described(shape="(3.0,)"), "invalid-file", HEADER, None),
    "true-size": (described(shape="(True,)"), "invalid-file", HEADER, None),
    "list-shape": (described(shape="[3]"), "invalid-file", HEADER, None),
    "many-axes": (described(shape="(" + "1," * 33 + ")"), "invalid-file", HEADER, None),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_row_49_what_is_refused(name, tmp_path):
    content, *expected = FILES[name]
    (tmp_path / "w.npy").write_bytes(content)
    assert told(tmp_path) == tuple(expected)


def test_a_large_file_is_refused_by_its_header_alone(tmp_path):
    with open(tmp_path / "w.npy", "wb") as file:
        file.write(described(shape=f"({17 << 20},)"))
        file.truncate(100 + (17 << 22))  # a sparse file: nothing is written
    assert told(tmp_path) == ("too-large", "`w.npy` holds more than 64 MiB", None)


PLACE = "a constant's file is a `.npy` file beside the spec or below it, found {}"
WRITE = "write a relative path such as `weights/classes.npy`"


@pytest.mark.parametrize(
    "name",
    [
        "../w.npy", "a/../../w.npy", "a/../w.npy", "./w.npy", "/etc/w.npy", "//host/w.npy", "a//w.npy",
        "C:\\w.npy", "C:w.npy", "a\\w.npy", "\\\\host\\w.npy", "~/w.npy", "~root/w.npy",
        "file:///etc/w.npy", "https://x/w.npy", "w.npy/", "w.npz", "w", ".npy/..", "w.pkl", "CON",
        "/dev/zero", "w.npy\n",
    ],
)  # fmt: skip
def test_row_48_paths_that_are_refused(name, tmp_path):
    shown = name.replace("\n", "\\u{a}")
    assert told(tmp_path, name) == ("invalid-path", PLACE.format(f"`{shown}`"), WRITE)


@pytest.mark.parametrize("char", ["\0", "\x1b", "\u202e", "\ud800", "\u2028"])
def test_row_48_characters_that_are_refused(char, tmp_path):
    shown = f"`a\\u{{{ord(char):x}}}.npy`"
    assert told(tmp_path, f"a{char}.npy") == ("invalid-path", PLACE.format(shown), WRITE)


def test_row_48_links(tmp_path):
    inside, outside = tmp_path / "specs", tmp_path / "secrets"
    (inside / "sub").mkdir(parents=True)
    outside.mkdir()
    (outside / "w.npy").write_bytes(NUMBERS)
    (inside / "real.npy").write_bytes(NUMBERS)
    (inside / "out.npy").symlink_to(outside / "w.npy")
    (inside / "relative.npy").symlink_to("../secrets/w.npy")
    (inside / "tree").symlink_to(outside)
    (inside / "sub" / "in.npy").symlink_to("../real.npy")
    (inside / "loop.npy").symlink_to("loop.npy")
    (tmp_path / "specs_too").mkdir()
    (inside / "neighbour.npy").symlink_to("../specs_too/w.npy")
    for name in ("out.npy", "relative.npy", "tree/w.npy", "neighbour.npy"):
        message = f"`{name}` leads out of the spec's directory"
        assert told(inside, name) == ("invalid-path", message, None)
    assert read_header(str(inside), "sub/in.npy").path == os.path.realpath(inside / "real.npy")
    message = "`loop.npy` cannot be read: too many levels of symbolic links"
    assert told(inside, "loop.npy") == ("invalid-path", message, None)
    (tmp_path / "linked").symlink_to(inside)
    assert read_header(str(tmp_path / "linked"), "real.npy").shape == (3,)


def test_row_46_what_is_no_regular_file(tmp_path):
    os.mkfifo(tmp_path / "fifo.npy")
    (tmp_path / "directory.npy").mkdir()
    for name in ("fifo.npy", "directory.npy"):
        expected = ("invalid-path", f"`{name}` is no regular file", None)
        assert told(tmp_path, name) == expected
    message = "`missing.npy` cannot be read: no such file or directory"
    assert told(tmp_path, "missing.npy") == ("invalid-path", message, None)
    message = "cannot be read: file name too long"
    assert told(tmp_path, "x" * 300 + ".npy")[1].endswith(message)


def test_a_file_right_below_the_root_is_in_its_directory():
    assert confined("/", "w.npy") == "/w.npy"


SPEC = "constants: {{w: {}}}\ntasks: {{a: {{loss: huber, weight: 'take(w, y_true.k)'}}}}\n"


@pytest.mark.parametrize("name", ["object", "void-1e12", "pickle-renamed", "huge", "escape"])
def test_files_through_the_command(name, tmp_path):
    content, code, message, help = FILES[name]
    (tmp_path / "w.npy").write_bytes(content)
    (tmp_path / "a.yaml").write_text(SPEC.format("w.npy"))
    outcome = losscomp("check", "a.yaml", cwd=tmp_path)
    assert outcome.told[0] == f"a.yaml:1:16: error[{code}]: {message}"
    assert outcome.told[1:-1] == ([f"help: {help}"] if help else [])
    assert (outcome.code, outcome.stderr) == (1, "")
    assert not (tmp_path / "pwned").exists()


def test_paths_through_the_command(tmp_path):
    (tmp_path / "specs").mkdir()
    (tmp_path / "w.npy").write_bytes(NUMBERS)
    (tmp_path / "specs" / "a.yaml").write_text(SPEC.format("../w.npy"))
    outcome = losscomp("check", "specs/a.yaml", cwd=tmp_path)
    assert outcome.told[0] == (
        f"specs/a.yaml:1:16: error[invalid-path]: {PLACE.format('`../w.npy`')}"
    )
    assert outcome.told[1] == f"help: {WRITE}"
    assert outcome.code == 1


def test_a_file_is_looked_for_beside_the_spec_not_in_the_working_directory(tmp_path):
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs" / "w.npy").write_bytes(NUMBERS)
    (tmp_path / "specs" / "a.yaml").write_text(SPEC.format("w.npy"))
    assert losscomp("check", "specs/a.yaml", cwd=tmp_path).code == 0
    assert losscomp("check", "a.yaml", cwd=tmp_path / "specs").code == 0


def test_a_spec_on_stdin_has_no_place_for_files(tmp_path):
    (tmp_path / "w.npy").write_bytes(NUMBERS)
    outcome = losscomp("check", "-", cwd=tmp_path, input=SPEC.format("w.npy").encode())
    assert outcome.told[:2] == [
        "<stdin>:1:16: error[invalid-path]: the file `w.npy` has no place: this spec was not read "
        "from a file",
        "help: use `load_spec(path)`, or write the numbers into the spec",
    ]
    assert outcome.code == 1
