"""Faults of names: of losses, tasks, constants and reductions."""

from __future__ import annotations

import random

from composer.losses import CATALOGUE
from composer.losses.names import ELSEWHERE
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
    replace,
)  # fmt: skip
from tests.locations.subjects import REDUCTIONS, Subject, key, number
from tests.locations.tree import Map, Scalar, Seq, Tree

NO_NAMES = ("a/b", "_x", "深度", "9a", "a  b", " a", "a\u202eb", "x" * 65)
OWN = ("type", "weight", "mask", "name", "reduction")


def _type(rng: random.Random, subject: Subject) -> Scalar:
    head = a_head(rng, subject, of_one_loss=True)
    node = head.loss["type"] if isinstance(head.loss, Map) else head.loss
    assert isinstance(node, Scalar)
    return node


@kind
def misspelt_loss(rng: random.Random, subject: Subject) -> Fault:
    node = _type(rng, subject)
    need(len(node.text) > 2)
    before, node.text = node.text, misspelt(rng, node.text, [*CATALOGUE, *ELSEWHERE])
    return Fault("unknown-loss", node, help=f"`{before}`")


@kind
def loss_that_is_none(rng: random.Random, subject: Subject) -> Fault:
    node = _type(rng, subject)
    node.text, help = rng.choice(
        [("mse", "`mean_squared_error`"), ("os:system", "Python"), ("深度", "losses: ")]
    )
    return Fault("unknown-loss", node, help=help)


@kind
def task_named_like_a_row(rng: random.Random, subject: Subject) -> Fault:
    head = a_head(rng, subject)
    name = a_mapping(subject, "tasks").key(head.name)
    name.text = rng.choice(("total", "regularization"))
    return Fault("reserved-name", name, help="rename")


@kind
def name_of_a_task(rng: random.Random, subject: Subject) -> Fault:
    head = a_head(rng, subject)
    name = a_mapping(subject, "tasks").key(head.name)
    name.text = rng.choice(NO_NAMES)
    return Fault("invalid-name", name)


@kind
def name_of_a_loss(rng: random.Random, subject: Subject) -> Fault:
    _, node = a_field(rng, subject, ("name",))
    node.text = rng.choice(NO_NAMES)
    return Fault("invalid-name", node)


@kind
def name_of_a_constant(rng: random.Random, subject: Subject) -> Fault:
    constants = a_mapping(subject, "constants")
    name, code = rng.choice(
        [("step", "reserved-name"), ("abs", "reserved-name"), ("for", "reserved-name"),
         ("a-b", "invalid-name"), ("9a", "invalid-name"), ("深", "invalid-name")]
    )  # fmt: skip
    constants.entries.append((key(name), number("1")))
    return Fault(code, constants.entries[-1][0])


@kind
def two_losses_of_one_name(rng: random.Random, subject: Subject) -> Fault:
    head, loss = a_loss(rng, subject, of_one_loss=True)
    need(not head.node.anchor)
    place = Scalar(head.type)
    entries: list[tuple[Scalar, Tree]] = [(key("weight"), Scalar("2")), (key("type"), place)]
    for name, value in loss.entries:
        if name.text not in OWN:
            need(isinstance(value, Scalar))
            assert isinstance(value, Scalar)
            entries.append((key(name.text), Scalar(value.text, value.styles, value.loose)))
    if "name" in loss:
        given = loss["name"]
        assert isinstance(given, Scalar)
        place = Scalar(given.text)
        entries.append((key("name"), place))
    replace(subject, head.node["loss"], Seq([loss, Map(entries)]))
    return Fault("duplicate-name", place, help="name:")


@kind
def misspelt_reduction(rng: random.Random, subject: Subject) -> Fault:
    found = [
        node
        for path, node in subject.values()
        if path[-1:] == ("reduction",) and isinstance(node, Scalar) and node.text in REDUCTIONS
    ]
    node = choose(rng, found)
    before, node.text = node.text, misspelt(rng, node.text, REDUCTIONS)
    return Fault("invalid-value", node, help=f"did you mean `{before}`?")


@kind
def reduction_of_elsewhere(rng: random.Random, subject: Subject) -> Fault:
    need("reduction" not in subject.root)
    value, help = rng.choice([("mean", "weighted_mean"), ("none", "values("), ("auto", "")])
    subject.root.entries.append((key("reduction"), Scalar(value)))
    return Fault("invalid-value", subject.root["reduction"], help=help)
