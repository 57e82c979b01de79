"""All rules over one spec: the table of what is allowed and can hardly be meant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from composer.declared import leaves
from composer.finding import Finding
from composer.fitting import TermTypes
from composer.lint.comparisons import comparison_findings
from composer.lint.masks import mask_findings
from composer.lint.meanings import meaning_findings
from composer.lint.parameters import parameter_findings
from composer.lint.roles import role_findings
from composer.lint.schedules import schedule_findings
from composer.lint.scope import Sight, facts_of
from composer.lint.tables import table_findings
from composer.lint.tensors import unused_findings
from composer.lint.weights import weight_alone, weight_findings
from composer.naming import Declared
from composer.spec import Spec
from composer.terms import Part

_CAUSES = {
    "zero-weight": ("impossible-comparison",),
    "idle-schedule": ("zero-weight",),
}
_RULES = (
    mask_findings, weight_findings, comparison_findings, table_findings, role_findings,
    parameter_findings,
)  # fmt: skip


def lint(
    spec: Spec,
    terms: Sequence[TermTypes],
    declared: Mapping[str, Declared] | None,
    regularization: Part | None = None,
) -> list[Finding]:
    """The warnings of terms that are sound.

    Args:
        spec: the spec.
        terms: its terms with their types; those left out are not looked at.
        declared: the types of the batch, as far as they are known.
        regularization: the weight of `regularization:`, where it is sound.
    """
    types = {(side, path): type_ for side, path, type_ in leaves(declared or {})}
    dtypes = {place: type_.dtype for place, type_ in types.items()}
    lasts = {place: type_.shape.dim(-1) for place, type_ in types.items()}
    facts = facts_of(dtypes, spec.constants)
    rows = {name: each.shape[0] for name, each in spec.constants.items() if each.shape}
    sights = [Sight(each, dtypes, facts, rows, lasts) for each in terms]
    found: list[Finding] = []
    for sight in sights:
        for rule in _RULES:
            found += rule(sight)
        for part in sight.parts:
            found += schedule_findings(part, facts)
    found += meaning_findings(sights)
    if regularization is not None:
        found += weight_alone(regularization, facts, None)
        found += schedule_findings(regularization, facts)
    # What a task says is found with every loss of it.
    return _without_consequences(list(dict.fromkeys(found)))


def _without_consequences(found: list[Finding]) -> list[Finding]:
    """One mistake, one warning: what only follows from another at the same place is left out."""
    causes = {(each.path, each.code) for each in found}
    return [
        each
        for each in found
        if not any((each.path, cause) in causes for cause in _CAUSES.get(each.code, ()))
    ]


__all__ = ["lint", "unused_findings"]
