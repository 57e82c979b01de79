"""Every code's whole text in every format, beside the input; and the schemas of two of them."""

from __future__ import annotations

import json
import re

import jsonschema
import pytest

from composer.codes import CATALOGUE
from composer.command.formats import FORMATS
from tests.codes.told import HERE, SLOW, told, transcript
from tests.command import RAW, ROOT

SCHEMAS = {"json": "report.json", "sarif": "sarif-2.1.0.json"}


@pytest.mark.parametrize(
    "code", [pytest.param(code, marks=[pytest.mark.full] * (code in SLOW)) for code in CATALOGUE]
)
def test_what_is_told(code):
    assert told(code) == transcript(code).read_text(encoding="utf-8")


def outputs(code):
    """The expected text of each format."""
    text = transcript(code).read_text(encoding="utf-8")
    parts = re.split(r"^── (\S+) ──\n", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize("output_format", SCHEMAS)
def test_schemas(output_format):
    schema = json.loads((ROOT / "tests" / "schemas" / SCHEMAS[output_format]).read_text())
    validator = jsonschema.validators.validator_for(schema)(schema)
    for code in CATALOGUE:
        validator.validate(json.loads(outputs(code)[output_format]))


@pytest.mark.parametrize("code", CATALOGUE)
def test_every_format_tells_the_code(code):
    _, *found = outputs(code).items()
    assert [name for name, _ in found] == list(FORMATS)
    assert all(code in text and not RAW.search(text) for _, text in found)
    found = dict(found)
    assert f"[{code}]" in found["full"]
    assert f"title=losscomp%3A {code}::" in found["github"]


def test_no_transcript_is_left_over():
    assert {file.stem for file in HERE.iterdir()} == set(CATALOGUE)
