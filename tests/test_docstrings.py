"""Docstrings: a whole one as its parts, what is missing, and whatever else is given."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from composer.docstrings import Docstring, docstring_of, parse, sentence

WHOLE = """A summary that
    takes two lines.

        values = x²
          + 1

        then: x ← 0

    A note, over
    two lines.

    Attributes:
        delta: where it ends,
            in metres.
        lambda_: from 0 to 1: a share.

    Units: metres,
    squared.

    Domain: above 0.

    Reference: Somebody, "Something", 1964.
    """


def test_a_whole_docstring():
    assert parse(WHOLE) == Docstring(
        summary="A summary that takes two lines.",
        formula=("values = x²", "  + 1", "then: x ← 0"),
        notes=("A note, over two lines.",),
        attributes={"delta": "where it ends, in metres.", "lambda_": "from 0 to 1: a share."},
        units="metres, squared.",
        domain="above 0.",
        reference='Somebody, "Something", 1964.',
    )


def test_a_summary_alone():
    assert parse("Distance of poses.") == Docstring(summary="Distance of poses.")


def test_no_docstring_is_empty_and_that_of_a_base_does_not_count():
    class Base:
        """Of the base."""

    class Derived(Base):
        pass

    assert docstring_of(Base) == Docstring(summary="Of the base.")
    assert docstring_of(Derived) == Docstring()


@given(st.text(alphabet=st.sampled_from("\n\n  \tab:→Attributes: Units: ") | st.characters()))
def test_nothing_of_the_text_is_invented(text: str):
    """Every word comes from the text, in whatever part it lands."""
    found = parse(text)
    parts = (found.summary, *found.formula, *found.notes, found.units, found.domain)
    words = " ".join([*parts, found.reference, *found.attributes.values()]).split()
    assert all(word in text for word in words)


def test_a_sentence_begins_with_a_capital_letter():
    assert sentence("its name.") == "Its name."
    assert sentence("`image` or not.") == "`image` or not."
    assert sentence("") == ""
