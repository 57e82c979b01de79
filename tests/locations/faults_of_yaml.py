"""Faults in the YAML of a spec: aliases, tags, merges, escapes, keys and characters."""

from __future__ import annotations

import random

from tests.locations.injecting import (
    Fault,
    a_field,
    a_head,
    a_loss,
    choose,
    kind,
    need,
    raw,
    replace,
)
from tests.locations.subjects import Subject, key, number
from tests.locations.tree import PLAIN, Alias, Map, Scalar

VALUES = ("weight", "mask", "delta", "gamma", "margin", "label_smoothing", "smooth", "name")


def _written(
    rng: random.Random, subject: Subject, text: str, code: str, part: str, help: str
) -> Fault:
    """A value that is written so, of which a part is marked."""
    _, node = a_field(rng, subject, VALUES)
    need(not node.anchor)
    start = text.index(part)
    wrong = replace(subject, node, raw(text))
    return Fault(code, wrong, (start, start + len(part)), help)


@kind
def alias_without_anchor(rng: random.Random, subject: Subject) -> Fault:
    return _written(rng, subject, "*nothing", "unknown-alias", "*nothing", "&nothing")


@kind
def tag_of_python(rng: random.Random, subject: Subject) -> Fault:
    tag = rng.choice(("!!python/name:os.system", "!include", "!!binary", "!!set", "!<x>"))
    return _written(rng, subject, f"{tag} x", "tag-refused", tag, "remove the tag")


@kind
def escape_that_is_none(rng: random.Random, subject: Subject) -> Fault:
    escape = rng.choice((r"\q", r"\d", r"\ud800", r"\xzz"))
    return _written(rng, subject, f'"y_true {escape} 0"', "invalid-yaml", escape, "backslash")


@kind
def character_that_yaml_keeps(rng: random.Random, subject: Subject) -> Fault:
    char = rng.choice("@`")
    return _written(rng, subject, f"{char}y_true > 0", "invalid-yaml", char, "quotes")


@kind
def control_character(rng: random.Random, subject: Subject) -> Fault:
    char = rng.choice("\x00\x07\x1b\x7f\x9b\ufeff")
    return _written(rng, subject, f"y_true {char}> 0", "invalid-character", char, "remove it")


@kind
def key_that_is_no_text(rng: random.Random, subject: Subject) -> Fault:
    name = raw(rng.choice(("1", "2.5", "~", "true", ".inf", "0x10")))
    a_head(rng, subject).node.entries.append((name, Scalar("one")))
    return Fault("invalid-key", name, help="put quotes around it")


@kind
def merge_of_no_mapping(rng: random.Random, subject: Subject) -> Fault:
    merge = Scalar("<<", PLAIN)
    wrong = rng.choice([number("3"), Scalar("huber")])
    a_head(rng, subject).node.entries.append((merge, wrong))
    return Fault("invalid-merge", merge, help="write `<<: *name`")


@kind
def merge_given_twice(rng: random.Random, subject: Subject) -> Fault:
    maps = [node for _, node in subject.values() if isinstance(node, Map) and "<<" in node]
    node = choose(rng, maps)
    first, again = node["<<"], Scalar("<<", PLAIN)
    assert isinstance(first, Alias)
    node.entries.append((again, Alias(first.of)))
    return Fault("invalid-merge", again)


def _in_flow(rng: random.Random, subject: Subject, name: Scalar, value: Scalar) -> None:
    """Puts a field into a loss that is written between brackets."""
    head, loss = a_loss(rng, subject, of_one_loss=True)
    need(not head.node.anchor and "weight" not in loss)
    loss.is_flow = True
    loss.entries.insert(rng.randint(0, len(loss.entries)), (name, value))


@kind
def expression_that_flow_cuts(rng: random.Random, subject: Subject) -> Fault:
    texts = ("maximum(y_true, 1)", "where(y_true > 0, 2, 1) * 3", "ramp(step, 0, 10)")
    wrong = raw(rng.choice(texts))
    _in_flow(rng, subject, key("weight"), wrong)
    return Fault("unquoted-expression", wrong, help="put quotes around it")


@kind
def colon_without_blank(rng: random.Random, subject: Subject) -> Fault:
    wrong = Scalar("weight:2", PLAIN, is_bare=True)
    _in_flow(rng, subject, wrong, number("0"))
    return Fault("invalid-yaml", wrong, help="write `weight: 2`")
