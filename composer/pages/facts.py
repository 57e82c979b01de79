"""All that is told of a loss, gathered from its docstring, its fields and its signature."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic.fields import FieldInfo

from composer.docstrings import docstring_of
from composer.language.diagnostics import quote
from composer.language.signature import Signature
from composer.losses.base import Loss
from composer.losses.names import ELSEWHERE
from composer.pages import words
from composer.pages.example import example, smallest
from composer.schema.fields import Schema, field_schema
from composer.schema.objects import descriptions, plain


@dataclass(frozen=True)
class Tensor:
    """A tensor that a loss reads, or its values: its name, dtype and axes, and what it holds."""

    name: str
    shape: str
    holds: str
    description: str = ""


@dataclass(frozen=True)
class Parameter:
    """A parameter: its name in a spec, what it takes, its default and what it does."""

    name: str
    takes: str
    is_required: bool
    default: Any
    description: str


@dataclass(frozen=True)
class LossFacts:
    """A loss as a page tells of it.

    Attributes:
        type: its name in a spec.
        family: what its file says of the losses in it.
        tensors: what it reads, and last its values.
        variants: what other parameters change of the above.
        common: the fields that it shares with all losses.
        mask: which masks and weights it takes.
        coupling: what one value depends on.
        state: what it carries from step to step.
        elsewhere: its names in other libraries.
        example: the smallest spec that uses it.
    """

    type: str
    family: str
    summary: str
    formula: tuple[str, ...]
    notes: tuple[str, ...]
    y_pred: str
    tensors: tuple[Tensor, ...]
    variants: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    common: tuple[str, ...]
    units: str
    domain: str
    mask: str
    coupling: str
    state: tuple[str, ...]
    reference: str
    elsewhere: tuple[str, ...]
    example: str


def facts_of(cls: type[Loss]) -> LossFacts:
    """What is to be told of a loss class."""
    doc = docstring_of(cls)
    loss = smallest(cls)
    signature = _signature(cls, loss)
    foreign = {"type", "y_true", "y_pred"} - set(signature.roles)
    module = sys.modules[cls.__module__].__doc__ or ""
    name = cls.model_fields["type"].default
    return LossFacts(
        type=name,
        family=module.strip().partition("\n")[0],
        summary=doc.summary,
        formula=doc.formula,
        notes=doc.notes,
        y_pred=words.short_role(signature.roles.get("y_pred")),
        tensors=tuple(_tensors(signature, descriptions(cls))),
        variants=tuple(_variants(cls)),
        parameters=tuple(_parameters(cls)),
        common=tuple(field for field in Loss.model_fields if field not in foreign),
        units=doc.units,
        domain=doc.domain,
        mask=words.mask_words(signature),
        coupling=words.coupling_words(loss.coupling if loss else cls.couples),
        state=tuple(loss.state()) if loss else (),
        reference=doc.reference,
        elsewhere=tuple(word for word, ours in ELSEWHERE.items() if ours == name),
        example=example(loss) if loss else "",
    )


def _signature(cls: type[Loss], loss: Loss | None) -> Signature:
    """With the parameters of a loss, or where there is none the one of its class."""
    return loss.bound_signature() if loss else cls.signature


def _tensors(signature: Signature, texts: Mapping[str, str]) -> Iterator[Tensor]:
    for name in signature.inputs:
        role = signature.roles[name]
        text = "" if name in ("y_true", "y_pred") else texts.get(name, "")
        yield Tensor(name, str(role), words.role_words(role), text)
    yield Tensor("values", words.shape_of(signature.values), words.values_words(signature))


def _parameters(cls: type[Loss]) -> Iterator[Parameter]:
    texts = descriptions(cls)
    for name, field in _own_fields(cls).items():
        yield Parameter(
            field.alias or name,
            words.value_words(field_schema(field)),
            field.is_required(),
            None if field.is_required() else plain(field.get_default(call_default_factory=True)),
            texts.get(name, ""),
        )


def _own_fields(cls: type[Loss]) -> dict[str, FieldInfo]:
    """The fields that are no role and not shared with all losses."""
    shared = {*Loss.model_fields, *cls.signature.inputs}
    return {name: field for name, field in cls.model_fields.items() if name not in shared}


def _variants(cls: type[Loss]) -> Iterator[str]:
    """What each parameter that is a choice changes of the tensors and the coupling."""
    usual = smallest(cls)
    for name, field in _own_fields(cls).items():
        key = field.alias or name
        for value in _choices(field_schema(field)):
            other = smallest(cls, **{key: value})
            if usual and other and value != getattr(usual, name):
                yield from _changes(usual, other, quote(f"{key}: {as_yaml(value)}"))


def _choices(schema: Schema) -> list[Any]:
    if schema.get("type") == "boolean":
        return [True, False]
    return [value for value in schema.get("enum", ()) if isinstance(value, str)]


def _changes(usual: Loss, other: Loss, setting: str) -> Iterator[str]:
    before = {each.name: each for each in _tensors(usual.bound_signature(), {})}
    for each in _tensors(other.bound_signature(), {}):
        was = before.get(each.name)
        if was is None or each.shape != was.shape:
            yield f"with {setting}, {quote(each.name)} is {quote(each.shape)}: {each.holds}"
        elif each.holds != was.holds:
            yield f"with {setting}, {quote(each.name)} holds {each.holds}"
    if other.coupling != usual.coupling:
        yield f"with {setting}, {words.coupling_words(other.coupling)}"


def as_yaml(value: Any) -> str:
    """A default, or another plain value, as a spec writes it."""
    return str(value).lower() if isinstance(value, bool) else f"{value}"
