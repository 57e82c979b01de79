"""Random specs, each task several times over other tensors: joined they are what they are alone."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from composer import parse_spec
from composer.command.drawing import draw_batch
from tests.joined import assert_same, build, build_alone, groups, run
from tests.predictions import errors
from tests.random_specs import Case, cases, few_axes

COPIES = 3
READ = re.compile(r"\b(y_true|y_pred)\.(\w+)")
OPTIONS = {"step": 1, "training": False}


def is_sound(case: Case) -> bool:
    """Whether it can be computed, with all numbers of samples, and is by losses of ours."""
    if '"own"' in json.dumps(case.rest) or not few_axes(case):
        return False
    return not any(errors(with_more(case, number).sized()) for number in range(COPIES))


def with_more(case: Case, samples: int) -> Case:
    """The same with so many samples more."""
    return replace(case, sizes=case.sizes | {"batch": case.sizes["batch"] + samples})


def copied(case: Case) -> dict[str, Any]:
    """The spec with every task several times, each with tensors of its own."""
    text = json.dumps(case.rest["tasks"])
    tasks: dict[str, Any] = {}
    for number in range(COPIES):
        own = json.loads(READ.sub(rf"\1.c{number}_\2", text))
        tasks |= {f"c{number}_{name}": task for name, task in own.items()}
    return {**case.rest, "tasks": tasks}


def drawn(case: Case, spec: dict[str, Any], more: int) -> Any:
    """A batch; each copy has so many samples more than the last."""
    declared: dict[str, dict[str, str]] = {"y_true": {}, "y_pred": {}}
    for number in range(COPIES):
        copy = with_more(case, more * number)
        for (side, name), (dtype, _) in case.tensors.items():
            shape = ", ".join(map(str, copy.shape((side, name))))
            declared[side][f"c{number}_{name}"] = f"{dtype}[{shape}]"
    return draw_batch(parse_spec(json.dumps({**spec, "tensors": declared})))


def check_joined(case: Case, way: str) -> None:
    from composer.engine import arrangement

    spec = copied(case)
    batch = drawn(case, spec, more=way == "unknown")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(arrangement, "LEAST_TERMS", 2)
        total_loss = build(**spec)
        event(f"{len(groups(total_loss, *batch, step=1))} groups, {way}")
        found = run(total_loss, batch, way, **OPTIONS)
    assert_same(found, run(build_alone(**spec), batch, way, **OPTIONS), rtol=1e-4)


SOUND = cases().filter(is_sound)
WAYS = st.sampled_from(["eager", "graph", "unknown"])


@given(SOUND, WAYS)
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
def test_random_specs_give_the_same_joined_and_alone(case, way):
    check_joined(case, way)


@pytest.mark.full
@given(SOUND, WAYS)
@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
def test_many_random_specs_give_the_same_joined_and_alone(case, way):
    check_joined(case, way)
