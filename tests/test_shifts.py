"""Where places are after edits: against the text with marks that the edits carry along."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from composer.command.fix.edits import Shifts, applied
from composer.language.diagnostics import Edit

TEXT = "abcdefghijklmnopqrstuvwxyz"


@st.composite
def edits(draw):
    """Edits that do not overlap, in any order; some only insert."""
    ends = sorted(draw(st.sets(st.integers(0, len(TEXT)), max_size=8)))
    pairs = zip(ends[::2], ends[1::2], strict=False)
    texts = st.text("XYZ", max_size=4)
    found = [
        Edit("a", start, draw(st.sampled_from([start, end])), draw(texts)) for start, end in pairs
    ]
    return draw(st.permutations(found))


@given(edits())
def test_letters_that_stay_are_found_where_they_are(given_edits):
    after, shifts = applied(TEXT, given_edits), Shifts(given_edits)
    for offset, letter in enumerate(TEXT):
        if not any(edit.start <= offset < edit.end for edit in given_edits):
            assert after[shifts.offset(offset)] == letter


@given(edits())
def test_what_is_written_is_found(given_edits):
    after, shifts = applied(TEXT, given_edits), Shifts(given_edits)
    for edit in given_edits:
        start, end = shifts.written(edit)
        assert after[start:end] == edit.text


@given(edits())
def test_what_is_replaced_is_at_its_start(given_edits):
    shifts = Shifts(given_edits)
    for edit in given_edits:
        for offset in range(edit.start, edit.end):
            assert shifts.offset(offset) == shifts.written(edit)[0]


def test_by_hand():
    shifts = Shifts([Edit("a", 2, 4, "XYZ"), Edit("a", 6, 6, "Q")])
    assert applied("abcdefgh", shifts.edits) == "abXYZefQgh"
    assert [shifts.offset(each) for each in range(9)] == [0, 1, 2, 2, 5, 6, 8, 9, 10]
