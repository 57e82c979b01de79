"""Finds in an explanation what a test has shown to be so."""

from __future__ import annotations

from composer.codes import find
from composer.codes.base import explanation


def says(code: str, *words: str) -> None:
    """The reason of the code has the words."""
    reason = explanation(find(code)).reason
    assert [word for word in words if word not in reason] == []
