"""What the explanations say of PyYAML, NumPy and Python is what they do."""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys

import numpy as np
import pytest
import yaml

from composer.codes import find
from composer.codes.base import explanation
from composer.language.lexing import MAX_DEPTH
from composer.language.python_syntax import MAX_LENGTH
from composer.language.yaml import limits
from composer.language.yaml.source import LARGEST
from composer.npy import MAX_BYTES
from tests.codes.claims import says


def read(text):
    return yaml.safe_load(text)


def wrong(code):
    """What PyYAML reads of the wrong example."""
    return read(explanation(find(code)).wrong.text)


def test_what_pyyaml_reads_of_wrong_examples():
    assert wrong("duplicate-key") == {"tasks": {"depth": {"loss": "mean_squared_error"}}}
    says(
        "duplicate-key",
        "one\ntask, whose loss is `mean_squared_error`, without mask".replace("\n", " "),
    )
    assert wrong("invalid-yaml")["tasks"]["depth"]["loss"] == {"type:huber": None, "delta": 0.5}
    says("invalid-yaml", "the key `type:huber` without a value, and `delta` beside it")
    pose = {"loss": "absolute_difference", "weight": "ramp(step", 0: None, "1000)": None}
    assert wrong("unquoted-expression") == {"tasks": {"pose": pose}}
    says("unquoted-expression", "the text `ramp(step`, and `0` and `1000)` are two more keys")
    assert wrong("empty-value")["tasks"]["depth"]["mask"] is None
    says("empty-value", "PyYAML reads `None`")
    assert wrong("empty-document") is None
    says("empty-document", "PyYAML reads such a file as `None`")


@pytest.mark.parametrize(
    ("code", "text", "value", "words"),
    [
        ("invalid-type", "on", True, "`on` as true"),
        ("invalid-type", "1:30", 90, "`1:30` as 90"),
        ("invalid-type", "012", 10, "`012` as 10"),
        ("invalid-type", "1e-3", "1e-3", "`1e-3` as text"),
        ("invalid-key", "on: x", {True: "x"}, "`on:` the boolean true"),
        ("invalid-key", "0: x", {0: "x"}, "`0:` is the number 0"),
        ("number-out-of-range", "1.0e+400", math.inf, "`1.0e+400` as infinity"),
        ("number-out-of-range", "1.0e-400", 0.0, "`1.0e-400` as 0"),
        ("invalid-character", "a\u200b", "a\u200b", "PyYAML hands them all on"),
        ("invalid-character", "a\xa0b", "a\xa0b", "no-break spaces"),
        ("invalid-character", "a\u202eb", "a\u202eb", "override of the writing direction"),
        ("invalid-character", "a: b # c\x85d: e", {"a": "b", "d": "e"}, "U+0085"),
        ("invalid-character", "a: b # c\u2028d: e", {"a": "b", "d": "e"}, "U+2028"),
        ("invalid-character", "a: b # c\u2029d: e", {"a": "b", "d": "e"}, "U+2029"),
    ],
)  # fmt: skip
def test_what_pyyaml_reads(code, text, value, words):
    assert read(text) == value
    says(code, words)


def test_what_pyyaml_refuses():
    says("multiple-documents", "PyYAML's `safe_load` refuses the file too")
    with pytest.raises(yaml.YAMLError):
        read(explanation(find("multiple-documents")).wrong.text)
    says("invalid-encoding", "PyYAML reads UTF-16 too", "names a byte offset, without a line")
    assert read("a: b".encode("utf-16")) == {"a": "b"}
    with pytest.raises(yaml.reader.ReaderError, match="position 4") as caught:
        read("a: für".encode("latin-1"))
    assert not hasattr(caught.value, "problem_mark")


def test_what_pyyaml_drops():
    documents = yaml.safe_load_all(explanation(find("multiple-documents")).wrong.text)
    assert next(documents) == {"tasks": {"depth": {"loss": "huber"}}}
    says("multiple-documents", "takes the first document and drops the rest")
    twice = read("a: &a {x: 1}\nb: &b {x: 2}\nc:\n  <<: *a\n  <<: *b\n")
    assert twice["c"] == {"x": 2}
    says("invalid-merge", "PyYAML lets the last win")


def test_what_has_no_end():
    depth = read("&depth {loss: huber, y_true: *depth}")
    assert depth["y_true"] is depth
    with pytest.raises(ValueError, match="Circular reference"):
        json.dumps(depth)
    says("recursive-alias", "builds a mapping that holds itself", "`json.dumps`")
    assert 9**9 == 387_420_489
    says("alias-bomb", "nine lines of nine aliases each stand for 400 million values")


def test_what_a_tag_can_name():
    import os

    assert yaml.unsafe_load("!!python/name:os.system") is os.system
    says("tag-refused", "PyYAML's `UnsafeLoader` makes of `!!python/name:os.system` the function")


@pytest.mark.skipif(not yaml.__with_libyaml__, reason="it is libyaml that crashes")
def test_what_crashes_the_interpreter():
    text = "import yaml; yaml.load('[' * 100_000, Loader=yaml.CSafeLoader)"
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, check=False)
    assert done.returncode < 0
    says("too-deep", "100,000 opening brackets crash the Python interpreter")


def test_what_ruff_gives_for_a_wrong_path(tmp_path):
    pytest.importorskip("ruff")
    (tmp_path / "wrong.py").write_text("import os\n")
    for name in ("wrong.py", "lost.py"):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", "check", "--isolated", tmp_path / name]
        )
        assert done.returncode == 1
    says("unreadable-file", "ruff gives 1 for both")


def test_what_numpy_makes_of_mixed_lists():
    assert np.array([1.0, "2"]).tolist() == ["1.0", "2"]
    assert np.array([True, 2]).tolist() == [1, 2]
    says("invalid-constant", '`[1.0, "2"]` into text and `[True, 2]` into 1 and 2')


def test_what_numpy_broadcasts():
    numbers = np.arange(4.0)
    assert np.square(numbers - numbers[:, None]).mean() == 2.5
    says("shape-mismatch", "a mean squared error of 2.5 for 0, 1, 2 and 3 where 0 is right")


def test_what_python_binds_tighter():
    y = np.array([-1, 2, 90])
    assert (y > 0 & (y < 80)).tolist() == [False, True, True]
    says("invalid-expression", "`y` of -1, 2 and 90", "false, true, true, and 90 passes")


def test_limits_are_those_of_the_program():
    says(
        "too-large", f"{LARGEST >> 20} MiB, {limits.MAX_NODES:,} values, and {limits.MAX_SCALAR:,}"
    )
    says("too-large", f"at most {MAX_BYTES >> 20} MiB")
    assert f"{limits.MAX_EXPANDED:,} values" in explanation(find("alias-bomb")).summary
    assert f"{limits.MAX_DEPTH} levels" in explanation(find("too-deep")).summary
    summary = explanation(find("expression-too-large")).summary
    assert re.findall(r"[\d,]+\d", summary) == [f"{MAX_LENGTH:,}", str(MAX_DEPTH)]
