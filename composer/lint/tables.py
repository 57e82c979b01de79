"""Tables of one row per class that have too few rows for the labels that look them up."""

from __future__ import annotations

from collections.abc import Iterator

from composer.finding import Finding
from composer.language import tree as t
from composer.language.diagnostics import quote
from composer.language.errors import Also
from composer.lint.assuming import assume_all
from composer.lint.intervals import Facts
from composer.lint.scope import Sight, warning
from composer.places import tensor_of
from composer.terms import Part


def table_findings(sight: Sight) -> Iterator[Finding]:
    """Lookups that give NaN for a label which the loss takes, and no mask removes."""
    targets = sight.targets()
    facts = assume_all([(mask.tree, True) for mask in sight.masks], targets) or targets
    for part in sight.weights:
        for node in t.walk(part.expression.tree):
            if isinstance(node, t.Call) and node.name == "take":
                yield from _short(node, part, sight, facts)


def _short(node: t.Call, part: Part, sight: Sight, facts: Facts) -> Iterator[Finding]:
    table, index = node.args
    tree = part.resolved(index)
    if not isinstance(table, t.Constant):
        return
    rows, last = sight.rows[table.name], _last_label(tree, sight, facts)
    if last is not None and last >= rows:
        message = (
            f"{quote(table.name)} has {rows} row{'s' * (rows != 1)}, "
            f"and {part.text(index)} is 0 to {last:g}: "
            "a label beyond the table weighs NaN"
        )
        also = [(("constants", table.name), f"{rows} rows here"), *_classes(last, sight)]
        yield warning("shape-mismatch", message, part, node, severity="error", also=also)


def _classes(last: float, sight: Sight) -> Also:
    """The tensor that has so many classes."""
    for axis, places in sight.types.binding.places.items():
        if isinstance(axis, str) and sight.types.binding.dims.get(axis) == last + 1:
            return tensor_of(sight.term.roles[places[0][0]], f"{last + 1:g} classes here")
    return ()


def _last_label(index: t.Tree, sight: Sight, facts: Facts) -> float | None:
    """The largest class number that a label of the loss, or the argmax of a role, can be."""
    if index in facts.everywhere:
        return facts.range_of(index).high
    if not isinstance(index, t.Call) or index.name != "argmax":
        return None
    for name, part in sight.term.roles.items():
        axis = sight.term.loss.bound_signature().roles[name].axes[-1:]
        size = sight.types.binding.dims.get(str(axis[0])) if axis else None
        if part.tree == index.args[0] and isinstance(size, int):
            return size - 1
    return None
