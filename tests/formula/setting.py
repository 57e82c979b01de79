"""Sets LaTeX in type by matplotlib, which knows most of what we write and refuses what is wrong."""

from __future__ import annotations

import re

import pytest

ROW = re.compile(r" \\\\\n")


def set_in_type(latex):
    """Sets one formula; raises ValueError for what is no LaTeX."""
    mathtext = pytest.importorskip("matplotlib.mathtext")
    known = latex.replace(r"\&", "+")  # it has no ampersand
    mathtext.MathTextParser("path").parse(f"${known}$")


def rows_of(aligned):
    """The rows of an `aligned` environment, without their alignment."""
    begin, end = "\\begin{aligned}\n", "\n\\end{aligned}"
    assert aligned.startswith(begin)
    assert aligned.endswith(end)
    rows = ROW.split(aligned[len(begin) : -len(end)])
    assert all(row.count("&") - row.count(r"\&") == 1 for row in rows)
    return [row.replace("={}& ", "= ").removeprefix("& ") for row in rows]
