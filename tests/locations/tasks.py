"""One task of a random right spec: its loss, the tensors that it reads, its masks and weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from tests.locations.expressions import Expr, Token, expr, tensor
from tests.locations.subjects import REDUCTIONS, Declared, Head, key, number, numbers
from tests.locations.tree import PLAIN, Alias, Map, Scalar, Seq, Tree

if TYPE_CHECKING:
    from tests.locations.specs import SpecWriter

Entries = list[tuple[Scalar, Tree]]

AXES: tuple[list[str], ...] = ([], ["h", "w"], ["h", "w", "1"], ["t"], ["7"])
"""The axes behind the batch that a task may have."""

# By what the tensors of a loss are: its types, each with its parameters.
LOSSES: dict[str, dict[str, dict[str, str]]] = {
    "same": {
        "absolute_difference": {}, "mean_squared_error": {}, "huber": {"delta": "0.5"},
        "hinge": {"labels": "signed"}, "sigmoid_cross_entropy": {"label_smoothing": "0.1"},
        "weighted_cross_entropy": {"pos_weight": "3"},
        "sigmoid_focal": {"gamma": "1.5", "alpha": "0.25"},
    },
    "region": {
        "silog": {"lambda": "1e-1", "root": "true"},
        "mean_pairwise_squared_error": {"unbiased": "false"},
    },
    "rows": {
        "softmax_cross_entropy": {"label_smoothing": "0.1"},
        "softmax_focal": {"gamma": "2", "alpha": "1 2.5 3"},
        "cosine_distance": {"axis": "-1", "normalize": "true"},
        "dice": {"smooth": "0.5", "per": "image"},
    },
    "labels": {
        "sparse_softmax_cross_entropy": {"label_smoothing": "0.25"},
        "sparse_softmax_focal": {"alpha": "1 0.5 2"},
    },
    "triplet": {"triplet": {"margin": "0.2", "distance": "cosine"}},
    "center": {"center": {"num_classes": "10", "embedding_size": "8", "alpha": "0.1"}},
    "alone": {"l2": {}},
}  # fmt: skip
REQUIRED = ("pos_weight", "num_classes", "embedding_size")


def roles_of(kind: str, axes: list[str]) -> dict[str, tuple[str, list[str]]]:
    """The dtype and axes of every role, for a task with these axes behind the batch."""
    last = {"region": ["k"], "rows": ["3"], "triplet": ["5"]}.get(kind, [])
    floats = ("float32", [*axes, *last])
    roles = {"y_true": floats, "y_pred": floats}
    if kind == "labels":
        roles = {"y_true": ("int32", axes), "y_pred": ("float32", [*axes, "3"])}
    if kind == "center":
        roles = {"y_true": ("int32", []), "y_pred": ("float32", ["8"])}
    if kind == "triplet":
        roles = dict.fromkeys(("anchor", "positive", "negative"), floats)
    if kind == "alone":
        del roles["y_true"]
    return roles


def value_of(text: str) -> Tree:
    """A parameter: a word, a number, or a list with one for every class."""
    if text.isalpha() and text not in ("true", "false"):
        return Scalar(text)
    return numbers(*text.split()) if " " in text else number(text)


class TaskWriter:
    """Writes one task into its spec."""

    def __init__(self, spec: SpecWriter, name: str) -> None:
        self.spec = spec
        self.rng = spec.rng
        self.name = name
        self.kind = self.rng.choice([kind for kind, types in LOSSES.items() for _ in types])
        self.type = self.rng.choice(list(LOSSES[self.kind]))
        self.axes = list(self.rng.choice(AXES))
        self.roles: dict[str, Declared] = {}
        self.is_plain = True

    def write(self) -> Map:
        own, entries = self.tensors()
        loss = self.loss([*self.parameters(LOSSES[self.kind][self.type]), *own])
        losses: list[Tree] = [loss]
        if isinstance(loss, Map) and self.spec.chance(0.3):
            losses.append(self.again(loss))
        is_list = len(losses) > 1 or self.spec.chance(0.2)
        entries.append((key("loss"), Seq(losses) if is_list else loss))
        if not any(name.text.startswith("y_") for name, _ in own):
            entries += self.selecting(0.5)
        self.rng.shuffle(entries)
        node = Map(entries)
        head = Head(self.name, node, loss, self.type, len(losses), self.roles, self.is_plain)
        self.spec.heads.append(head)
        return node

    def parameters(self, values: Mapping[str, str]) -> Iterator[tuple[Scalar, Tree]]:
        for name, text in values.items():
            if name in REQUIRED or self.spec.chance(0.6):
                yield key(name), value_of(text)

    def tensors(self) -> tuple[Entries, Entries]:
        """Declares the tensors; gives the roles that the loss names, and those of the task."""
        own: Entries = []
        entries: Entries = []
        for role, (dtype, axes) in roles_of(self.kind, self.axes).items():
            side = "y_true" if role == "y_true" else "y_pred"
            is_default = role.startswith("y_") and self.spec.chance(0.6)
            names = (self.name,) if is_default else self.spec.free(side)
            self.roles[role] = self.spec.declare(side, names, dtype, ["batch", *axes])
            if not is_default:
                self.is_plain = False
                index = ["[...]"] if self.spec.chance(0.2) else []
                is_of_task = role.startswith("y_") and self.spec.chance(0.5)
                where = entries if is_of_task else own
                where.append((key(role), expr(tensor(side, names, self.rng), *index)))
        return own, entries

    def loss(self, fields: Entries) -> Map | Scalar:
        entries = [*fields, *self.selecting(0.2)]
        if self.spec.chance(0.2):
            entries.append((key("reduction"), Scalar(self.rng.choice(REDUCTIONS))))
        if self.spec.chance(0.2):
            name = self.rng.choice(("first", "type", "huber", "a b"))
            entries.append((key("name"), Scalar(name)))
        if not entries and self.spec.chance(0.7):
            return Scalar(self.type)
        entries.append((key("type"), Scalar(self.type)))
        self.rng.shuffle(entries)
        return Map(entries)

    def again(self, first: Map) -> Map:
        """The same loss once more, under another name."""
        if self.spec.chance(0.5):
            self.spec.anchor(first)
            kept: Entries = [(Scalar("<<", PLAIN), Alias(first))]
        else:
            kept = [(key(name), copied) for name, copied in _copies(first)]
        name = (key("name"), Scalar("again"))
        return Map([*kept, name, (key("weight"), self.spec.weight_of_step())])

    def selecting(self, share: float) -> Entries:
        """A mask and a weight, now and then."""
        entries: Entries = []
        if self.spec.chance(share):
            entries.append((key("mask"), self.mask()))
        if self.spec.chance(share):
            entries.append((key("weight"), self.weight()))
        return entries

    def mask(self) -> Expr:
        ways: list[Callable[[], Expr]] = [self.flag, lambda: expr("step > 10")]
        if self.kind in ("same", "region"):
            ways += [
                lambda: expr("isfinite(y_true)"),
                lambda: expr("-0.5 < y_pred < 80"),
                lambda: expr("(y_pred > 0.5) or (y_pred < -3)"),
                lambda: expr("y_pred != 0 and isfinite(y_true)"),
                lambda: expr("not isnan(clip(y_pred, -1, 1))"),
                lambda: expr("y_pred > ", self.spec.constant(number("0.5"))),
            ]
        if self.kind in ("labels", "center"):
            ways += [lambda: expr("y_true != 255"), lambda: expr("y_true in [0, 1]")]
        return self.rng.choice(ways)()

    def flag(self) -> Expr:
        """A tensor of booleans for this mask alone."""
        names = self.spec.free("y_true")
        self.spec.declare("y_true", names, "bool", ["batch"])
        self.is_plain = False
        return expr(tensor("y_true", names, self.rng))

    def weight(self) -> Expr:
        ways: list[Callable[[], Expr]] = [self.spec.weight_of_step]
        if self.kind == "same":
            ways += [
                lambda: expr("1 + abs(y_pred)"),
                lambda: expr("where(y_pred > 0, 2, 1)"),
                lambda: expr("exp(-abs(y_pred)) * ramp(step, 0, 100)"),
            ]
        if self.kind == "same" and self.axes:
            ways.append(lambda: expr("1 + mean(abs(y_pred), axis=-1)"))
        if self.kind == "labels":
            ways += [
                lambda: expr("1 + 4 * (y_true == 2)"),
                lambda: expr("take(", self.spec.constant(numbers("1", "2", "0.5")), ", y_true)"),
            ]
        return self.rng.choice(ways)()


def _copies(node: Map) -> Iterator[tuple[str, Tree]]:
    """The entries but for the name and the weight, with scalars of their own."""
    for name, value in node.entries:
        if name.text in ("name", "weight"):
            continue
        if isinstance(value, Expr):
            yield name.text, expr(*(Token(x.kind, x.text, x.names) for x in value.tokens))
        elif isinstance(value, Scalar):
            yield name.text, Scalar(value.text, value.styles)
        elif isinstance(value, Seq):
            yield name.text, numbers(*(x.text for x in value.items if isinstance(x, Scalar)))
