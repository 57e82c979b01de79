"""What losscomp does where another library surprises, refuses or is wrong: the table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any

import numpy as np
import pytest

from composer import SpecError, build_total_loss, check_spec
from oracle.running import run
from oracle.translate import Way
from oracle.vectors import Case


@dataclass(frozen=True)
class Decision:
    """What is done about some cases.

    Attributes:
        does: what losscomp does.
        why: the reason.
        check: asserts it of one case.
    """

    does: str
    why: str
    check: Callable[[Case], None]


DECISIONS: dict[str, Decision] = {}
"""By a pattern of ids, of cases that are not `ok`; the `on_….py` beside this file fill it."""


def decide(*patterns: str, does: str, why: str) -> Callable[[Callable[[Case], None]], Any]:
    """Enters the decision that a function checks."""

    def enter(check: Callable[[Case], None]) -> Callable[[Case], None]:
        DECISIONS.update({pattern: Decision(does, why, check) for pattern in patterns})
        return check

    return enter


def patterns_for(case: Case) -> list[str]:
    """The patterns that speak of a case; one is what it should be."""
    return [pattern for pattern in DECISIONS if fnmatchcase(case.id, pattern)]


def assert_refused(spec: Mapping[str, Any], code: str) -> None:
    """A spec that cannot be built, for one reason."""
    with pytest.raises(SpecError) as caught:
        build_total_loss(spec)
    assert [problem.code for problem in caught.value.problems] == [code]


def help_on_refusal(way: Way, code: str) -> str:
    """A sound spec refuses the tensors of a batch; what its error advises."""
    assert check_spec(way.spec) == []
    with pytest.raises(SpecError) as caught:
        run(way)
    assert [problem.code for problem in caught.value.problems] == [code]
    return caught.value.problems[0].help or ""


def assert_close(found: np.ndarray, expected: Any, case: Case) -> None:
    """As close as the case asks for."""
    np.testing.assert_allclose(found, expected, rtol=case.rtol, atol=case.atol)


def with_loss(way: Way, **fields: Any) -> Way:
    """The way with other fields on its one loss."""
    (loss,) = way.spec["tasks"]["task"]["loss"]
    return replace(way, spec={"tasks": {"task": {"loss": [loss | fields]}}})
