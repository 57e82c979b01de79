"""Faults of values: of another type, out of range, or no number at all."""

from __future__ import annotations

import random

from tests.locations.expressions import Expr
from tests.locations.injecting import (
    Fault,
    a_field,
    a_head,
    a_mapping,
    choose,
    kind,
    misspelt,
    need,
    raw,
    replace,
)  # fmt: skip
from tests.locations.subjects import Subject, key, number
from tests.locations.tree import Map, Scalar, Seq, Tree

NUMBERS = ("delta", "lambda", "label_smoothing", "gamma", "margin", "smooth", "num_classes", "axis")
REAL = ("weight", "delta", "gamma", "margin")
OUT_OF_RANGE = {
    "delta": ("0", "-1", "1e31"), "lambda": ("1.5", "-0.1"), "label_smoothing": ("1.01", "-1"),
    "gamma": ("-1", "-1e-3"), "margin": ("-0.5",), "smooth": ("-1",), "axis": ("0", "99"),
    "num_classes": ("0", "-3"), "embedding_size": ("0",), "pos_weight": ("-1",),
}  # fmt: skip
OPTIONS = {
    "labels": ("zero_one", "signed"), "per": ("image", "batch"),
    "distance": ("squared_euclidean", "euclidean", "cosine"),
}  # fmt: skip


@kind
def number_in_quotes(rng: random.Random, subject: Subject) -> Fault:
    _, node = a_field(rng, subject, NUMBERS)
    need(not isinstance(node, Expr))
    node.styles = ("'", '"')
    return Fault("invalid-type", node, help=f"remove the quotes: `{node.text}`")


@kind
def number_of_yaml_1_1(rng: random.Random, subject: Subject) -> Fault:
    """What YAML 1.1 reads as a number or boolean, and what is none at all."""
    _, node = a_field(rng, subject, NUMBERS)
    text, help = rng.choice(
        [("on", "is text"), ("yes", "is text"), ("1:30", "is text"), ("012", "write `12`"),
         ("1_000", "write `1000`"), ("true", ""), ("half", ""), ("0b11", "write `3`")]
    )  # fmt: skip
    return Fault("invalid-type", replace(subject, node, raw(text)), help=help)


@kind
def flag_of_yaml_1_1(rng: random.Random, subject: Subject) -> Fault:
    _, node = a_field(rng, subject, ("root", "unbiased", "normalize"))
    text, help = rng.choice([("on", "`true`"), ("no", "`false`"), ("1", ""), ("0.5", "")])
    return Fault("invalid-type", replace(subject, node, raw(text)), help=help)


@kind
def weight_of_yaml_1_1(rng: random.Random, subject: Subject) -> Fault:
    _, node = a_field(rng, subject, ("weight",))
    text, code = rng.choice(
        [("yes", "unknown-name"), ("off", "unknown-name"), ("1:30", "invalid-expression"),
         ("012", "invalid-expression"), ("1_000", "invalid-expression"), ("nan", "unknown-name")]
    )  # fmt: skip
    return Fault(code, replace(subject, node, raw(text)))


@kind
def boolean_for_a_weight(rng: random.Random, subject: Subject) -> Fault:
    _, node = a_field(rng, subject, ("weight",))
    return Fault("invalid-type", replace(subject, node, raw(rng.choice(["true", "false"]))))


@kind
def number_for_a_mask(rng: random.Random, subject: Subject) -> Fault:
    _, node = a_field(rng, subject, ("mask",))
    return Fault("dtype-mismatch", replace(subject, node, raw(rng.choice(["1", "0.5"]))))


@kind
def empty_expression(rng: random.Random, subject: Subject) -> Fault:
    _, node = a_field(rng, subject, ("weight", "mask"))
    return Fault("invalid-expression", replace(subject, node, Scalar("", ("'", '"'))))


@kind
def collection_for_a_scalar(rng: random.Random, subject: Subject) -> Fault:
    name, node = a_field(rng, subject, ("weight", "mask", "type", "name", *NUMBERS))
    ways: list[Map | Seq] = [
        Seq([number("1")]),
        Map([(key("value"), number("1"))]),
        Seq([]),
        Map([]),
    ]
    code = {"type": "unknown-loss", "name": "invalid-name"}.get(name, "invalid-type")
    return Fault(code, replace(subject, node, rng.choice(ways)))


@kind
def scalar_for_a_collection(rng: random.Random, subject: Subject) -> Fault:
    head = a_head(rng, subject)
    places = [head.node["loss"], subject.root["tasks"]]
    # What is merged has to be a mapping for a reason of YAML's own.
    places += [] if head.node.anchor else [head.node]
    places += [subject.root["regularization"]] if "regularization" in subject.root else []
    wrong = raw(rng.choice(["3", "0.5", "true"]))
    return Fault("invalid-type", replace(subject, rng.choice(places), wrong))


@kind
def list_of_tasks(rng: random.Random, subject: Subject) -> Fault:
    tasks = a_mapping(subject, "tasks")
    items: list[Tree] = []
    for name, value in tasks.entries:
        need(isinstance(value, Map) and not value.anchor)
        assert isinstance(value, Map)
        items.append(Map([(key("name"), Scalar(name.text)), *value.entries]))
    return Fault("invalid-type", replace(subject, tasks, Seq(items)), help="the names as keys")


@kind
def no_losses(rng: random.Random, subject: Subject) -> Fault:
    return Fault("invalid-value", replace(subject, a_head(rng, subject).node["loss"], Seq([])))


@kind
def number_out_of_range(rng: random.Random, subject: Subject) -> Fault:
    name, node = a_field(rng, subject, OUT_OF_RANGE)
    return Fault("invalid-value", replace(subject, node, raw(rng.choice(OUT_OF_RANGE[name]))))


@kind
def number_not_finite(rng: random.Random, subject: Subject) -> Fault:
    _, node = a_field(rng, subject, REAL)
    wrong = raw(rng.choice([".nan", ".inf", "-.inf"]))
    return Fault("invalid-value", replace(subject, node, wrong))


@kind
def number_of_no_float(rng: random.Random, subject: Subject) -> Fault:
    _, node = a_field(rng, subject, (*REAL, "num_classes"))
    wrong = raw(rng.choice(["1e999", "99999999999999999999", "1e-999", "0xfffffffffffffffff"]))
    return Fault("number-out-of-range", replace(subject, node, wrong))


@kind
def number_not_whole(rng: random.Random, subject: Subject) -> Fault:
    _, node = a_field(rng, subject, ("num_classes", "embedding_size", "axis"))
    text, help = rng.choice([("2.5", ""), ("3.0", "write `3`")])
    return Fault("invalid-type", replace(subject, node, raw(text)), help=help)


@kind
def number_of_a_class(rng: random.Random, subject: Subject) -> Fault:
    """One entry of a list with a number for each class."""
    lists = [
        node for path, node in subject.values() if path[-1:] == ("alpha",) and isinstance(node, Seq)
    ]
    node = choose(rng, lists)
    ways: list[Tree] = [raw("-1"), raw("true"), Scalar("half"), Scalar("1", ("'",)), Seq([])]
    wrong = rng.choice(ways)
    node.items[rng.randrange(len(node.items))] = wrong
    return Fault("invalid-value", wrong)


@kind
def misspelt_option(rng: random.Random, subject: Subject) -> Fault:
    name, node = a_field(rng, subject, OPTIONS)
    before, node.text = node.text, misspelt(rng, node.text, OPTIONS[name])
    return Fault("invalid-value", node, help=f"did you mean `{before}`?")
