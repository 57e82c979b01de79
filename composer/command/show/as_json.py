"""A resolved spec as JSON: every value with its origin, and every term of the total as data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from composer.command.show.resolved import Origin, Resolved, Section, Value
from composer.command.show.resolving import resolve
from composer.formula.addends import Addend, addends_of
from composer.formula.as_latex import latex_of_total
from composer.formula.as_text import (
    parameters_of,
    symbols_of,
    text_of_addend,
    text_of_mask,
    text_of_product,
    text_of_role,
    text_of_total,
    text_of_weight,
)
from composer.spec import Spec


def as_json(spec: Spec, name: str) -> str:
    """The whole spec; a value that is none is null."""
    data = {
        "config": name,
        "spec": _spec(resolve(spec)),
        "terms": [_term(addend) for addend in addends_of(spec)],
        "formula": {"text": "\n".join(text_of_total(spec)), "latex": latex_of_total(spec)},
    }
    return json.dumps(data, indent=2, allow_nan=False, default=str)


def origin_data(origin: Origin) -> dict[str, Any]:
    """The kind of an origin, and what belongs to it."""
    of_kind = {"file": ("file", "line", "column"), "task": ("task",)}.get(origin.kind, ())
    return {"kind": origin.kind, **{field: getattr(origin, field) for field in of_kind}}


def _spec(resolved: Resolved) -> dict[str, Any]:
    tasks = {
        name: {**_fields(task.fields), "loss": [_fields(each) for each in task.losses]}
        for name, task in resolved.tasks.items()
    }
    regularization = _section(resolved.regularization)
    return {**_fields(resolved.above), "tasks": tasks, "regularization": regularization}


def _fields(fields: Mapping[str, Section]) -> dict[str, Any]:
    return {name: _section(each) for name, each in fields.items()}


def _section(section: Section) -> dict[str, Any]:
    if not isinstance(section, Value):
        return _fields(section)
    note = {"note": section.note} if section.note else {}
    return {"value": section.data, "from": origin_data(section.origin), **note}


def _term(addend: Addend) -> dict[str, Any]:
    """A term with all that it inherits."""
    return {
        "name": addend.term.name,
        "loss": addend.term.loss.type,
        "parameters": dict(parameters_of(addend.term.loss)),
        "roles": {role: text_of_role(piece) for role, piece in addend.roles.items()},
        "mask": text_of_mask(addend) or None,
        "weight": {
            "scalar": [text_of_product([factor]) for factor in addend.scalars],
            "tensor": text_of_weight(addend) or None,
        },
        "reduction": addend.term.reduction,
        "formula": text_of_addend(addend),
        "symbols": symbols_of(addend),
    }
