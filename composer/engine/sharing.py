"""Expressions that several terms of one call share, computed once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import tensorflow as tf

from composer.engine.evaluate import Evaluator, Value
from composer.engine.forms import Forms, Place
from composer.language import tree as t


class Shared:
    """Numbers for the expressions of a spec: equal ones for those that say the same.

    Args:
        trees: the expressions.
    """

    def __init__(self, trees: Iterable[t.Tree]) -> None:
        forms, places = Forms(), dict[Place, int]()
        self._numbers = {id(tree): (tree, forms.of(tree, places)) for tree in trees}

    def number(self, tree: t.Tree) -> int | None:
        """That of an expression; None for one that is not of the spec."""
        found, number = self._numbers.get(id(tree), (None, None))
        # In a copy of this the numbers still stand under the addresses of what was copied.
        return number if found is tree else None


@dataclass(frozen=True)
class Known:
    """What has been computed in one call, by expression and the width that it was computed in."""

    shared: Shared
    values: dict[tuple[int, str], Value] = field(default_factory=dict)

    def anew(self) -> Known:
        """The same expressions over other tensors."""
        return Known(self.shared)


class SharingEvaluator(Evaluator):
    """An Evaluator that looks first whether another term had the same expression.

    Args:
        tensors, constants, step, width: as of an Evaluator.
        known: what the terms of this call have computed.
    """

    def __init__(
        self,
        tensors: Callable[[t.Side, tuple[str, ...]], tf.Tensor],
        constants: Mapping[str, Value],
        step: tf.Tensor | None,
        width: str,
        known: Known,
    ) -> None:
        super().__init__(tensors, constants, step, width)
        self._known = known

    def __call__(self, tree: t.Tree) -> Value:
        number = self._known.shared.number(tree)
        if number is None:
            return super().__call__(tree)
        values, key = self._known.values, (number, self.width)
        if key not in values:
            values[key] = super().__call__(tree)
        return values[key]
