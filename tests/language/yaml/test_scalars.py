"""Plain scalars: the YAML 1.2 core schema, and a caution for what YAML 1.1 reads otherwise."""

from __future__ import annotations

import math
import time

import pytest

from composer.language.yaml.scalars import resolve


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None), ("~", None), ("null", None), ("Null", None), ("NULL", None),
        ("true", True), ("True", True), ("TRUE", True),
        ("false", False), ("False", False), ("FALSE", False),
        ("0", 0), ("-0", 0), ("7", 7), ("+7", 7), ("-12", -12), ("0o17", 15), ("0x1F", 31),
        ("9223372036854775807", 2**63 - 1), ("-9223372036854775808", -(2**63)),
        ("1.0", 1.0), ("1.", 1.0), (".5", 0.5), ("-.5", -0.5), ("+.5", 0.5), ("1e3", 1000.0),
        ("1e-3", 0.001), ("1E+3", 1000.0), ("1.0e3", 1000.0), ("08.5", 8.5), ("0.0", 0.0),
        ("0e999", 0.0), ("-0.0", 0.0), (".inf", math.inf), ("+.Inf", math.inf),
        ("-.INF", -math.inf), ("1e308", 1e308), ("5e-324", 5e-324),
    ],
)  # fmt: skip
def test_core_schema(text: str, value: object) -> None:
    meaning = resolve(text)
    assert meaning.value == value
    assert type(meaning.value) is type(value)
    assert meaning.caution is None
    assert meaning.out_of_range is None


@pytest.mark.parametrize("text", [".nan", ".NaN", ".NAN"])
def test_nan(text: str) -> None:
    value = resolve(text).value
    assert isinstance(value, float)
    assert math.isnan(value)


@pytest.mark.parametrize(
    "text",
    [
        "huber", "a b", "1 + 2", "y_true > 0", "-", "+", ".", "..", "...", "-x", "1x", "0xg", "0o8",
        "1e", "e3", "1e3.5", "--1", "1..2", "2024-01-31", "½", "\u0661", "1\u0660", "\uff11",
        "<<", "=", "0x",
        "-0x10", "+0o7", "1-2", "1,000", "ontario", "nano", "infinite", "yesterday",
    ],
)  # fmt: skip
def test_text(text: str) -> None:
    meaning = resolve(text)
    assert meaning.value == text
    assert meaning.caution is None


@pytest.mark.parametrize(
    ("text", "caution"),
    [
        ("on", "`on` is text in YAML 1.2, write `true`"),
        ("Off", "`Off` is text in YAML 1.2, write `false`"),
        ("YES", "`YES` is text in YAML 1.2, write `true`"),
        ("no", "`no` is text in YAML 1.2, write `false`"),
        ("y", "`y` is text in YAML 1.2, write `true`"),
        ("N", "`N` is text in YAML 1.2, write `false`"),
        ("tRUE", "`tRUE` is text in YAML 1.2, write `true`"),
        ("None", "`None` is text in YAML 1.2, write `null`"),
        ("nan", "`nan` is text in YAML 1.2, write `.nan`"),
        ("inf", "`inf` is text in YAML 1.2, write `.inf`"),
        ("-inf", "`-inf` is text in YAML 1.2, write `-.inf`"),
        ("Infinity", "`Infinity` is text in YAML 1.2, write `.inf`"),
        (".nAn", "`.nAn` is text in YAML 1.2, write `.nan`"),
        ("01", "`01` with its leading zero is text here, write `1`, or `0o1` if octal is meant"),
        ("08", "`08` with its leading zero is text here, write `8`"),
        ("-012", "`-012` with its leading zero is text here, write `-12`"),
        ("00", "`00` with its leading zero is text here, write `0`"),
        ("1:30", "`1:30` is text in YAML 1.2, write `90`"),
        ("-1:30", "`-1:30` is text in YAML 1.2, write `-90`"),
        ("0:30", "`0:30` is text in YAML 1.2, write the number in base 10"),
        ("1:30:00.5", "`1:30:00.5` is text in YAML 1.2, write `5400.5`"),
        ("0b_", None),
        ("1_000", "`1_000` is text in YAML 1.2, write `1000`"),
        ("-1_000.5", "`-1_000.5` is text in YAML 1.2, write `-1000.5`"),
        ("0b101", "`0b101` is text in YAML 1.2, write `5`"),
    ],
)
def test_cautions(text: str, caution: str) -> None:
    meaning = resolve(text)
    assert meaning.value == text
    assert meaning.caution == caution


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("9223372036854775808", "the whole number `9223372036854775808` does not fit 64 bits"),
        ("-9223372036854775809", "the whole number `-9223372036854775809` does not fit 64 bits"),
        ("0xffffffffffffffff", "the whole number `0xffffffffffffffff` does not fit 64 bits"),
        ("1e999", "the number `1e999` is too large for a float"),
        ("-1e999", "the number `-1e999` is too large for a float"),
        ("1e-999", "the number `1e-999` is so small that it is 0"),
    ],
)
def test_out_of_range(text: str, message: str) -> None:
    assert resolve(text).out_of_range == message


@pytest.mark.parametrize(
    "text",
    [
        "1" * 60_000, "0x" + "f" * 60_000, "1_" * 30_000, "1:1" * 20_000, "1" * 60_000 + "e",
        "1" * 60_000 + ".5", "0." + "0" * 60_000 + "1", "0" * 60_000, "-" + "9" * 400,
        "0b" + "1" * 60_000, "." * 60_000, "1e" + "9" * 60_000, "n" * 60_000,
    ],
)  # fmt: skip
def test_long_scalars_take_linear_time(text: str) -> None:
    start = time.perf_counter()
    meaning = resolve(text)
    assert time.perf_counter() - start < 0.5
    for said in (meaning.caution, meaning.out_of_range):
        assert said is None or len(said) < 200
