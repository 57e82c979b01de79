"""Faults of fields: misspelt, one too many, without a value, missing, or given twice."""

from __future__ import annotations

import random
from collections.abc import Collection

from tests.locations.injecting import (
    Fault,
    a_field,
    a_head,
    a_loss,
    a_mapping,
    choose,
    kind,
    misspelt,
    need,
    raw,
    replace,
    without,
)  # fmt: skip
from tests.locations.subjects import Subject, key, number
from tests.locations.tree import Map, Scalar

OF_A_SPEC = ("tasks", "tensors", "constants", "reduction", "regularization")
OF_A_TASK = ("loss", "weight", "mask", "y_true", "y_pred")
OF_A_LOSS = ("type", "name", "weight", "mask", "reduction")
REQUIRED = ("pos_weight", "num_classes", "embedding_size", "anchor", "positive", "negative")


def _misspell(rng: random.Random, node: Map, known: Collection[str]) -> Fault:
    name = choose(rng, [name for name, _ in node.entries if name.text in known])
    before, name.text = name.text, misspelt(rng, name.text, known)
    need(name.text != "label")  # which means the target elsewhere
    return Fault("unknown-field", name, help=f"did you mean `{before}`?")


@kind
def misspelt_field_of_a_spec(rng: random.Random, subject: Subject) -> Fault:
    return _misspell(rng, subject.root, OF_A_SPEC)


@kind
def misspelt_field_of_a_task(rng: random.Random, subject: Subject) -> Fault:
    return _misspell(rng, a_head(rng, subject).node, OF_A_TASK)


@kind
def misspelt_field_of_a_loss(rng: random.Random, subject: Subject) -> Fault:
    _, loss = a_loss(rng, subject)
    return _misspell(rng, loss, {*OF_A_LOSS, *(name.text for name, _ in loss.entries)})


@kind
def misspelt_field_of_tensors(rng: random.Random, subject: Subject) -> Fault:
    return _misspell(rng, a_mapping(subject, "tensors"), ("y_true", "y_pred"))


@kind
def misspelt_field_of_regularization(rng: random.Random, subject: Subject) -> Fault:
    return _misspell(rng, a_mapping(subject, "regularization"), ("weight",))


@kind
def a_field_more(rng: random.Random, subject: Subject) -> Fault:
    places = [subject.root, subject.root["tensors"]]
    places += [part for head in subject.heads for part in (head.node, head.loss)]
    node = rng.choice([each for each in places if isinstance(each, Map)])
    name = key(rng.choice(("banana", "深度", "quux zap", "🙂", 'a"b')))
    node.entries.insert(rng.randint(0, len(node.entries)), (name, number("1")))
    return Fault("unknown-field", name)


@kind
def a_field_without_value(rng: random.Random, subject: Subject) -> Fault:
    _, node = a_field(rng, subject, (*OF_A_LOSS, "delta", "gamma", "margin", "num_classes"))
    names = [
        name
        for _, each in subject.values()
        if isinstance(each, Map)
        for name, value in each.entries
        if value is node
    ]
    replace(subject, node, raw(rng.choice(["~", "null"])))
    return Fault("empty-value", names[0])


@kind
def no_loss(rng: random.Random, subject: Subject) -> Fault:
    head = a_head(rng, subject)
    need(not head.node.anchor)
    without(head.node, "loss")
    return Fault("missing-field", a_mapping(subject, "tasks").key(head.name), help="loss: huber")


@kind
def no_type(rng: random.Random, subject: Subject) -> Fault:
    _, loss = a_loss(rng, subject, of_one_loss=True)
    without(loss, "type")
    return Fault("missing-field", loss, help="type: huber")


@kind
def no_parameter(rng: random.Random, subject: Subject) -> Fault:
    _, loss = a_loss(rng, subject, of_one_loss=True)
    without(loss, choose(rng, [name for name in REQUIRED if name in loss]))
    return Fault("missing-field", loss)


@kind
def a_key_twice(rng: random.Random, subject: Subject) -> Fault:
    node = rng.choice([node for _, node in subject.values() if isinstance(node, Map)])
    at = rng.randrange(len(node.entries))
    first, value = node.entries[at]
    need(first.text != "<<" and isinstance(value, Scalar) and not value.anchor)
    again = key(first.text)
    node.entries.insert(rng.randint(at + 1, len(node.entries)), (again, Scalar("other")))
    return Fault("duplicate-key", again)
