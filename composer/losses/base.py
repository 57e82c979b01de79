"""Loss: what every loss has in common, and the fields that a spec may set on it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from composer.fields import LARGE, Mask, Name, PerClass, Read, Weight
from composer.language.expression import Expression, literal
from composer.language.signature import Signature

if TYPE_CHECKING:
    import tensorflow as tf

Reduction = Literal["sum_by_nonzero_weights", "weighted_mean", "sum_over_batch_size", "sum"]

Couples = Literal["nothing", "sample", "batch"]


class Strict(BaseModel):
    """A part of a spec: frozen, of known fields only, with finite numbers of the right type."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        allow_inf_nan=False,
        arbitrary_types_allowed=True,
        defer_build=True,
    )


class Loss(Strict, ABC):
    """One loss: its parameters, its signature and its unreduced values.

    A loss of one's own subclasses it, gives `type` a default, states `signature` and computes
    `values`; masks, weights, reductions and checks then work as for every other loss.

    Attributes:
        name: its name in the breakdown; by default its type.
        weight: scales the loss: a number, or an expression.
        mask: a boolean expression; only what it lets through counts. And-ed with the task's.
        reduction: what the sum is divided by; by default the spec's.
        y_true: the target tensor, where it is not the task's.
        y_pred: the prediction tensor, where it is not the task's.
    """

    type: str
    name: Name | None = None
    weight: Weight = literal(1)
    mask: Mask | None = None
    reduction: Reduction | None = None
    y_true: Read | None = None
    y_pred: Read | None = None

    signature: ClassVar[Signature]
    """Roles, axes, dtypes and domains; see `composer.language.signature`."""

    safe: ClassVar[Mapping[str, float]] = {}
    """What replaces a role's dropped elements (else 0): its loss and gradient are finite."""

    couples: ClassVar[Couples] = "nothing"
    """What one value depends on: its own element, its whole sample, or the whole batch.

    Read it as `coupling`, which knows the parameters.
    """

    @abstractmethod
    def values(self, **roles: tf.Tensor) -> tf.Tensor:
        """The measurable values, unreduced, in the shape that the signature gives.

        The roles come by name, floats in the dtype the loss computes in; a region loss also gets
        `keep`, boolean, true where an element takes part. What does not is already replaced.
        """

    def bound_signature(self) -> Signature:
        """The signature with these parameters; differs where a parameter moves an axis."""
        return self.signature

    def mismatches(
        self,
        dims: Mapping[str, int | str | None],  # noqa: ARG002  # for those that override it
    ) -> Iterator[tuple[str, str]]:
        """What of the parameters does not go with the sizes: (field, sentence) pairs.

        `dims` maps the named axes of the signature to their sizes, as far as they are known.
        """
        return iter(())

    def state(self) -> Mapping[str, tuple[int, ...]]:
        """Names and shapes of the variables it carries from step to step; they start at 0."""
        return {}

    def statistics(
        self,
        present: tf.Tensor,  # noqa: ARG002  # for those that override it
        **tensors: tf.Tensor,  # noqa: ARG002
    ) -> Mapping[str, tf.Tensor]:
        """Of one batch, what an update of the state needs: sums, which add up over replicas.

        Gets the roles and the state by name; `present` is true where a value counts.
        """
        return {}

    def update(
        self,
        state: Mapping[str, tf.Tensor],  # noqa: ARG002  # for those that override it
        statistics: Mapping[str, tf.Tensor],  # noqa: ARG002
    ) -> Mapping[str, tf.Tensor]:
        """The next state, from the present one and the statistics of all replicas."""
        return {}

    @property
    def coupling(self) -> Couples:
        """What one value depends on with these parameters; differs where one of them decides it."""
        return self.couples

    @property
    def label(self) -> str:
        """Its name in the breakdown."""
        return self.name or self.type

    def parameters(self) -> dict[str, Any]:
        """The fields that are the loss's own, by name."""
        common = set(Loss.model_fields) | set(self.bound_signature().inputs)
        return {name: getattr(self, name) for name in type(self).model_fields if name not in common}

    def sizes(self) -> dict[str, int]:
        """Parameters that name a size, for the axes of the signature that bear their names."""
        return {name: value for name, value in self.parameters().items() if type(value) is int}

    def reads(self) -> dict[str, Expression | None]:
        """For each role that a tensor fills, the expression that this loss itself gives for it."""
        return {role: getattr(self, role, None) for role in self.bound_signature().inputs}


__all__ = [
    "Couples",
    "Fraction",
    "Loss",
    "NonNegative",
    "PerClass",
    "Positive",
    "Reduction",
    "Strict",
]

Fraction = Annotated[float, Field(ge=0, le=1)]

Positive = Annotated[float, Field(ge=1 / LARGE, le=LARGE)]
"""A number above 0 that float32 tells from 0 and from infinity."""

NonNegative = Annotated[float, Field(ge=0, le=LARGE)]
"""A number of at least 0 that float32 tells from infinity."""
