"""What is known of a random spec without computing it."""

from __future__ import annotations

import json

from composer import check_spec, parse_spec
from composer.check import infer_terms
from composer.language import tree as t
from composer.language.static.infer import infer
from composer.naming import Names
from composer.terms import terms_of
from tests.random_losses import Own

WHOLE = t.Slice(None, None, None)


def parsed(spec):
    return parse_spec(json.dumps(spec), losses=[Own])


def errors(spec):
    return [each for each in check_spec(spec, losses=[Own]) if each.severity == "error"]


class Predicted:
    """The types of the expressions of a spec, and its terms."""

    def __init__(self, spec):
        self.spec = parsed(spec)
        tensors = self.spec.tensors
        self.declared = {"y_true": tensors.y_true, "y_pred": tensors.y_pred}
        self.terms = infer_terms(self.spec, self.declared)[1]

    def __call__(self, part):
        """The type of one expression; raises where it has none."""
        return infer(part.expression.tree, self.names(part))

    def names(self, part):
        return Names(part, self.declared, (), self.spec.constants, self)


def cuts_a_name(spec):
    """Whether an index takes a part of an axis that has a name: that says nothing of its end."""
    told = Predicted(spec)
    return any(
        isinstance(dim, str) and item != WHOLE
        for part in _parts(told.spec)
        for node in t.walk(part.expression.tree)
        if isinstance(node, t.Index)
        for item, dim in _indexed(node, infer(node.operand, told.names(part)).shape)
    )


def _indexed(node, shape):
    """The items of an index, each with the size of its axis."""
    items = [item for item in node.items if item is not None]
    whole = [WHOLE] * (len(shape.head) - sum(item != "..." for item in items))
    place = items.index("...") if "..." in items else len(items)
    return zip([*items[:place], *whole, *items[place + 1 :]], shape.head, strict=True)


def is_decided(spec):
    """Whether a test reads neither tensors nor the step: graphs leave out what hangs on it."""
    nodes = [node for part in _parts(parsed(spec)) for node in t.walk(part.tree)]
    tests = [node for node in nodes if isinstance(node, t.Compare | t.Logic | t.Member | t.Unary)]
    truths = [node for node in nodes if isinstance(node, t.Number) and type(node.value) is bool]
    return bool(truths) or not all(map(_reads_a_batch, tests))


def _reads_a_batch(node):
    return any(isinstance(each, t.Tensor | t.Step) for each in t.walk(node))


def _parts(spec):
    for term in terms_of(spec):
        yield from (*term.roles.values(), *term.masks, *term.weights)
