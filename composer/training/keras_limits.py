"""What of a spec no loss of plain Keras can express, and why."""

from __future__ import annotations

from collections.abc import Iterator

from composer.engine.batch_tensors import dotted
from composer.engine.weights import constant_values, scalar_of
from composer.language import tree as t
from composer.language.diagnostics import listing, quote
from composer.spec import Spec
from composer.terms import Term, terms_of

Output = tuple[str, ...]
"""The name of an output; several where outputs nest."""


def refuse(spec: Spec) -> None:
    """Raises ValueError with all that Keras cannot express."""
    reasons = [reason for term in terms_of(spec) for reason in _reasons(term)]
    reasons += _reasons_of_regularization(spec)
    if reasons:
        raise ValueError(
            "`compile(loss=…, loss_weights=…)` cannot express this spec; `training.MultiTaskModel` "
            "and `training.attach` can:\n" + "\n".join(f"- {reason}" for reason in reasons)
        )


def _reasons(term: Term) -> Iterator[str]:
    """Why no Keras loss computes a term."""
    nodes = list(_nodes(term))
    output = output_of(term)
    others = [
        dotted(node.side, node.path)
        for node in nodes
        if isinstance(node, t.Tensor) and node.path != output
    ]
    name = quote(term.name)
    if not output:
        yield f"{name} reads no prediction, and Keras has losses of outputs alone"
    elif others:
        own = " and ".join(quote(dotted(side, output)) for side in ("y_true", "y_pred"))
        yield f"{name} reads {listing(dict.fromkeys(others))}, and a Keras loss gets {own} alone"
    if any(isinstance(node, t.Step) for node in nodes):
        yield f"{name} reads `step`, which a Keras loss does not get"
    if term.loss.state():
        yield f"{name} has state, which Keras neither saves with a loss nor keeps from `evaluate`"


def _reasons_of_regularization(spec: Spec) -> list[str]:
    if spec.regularization is None:
        return []
    weight = spec.regularization.weight
    moves = any(isinstance(node, t.Step) for node in t.walk(weight.tree))
    if not moves and scalar_of([weight.tree], constant_values(spec), None, "float64") == 1:
        return []
    return [
        f"`regularization` has the weight {quote(weight.text.strip())}, and Keras adds the losses "
        "of a model with the weight 1"
    ]


def output_of(term: Term) -> Output:
    """The output that a term is the loss of: its task's, or the first that it reads; else ()."""
    paths = [
        node.path for node in _nodes(term) if isinstance(node, t.Tensor) and node.side == "y_pred"
    ]
    own = (str(term.path[1]),)
    return own if own in paths else next(iter(paths), ())


def _nodes(term: Term) -> Iterator[t.Tree]:
    for part in (*term.roles.values(), *term.masks, *term.weights):
        yield from t.walk(part.tree)
