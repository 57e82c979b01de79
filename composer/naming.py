"""What the names in an expression stand for: tensors of the batch, constants, a task's own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from composer.constants import Constant
from composer.language import tree as t
from composer.language.errors import ExpressionError
from composer.language.nearness import Nearness
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
        nearness: finds what a misspelt name means.
    """

    def __init__(
        self,
        part: Part,
        declared: Mapping[str, Declared] | None,
        unknown: Collection[t.Side],
        constants: Mapping[str, Constant],
        type_of: Callable[[Part], Type | None],
        nearness: Nearness | None = None,
    ) -> None:
        self.part = part
        self.declared = declared
        self.unknown = unknown
        self.constants = constants
        self.type_of = type_of
        self.nearness = nearness or Nearness()

    def tensor(self, node: t.Tensor) -> Type:
        if not node.path:
            return self._bare(node)
        if self.declared is None or node.side in self.unknown:
            return Type(None, UNKNOWN)
        return _declared(node, self.declared, self.nearness)

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
            from composer.unknown_names import unknown_name  # only problems need it

            declared = self.declared or {}
            raise unknown_name(node, self.constants, declared, self.part.expression, self.nearness)
        constant = self.constants[node.name]
        place = "table" if constant.shape else "scalar"
        return Type(constant.dtype, constant.static_shape, place)  # type: ignore[arg-type]  # a Place


def _declared(node: t.Tensor, declared: Mapping[str, Declared], nearness: Nearness) -> Type:
    """Follows a path through the declared tensors."""
    level: TensorType | Declared = declared.get(node.side, {})
    for depth, name in enumerate(node.path):
        if isinstance(level, TensorType) or name not in level:
            from composer.unknown_names import unknown_tensor  # only problems need it

            raise unknown_tensor(node, depth, level, declared, nearness)
        level = level[name]
    if not isinstance(level, TensorType):
        from composer.unknown_names import mapping_for_tensor

        raise mapping_for_tensor(node, level)
    return Type(level.dtype, level.shape)
