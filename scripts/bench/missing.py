"""NotOffered: what a library lacks for a case."""

from __future__ import annotations


class NotOffered(Exception):
    """A library has no such loss, or is not there."""
