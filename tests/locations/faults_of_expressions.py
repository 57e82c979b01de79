"""Faults of the names in expressions: the mark is under the very name."""

from __future__ import annotations

import random
import re

from tests.locations.expressions import Expr, Token, named, tensor
from tests.locations.injecting import Fault, choose, kind, misspelt, need
from tests.locations.subjects import Subject

FUNCTIONS = (
    "isfinite", "isnan", "abs", "exp", "log", "sqrt", "square", "minimum", "maximum", "clip",
    "where", "sigmoid", "softmax", "argmax", "one_hot", "stop_gradient", "any", "all", "sum",
    "mean", "take", "last_axis", "ramp", "cosine", "piecewise", "cycle",
)  # fmt: skip
VALUES = ("number", "step", "bare", "name")


def site(
    rng: random.Random, subject: Subject, *kinds: str, text: str = ".*"
) -> tuple[Expr, int, Token]:
    """A token of these kinds: its expression, its place in it, and the token."""
    expressions = [node for _, node in subject.values() if isinstance(node, Expr)]
    found = [
        (node, at, token)
        for node in expressions
        for at, token in enumerate(node.tokens)
        if token.kind in kinds and re.fullmatch(text, token.text, re.DOTALL)
    ]
    return choose(rng, found)


def is_free(node: Expr, at: int) -> bool:
    """Whether any value may stand there: not so in a list of numbers, nor behind `axis=`."""
    before = node.before(at)
    return before.count("[") == before.count("]") and not before.rstrip(" -").endswith("=")


@kind
def misspelt_tensor(rng: random.Random, subject: Subject) -> Fault:
    node, at, token = site(rng, subject, "tensor")
    side, outer, name = token.text[:6], token.names[:-1], token.names[-1]
    need("\\" not in name and len(name) > 2)
    there = [each.names for each in subject.declared if each.side == side]
    known = {names[len(outer)] for names in there if names[: len(outer)] == outer}
    wrong = tensor(side, (*outer, misspelt(rng, name, known)), rng)
    return Fault("unknown-tensor", node, node.put(at, wrong), f"`{name}`")


@kind
def tensor_of_the_other_side(rng: random.Random, subject: Subject) -> Fault:
    node, at, token = site(rng, subject, "tensor")
    other = {"y_true": "y_pred", "y_pred": "y_true"}[token.text[:6]]
    there = [each.names[0] for each in subject.declared if each.side == other]
    need(token.names[0] not in there)
    return Fault("unknown-tensor", node, node.put(at, Token("tensor", other + token.text[6:])))


@kind
def part_of_a_tensor(rng: random.Random, subject: Subject) -> Fault:
    node, at, token = site(rng, subject, "tensor")
    deeper = token.text + named(rng.choice(("more", "it's", "深")), rng)
    return Fault("unknown-tensor", node, node.put(at, Token("tensor", deeper)))


@kind
def misspelt_constant(rng: random.Random, subject: Subject) -> Fault:
    node, at, token = site(rng, subject, "name", text="..+")
    known = [*subject.constants, "y_true", "y_pred", "step", *FUNCTIONS]
    need(len(token.text) > 2)
    wrong = Token("name", misspelt(rng, token.text, known))
    return Fault("unknown-name", node, node.put(at, wrong), f"`{token.text}`")


@kind
def name_that_is_none(rng: random.Random, subject: Subject) -> Fault:
    node, at, _ = site(rng, subject, "number", "step")
    need(is_free(node, at))
    name, help = rng.choice([("epoch", "`step`"), ("zzz", "names: ")])
    return Fault("unknown-name", node, node.put(at, Token("name", name)), help)


@kind
def part_of_no_mapping(rng: random.Random, subject: Subject) -> Fault:
    """`labels.depth`, of which `labels` is marked."""
    node, at, token = site(rng, subject, "number", "step", "name")
    need(is_free(node, at))
    owner = token.text if token.kind == "name" else "labels"
    start, end = node.put(at, Token("name", f"{owner}.depth"))
    return Fault("unknown-name", node, (start, end - len(".depth")), "y_true.depth")


@kind
def misspelt_function(rng: random.Random, subject: Subject) -> Fault:
    node, at, token = site(rng, subject, "function")
    wrong = Token("function", misspelt(rng, token.text, FUNCTIONS))
    help = f"did you mean `{token.text}`?"
    return Fault("unknown-function", node, node.put(at, wrong), help)


@kind
def function_of_elsewhere(rng: random.Random, subject: Subject) -> Fault:
    node, at, _ = site(rng, subject, "function")
    name, help = rng.choice([("reduce_mean", "mean(x)"), ("clamp", "clip("), ("gather", "take(")])
    return Fault("unknown-function", node, node.put(at, Token("function", name)), help)


@kind
def name_that_python_reserves(rng: random.Random, subject: Subject) -> Fault:
    node, at, _ = site(rng, subject, *VALUES)
    wrong = Token("name", rng.choice(("class", "import", "yield")))
    return Fault("invalid-expression", node, node.put(at, wrong), "y_true[")


@kind
def name_that_is_not_ascii(rng: random.Random, subject: Subject) -> Fault:
    node, at, _ = site(rng, subject, *VALUES)
    wrong = Token("name", rng.choice(("größe", "深度", "ｏｓ", "é")))
    return Fault("invalid-expression", node, node.put(at, wrong), "quotes")
