"""The docstring of a code is an explanation, or it is refused."""

from __future__ import annotations

import re
from textwrap import dedent

import pytest

from composer.codes import CATALOGUE, find
from composer.codes.base import Code, Example, Explanation, explanation

WHOLE = """One sentence.

    A reason on
    two lines.

    Another one.

    Wrong:

        tasks:
          depth: {loss: hubber}

    Right:

        tasks:
          depth: {loss: huber}
    """
MODEL = """
    Model:

        depth: [4, 4, 1]
    """
FILES = """
    Files:

        a.npy: [1, 2]
    """
NO_WRONG = WHOLE.replace("Wrong:", "wrong:")
REFUSED = {
    "begins with no sentence": ["", WHOLE.replace("sentence.", "sentence")],
    "gives no reason": [
        WHOLE.replace("A reason on\n    two lines.\n\n    Another one.\n\n    ", "")
    ],
    "has the sections Right; see `Code`": [NO_WRONG],
    "has the sections Wrong; see `Code`": [WHOLE.replace("Right:", "right:")],
    "has the sections none; see `Code`": [WHOLE.partition("Wrong:")[0]],
    "has the sections Right, Wrong; see `Code`": [
        WHOLE.replace("Wrong", "?").replace("Right", "Wrong").replace("?", "Right")
    ],
    "has the sections Wrong, Right, Batches; see `Code`": [
        WHOLE + MODEL.replace("Model", "Batches")
    ],
    "has the sections Wrong, Right, Model, Model; see `Code`": [WHOLE + MODEL + MODEL],
    "has a section that is empty, or text behind it that is not indented": [
        WHOLE.replace("    tasks:\n          depth: {loss: huber}\n", ""),
        WHOLE + "\n    And a last word.",
    ],
}


def code_of(text):
    members = {"__doc__": text, "code": "some-code", "severity": "warning"}
    return type("SomeCode", (Code,), members)


def test_what_is_read_of_a_docstring():
    assert explanation(code_of(WHOLE)) == Explanation(
        code="some-code",
        severity="warning",
        summary="One sentence.",
        reason="A reason on two lines.\n\nAnother one.",
        wrong=Example("tasks:\n  depth: {loss: hubber}\n"),
        right=Example("tasks:\n  depth: {loss: huber}\n"),
    )


def test_both_examples_are_checked_on_the_same():
    told = explanation(code_of(WHOLE + FILES + MODEL))
    for example in (told.wrong, told.right):
        assert (example.batch, example.model) == ("", "depth: [4, 4, 1]\n")
        assert example.files == "a.npy: [1, 2]\n"


@pytest.mark.parametrize(
    ("why", "text"), [(why, text) for why, texts in REFUSED.items() for text in texts]
)
def test_a_docstring_that_lacks_a_part_is_refused(why, text):
    message = re.escape(f"the docstring of SomeCode {why}")
    with pytest.raises(ValueError, match=f"^{message}$"):
        explanation(code_of(text))


def test_a_class_without_a_docstring_is_refused():
    with pytest.raises(ValueError, match="the docstring of SomeCode begins with no sentence"):
        explanation(code_of(None))


@pytest.mark.parametrize("code", CATALOGUE)
def test_every_docstring_is_read_to_its_end(code):
    cls = find(code)
    told = explanation(cls)
    sections = [("Wrong", told.wrong.text), ("Right", told.right.text)]
    sections += [("Batch", told.wrong.batch), ("Model", told.wrong.model)]
    sections += [("Files", told.wrong.files)]
    words = [told.summary, told.reason, *(f"{name}: {text}" for name, text in sections if text)]
    assert sorted(" ".join(words).split()) == sorted(dedent(cls.__doc__).split())
