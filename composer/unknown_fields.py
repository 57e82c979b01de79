"""A field that there is not: which there are at its place, and which one is meant."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel

from composer.language.diagnostics import Problem, did_you_mean, quote
from composer.language.yaml.document import Document
from composer.losses import CATALOGUE, find
from composer.losses.base import Loss
from composer.spec import NO_PYTHON, Regularization, Spec, Task, Tensors

_Path = tuple[str | int, ...]
_Own = Mapping[str, type[Loss]]

# Words of other libraries, and slips, that no spelling distance would lead to a field of ours.
_ELSEWHERE = {
    "losses": "loss", "loss_weight": "weight", "loss_weights": "weight", "sample_weight": "weight",
    "weights": "weight", "coefficient": "weight", "ignore_index": "mask", "ignore_class": "mask",
    "target": "y_true", "label": "y_true", "labels": "y_true", "targets": "y_true",
    "prediction": "y_pred", "predictions": "y_pred", "preds": "y_pred", "logits": "y_pred",
    "smoothing": "label_smoothing", "regularisation": "regularization", "head": "tasks",
    "heads": "tasks",
}  # fmt: skip
_PER_CLASS = "name a list under `constants:` and write `weight: take(name, y_true)`"
_HELPS = {
    "balance": "learned weights are not there yet; until then a batch tensor may be a weight",
    "class_weight": _PER_CLASS,
    "class_weights": _PER_CLASS,
    **dict.fromkeys(("_target_", "class_name", "module", "fn", "function"), NO_PYTHON),
}
_ACTIVATIONS = {
    "logits": (True, ", and the model's softmax or sigmoid too"),
    "probabilities": (False, "; logits become probabilities by `softmax(…)` or `sigmoid(…)`"),
}


def unknown_field(path: _Path, document: Document, own: _Own) -> Problem:
    """The problem of a field that its place does not have."""
    name = str(path[-1])
    fields, where = _fields_at(path[:-1], document, own)
    return document.problem(
        "unknown-field",
        f"there is no field {quote(name)} in {where}",
        document.find_key(path),
        path=path,
        help=_elsewhere(path, fields, document, own) or did_you_mean(name, fields, noun="fields"),
    )


def _elsewhere(path: _Path, fields: list[str], document: Document, own: _Own) -> str | None:
    """What there is for a word of another library, or of another place."""
    name, node = str(path[-1]), document.find(path)
    ours = _ELSEWHERE.get(name.lower(), name)
    if name == "from_logits" and "type" in fields:
        return _activation(_loss_class(path[:-1], document, own), node.value)
    if name in ("ignore_index", "ignore_class") and "mask" in fields and type(node.value) is int:
        return f"write `mask: y_true != {node.value}`"
    if node.text.endswith(".py"):
        return NO_PYTHON
    if ours in fields:
        return f"did you mean {quote(ours)}?"
    if len(path) == 1 and ours in _names(Task):
        return f"every task has a `{ours}:` of its own"
    return _HELPS.get(name)


def _activation(cls: type[Loss], is_from_logits: object) -> str | None:
    """A loss takes either logits or probabilities, and no switch."""
    role = cls.signature.roles.get("y_pred") if hasattr(cls, "signature") else None
    if role is None or role.domain not in _ACTIVATIONS:
        return None
    agreed, otherwise = _ACTIVATIONS[role.domain]
    name = quote(cls.model_fields["type"].default)
    return (
        f"{name} takes {role.domain}; leave it out{'' if is_from_logits is agreed else otherwise}"
    )


def _fields_at(path: _Path, document: Document, own: _Own) -> tuple[list[str], str]:
    """The fields that may stand at a place, and what the place is called."""
    if not path:
        return _names(Spec), "a spec"
    if path[0] == "tasks" and "loss" in path[2:3]:
        return _loss_fields(path, document, own)
    models: dict[str | int, tuple[type[BaseModel], str]] = {
        "tasks": (Task, "a task"),
        "regularization": (Regularization, "`regularization`"),
        "tensors": (Tensors, "`tensors`"),
    }
    model, where = models[path[0]]
    return _names(model), where


def _loss_fields(path: _Path, document: Document, own: _Own) -> tuple[list[str], str]:
    cls = _loss_class(path, document, own)
    names = [field for field in _names(cls) if not field.startswith("y_") or field in _roles(cls)]
    return names, f"the loss {quote(_loss_type(path, document))}"


def _loss_type(path: _Path, document: Document) -> str:
    return str(document.find((*path, "type")).value)


def _loss_class(path: _Path, document: Document, own: _Own) -> type[Loss]:
    name = _loss_type(path, document)
    return own[name] if name in own else find(name) if name in CATALOGUE else Loss


def _roles(cls: type[Loss]) -> tuple[str, ...]:
    return cls.signature.inputs if hasattr(cls, "signature") else ("y_true", "y_pred")


def _names(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]
