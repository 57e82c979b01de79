"""Where another library surprises, refuses or is wrong, losscomp does what was decided."""

from __future__ import annotations

import pytest

from oracle import coverage  # noqa: F401  # fills DECISIONS
from oracle.decisions import DECISIONS, patterns_for
from oracle.vectors import with_status

DECIDED = with_status("trap", "error", "oracle_broken")


@pytest.mark.parametrize("case", DECIDED, ids=lambda case: case.id)
def test_a_decision_is_kept(case):
    (pattern,) = patterns_for(case)
    DECISIONS[pattern].check(case)


def test_every_pattern_speaks_of_a_case():
    spoken_of = {pattern for case in DECIDED for pattern in patterns_for(case)}
    assert spoken_of == DECISIONS.keys()


def test_every_decision_says_what_and_why():
    assert all(decision.does and decision.why for decision in DECISIONS.values())
