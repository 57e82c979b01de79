"""Shapes: alignment at the left, what fits into what, and what stays unknown."""

from __future__ import annotations

import pytest

from composer.language.shape import UNKNOWN, Mismatch, Shape, align, fits, meet
from composer.language.tensor_type import parse_tensor


def shape(text):
    return parse_tensor(f"float32{text}").shape


@pytest.mark.parametrize(
    ("text", "rank", "least", "written"),
    [
        ("[]", 0, 0, "[]"),
        ("[batch, 3,?]", 3, 3, "[batch, 3, ?]"),
        ("[...]", None, 0, "[...]"),
        ("[batch, ..., 3]", None, 2, "[batch, ..., 3]"),
    ],
)
def test_shapes(text, rank, least, written):
    found = shape(text)
    assert (found.rank, found.least_rank, str(found)) == (rank, least, written)


@pytest.mark.parametrize(
    ("text", "axis", "dim"),
    [
        ("[batch, 3]", 0, "batch"), ("[batch, 3]", -1, 3), ("[batch, 3]", 2, None),
        ("[batch, 3]", -3, None), ("[batch, ..., 3]", 0, "batch"), ("[batch, ..., 3]", 1, None),
        ("[batch, ..., 3]", -1, 3), ("[batch, ..., 3]", -2, None), ("[...]", -1, None),
    ],
)  # fmt: skip
def test_dim(text, axis, dim):
    assert shape(text).dim(axis) == dim


@pytest.mark.parametrize(
    ("text", "appended", "without_last"),
    [
        ("[batch]", "[batch, 5]", "[]"),
        ("[batch, h]", "[batch, h, 5]", "[batch]"),
        ("[batch, ..., h, w]", "[batch, ..., h, w, 5]", "[batch, ..., h]"),
        ("[batch, ...]", "[batch, ..., 5]", "[...]"),
        ("[batch, h, ...]", "[batch, h, ..., 5]", "[batch, ...]"),
    ],
)
def test_appending_and_removing(text, appended, without_last):
    assert str(shape(text).append(5)) == appended
    assert str(shape(text).without_last()) == without_last


@pytest.mark.parametrize(
    ("a", "b", "wanted"),
    [
        ("[batch]", "[batch]", "[batch]"),
        ("[batch]", "[batch, h, w, 1]", "[batch, h, w, 1]"),
        ("[batch, 1, w]", "[batch, h]", "[batch, h, w]"),
        ("[batch, 1]", "[1, 5]", "[batch, 5]"),
        ("[]", "[batch, 3]", "[batch, 3]"),
        ("[batch, ?]", "[batch, 1]", "[batch, ?]"),
        ("[batch, ?]", "[batch, 5]", "[batch, 5]"),
        # A name may stand for 1, so that the other decides.
        ("[batch, ?]", "[batch, h]", "[batch, ?]"),
        ("[batch, ?]", "[batch, ?]", "[batch, ?]"),
        ("[batch]", "[batch, ..., 3]", "[batch, ..., 3]"),
        ("[]", "[..., 3]", "[..., 3]"),
        ("[batch, h]", "[batch, ..., 3]", "[batch, ...]"),
        ("[batch, ..., 3]", "[batch, h, ...]", "[batch, ...]"),
        ("[...]", "[batch]", "[...]"),
        ("[0, 1]", "[0, 4]", "[0, 4]"),
    ],
)
def test_alignment(a, b, wanted):
    assert str(align(shape(a), shape(b))) == wanted
    assert str(align(shape(b), shape(a))) == wanted


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        ("[batch, 3]", "[batch, 4]", "3 is not 4"),
        ("[batch]", "[time, batch]", "batch is not time"),
        ("[batch, h]", "[batch, 5]", "h is not 5"),
        ("[batch, h, ...]", "[batch, w]", "h is not w"),
        ("[3, ..., 1]", "[4, ...]", "3 is not 4"),
        ("[0]", "[4]", "0 is not 4"),
    ],
)
def test_what_does_not_align(a, b, message):
    with pytest.raises(Mismatch, match=f"^{message}$"):
        align(shape(a), shape(b))


@pytest.mark.parametrize(
    ("part", "whole"),
    [
        ("[]", "[]"), ("[]", "[batch]"), ("[batch]", "[batch, h]"), ("[batch, 1]", "[batch, h]"),
        ("[batch, ?]", "[batch, 5]"), ("[batch, 5]", "[batch, ?]"), ("[...]", "[batch]"),
        ("[batch, 7, ...]", "[batch, 7]"), ("[batch, h]", "[...]"), ("[1]", "[0]"),
    ],
)  # fmt: skip
def test_what_fits(part, whole):
    fits(shape(part), shape(whole))


@pytest.mark.parametrize(
    ("part", "whole", "message"),
    [
        ("[batch, h]", "[batch]", "2 axes are more than 1"),
        ("[batch, 3]", "[batch, 4]", "axis 1 is 3, which is neither 4 nor 1"),
        ("[batch, 3]", "[batch, 1]", "axis 1 is 3, which is not 1"),
        ("[h]", "[batch, ...]", "axis 0 is h, which is neither batch nor 1"),
    ],
)
def test_what_does_not_fit(part, whole, message):
    with pytest.raises(Mismatch) as caught:
        fits(shape(part), shape(whole))
    assert str(caught.value) == message


def test_meeting():
    assert meet(None, "h") == meet("h", None) == meet("h", "h") == "h"
    assert meet(None, None) is None
    assert meet(3, 3) == 3
    with pytest.raises(Mismatch, match=r"^1 is not 3$"):
        meet(1, 3)
    assert Shape((), ()) == UNKNOWN


def test_of_an_unknown_rank_the_axes_that_are_known_are_too_many_all_the_same():
    with pytest.raises(Mismatch) as caught:
        fits(shape("[batch, ..., 3]"), shape("[batch]"))
    assert str(caught.value) == "at least 2 axes are more than 1"
