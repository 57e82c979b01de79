"""`losscomp diff` of random specs: nothing of a spec and itself, a change at its term and field."""

from __future__ import annotations

import copy

import pytest
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from composer import parse_spec
from composer.command.diff.comparing import differences
from composer.command.show.showing import text
from composer.formula.addends import addends_of
from composer.formula.as_text import parameters_of
from tests.predictions import errors, parsed
from tests.random_losses import Own
from tests.random_specs import cases
from tests.random_tasks import REDUCTIONS

SLOW = list(HealthCheck)


def random_spec(case):
    spec = copy.deepcopy(case.named())
    names = [
        (name, loss.get("name", loss["type"]))
        for name, task in spec["tasks"].items()
        for loss in task["loss"]
    ]
    assume(len(names) == len(set(names)))
    return spec


def check_itself(case):
    spec = random_spec(case)
    told = parsed(spec)
    assert differences(told, parsed(spec)).is_empty
    if not errors(spec):
        assert differences(told, parse_spec(text(told, "a.yaml"), losses=[Own])).is_empty


class Change:
    """One change of one loss, and the field that it is told by."""

    def __init__(self, draw, spec):
        self.draw = draw
        name = draw(st.sampled_from(sorted(spec["tasks"])))
        self.place = draw(st.integers(0, len(spec["tasks"][name]["loss"]) - 1))
        self.loss = spec["tasks"][name]["loss"][self.place]
        self.term = f"{name}/{self.loss.get('name', self.loss['type'])}"
        self.addend = next(each for each in addends_of(parsed(spec)) if each.term.name == self.term)
        self.field = draw(st.sampled_from(sorted(self.ways())))
        self.ways()[self.field]()
        event(self.field)

    def ways(self):
        loss = self.addend.term.loss
        floats = [name for name, value in parameters_of(loss) if type(value) is float]
        return {
            "weight": lambda: self.put("weight", "ramp(step, 0, 12345)"),
            "mask": self.mask,
            "reduction": self.reduction,
            **{role: lambda role=role: self.role(role) for role in self.addend.roles},
            **{name: lambda name=name: self.parameter(name) for name in floats},
        }

    def put(self, field, value):
        self.loss[field] = value

    def mask(self):
        old = self.loss.get("mask", True)
        self.put("mask", f"({old}) and step > 12345")

    def reduction(self):
        """Without a tensor weight only `sum` divides by something else."""
        old = self.addend.term.reduction
        others = [each for each in REDUCTIONS if each != old]
        is_mean = not self.addend.tensor_weights and old != "sum"
        self.put("reduction", "sum" if is_mean else self.draw(st.sampled_from(others)))

    def role(self, role):
        self.put(role, f"y_pred.moved[..., {self.draw(st.integers(0, 3))}]")

    def parameter(self, name):
        old = dict(parameters_of(self.addend.term.loss))[name]
        self.put(name, 0.25 if old != 0.25 else 0.375)


def check_one_change(case, data):
    spec = random_spec(case)
    changed = copy.deepcopy(spec)
    change = Change(data.draw, changed)
    old, new = parsed(spec), parsed(changed)
    (term,) = differences(old, new).terms
    fields = [field.name for field in term.fields]
    assert (term.kind, term.old, term.new) == ("changed", change.term, change.term)
    if change.field in change.addend.roles:
        # Bare names in masks and weights mean what the roles do.
        assert set(fields) - {"mask", "weight"} == {change.field}
    else:
        assert fields == [change.field]
    (back,) = differences(new, old).terms
    assert [(each.old, each.new) for each in back.fields] == [
        (each.new, each.old) for each in term.fields
    ]


def check_one_more(case, data):
    less = random_spec(case)
    name = data.draw(st.sampled_from(sorted(less["tasks"])))
    more = copy.deepcopy(less)
    losses = more["tasks"][name]["loss"]
    losses.insert(data.draw(st.integers(0, len(losses))), {"type": "l2", "name": "extra"})
    old, new = parsed(less), parsed(more)
    told = [
        [(each.kind, each.old, each.new) for each in found.terms]
        for found in (differences(old, new), differences(new, old))
    ]
    assert told == [[("added", None, f"{name}/extra")], [("removed", f"{name}/extra", None)]]


@settings(max_examples=20, deadline=None, suppress_health_check=SLOW)
@given(cases())
def test_a_spec_is_the_same_as_itself_resolved(case):
    check_itself(case)


@settings(max_examples=40, deadline=None, suppress_health_check=SLOW)
@given(cases(), st.data())
def test_one_change_is_told_at_its_term_and_field(case, data):
    check_one_change(case, data)


@settings(max_examples=15, deadline=None, suppress_health_check=SLOW)
@given(cases(), st.data())
def test_a_term_more_or_less_is_told_alone(case, data):
    check_one_more(case, data)


@pytest.mark.full
@settings(max_examples=600, deadline=None, suppress_health_check=SLOW)
@given(cases(), st.data())
def test_all_of_it_on_more_specs(case, data):
    check_itself(case)
    check_one_change(case, data)
    check_one_more(case, data)
