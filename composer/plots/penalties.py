"""Each distinct loss of a spec as curves of penalty against error, in numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from composer.check import infer_terms
from composer.data.operands import Array
from composer.losses.base import Loss
from composer.plots.probe import Case, Probe
from composer.plots.probes import probe, smooths
from composer.spec import Spec

_SHOWN = 3


@dataclass(frozen=True)
class Curve:
    """One line: the penalty at each point of its panel."""

    label: str
    y: Array
    is_reference: bool


@dataclass(frozen=True)
class Penalty:
    """One loss with its parameters, and the terms that have it.

    Attributes:
        title: its type.
        parameters: theirs and their values, as one line of text.
        terms: their names.
        tasks: theirs.
        probe: what the axes are.
        curves: the lines.
    """

    title: str
    parameters: str
    terms: tuple[str, ...]
    tasks: tuple[str, ...]
    probe: Probe
    curves: tuple[Curve, ...]


@dataclass(frozen=True)
class Penalties:
    """The panels of a spec.

    Attributes:
        panels: those drawn, in spec order.
        left_out: how many distinct losses there are beyond them.
        undrawable: the terms whose losses cannot be drawn over an error.
    """

    panels: tuple[Penalty, ...]
    left_out: int
    undrawable: tuple[str, ...]


def penalties(spec: Spec, most: int) -> Penalties:
    """The distinct losses of a spec, of which `most` are computed."""
    tensors = spec.tensors
    declared = None if tensors is None else {"y_true": tensors.y_true, "y_pred": tensors.y_pred}
    alike: dict[tuple[str, str, int | None], list[Any]] = {}
    for types in infer_terms(spec, declared)[1]:
        loss = types.term.loss
        size = types.binding.dims.get("classes")
        classes = size if isinstance(size, int) and smooths(loss) else None
        alike.setdefault((loss.type, repr(loss.parameters()), classes), []).append(types.term)
    panels: list[Penalty] = []
    undrawable: list[str] = []
    left_out = 0
    for (_, _, classes), terms in alike.items():
        if len(panels) == most:
            left_out += 1
        elif (found := _penalty(terms, classes)) is not None:
            panels.append(found)
        else:
            undrawable += [term.name for term in terms]
    return Penalties(tuple(panels), left_out, tuple(undrawable))


def _penalty(terms: Sequence[Any], classes: int | None) -> Penalty | None:
    loss: Loss = terms[0].loss
    found = probe(loss, classes)
    if found is None:
        return None
    curves = [_curve(case, found) for case in found.cases]
    if any(curve is None for curve in curves):
        return None
    return Penalty(
        loss.type,
        parameters(loss),
        tuple(term.name for term in terms),
        tuple(str(term.path[1]) for term in terms),
        found,
        tuple(curve for curve in curves if curve is not None),
    )


def _curve(case: Case, found: Probe) -> Curve | None:
    """The values of one case; None where a loss of somebody's own does not take these inputs."""
    import tensorflow as tf

    roles = {name: tf.constant(array) for name, array in case.roles.items()}
    try:
        y = np.asarray(case.loss.values(**roles), np.float64)
    except Exception:  # whatever a loss of somebody's own raises
        if type(case.loss).__module__.startswith("composer.losses."):
            raise
        return None
    if y.size != found.x.size:
        return None
    return Curve(case.label, y.reshape(-1), case.is_reference)


def parameters(loss: Loss) -> str:
    """`delta = 0.5`"""
    fields = type(loss).model_fields
    parts = [
        f"{fields[name].alias or name} = {_shown(value)}"
        for name, value in loss.parameters().items()
        if value is not None
    ]
    return ", ".join(parts)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, tuple | list):
        first = ", ".join(_shown(each) for each in value[:_SHOWN])
        return f"[{first}{f', … ({len(value)})' if len(value) > _SHOWN else ''}]"
    return str(value)[:100]
