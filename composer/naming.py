"""What the names in an expression stand for: tensors of the batch, constants, a task's own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from composer.constants import Constant
from composer.declared import leaves
from composer.language import tree as t
from composer.language.diagnostics import did_you_mean, listing, quote
from composer.language.errors import ExpressionError
from composer.language.expression import Expression
from composer.language.functions import FUNCTIONS
from composer.language.shape import UNKNOWN
from composer.language.signature import TensorType
from composer.language.static.infer import Type
from composer.terms import Part

Declared = Mapping[str, "TensorType | Declared"]
"""Tensor types by name, nested as the batch is."""


class AlreadyToldError(Exception):
    """What an expression reads has a problem of its own."""


class Names:
    """The names of one expression, for `static.infer`.

    Args:
        part: the expression and what its bare `y_true` and `y_pred` mean.
        declared: the types of the batch; None where no tensor is known.
        unknown: sides of the batch that are not at hand.
        constants: the constants of the spec.
        type_of: the type of another expression, None where it has a problem.
    """

    def __init__(
        self,
        part: Part,
        declared: Mapping[str, Declared] | None,
        unknown: Collection[t.Side],
        constants: Mapping[str, Constant],
        type_of: Callable[[Part], Type | None],
    ) -> None:
        self.part = part
        self.declared = declared
        self.unknown = unknown
        self.constants = constants
        self.type_of = type_of

    def tensor(self, node: t.Tensor) -> Type:
        if not node.path:
            return self._bare(node)
        if self.declared is None or node.side in self.unknown:
            return Type(None, UNKNOWN)
        return _declared(node, self.declared)

    def _bare(self, node: t.Tensor) -> Type:
        if node.side not in self.part.bare:
            raise ExpressionError(
                f"`{node.side}` by itself is a task's; here it needs a name",
                node.start,
                node.end,
                code="unknown-name",
            )
        found = self.type_of(self.part.bare[node.side])
        if found is None:
            raise AlreadyToldError
        return found

    def constant(self, node: t.Constant) -> Type:
        if node.name not in self.constants:
            raise _unknown_name(node, self.constants, self.declared or {}, self.part.expression)
        constant = self.constants[node.name]
        place = "table" if constant.shape else "scalar"
        return Type(constant.dtype, constant.static_shape, place)  # type: ignore[arg-type]  # a Place


def _declared(node: t.Tensor, declared: Mapping[str, Declared]) -> Type:
    """Follows a path through the declared tensors."""
    level: TensorType | Declared = declared.get(node.side, {})
    walked = str(node.side)
    for name in node.path:
        if isinstance(level, TensorType):
            message = f"{walked} is a tensor, which has no {quote(name)}"
            raise _unknown_tensor(node, message, _elsewhere(name, declared))
        if name not in level:
            there = f"it has {listing(level)}" if level else "it has no tensors"
            help = did_you_mean(name, level) if level else None
            # A task's default tensor, which has no place in a text, is of its own side.
            other = _elsewhere(name, declared) if node.end else None
            near = help if help and help.startswith("did") else other
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


def _elsewhere(name: str, declared: Mapping[str, Declared]) -> str | None:
    """The tensors of that name in other places of the batch."""
    found = [".".join((side, *path)) for side, path, _ in leaves(declared) if path[-1] == name]
    return f"did you mean {' or '.join(map(quote, found))}?" if 0 < len(found) < 4 else None


def _unknown_name(
    node: t.Constant,
    constants: Mapping[str, object],
    declared: Mapping[str, Declared],
    expression: Expression,
) -> ExpressionError:
    known = ["y_true", "y_pred", "step", *constants]
    help = _elsewhere(node.name, declared) or did_you_mean(node.name, known, noun="names")
    if node.name in FUNCTIONS:
        help = f"{quote(node.name)} is a function; call it"
    elif node.name in ("true", "false"):
        help = f"write `{node.name.capitalize()}`"
    elif node.name.lower() in ("nan", "inf", "infinity"):
        help = _test(node, expression)
    elif node.name in ("epoch", "iteration", "iterations", "global_step"):
        help = "time is `step`, the number of optimizer steps"
    return ExpressionError(
        f"there is no name {quote(node.name)}", node.start, node.end, code="unknown-name", help=help
    )


def _test(node: t.Constant, expression: Expression) -> str:
    """The help for what is compared with NaN, or with infinity."""
    test, negated = ("isnan", "!=") if node.name.lower() == "nan" else ("isfinite", "==")
    written = f"{test}(x)"
    for each in t.walk(expression.tree):
        if isinstance(each, t.Compare) and len(each.operands) == 2 and node in each.operands:
            other = each.operands[each.operands[0] == node]
            word = "not " if each.ops == (negated,) else ""
            written = f"{word}{test}({expression.text[other.start : other.end]})"
    return f"{'nothing equals NaN; ' if test == 'isnan' else ''}write {quote(written)}"
