"""A spec with one term of another alone."""

from __future__ import annotations

from composer.language import tree as t
from composer.spec import Spec
from composer.terms import Term


def only(spec: Spec, term: Term) -> Spec:
    """The spec without all other losses and tasks, without regularization and unused constants."""
    _, task, _, place = term.path
    whole = spec.tasks[str(task)]
    parts = (*term.roles.values(), *term.masks, *term.weights)
    names = {
        node.name for part in parts for node in t.walk(part.tree) if isinstance(node, t.Constant)
    }
    return spec.model_copy(
        update={
            "tasks": {str(task): whole.model_copy(update={"loss": [whole.loss[int(place)]]})},
            "constants": {name: each for name, each in spec.constants.items() if name in names},
            "regularization": None,
        }
    )
