"""Hostile files: each is refused, or read, in a moment, in bounded memory, without a crash."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

_RUN = """
import json, resource, sys, time
from pathlib import Path
from composer.language.diagnostics import SpecError
from composer.language.yaml.document import read_document

resource.setrlimit(resource.RLIMIT_AS, (600 << 20, 600 << 20))
resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
sys.path.insert(0, sys.argv[1])
from attacks import ATTACKS

for name, text in ATTACKS.items():
    start = time.perf_counter()
    try:
        read_document(text, "f.yaml").root.to_python()
        code = "accepted"
    except SpecError as error:
        code = error.problems[0].code
        if len(error.problems) < 100:
            str(error)
    print(json.dumps([name, code, time.perf_counter() - start]), flush=True)
"""

EXPECTED = {
    "alias bomb": "alias-bomb",
    "merge bomb": "alias-bomb",
    "wide merges": "alias-bomb",
    "self-reference": "recursive-alias",
    "unknown alias": "unknown-alias",
    "open brackets": "too-deep",
    "closed brackets": "too-deep",
    "dashes": "too-deep",
    "flow mappings": "too-deep",
    "question marks": "too-deep",
    "deep through aliases": "too-deep",
    "more than a megabyte": "too-large",
    "many items": "too-large",
    "long key": "too-large",
    "unterminated quote": "invalid-yaml",
    "long comment": "empty-document",
    "many anchors": "too-large",
    "many documents": "multiple-documents",
    "duplicate keys": "duplicate-key",
    "duplicate keys on a line": "duplicate-key",
    "python object": "tag-refused",
    "python name": "tag-refused",
    "binary": "tag-refused",
    "include": "tag-refused",
    "tag directive": "tag-refused",
    "version directive": "invalid-yaml",
    "unknown directive": "invalid-yaml",
    "cut expressions": "unquoted-expression",
    "cut expressions and an error": "unquoted-expression",
    "brackets never closed": "unquoted-expression",
    "anchors in a quote": "invalid-yaml",
    "lists in a quote": "invalid-yaml",
    "quotes in brackets": "too-large",
    "escaped quotes": "invalid-yaml",
    "blanks in a quote": "accepted",
    "control characters": "invalid-character",
    "surrogate": "invalid-character",
    "line feeds": "empty-document",
    "carriage returns": "accepted",
    "tabs": "invalid-yaml",
    "long tag": "tag-refused",
    "many tags": "tag-refused",
    "many digits": "number-out-of-range",
    "many hexadecimal digits": "number-out-of-range",
    "many underscores": "accepted",
    "many colons": "accepted",
    "folded lines": "accepted",
}


@pytest.fixture(scope="module")
def outcomes() -> dict[str, tuple[str, float]]:
    """All attacks in one process of its own; a crash or a hang leaves the rest out."""
    root, here = Path(__file__).parents[3], Path(__file__).parent
    command = [sys.executable, "-c", _RUN, str(here)]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=120, env={"PYTHONPATH": str(root)}
        )
    except subprocess.TimeoutExpired as error:
        pytest.fail(f"an attack hangs, after these: {error.stdout!r}")
    assert done.stderr == ""
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return {name: (code, seconds) for name, code, seconds in lines}


@pytest.mark.parametrize("name", EXPECTED)
def test_attack(name: str, outcomes: dict[str, tuple[str, float]]) -> None:
    assert name in outcomes, "crashed or hung"
    code, seconds = outcomes[name]
    assert code == EXPECTED[name]
    assert seconds < 2
