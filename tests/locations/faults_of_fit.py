"""Tensors that do not fit the losses and masks that read them."""

from __future__ import annotations

import random

from tests.locations.expressions import Expr
from tests.locations.injecting import Fault, a_head, choose, kind, need
from tests.locations.subjects import Declared, Head, Subject
from tests.locations.tree import Map, Tree

OF_CLASSES = ("center", "sparse_softmax_focal", "softmax_focal")
"""Their last axis is held against a parameter."""


def _place(head: Head, role: str) -> Tree:
    """Where the expression of a role stands, or else the loss."""
    for node in (head.loss, head.node):
        if isinstance(node, Map) and role in node:
            return node[role]
    return head.loss


def _two_of(rng: random.Random, subject: Subject) -> tuple[Head, Declared, Tree]:
    """A task, one of its tensors, and the place of the first role that it would not fit."""
    head = a_head(rng, subject, of_one_loss=True)
    need(len(head.tensors) > 1 and not _reads_both(subject))
    first, second, *_ = head.tensors
    role = rng.choice(list(head.tensors))
    return head, head.tensors[role], _place(head, second if role == first else role)


def _reads_both(subject: Subject) -> bool:
    """Whether a mask compares the two sides by itself, which then do not fit there either."""
    texts = [node.text for _, node in subject.values() if isinstance(node, Expr)]
    return any("y_true" in text and "y_pred" in text for text in texts)


@kind
def axis_of_another_size(rng: random.Random, subject: Subject) -> Fault:
    head, tensor, place = _two_of(rng, subject)
    shortest = min(len(each.axes) for each in head.tensors.values())
    at = rng.randrange(max(1, shortest - (head.type in OF_CLASSES)))
    tensor.axes[at] = rng.choice(("q", "11", "height"))
    tensor.rewrite()
    return Fault("shape-mismatch", place)


@kind
def axis_too_many(rng: random.Random, subject: Subject) -> Fault:
    head, tensor, place = _two_of(rng, subject)
    need(head.type not in OF_CLASSES)
    tensor.axes.append("q")
    tensor.rewrite()
    return Fault("shape-mismatch", place)


@kind
def prediction_of_integers(rng: random.Random, subject: Subject) -> Fault:
    head = a_head(rng, subject, of_one_loss=True)
    role = rng.choice([each for each in head.tensors if each != "y_true"])
    head.tensors[role].dtype = rng.choice(("int32", "uint8"))
    head.tensors[role].rewrite()
    return Fault("dtype-mismatch", _place(head, role))


@kind
def labels_of_floats(rng: random.Random, subject: Subject) -> Fault:
    head = a_head(rng, subject, of_one_loss=True)
    labels = head.tensors.get("y_true")
    need(labels and labels.dtype == "int32")
    assert labels is not None
    # The index of a table has to be whole too, and says so.
    need("take" not in str([node.text for _, node in subject.values() if isinstance(node, Expr)]))
    labels.dtype = "float32"
    labels.rewrite()
    return Fault("dtype-mismatch", _place(head, "y_true"), help="integers")


def _flag(rng: random.Random, subject: Subject) -> tuple[Declared, Expr]:
    """A tensor of booleans, and the one mask that it is."""
    flag = choose(rng, [each for each in subject.declared if each.dtype == "bool"])
    expressions = [node for _, node in subject.values() if isinstance(node, Expr)]
    readers = [node for node in expressions if [x.names for x in node.tokens] == [flag.names]]
    need(len(readers) == 1)
    return flag, readers[0]


@kind
def mask_of_another_shape(rng: random.Random, subject: Subject) -> Fault:
    flag, node = _flag(rng, subject)
    flag.axes = rng.choice([["q"], ["batch", "q", "1", "1", "1", "1"], ["11"]])
    flag.rewrite()
    return Fault("shape-mismatch", node, node.whole)


@kind
def mask_of_numbers(rng: random.Random, subject: Subject) -> Fault:
    flag, node = _flag(rng, subject)
    flag.dtype = rng.choice(("float32", "int64", "uint8"))
    flag.rewrite()
    return Fault("dtype-mismatch", node, node.whole, "!= 0")
