"""A field that there is not: which there are at its place, and which one is meant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pydantic import BaseModel

from composer.faults import spelled
from composer.language.diagnostics import Edit, Problem, listing, quote
from composer.language.nearness import Nearest, nearest
from composer.language.yaml.document import Document, Node
from composer.losses import CATALOGUE, find
from composer.losses.base import Loss
from composer.spec import Regularization, Spec, Task, Tensors
from composer.unknown_losses import NO_PYTHON

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
_IGNORED = ("ignore_index", "ignore_class")
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
    there = _own_names(document.find(path[:-1]))
    near = _elsewhere(path, fields, document, own)
    if near is None:
        near = nearest(name, fields)
        near = near if near.near else Nearest(f"fields: {listing(fields)}")
    key = document.find_key(path)
    meant = None if near.meant in there else near.meant
    problem = document.problem(
        "unknown-field",
        f"there is no field {quote(name)} in {where}",
        key,
        path=path,
        help=near.help,
        replacement=spelled(document, key, None, meant, is_key=True),
    )
    return _with_value(problem, path, document) if name in _IGNORED else problem


def _own_names(node: Node) -> list[str]:
    """The fields that stand in a mapping itself, and are not merged into it."""
    return [
        name
        for name, key in node.keys.items()
        if key.source is not node.source or node.start <= key.start < node.end
    ]


def _with_value(problem: Problem, path: _Path, document: Document) -> Problem:
    """`ignore_index: 255` is `mask: y_true != 255`, key and value; there is no half of it."""
    node = document.find(path)
    condition = spelled(document, node, None, f"y_true != {node.value}")
    if not problem.edits or type(node.value) is not int or condition is None:
        return replace(problem, edits=())
    edit = Edit(node.source.file, node.start, node.end, condition)
    return replace(problem, edits=(*problem.edits, edit))


def _elsewhere(path: _Path, fields: list[str], document: Document, own: _Own) -> Nearest | None:
    """What there is for a word of another library, or of another place."""
    name, node = str(path[-1]), document.find(path)
    ours = _ELSEWHERE.get(name.lower(), name)
    if name == "from_logits" and "type" in fields:
        help = _activation(_loss_class(path[:-1], document, own), node.value)
        return None if help is None else Nearest(help)
    if name in _IGNORED and "mask" in fields and type(node.value) is int:
        condition, there = f"y_true != {node.value}", _own_names(document.find(path[:-1]))
        has_mask = "mask" in there
        help = f"write `and {condition}` in the mask" if has_mask else f"write `mask: {condition}`"
        return Nearest(help, "mask")
    if node.text.endswith(".py"):
        return Nearest(NO_PYTHON)
    if ours in fields:
        return Nearest(f"did you mean {quote(ours)}?", ours)
    if nearest(name, fields).meant is not None:
        return None
    help = _of_another_place(name, ours, path, document, own) or _HELPS.get(name)
    return None if help is None else Nearest(help)


def _of_another_place(
    name: str, ours: str, path: _Path, document: Document, own: _Own
) -> str | None:
    """Where a field stands that is not one of this place."""
    node = document.find(path)
    if len(path) == 1 and node.kind == "mapping" and "loss" in node.value:
        return f"a task stands below `tasks:`, indented by two blanks: {quote(f'  {name}:')}"
    if len(path) == 1 and ours in _names(Task):
        where = "" if "tasks" in document.root.value else ", below `tasks:` and its name"
        return f"every task has a `{ours}:` of its own{where}"
    if is_of_flat_loss(path, document, own):
        return "a loss stands below `loss:`, with its `type:` and its parameters"
    if path[0] == "tensors":
        return "tensors stand below `y_true:` or `y_pred:`"
    if len(path) == 3 and path[0] == "tasks" and "loss" in document.find(path[:-1]).value:
        return _of_the_loss(ours, path, document, own)
    return None


def is_of_flat_loss(path: _Path, document: Document, own: _Own) -> bool:
    """Whether a field of a task is one of a loss that is written without its `loss:`."""
    if len(path) != 3 or path[0] != "tasks":
        return False
    task = document.find(path[:-1]).value
    if "type" not in task or "loss" in task:
        return False
    return str(path[-1]) in _names(_loss_class(path[:-1], document, own))


def _of_the_loss(name: str, path: _Path, document: Document, own: _Own) -> str | None:
    """Where a field stands that a loss of the task has, and the task has not."""
    loss = document.find((*path[:-1], "loss"))
    count = len(loss.value) if loss.kind == "sequence" else 1
    places = [(*path[:-1], "loss", place) for place in range(count)]
    if not any(name in _names(_loss_class(place, document, own)) for place in places):
        return None
    if name == "reduction":
        return "it belongs to a loss, or to the top of the spec, for all losses"
    value = document.find(path)
    if loss.kind == "scalar" and value.kind == "scalar":
        return (
            f"it belongs to the loss: {quote(f'loss: {{type: {loss.text}, {name}: {value.text}}}')}"
        )
    return "it belongs to the loss, beside its `type:`"


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
