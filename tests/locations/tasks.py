"""One task of a random right spec: its loss, the tensors that it reads, its masks and weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from tests.locations.expressions import Expr, Token, expr, tensor
from tests.locations.subjects import REDUCTIONS, Declared, Head, key, number, numbers
from tests.locations.tree import PLAIN, Alias, Map, Scalar, Seq, Tree

if TYPE_CHECKING:
    from tests.locations.specs import SpecWriter

Parameters = dict[str, Tree]


class TaskWriter:
    """Writes one task into its spec."""

    def __init__(self, spec: SpecWriter, name: str) -> None:
        self.spec = spec
        self.rng = spec.rng
        self.name = name
        self.roles: dict[str, Declared] = {}
        self.is_plain = True

    def write(self) -> Map:
        self.axes = ["batch", *self.rng.choice([[], ["h", "w"], ["h", "w", "1"], ["t"], ["7"]])]
        self.type, self.kind, parameters = self.loss_type()
        own, entries = self.tensors()
        loss = self.loss({**parameters, **own})
        losses: list[Tree] = [loss]
        if isinstance(loss, Map) and self.rng.random() < 0.3:
            losses.append(self.again(loss))
        many = Seq(losses) if len(losses) > 1 or self.rng.random() < 0.2 else loss
        entries.append((key("loss"), many))
        if not any(role.startswith("y_") for role in own):
            entries += self.selecting(0.5)
        self.rng.shuffle(entries)
        node = Map(entries)
        head = Head(self.name, node, loss, self.type, len(losses), self.roles, self.is_plain)
        self.spec.heads.append(head)
        return node

    def loss_type(self) -> tuple[str, str, Parameters]:
        """The type of the loss, what its tensors are, and its parameters."""
        fraction = self.rng.choice(["0.1", "0.25", "1e-1"])
        table: dict[str, tuple[str, Parameters]] = {
            "absolute_difference": ("same", {}),
            "mean_squared_error": ("same", {}),
            "huber": ("same", {"delta": number("0.5")}),
            "silog": ("region", {"lambda": number(fraction), "root": number("true")}),
            "mean_pairwise_squared_error": ("region", {"unbiased": number("false")}),
            "hinge": ("same", {"labels": Scalar("signed")}),
            "sigmoid_cross_entropy": ("same", {"label_smoothing": number(fraction)}),
            "weighted_cross_entropy": ("same", {"pos_weight": number("3")}),
            "sigmoid_focal": ("same", {"gamma": number("1.5"), "alpha": number(fraction)}),
            "softmax_cross_entropy": ("rows", {"label_smoothing": number(fraction)}),
            "softmax_focal": ("rows", {"gamma": number("2"), "alpha": numbers("1", "2.5", "3")}),
            "sparse_softmax_cross_entropy": ("labels", {"label_smoothing": number(fraction)}),
            "sparse_softmax_focal": ("labels", {"alpha": numbers("1", "0.5", "2")}),
            "cosine_distance": ("rows", {"axis": number("-1"), "normalize": number("true")}),
            "triplet": ("triplet", {"margin": number("0.2"), "distance": Scalar("cosine")}),
            "center": ("center", {"alpha": number(fraction)}),
            "dice": ("dice", {"smooth": number("0.5"), "per": Scalar("image")}),
            "l2": ("alone", {}),
        }  # fmt: skip
        name = self.rng.choice(list(table))
        kind, optional = table[name]
        needed = {"pos_weight"} | ({"alpha"} if kind in ("rows", "labels") else set())
        given = {
            each: value for each, value in optional.items()
            if each in needed or self.rng.random() < 0.6
        }  # fmt: skip
        if kind == "center":
            given |= {"num_classes": number("10"), "embedding_size": number("8")}
        return name, kind, given

    def tensors(self) -> tuple[Parameters, list[tuple[Scalar, Tree]]]:
        """Declares the tensors; gives the roles that the loss names, and those that the task does."""
        middle = list(self.axes[1:])
        shapes: dict[str, dict[str, tuple[str, list[str]]]] = {
            "same": {"y_true": ("float32", middle), "y_pred": ("float32", middle)},
            "region": {"y_true": ("float32", [*middle, "k"]), "y_pred": ("float32", [*middle, "k"])},
            "rows": {"y_true": ("float32", [*middle, "3"]), "y_pred": ("float32", [*middle, "3"])},
            "labels": {"y_true": ("int32", middle), "y_pred": ("float32", [*middle, "3"])},
            "dice": {"y_true": ("float32", [*middle, "3"]), "y_pred": ("float32", [*middle, "3"])},
            "center": {"y_true": ("int32", []), "y_pred": ("float32", ["8"])},
            "alone": {"y_pred": ("float32", middle)},
            "triplet": dict.fromkeys(("anchor", "positive", "negative"), ("float32", [*middle, "5"])),
        }  # fmt: skip
        own: Parameters = {}
        entries: list[tuple[Scalar, Tree]] = []
        for role, (dtype, axes) in shapes[self.kind].items():
            side = "y_true" if role == "y_true" else "y_pred"
            is_default = role.startswith("y_") and self.rng.random() < 0.6
            names = (self.name,) if is_default else self.spec.free(side)
            self.roles[role] = self.spec.declare(side, names, dtype, ["batch", *axes])
            if is_default:
                continue
            self.is_plain = False
            read = expr(
                tensor(side, names, self.rng), *(["[...]"] if self.rng.random() < 0.2 else [])
            )
            if role.startswith("y_") and self.rng.random() < 0.5:
                entries.append((key(role), read))
            else:
                own[role] = read
        return own, entries

    def loss(self, fields: Parameters) -> Map | Scalar:
        entries = [(key(name), value) for name, value in fields.items()]
        entries += self.selecting(0.2)
        if self.rng.random() < 0.2:
            entries.append((key("reduction"), Scalar(self.rng.choice(REDUCTIONS))))
        if self.rng.random() < 0.2:
            entries.append(
                (key("name"), Scalar(self.rng.choice(("first", "type", "huber", "a b"))))
            )
        if not entries and self.rng.random() < 0.7:
            return Scalar(self.type)
        entries.append((key("type"), Scalar(self.type)))
        self.rng.shuffle(entries)
        return Map(entries)

    def again(self, first: Map) -> Map:
        """The same loss once more, under another name."""
        if self.rng.random() < 0.5:
            self.spec.anchor(first)
            kept: list[tuple[Scalar, Tree]] = [(Scalar("<<", PLAIN), Alias(first))]
        else:
            kept = [(key(name.text), value) for name, value in _copies(first)]
        entries = [
            *kept,
            (key("name"), Scalar("again")),
            (key("weight"), self.spec.weight_of_step()),
        ]
        return Map(entries)

    def selecting(self, share: float) -> list[tuple[Scalar, Tree]]:
        entries: list[tuple[Scalar, Tree]] = []
        if self.rng.random() < share:
            entries.append((key("mask"), self.mask()))
        if self.rng.random() < share:
            entries.append((key("weight"), self.weight()))
        return entries

    def mask(self) -> Expr:
        ways: list[Callable[[], Expr]] = [self.flag, lambda: expr("step > 10")]
        if self.kind in ("same", "region"):
            low = self.rng.choice(["0", "-0.5"])
            ways += [
                lambda: expr("isfinite(y_true)"),
                lambda: expr(f"{low} < y_pred < 80"),
                lambda: expr("(y_pred > 0.5) or (y_pred < -3)"),
                lambda: expr("y_pred != 0 and isfinite(y_true)"),
                lambda: expr("not isnan(clip(y_pred, -1, 1))"),
                lambda: expr("y_pred > ", self.spec.constant(Scalar("0.5", PLAIN))),
            ]
        if self.kind in ("labels", "center"):
            ways += [lambda: expr("y_true != 255"), lambda: expr("y_true in [0, 1]")]
        return self.rng.choice(ways)()

    def flag(self) -> Expr:
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
            if len(self.axes) > 1:
                ways.append(lambda: expr("1 + mean(abs(y_pred), axis=-1)"))
        if self.kind == "labels":
            ways += [
                lambda: expr("1 + 4 * (y_true == 2)"),
                lambda: expr("take(", self.spec.constant(numbers("1", "2", "0.5")), ", y_true)"),
            ]
        return self.rng.choice(ways)()


def _copies(node: Map) -> Iterator[tuple[Scalar, Tree]]:
    """The entries but for the name, with scalars of their own."""
    for name, value in node.entries:
        if name.text in ("name", "weight"):
            continue
        if isinstance(value, Expr):
            yield name, expr(*(Token(each.kind, each.text, each.names) for each in value.tokens))
        elif isinstance(value, Scalar):
            yield name, Scalar(value.text, value.styles)
        elif isinstance(value, Seq):
            yield name, numbers(*(each.text for each in value.items if isinstance(each, Scalar)))
