"""Faults in what `tensors:` declares."""

from __future__ import annotations

import random

from tests.locations.injecting import Fault, a_mapping, kind, misspelt, need, raw, replace
from tests.locations.subjects import Subject, key
from tests.locations.tree import Map, Scalar, Seq

DTYPES = (
    "bool", "float16", "bfloat16", "float32", "float64", "int8", "int16", "int32", "int64",
    "uint8", "uint16", "uint32", "uint64",
)  # fmt: skip


@kind
def misspelt_dtype(rng: random.Random, subject: Subject) -> Fault:
    tensor = rng.choice(subject.declared)
    before, tensor.dtype = tensor.dtype, misspelt(rng, tensor.dtype, DTYPES)
    need(tensor.dtype.isidentifier())
    tensor.rewrite()
    part = (0, len(tensor.dtype))
    return Fault("invalid-signature", tensor.node, part, f"did you mean `{before}`?")


@kind
def dtype_of_elsewhere(rng: random.Random, subject: Subject) -> Fault:
    tensor = rng.choice(subject.declared)
    tensor.dtype, here = rng.choice([("float", "float32"), ("long", "int64"), ("boolean", "bool")])
    tensor.rewrite()
    return Fault("invalid-signature", tensor.node, (0, len(tensor.dtype)), f"write `{here}`")


@kind
def axis_that_is_none(rng: random.Random, subject: Subject) -> Fault:
    tensor = rng.choice(subject.declared)
    at = rng.randrange(len(tensor.axes))
    text, help = rng.choice([("h w", ""), ("-1", "`?`"), ("None", "`?`"), ("h*2", ""), ("深", "")])
    tensor.axes[at] = text
    tensor.rewrite()
    start = len(tensor.dtype) + 1 + sum(len(axis) + 2 for axis in tensor.axes[:at])
    return Fault("invalid-signature", tensor.node, (start, start + len(text)), help)


@kind
def ellipsis_twice(rng: random.Random, subject: Subject) -> Fault:
    tensor = rng.choice(subject.declared)
    tensor.axes[1:] = ["...", "h", "..."]
    tensor.rewrite()
    end = len(tensor.node.text) - 1
    return Fault("invalid-signature", tensor.node, (end - 3, end))


@kind
def tensor_without_axes(rng: random.Random, subject: Subject) -> Fault:
    node = rng.choice(subject.declared).node
    node.text = node.text.partition("[")[0]
    return Fault("invalid-signature", node, (0, len(node.text)), "[batch, ...]")


@kind
def tensor_of_no_text(rng: random.Random, subject: Subject) -> Fault:
    ways: list[Scalar | Seq] = [raw("3"), raw("true"), Seq([Scalar("batch")])]
    wrong = rng.choice(ways)
    replace(subject, rng.choice(subject.declared).node, wrong)
    return Fault("invalid-signature", wrong)


@kind
def tensor_that_nobody_reads(rng: random.Random, subject: Subject) -> Fault:
    """A warning."""
    _, side = rng.choice(a_mapping(subject, "tensors").entries)
    assert isinstance(side, Map)
    name = key(rng.choice(("nobody's", "spare", "🙂 spare", "batch_")))
    side.entries.append((name, Scalar("float32[batch, 7]")))
    return Fault("unused-tensor", name)
