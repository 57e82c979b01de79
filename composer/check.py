"""From a Spec to its problems: names, dtypes and shapes, by abstract interpretation."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from composer.language import tree as t
from composer.language.diagnostics import Problem, did_you_mean, listing, quote
from composer.language.errors import ExpressionError
from composer.language.functions import FUNCTIONS
from composer.language.shape import UNKNOWN, Mismatch, Shape, fits
from composer.language.signature import Binding, Role, TensorType, accepts
from composer.language.static import Type, infer
from composer.spec import Spec
from composer.terms import Part, Path, Term, terms_of

Declared = Mapping[str, "TensorType | Declared"]
"""Tensor types by name, nested as the batch is."""


@dataclass
class TermTypes:
    """What is known of a term: its roles' types, their axes, and the shape of its values."""

    term: Term
    roles: dict[str, Type] = field(default_factory=dict)
    binding: Binding = field(default_factory=lambda: Binding({}))
    values: Shape = UNKNOWN


def check(spec: Spec) -> list[Problem]:
    """The problems of a spec, with the shapes and dtypes that its `tensors:` declares."""
    declared: dict[str, Declared] | None = None
    if spec.tensors is not None:
        declared = {"y_true": spec.tensors.y_true, "y_pred": spec.tensors.y_pred}
    problems, _ = infer_terms(spec, declared)
    return problems


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
    checker.check()
    return checker.sorted_problems(), checker.types


class _Checker:
    def __init__(
        self, spec: Spec, declared: Mapping[str, Declared] | None, unknown: Collection[t.Side]
    ) -> None:
        self.spec = spec
        self.unknown = unknown
        self.document = spec.document
        self.declared = declared
        self.problems: list[Problem] = []
        self.types: list[TermTypes] = []
        self.known: dict[tuple[Path, str], Type | None] = {}

    def check(self) -> None:
        terms = terms_of(self.spec)
        self._check_names(terms)
        for term in terms:
            self._check_term(term)
        if self.spec.regularization is not None:
            self._check_regularization()

    def sorted_problems(self) -> list[Problem]:
        return sorted(
            dict.fromkeys(self.problems), key=lambda each: (each.line, each.column, each.code)
        )

    def add(
        self,
        code: str,
        message: str,
        path: Path,
        *,
        span: tuple[int, int] | None = None,
        help: str | None = None,
    ) -> None:
        node = self.document.find(path)
        if node.kind != "scalar":
            node, span = self.document.find_key(path), None
        elif span is not None and (span[1] == 0 or not isinstance(node.value, str)):
            span = None
        help = _number_wanted(node.caution, path) or help
        self.problems.append(self.document.problem(code, message, node, span=span, help=help))

    def _check_names(self, terms: list[Term]) -> None:
        first: dict[str, Term] = {}
        for term in terms:
            if term.name in first:
                self.add(
                    "duplicate-name",
                    f"two losses have the name {quote(term.name)}",
                    (*term.path, "name" if term.loss.name else "type"),
                    help="give one of them a `name:`",
                )
            first.setdefault(term.name, term)

    def _check_term(self, term: Term) -> None:
        types = TermTypes(term, binding=Binding(term.loss.sizes()))
        self.types.append(types)
        for role, part in term.roles.items():
            found = self.type_of(part)
            if found is not None:
                types.roles[role] = found
        if len(types.roles) == len(term.roles) and self._bind(types):
            types.values = types.binding.shape(term.loss.bound_signature().values)
            self._check_parameters(types)
        self._check_coupling(term)
        for part in term.masks:
            self._check_mask(part, types)
        for part in term.weights:
            self._check_weight(part, types)

    def type_of(self, part: Part) -> Type | None:
        """The type of an expression; its problem is told once, wherever it is used."""
        key = (part.path, part.expression.text)
        if key not in self.known:
            self.known[key] = None
            try:
                self.known[key] = infer(part.expression.tree, _Names(self, part))
            except ExpressionError as error:
                span = (error.start, error.end)
                self.add(error.code, error.message, part.path, span=span, help=error.help)
            except _AlreadyToldError:
                pass
        return self.known[key]

    def _bind(self, types: TermTypes) -> bool:
        """Matches the roles with the signature; true if they fit."""
        signature = types.term.loss.bound_signature()
        for name, found in types.roles.items():
            role = signature.roles[name]
            if not self._check_role(types, name, role.dtype, found):
                return False
            before = {other: types.roles[other] for other in types.roles if other != name}
            try:
                types.binding.bind(name, role, found.shape)
            except Mismatch as mismatch:
                self._mismatch(types, name, found, before, mismatch)
                return False
        return True

    def _check_role(self, types: TermTypes, name: str, word: str, found: Type) -> bool:
        part = types.term.roles[name]
        place = self._role_path(types.term, part)
        if found.place != "batch":
            self.add(
                "shape-mismatch", f"`{name}` is a tensor of the batch, found a constant", place
            )
            return False
        if not accepts(word, found.dtype):
            wanted = {"float": "floats", "int": "integers", "bool": "booleans"}[word]
            self.add(
                "dtype-mismatch",
                f"`{name}` of {quote(types.term.loss.type)} takes {wanted}, found {found}",
                place,
                help=_dtype_help(word, name),
            )
            return False
        return True

    def _mismatch(
        self,
        types: TermTypes,
        name: str,
        found: Type,
        before: Mapping[str, Type],
        mismatch: Mismatch,
    ) -> None:
        signature = types.term.loss.bound_signature()
        wanted = [f"`{role}` {_axes(signature.roles[role])}" for role in signature.inputs]
        others = [str(before[other]) for other in signature.inputs if other in before]
        self.add(
            "shape-mismatch",
            f"{quote(types.term.loss.type)} takes {_and(wanted)}, "
            f"found {_and([*others, str(found)])}: {mismatch}",
            self._role_path(types.term, types.term.roles[name]),
            help=_axis_help(name, found.shape, before),
        )

    def _role_path(self, term: Term, part: Part) -> Path:
        """A role's own expression, or the loss where the role is the task's default."""
        return part.path if len(part.path) != 2 else term.path

    def _check_coupling(self, term: Term) -> None:
        if term.loss.coupling == "batch":
            path = (*term.path, "type")
            self.problems.append(
                self.document.problem(
                    "couples-batch",
                    f"{quote(term.name)} couples the samples of a batch: over replicas or "
                    "accumulation steps its value is not that of one batch",
                    self.document.find(path),
                    severity="warning",
                )
            )

    def _check_parameters(self, types: TermTypes) -> None:
        dims = types.binding.dims
        for name, message in types.term.loss.mismatches(dims):
            self.add("shape-mismatch", message, (*types.term.path, name))

    def _check_mask(self, part: Part, types: TermTypes) -> None:
        found = self.type_of(part)
        if found is None:
            return
        span = _whole(part)
        if found.dtype not in (None, "bool"):
            self.add(
                "dtype-mismatch",
                f"a mask is boolean, found {found.dtype}",
                part.path,
                span=span,
                help=f"compare it, such as `{part.expression.text.strip()} != 0`",
            )
        elif found.place in ("table", "last"):
            self.add("shape-mismatch", "a mask is a tensor of the batch", part.path, span=span)
        else:
            whole = types.values
            signature = types.term.loss.bound_signature()
            if signature.is_region:
                whole = types.binding.shape(signature.roles["keep"].axes)
            self._check_fit(part, "mask", found, whole)

    def _check_weight(self, part: Part, types: TermTypes) -> None:
        found = self.type_of(part)
        if found is None:
            return
        if found.place == "table":
            self.add(
                "unplaced-constant",
                "a constant with axes does not say which axis of the values it weighs",
                part.path,
                span=_whole(part),
                help="write `take(constant, y_true)` for one weight per class, "
                "or `last_axis(constant)`",
            )
        elif found.place == "last":
            self._check_last(part, found, types.values)
        else:
            self._check_fit(part, "weight", found, types.values)

    def _check_last(self, part: Part, found: Type, values: Shape) -> None:
        size, last = found.shape.dim(-1), values.dim(-1)
        if values.rank == 0 or (last is not None and size != last):
            self.add(
                "shape-mismatch",
                f"a weight on the last axis has {size} entries, the values are {values}",
                part.path,
                span=_whole(part),
            )

    def _check_fit(self, part: Part, what: str, found: Type, whole: Shape) -> None:
        try:
            fits(found.shape, whole)
        except Mismatch as mismatch:
            finer = found.shape.rank is not None and len(found.shape.head) > len(whole.head)
            reduce = "all" if what == "mask" else "mean"
            self.add(
                "shape-mismatch",
                f"a {what} of {found.shape} does not fit values of {whole}, "
                f"aligned at the left: {mismatch}",
                part.path,
                span=_whole(part),
                help=f"write `{reduce}({part.expression.text.strip()}, axis=-1)`"
                if finer
                else None,
            )

    def _check_regularization(self) -> None:
        assert self.spec.regularization is not None
        part = Part(self.spec.regularization.weight, ("regularization", "weight"), {})
        found = self.type_of(part)
        if found is not None and found.place != "scalar":
            self.add(
                "shape-mismatch",
                "the weight of `regularization` is a number, or reads `step` alone",
                part.path,
                span=_whole(part),
            )


class _AlreadyToldError(Exception):
    """What an expression reads has a problem of its own."""


class _Names:
    """What the names in one expression stand for."""

    def __init__(self, checker: _Checker, part: Part) -> None:
        self.checker = checker
        self.part = part

    def tensor(self, node: t.Tensor) -> Type:
        if not node.path:
            return self._bare(node)
        if self.checker.declared is None or node.side in self.checker.unknown:
            return Type(None, UNKNOWN)
        return _declared(node, self.checker.declared)

    def _bare(self, node: t.Tensor) -> Type:
        if node.side not in self.part.bare:
            raise ExpressionError(
                f"`{node.side}` by itself is a task's; here it needs a name",
                node.start,
                node.end,
                code="unknown-name",
            )
        found = self.checker.type_of(self.part.bare[node.side])
        if found is None:
            raise _AlreadyToldError
        return found

    def constant(self, node: t.Constant) -> Type:
        constants = self.checker.spec.constants
        if node.name not in constants:
            raise _unknown_name(node, constants)
        constant = constants[node.name]
        place = "table" if constant.shape else "scalar"
        return Type(constant.dtype, constant.static_shape, place)  # type: ignore[arg-type]  # a Place


def _declared(node: t.Tensor, declared: Mapping[str, Declared]) -> Type:
    """Follows a path through the declared tensors."""
    level: TensorType | Declared = declared.get(node.side, {})
    walked = str(node.side)
    for name in node.path:
        if isinstance(level, TensorType):
            raise _unknown_tensor(node, f"{walked} is a tensor, which has no {quote(name)}", None)
        if name not in level:
            there = f"it has {listing(level)}" if level else "it has no tensors"
            help = did_you_mean(name, level) if level else None
            near = help if help and help.startswith("did") else None
            raise _unknown_tensor(node, f"{walked} has no {quote(name)}; {there}", near)
        level = level[name]
        walked += f".{name}"
    if not isinstance(level, TensorType):
        raise _unknown_tensor(
            node, f"{walked} is a mapping; it has {listing(level)}", "name one of its tensors"
        )
    return Type(level.dtype, level.shape)


def _unknown_tensor(node: t.Tensor, message: str, help: str | None) -> ExpressionError:
    return ExpressionError(message, node.start, node.end, code="unknown-tensor", help=help)


def _unknown_name(node: t.Constant, constants: Mapping[str, object]) -> ExpressionError:
    known = ["y_true", "y_pred", "step", *constants]
    help = did_you_mean(node.name, known, noun="names")
    if node.name in FUNCTIONS:
        help = f"{quote(node.name)} is a function; call it"
    elif node.name in ("true", "false"):
        help = f"write `{node.name.capitalize()}`"
    elif node.name in ("epoch", "iteration", "iterations", "global_step"):
        help = "time is `step`, the number of optimizer steps"
    return ExpressionError(
        f"there is no name {quote(node.name)}", node.start, node.end, code="unknown-name", help=help
    )


def _axes(role: Role) -> str:
    return "[" + ", ".join("?" if axis is None else str(axis) for axis in role.axes) + "]"


def _and(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]


def _dtype_help(word: str, name: str) -> str | None:
    if word == "int":
        return "labels are class numbers, stored as integers; for one-hot rows write " + (
            f"`argmax({name})`, or choose `softmax_cross_entropy`"
        )
    return None


def _axis_help(name: str, found: Shape, before: Mapping[str, Type]) -> str | None:
    """Where one tensor has a last axis of 1 that the other lacks, what to write."""
    for other, type_ in before.items():
        if found.rank is None or type_.shape.rank is None:
            continue
        if type_.shape == found.append(1):
            return f"write `{name}: {name}[..., None]`, or `{other}: {other}[..., 0]`"
        if found == type_.shape.append(1):
            return f"write `{other}: {other}[..., None]`, or `{name}: {name}[..., 0]`"
    return None


def _number_wanted(caution: str | None, path: Path) -> str | None:
    """What YAML 1.1 would have read; a weight is no boolean in any version."""
    if (
        caution is not None
        and path[-1] == "weight"
        and ("`true`" in caution or "`false`" in caution)
    ):
        return caution.partition(",")[0] + "; a weight is a number or an expression"
    return caution


def _whole(part: Part) -> tuple[int, int]:
    text = part.expression.text
    return len(text) - len(text.lstrip()), len(text.rstrip())
