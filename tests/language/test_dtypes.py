"""Dtypes: their kinds, and what each operation computes in."""

from __future__ import annotations

import itertools

import pytest

from composer.language.dtypes import (
    DTYPES,
    FLOATS,
    INTEGERS,
    arithmetic,
    comparison,
    holds,
    kind,
    widest_float,
)


def test_kinds():
    assert kind("bool") == "bool"
    assert {kind(dtype) for dtype in INTEGERS} == {"int"}
    assert {kind(dtype) for dtype in FLOATS} == {"float"}
    assert set(DTYPES) == {"bool", *INTEGERS, *FLOATS}


@pytest.mark.parametrize(
    ("dtypes", "wanted"),
    [
        ((), "float32"),
        (("float16",), "float32"),
        (("bfloat16", "float16"), "float32"),
        (("int64", "bool"), "float32"),
        (("float16", "float64"), "float64"),
    ],
)
def test_widest_float(dtypes, wanted):
    assert widest_float(*dtypes) == wanted


@pytest.mark.parametrize(
    ("dtypes", "wanted"),
    [
        (("uint8",), "int64"),
        (("bool", "bool"), "int64"),
        (("uint8", "int32"), "int64"),
        (("uint8", "float16"), "float32"),
        (("float64", "int64"), "float64"),
        ((), "int64"),
    ],
)
def test_arithmetic(dtypes, wanted):
    assert arithmetic(*dtypes) == wanted


@pytest.mark.parametrize(
    ("a", "b", "wanted"),
    [
        ("uint8", "uint8", "uint8"),
        ("float16", "float16", "float16"),
        ("bool", "bool", "bool"),
        ("uint8", "int8", "int64"),
        ("bool", "uint8", "int64"),
        ("uint64", "uint8", "uint64"),
        ("uint64", "bool", "uint64"),
        ("uint64", "int8", "float64"),
        ("float16", "bfloat16", "float32"),
        ("float16", "float32", "float32"),
        ("float32", "float64", "float64"),
        ("int32", "float32", "float64"),
        ("bool", "float16", "float64"),
    ],
)
def test_comparison(a, b, wanted):
    assert comparison(a, b) == wanted
    assert comparison(b, a) == wanted


def test_every_pair_of_dtypes_compares():
    for a, b in itertools.product(DTYPES, DTYPES):
        assert comparison(a, b) in DTYPES


@pytest.mark.parametrize(
    ("dtype", "inside", "outside"),
    [
        ("uint8", (0, 255), (-1, 256)),
        ("int8", (-128, 127), (-129, 128)),
        ("uint16", (0, 65535), (-1, 65536)),
        ("int32", (-(2**31), 2**31 - 1), (2**31, -(2**31) - 1)),
        ("int64", (2**63 - 1, -(2**63)), (2**63,)),
        ("uint64", (0, 2**63), (-1, 2**64)),
        ("bool", (), (0, 1)),
        ("float32", (), (1,)),
        ("int64", (), (1.0, 0.5, True)),
    ],
)
def test_holds(dtype, inside, outside):
    assert all(holds(dtype, value) for value in inside)
    assert not any(holds(dtype, value) for value in outside)
