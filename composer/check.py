"""From a Spec to its problems: names, dtypes and shapes, by abstract interpretation."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from composer.faults import in_order
from composer.finding import Finding, Path
from composer.fitting import TermTypes, bind_roles, is_default, whole
from composer.language import tree as t
from composer.language.binding import Binding
from composer.language.diagnostics import Problem, quote
from composer.language.errors import ExpressionError
from composer.language.nearness import Nearness
from composer.language.static.infer import Type, infer
from composer.lint.rules import lint, unused_findings
from composer.naming import AlreadyToldError, Declared, Names
from composer.spec import Spec
from composer.telling import Told
from composer.terms import Part, Term, task_parts, terms_of
from composer.weighing import mask_findings, weight_findings


def check(spec: Spec, *, is_whole: bool = True) -> list[Problem]:
    """The problems of a spec, with the shapes and dtypes that its `tensors:` declares.

    Args:
        spec: the spec.
        is_whole: whether it holds all that its file says: what nobody reads may else be read there.
    """
    declared: dict[str, Declared] | None = None
    if spec.tensors is not None:
        declared = {"y_true": spec.tensors.y_true, "y_pred": spec.tensors.y_pred}
    return check_with(spec, declared, is_whole=is_whole).problems


@dataclass(frozen=True)
class Examined:
    """What a spec is on a batch of some types.

    Attributes:
        problems: in the order of the file.
        sound: the terms without an error.
        findings: what the rules of `composer.lint` found.
    """

    problems: list[Problem]
    sound: list[TermTypes]
    findings: list[Finding]


def check_with(
    spec: Spec,
    declared: Mapping[str, Declared] | None,
    unknown: Collection[t.Side] = (),
    *,
    is_whole: bool = True,
) -> Examined:
    """The errors and warnings of a spec on a batch of these types; see `infer_terms`."""
    checker = _Checker(spec, declared, unknown)
    checker.check()
    findings = lint(spec, checker.sound, declared, checker.regularization)
    if is_whole and not any(each.severity == "error" for each in checker.told.findings):
        findings += unused_findings(spec)
    warnings = [finding.problem(spec.document) for finding in findings]
    wrong = [finding.path for finding in findings if finding.severity == "error"]
    sound = [types for types in checker.sound if not any(map(types.term.reads, wrong))]
    return Examined(in_order([*checker.problems, *warnings]), sound, findings)


def infer_terms(
    spec: Spec,
    declared: Mapping[str, Declared] | None,
    unknown: Collection[t.Side] = (),
) -> tuple[list[Problem], list[TermTypes]]:
    """Interprets every term abstractly.

    Args:
        spec: the spec.
        declared: the types of the batch; None knows no tensor and blames none.
        unknown: sides of the batch that are not at hand, whose tensors may be anything.
    """
    checker = _Checker(spec, declared, unknown)
    types = checker.check()
    return in_order(checker.problems), types


class _Checker:
    def __init__(
        self, spec: Spec, declared: Mapping[str, Declared] | None, unknown: Collection[t.Side]
    ) -> None:
        self.spec = spec
        self.declared = declared
        self.unknown = unknown
        self.told = Told()
        self.sound: list[TermTypes] = []
        self.regularization: Part | None = None
        self.known: dict[tuple[Path, str], Type | None] = {}
        self.missing: dict[str, dict[t.Side, ExpressionError]] = {}
        self.nearness = Nearness()

    @property
    def problems(self) -> list[Problem]:
        """What was found, at its places in the file."""
        return [each.problem(self.spec.document) for each in self.told.findings]

    def check(self) -> list[TermTypes]:
        terms = terms_of(self.spec)
        self._check_labels(terms)
        types = [self._check_term(term) for term in terms]
        for part in task_parts(self.spec):
            self.type_of(part)
        self._tell_missing()
        if self.spec.regularization is not None:
            self._check_regularization()
        return types

    def _check_labels(self, terms: list[Term]) -> None:
        """Every row of the breakdown has a name of its own."""
        seen: dict[str, Path] = {}
        for term in terms:
            path = (*term.path, "name" if term.loss.name else "type")
            if term.name in seen:
                message = f"two losses have the name {quote(term.name)}"
                help, also = "give one of them a `name:`", ((seen[term.name], "first here"),)
                self.told.add(Finding("duplicate-name", message, path, help=help, also=also))
            seen.setdefault(term.name, path)

    def _check_term(self, term: Term) -> TermTypes:
        types, before = TermTypes(term, binding=Binding(term.loss.sizes())), self.told.count
        for role, part in term.roles.items():
            found = self.type_of(part)
            if found is not None:
                types.roles[role] = found
        if len(types.roles) == len(term.roles):
            for wrong in bind_roles(types):
                self.told.add_of_roles(wrong, term)
        for part in term.masks:
            if (found := self.type_of(part)) is not None:
                self.told.add(*mask_findings(part, found, types))
        for part in term.weights:
            if (found := self.type_of(part)) is not None:
                self.told.add(*weight_findings(part, found, types))
        parts = (*term.roles.values(), *term.masks, *term.weights)
        if self.told.count == before and all(map(self.type_of, parts)):
            self.sound.append(types)
        self._note_coupling(term)
        return types

    def type_of(self, part: Part) -> Type | None:
        """The type of an expression; its problem is told once, wherever it is used."""
        key = (part.path, part.expression.text)
        if key not in self.known:
            self.known[key] = None
            constants = self.spec.constants
            names = Names(part, self.declared, self.unknown, constants, self.type_of, self.nearness)
            try:
                self.known[key] = infer(part.expression.tree, names)
            except ExpressionError as error:
                self._tell(error, part)
            except AlreadyToldError:
                pass
        return self.known[key]

    def _names(self, part: Part) -> Names:
        constants = self.spec.constants
        return Names(part, self.declared, self.unknown, constants, self.type_of, self.nearness)

    def _tell(self, error: ExpressionError, part: Part) -> None:
        """Notes what is wrong; what is wrong with the defaults of a task is told together."""
        if is_default(part) and isinstance(part.tree, t.Tensor):
            self.missing.setdefault(str(part.path[1]), {})[part.tree.side] = error
        else:
            from composer.expression_help import finding_of  # only problems need it

            names = self._names(part)
            self.told.add(finding_of(error, part, lambda tree: _type_of(tree, names)))

    def _tell_missing(self) -> None:
        for name, errors in self.missing.items():
            from composer.unknown_names import missing_task  # only problems need it

            declared, tasks = self.declared or {}, self.spec.tasks
            self.told.add(missing_task(name, errors, declared, tasks, self.nearness))

    def _note_coupling(self, term: Term) -> None:
        if term.loss.coupling == "batch":
            message = (
                f"{quote(term.name)} couples the samples of a batch: over replicas or "
                "accumulation steps its value is not that of one batch"
            )
            path = (*term.path, "type")
            self.told.add(Finding("couples-batch", message, path, severity="warning"))

    def _check_regularization(self) -> None:
        assert self.spec.regularization is not None
        part = Part(self.spec.regularization.weight, ("regularization", "weight"), {})
        found = self.type_of(part)
        if found is not None and found.place != "scalar":
            message = "the weight of `regularization` is a number, or reads `step` alone"
            self.told.add(Finding("shape-mismatch", message, part.path, whole(part)))
        elif found is not None:
            self.regularization = part


def _type_of(tree: t.Tree, names: Names) -> Type | None:
    """The type of a part of an expression; None where it has a problem."""
    try:
        return infer(tree, names)
    except (ExpressionError, AlreadyToldError):
        return None
