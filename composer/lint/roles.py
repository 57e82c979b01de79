"""Roles that are read as what they are not, and losses that train nothing."""

from __future__ import annotations

from collections.abc import Iterator

from composer.finding import Finding, Path
from composer.fitting import is_default, role_path, whole
from composer.language import tree as t
from composer.language.diagnostics import quote
from composer.lint.ranges import ANYTHING
from composer.lint.scope import MAX_NODES, Sight, warning
from composer.places import declared, tensor_of
from composer.terms import Part

_WITHOUT_GRADIENT = frozenset({"argmax", "one_hot", "stop_gradient", "isnan", "isfinite"})


def role_findings(sight: Sight) -> Iterator[Finding]:
    """Roles that are read as what they are not, and losses that train nothing."""
    roles = sight.term.loss.bound_signature().roles
    for name, part in sight.term.roles.items():
        if roles[name].domain == "logits":
            yield from _squashed(sight, part)
            yield from _one_class(sight, name)
    for part in sight.parts:
        yield from _one_of_a_softmax(part, sight)
    yield from _one_element(sight)
    swapped = list(_equal(sight)) or list(_swapped(sight))
    yield from swapped
    trees = [part.tree for part in sight.term.roles.values()]
    if not swapped and not any(map(_reaches_prediction, trees)):
        message = (
            f"no gradient of {quote(sight.term.name)} reaches a prediction: "
            "its roles read none, or through functions without a gradient"
        )
        yield Finding("no-gradient", message, sight.term.path, None, None, "warning")


def _equal(sight: Sight) -> Iterator[Finding]:
    """Two roles that read the same, of which no loss can learn the difference.

    The cross entropy of chances with themselves is their entropy, which some make small.
    """
    first: dict[t.Tree, str] = {}
    roles = sight.term.loss.bound_signature().roles
    if any(role.domain in ("probabilities", "logits") for role in roles.values()):
        return
    for name, part in sight.term.roles.items():
        if part.size <= MAX_NODES and first.setdefault(part.tree, name) != name:
            other = first[part.tree]
            message = f"`{other}` and `{name}` both read {part.source}"
            written, unwritten = (name, other) if len(part.path) > 2 else (other, name)
            path = role_path(sight.term, written)
            also = [(place, f"`{unwritten}` here") for place in _own_path(sight, unwritten)]
            yield Finding("equal-roles", message, path, None, None, "warning", also=tuple(also))


def _own_path(sight: Sight, role: str) -> list[Path]:
    """Where a role is written, if it is no default."""
    part = sight.term.roles[role]
    return [] if is_default(part) else [part.path]


def _one_class(sight: Sight, name: str) -> Iterator[Finding]:
    """A softmax over one class is 1, whatever its logit is."""
    signature, dims = sight.term.loss.bound_signature(), sight.types.binding.dims
    axis = signature.roles[name].axes[-1]
    if axis not in signature.values and isinstance(axis, str) and dims.get(axis) == 1:
        message = f"{quote(sight.term.name)} has one class alone, and is always 0"
        help = "one logit for yes or no takes `sigmoid_cross_entropy`"
        path = role_path(sight.term, name)
        also = tensor_of(sight.term.roles[name], "1 class here")
        yield Finding("one-class", message, path, None, help, "warning", also=also)


def _one_of_a_softmax(part: Part, sight: Sight) -> Iterator[Finding]:
    """A softmax in an expression over a tensor whose last axis is 1."""
    for node in t.walk(part.expression.tree):
        if isinstance(node, t.Call) and node.name == "softmax":
            tensor = part.resolved(node.args[0])
            is_single = isinstance(tensor, t.Tensor) and _last(tensor, sight) == 1
            if is_single:
                message = f"{part.text(node)} is over one class alone, and always 1"
                help = f"{quote(_sigmoid(node, part))} makes a probability of one logit"
                also = declared(tensor, text="1 class here")
                yield warning("one-class", message, part, node, help, also=also)


def _sigmoid(softmax: t.Call, part: Part) -> str:
    return f"sigmoid({part.written(softmax.args[0])})"


def _last(tensor: t.Tensor, sight: Sight) -> object:
    return sight.lasts.get((tensor.side, tensor.path))


def _one_element(sight: Sight) -> Iterator[Finding]:
    """Differences between the elements of a sample, of which there is one."""
    sizes = sight.types.binding.middle
    if sight.term.loss.type != "mean_pairwise_squared_error" or sizes is None:
        return
    if all(size == 1 for size in sizes):
        message = f"{quote(sight.term.name)} has one element a sample, and is always 0"
        also = tensor_of(sight.term.roles["y_pred"], "1 element a sample here")
        yield Finding("one-element", message, sight.term.path, None, None, "warning", also=also)


def _swapped(sight: Sight) -> Iterator[Finding]:
    """A prediction that is none; a target may be one, as in distillation."""
    part = sight.term.roles.get("y_pred")
    nodes = list(t.walk(part.tree)) if part else []
    sides = {node.side for node in nodes if isinstance(node, t.Tensor)}
    if part is not None and sides == {"y_true"}:
        message = f"`y_pred` reads no prediction, found {part.source}"
        path = role_path(sight.term, "y_pred")
        also = tuple((place, "the prediction is here") for place in _predicted(sight))
        yield Finding("swapped-sides", message, path, whole(part), None, "warning", also=also)


def _predicted(sight: Sight) -> list[Path]:
    """Where `y_true` reads a prediction."""
    part = sight.term.roles.get("y_true")
    nodes = list(t.walk(part.tree)) if part else []
    is_predicted = any(isinstance(node, t.Tensor) and node.side == "y_pred" for node in nodes)
    return _own_path(sight, "y_true") if is_predicted else []


def _squashed(sight: Sight, part: Part) -> Iterator[Finding]:
    """Numbers between 0 and 1 that were computed as such."""
    calls = [node for node in t.walk(part.expression.tree) if isinstance(node, t.Call)]
    squash = next((node for node in calls if node.name in ("softmax", "sigmoid")), None)
    found = sight.facts.range_of(part.tree) if part.size <= MAX_NODES else ANYTHING
    if squash is not None and 0 <= found.low <= found.high <= 1:
        loss, name = quote(sight.term.loss.type), squash.name
        message = f"{loss} takes logits, found the probabilities of a {name}"
        help = f"leave `{name}` out"
        yield warning("probabilities-as-logits", message, part, squash, help)


def _reaches_prediction(tree: t.Tree) -> bool:
    """Whether a gradient can flow from the value to a tensor of `y_pred`."""
    seen: set[int] = set()
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if id(node) in seen or isinstance(node, t.Compare | t.Member | t.Logic):
            continue
        seen.add(id(node))
        if isinstance(node, t.Tensor) and node.side == "y_pred":
            return True
        if isinstance(node, t.Call) and node.name in _WITHOUT_GRADIENT:
            continue
        waiting += node.children
    return False
