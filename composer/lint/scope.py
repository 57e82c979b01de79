"""What the rules see: a term, its types, and what is known of everything it reads."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from composer.constants import Constant
from composer.finding import Finding
from composer.fitting import TermTypes, whole
from composer.language import tree as t
from composer.language.diagnostics import Severity
from composer.language.dtypes import Kind, kind
from composer.language.errors import Also
from composer.language.shape import Dim
from composer.lint import ranges
from composer.lint.intervals import Facts
from composer.lint.ranges import Range
from composer.terms import Part, Term

MAX_NODES = 250
"""Of an expression with all that it stands on; a task's `y_true` may multiply at every level."""

Dtypes = Mapping[tuple[str, tuple[str, ...]], str | None]


@dataclass(frozen=True)
class Sight:
    """A term as the rules see it.

    Attributes:
        types: the term, with what is known of its roles and axes.
        dtypes: the dtypes of the batch's tensors, as far as they are declared.
        facts: what every value can be, by its dtype alone.
        rows: the sizes of the first axes of the constants.
        lasts: the sizes of the last axes of the batch's tensors, as far as they are known.
    """

    types: TermTypes
    dtypes: Dtypes
    facts: Facts
    rows: Mapping[str, int]
    lasts: Mapping[tuple[str, tuple[str, ...]], Dim]

    @property
    def term(self) -> Term:
        return self.types.term

    @functools.cached_property
    def parts(self) -> list[Part]:
        """Its expressions, but for those that are too large to look into."""
        found = [*self.term.roles.values(), *self.term.masks, *self.term.weights]
        return [part for part in found if part.size <= MAX_NODES]

    @functools.cached_property
    def masks(self) -> list[Part]:
        return [part for part in self.term.masks if part.size <= MAX_NODES]

    @functools.cached_property
    def weights(self) -> list[Part]:
        return [part for part in self.term.weights if part.size <= MAX_NODES]

    def kind(self, place: Sequence[str | int]) -> Kind | None:
        """Whether a tensor, by its side and its names, holds booleans, integers or floats."""
        side, *path = map(str, place)
        dtype = self.dtypes.get((side, tuple(path)))
        return None if dtype is None else kind(dtype)

    def targets(self) -> Facts:
        """The facts where the targets are what the loss is defined for."""
        facts = self.facts
        for name, role in self.term.loss.bound_signature().roles.items():
            part = self.term.roles.get(name)
            if part is None or name == "y_pred" or part.size > MAX_NODES:
                continue
            domain = _domain(role.domain, self._limit(role.limit))
            if domain is not None:
                facts = facts.always(part.tree, facts.range_of(part.tree).meet(domain))
        return facts

    def _limit(self, limit: str | int | None) -> int | None:
        found = self.types.binding.dims.get(limit) if isinstance(limit, str) else limit
        return found if isinstance(found, int) else None


def _domain(domain: str | None, limit: int | None) -> Range | None:
    if domain == "labels":
        return None if limit is None else Range(0, limit - 1, whole=True)
    if domain == "signed":
        return Range(-1, 1)
    return Range(0, 1) if domain in ("zero_one", "distribution", "probabilities") else None


def facts_of(dtypes: Dtypes, constants: Mapping[str, Constant]) -> Facts:
    """What the declared dtypes and the constants say."""
    return Facts(
        lambda node: ranges.of_dtype(dtypes.get((node.side, node.path))),
        {name: _of_constant(constant) for name, constant in constants.items()},
        {name: len(constant.shape) for name, constant in constants.items()},
    )


def _of_constant(constant: Constant) -> Range:
    if constant.file is not None:
        return ranges.of_dtype(constant.dtype)._replace(nan=False)
    return ranges.hull(map(ranges.exactly, constant.values))


def conditions(tree: t.Tree, wanted: bool | None = True) -> Iterator[tuple[t.Tree, bool | None]]:
    """Every comparison, and whether it is to hold or to fail for the whole to hold.

    None is for one that is computed with, such as in `4 * (y_true == 3)`.
    """
    match tree:
        case t.Logic():
            for operand in tree.operands:
                yield from conditions(operand, wanted)
        case t.Unary(op="not"):
            yield from conditions(tree.operand, None if wanted is None else not wanted)
        case t.Call(name="any" | "all"):
            yield from conditions(tree.args[0], wanted)
        case _:
            if isinstance(tree, t.Compare | t.Member):
                yield tree, wanted
            for child in tree.children:
                yield from conditions(child, None)


def warning(
    code: str,
    message: str,
    part: Part,
    node: t.Tree | None = None,
    help: str | None = None,
    severity: Severity = "warning",
    *,
    also: Also = (),
    replacement: str | None = None,
) -> Finding:
    """A finding at a node of an expression, or at the whole of it."""
    span = whole(part) if node is None else (node.start, node.end)
    return Finding(
        code, message, part.path, span, help, severity, also=tuple(also), replacement=replacement
    )


def numbers_of(part: Part, facts: Facts, node: t.Tree | None = None) -> Also:
    """Where the constants of an expression, or of a part of it, are defined, and what they are."""
    found: dict[str, str] = {}
    for each in t.walk(node or part.expression.tree):
        if isinstance(each, t.Constant) and each.name in facts.constants:
            held = facts.constants[each.name]
            is_one = bool(facts.ranks.get(each.name)) and held.low == held.high
            found[each.name] = f"all {held.low:g} here" if is_one else "defined here"
    return tuple((("constants", name), text) for name, text in found.items())
