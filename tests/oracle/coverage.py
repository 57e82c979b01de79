"""Which test speaks of which case; every case has exactly one place."""

from __future__ import annotations

from typing import Literal

from oracle import on_inputs, on_values, on_weights  # noqa: F401  # they fill DECISIONS
from oracle.decisions import patterns_for
from oracle.ours import LOSSES
from oracle.translate import SPECIAL
from oracle.vectors import Case

Place = Literal["agrees", "by steps", "decided", "not expressible"]

BY_STEPS = {"blog.center.alpha1.0"}
"""Cases of several calls that follow one another: test_center.py."""

_MINING = "looks for its triplets among all pairs of the batch; ours come row for row"
NOT_EXPRESSIBLE = {
    "tfa.triplet_semihard.angular": _MINING,
    "tfa.triplet_hard.angular.softFalse": _MINING,
    "tfa.triplet_hard.angular.softTrue": _MINING,
    "tfa.npairs": "compares the labels of every two samples of the batch, and an expression keeps "
    "to one sample",
}
"""The `ok` cases that no spec can say, by id, and why."""


def places(case: Case) -> list[Place]:
    """Every place that speaks of a case; one is what it should be."""
    found: list[Place] = []
    if case.id in NOT_EXPRESSIBLE:
        found.append("not expressible")
    if case.id in BY_STEPS:
        found.append("by steps")
    if case.status != "ok":
        found += ["decided" for _ in patterns_for(case)]
    elif (case.oracle, case.loss) in LOSSES.keys() | SPECIAL.keys():
        found.append("agrees")
    return found
