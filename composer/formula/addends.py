"""The addends of the total, each split into the parts of the one formula.

loss = Σ K·W·v / D       weighted = weight × loss       total = Σ weighted
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass

from composer.language import tree as t
from composer.losses.base import Reduction
from composer.spec import Spec
from composer.terms import Part, Term, split, terms_of

Factor = tuple[t.Tree, bool]
"""A scalar factor of a weight, and whether it divides."""


@dataclass(frozen=True)
class Addend:
    """One term of the total.

    Attributes:
        term: the term.
        ranks: the ranks of the constants.
    """

    term: Term
    ranks: Mapping[str, int]

    @functools.cached_property
    def scalars(self) -> list[Factor]:
        """The scalar factors of its weights but those that are 1."""
        found = [factor for part in self.term.weights for factor in part.split(self.ranks)[0]]
        return [(tree, divides) for tree, divides in found if not is_one(tree)]

    @functools.cached_property
    def tensor_weights(self) -> list[Piece]:
        """What the weights are besides their scalar factors: the product of these is W."""
        parts = [(part, rest(part, self.ranks)) for part in self.term.weights]
        return [Piece(tree, part) for part, tree in parts if tree is not None]

    @property
    def masks(self) -> list[Piece]:
        """All of these must hold: they make K, or `keep` of a region loss."""
        return [Piece(part.expression.tree, part) for part in self.term.masks]

    @property
    def roles(self) -> dict[str, Piece]:
        """The tensors that the loss reads."""
        return {role: Piece(part.expression.tree, part) for role, part in self.term.roles.items()}

    @property
    def is_region(self) -> bool:
        return self.term.loss.bound_signature().is_region

    @property
    def region(self) -> str:
        """Over what `any(keep)` is taken, for a region loss."""
        signature = self.term.loss.bound_signature()
        kept = signature.roles["keep"].axes
        axes = [str(axis) for axis in kept if isinstance(axis, str) and axis in signature.values]
        if axes == ["batch"]:
            return "for each sample"
        return f"for each [{', '.join(axes)}]" if axes else "over the batch"


@dataclass(frozen=True)
class Piece:
    """A part of an expression.

    Attributes:
        tree: as it is written.
        part: the expression that it is of.
    """

    tree: t.Tree
    part: Part

    @property
    def resolved(self) -> t.Tree:
        """The same, reading nothing but the batch."""
        return self.part.resolved(self.tree)


def addends_of(spec: Spec) -> list[Addend]:
    """The addends of a spec in its order."""
    ranks = ranks_of(spec)
    return [Addend(term, ranks) for term in terms_of(spec)]


def ranks_of(spec: Spec) -> dict[str, int]:
    """The ranks of the constants."""
    return {name: len(constant.shape) for name, constant in spec.constants.items()}


def regularization_of(spec: Spec) -> list[Factor] | None:
    """The factors of the regularization; None where the spec has none."""
    if spec.regularization is None:
        return None
    part = Part(spec.regularization.weight, ("regularization", "weight"), {})
    return [factor for factor in part.split(ranks_of(spec))[0] if not is_one(factor[0])]


def rest(part: Part, ranks: Mapping[str, int]) -> t.Tree | None:
    """A weight without its scalar factors, as it is written."""
    return split(part.expression.tree, ranks)[1]


def is_one(tree: t.Tree) -> bool:
    return isinstance(tree, t.Number) and not isinstance(tree.value, bool) and tree.value == 1


@dataclass(frozen=True)
class Notation:
    """How a divisor is written; each takes what it is of.

    Attributes:
        product: between K and W.
        total: the sum over all elements.
        count: how many elements a condition holds for.
        nonzero: the condition that a number is not 0.
        number: how many elements there are.
    """

    product: str
    total: str
    count: str
    nonzero: str
    number: str


def divisor(reduction: Reduction, mask: str, weight: str, notation: Notation) -> str | None:
    """D of the one formula; None where it is 1.

    Args:
        reduction: what the sum is divided by.
        mask: K, empty where nothing is masked.
        weight: W, empty where there is no tensor weight.
        notation: how it is written.
    """
    product = notation.product.join(filter(None, [mask, weight]))
    if reduction == "sum":
        return None
    if reduction == "weighted_mean" and weight:
        return notation.total.format(product)
    if reduction != "sum_over_batch_size" and weight:
        return notation.count.format(notation.nonzero.format(product))
    return notation.count.format(mask) if mask else notation.number
