"""The validated spec: tasks, losses, constants and the tensors that they read."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PrivateAttr, TypeAdapter, ValidationInfo

from composer.constants import ConstantField, ConstantName
from composer.fields import Mask, Read, Reader, Weight, fault, read_name, read_tensor_type, shown
from composer.language.diagnostics import quote
from composer.language.expression import literal
from composer.language.yaml.document import Document
from composer.losses import CATALOGUE, find
from composer.losses.base import Loss, Reduction, Strict

RESERVED_TASKS = frozenset({"total", "regularization"})
MAX_TENSOR_NAME = 256


def read_loss(value: Any, info: ValidationInfo) -> Loss:
    """One loss: its type names the class that validates the rest."""
    if isinstance(value, Loss):
        return value
    if isinstance(value, str):
        value = {"type": value}
    if not isinstance(value, Mapping):
        raise fault("invalid-type", f"a loss is a name or a mapping, found {shown(value)}")
    cls = _loss_class(value, (info.context or {}).get("losses", {}))
    _refuse_foreign_roles(cls, value)
    loss: Loss = cls.model_validate(value, context=info.context)
    _require_roles(loss)
    return loss


def _loss_class(value: Mapping[str, Any], own: Mapping[str, type[Loss]]) -> type[Loss]:
    if "type" not in value:
        from composer.unknown_losses import without_type  # only problems need it

        raise without_type(value, own)
    name = value["type"]
    if isinstance(name, str) and name in own:
        return own[name]
    if not isinstance(name, str) or name not in CATALOGUE:
        from composer.unknown_losses import unknown_loss

        raise unknown_loss(name, own)
    return find(name)


def _refuse_foreign_roles(cls: type[Loss], value: Mapping[str, Any]) -> None:
    """`y_true:` on a loss that reads none would be ignored in silence."""
    for role in ("y_true", "y_pred"):
        if role in value and value[role] is not None and role not in cls.signature.roles:
            raise fault(
                "unknown-field", f"{quote(value['type'])} reads no `{role}`", at=role, key=True
            )


def _require_roles(loss: Loss) -> None:
    for role, given in loss.reads().items():
        if given is None and role not in ("y_true", "y_pred"):
            raise fault("missing-field", f"{quote(loss.type)} needs `{role}`")


def read_losses(value: Any) -> Any:
    """A name, a mapping or a list of them, always as a list."""
    if isinstance(value, str | Mapping | Loss):
        return [value]
    if not isinstance(value, list | tuple):
        raise fault("invalid-type", f"`loss` is a name, a mapping or a list, found {shown(value)}")
    if not value:
        raise fault("invalid-value", "a task has one loss or more, found none")
    return list(value)


def write_loss(loss: Loss) -> dict[str, Any]:
    """A loss as plain data: its type, and what differs from the defaults."""
    return {"type": loss.type, **loss.model_dump(exclude_defaults=True, by_alias=True)}


AnyLoss = Annotated[Loss, Reader(read_loss, ["string", "object"], write=write_loss, context=True)]


class Task(Strict):
    """A head of the model: its tensors, and the losses that they are put to.

    Attributes:
        loss: a name, a mapping or a list of them.
        weight: scales all its losses: a number, or an expression.
        mask: a boolean expression; only what it lets through counts.
        y_true: its target, by default the batch's `y_true` of the task's name.
        y_pred: its prediction, by default the batch's `y_pred` of the task's name.
    """

    loss: Annotated[list[AnyLoss], BeforeValidator(read_losses)]
    weight: Weight = literal(1)
    mask: Mask | None = None
    y_true: Read | None = None
    y_pred: Read | None = None


class Regularization(Strict):
    """The row of what the trainer gives as `regularization=`.

    Attributes:
        weight: scales their sum: a number, or an expression of `step` and constants.
    """

    weight: Weight = literal(1)


def read_task_name(value: Any) -> str:
    """A task's name, which no row of the breakdown has already."""
    name = read_name(value)
    if name in RESERVED_TASKS:
        raise fault(
            "reserved-name", f"{quote(name)} is a row of every breakdown", help="rename the task"
        )
    return name


TaskName = Annotated[str, Reader(read_task_name, "string")]


def read_tensors(value: Any) -> Any:
    """Names to tensors, nested; names are any text that is not empty."""
    if not isinstance(value, Mapping):
        raise fault(
            "invalid-type", f"a mapping of names to tensors is required, found {shown(value)}"
        )
    for name in value:
        if not isinstance(name, str) or not 0 < len(name) <= MAX_TENSOR_NAME:
            raise fault("invalid-name", f"a tensor's name is text, found {shown(name)}")
    return value


def _tensor_or_tensors(value: Any, info: ValidationInfo) -> Any:
    if isinstance(value, Mapping):
        return _nested().validate_python(value, context=info.context)
    return read_tensor_type(value)


def write_tensors(value: Any) -> Any:
    """Tensor types as their text, nested as they are."""
    if isinstance(value, Mapping):
        return {name: write_tensors(each) for name, each in value.items()}
    return str(value)


_Entry = Annotated[
    Any, Reader(_tensor_or_tensors, ["string", "object"], write=write_tensors, context=True)
]
NamedTensors = Annotated[dict[str, _Entry], BeforeValidator(read_tensors)]


@functools.cache
def _nested() -> TypeAdapter[Any]:
    """The validator of nested `tensors:`, built when the first is met."""
    return TypeAdapter(NamedTensors)


class Tensors(Strict):
    """The dtype and shape of every tensor of a batch, such as `float32[batch, h, w, 1]`.

    Attributes:
        y_true: the targets by name; names may nest.
        y_pred: the predictions by name; names may nest.
    """

    y_true: NamedTensors = Field(default_factory=dict)
    y_pred: NamedTensors = Field(default_factory=dict)


@dataclass
class Origin:
    """Where a spec was read from, if anywhere. Two specs are equal wherever they come from."""

    document: Document | None = field(default=None, compare=False)


class Spec(Strict):
    """The validated file: everything that the loss of a model is made of.

    Attributes:
        tasks: the heads of the model, by name.
        tensors: what the batch holds; with it, `check` finds shape and dtype mistakes.
        constants: fixed tensors for use in expressions, by name.
        reduction: what a loss is divided by where it does not say.
        regularization: how the model's own regularization losses count; None where they do not.
    """

    tasks: dict[TaskName, Task] = Field(min_length=1)
    tensors: Tensors | None = None
    constants: dict[ConstantName, ConstantField] = Field(default_factory=dict)
    reduction: Reduction = "sum_by_nonzero_weights"
    regularization: Regularization | None = None

    _origin: Origin = PrivateAttr(default_factory=Origin)

    @property
    def document(self) -> Document:
        """The text that it was read from; for one made in Python, the text that it would be."""
        if self._origin.document is None:
            from composer.plain import document_of

            self._origin.document = document_of(self.to_mapping())
        return self._origin.document

    def to_mapping(self) -> dict[str, Any]:
        """The spec as plain data, defaults left out."""
        data: dict[str, Any] = self.model_dump(exclude_defaults=True, by_alias=True)
        return data
