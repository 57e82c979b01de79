"""The terms of the total: every loss of every task, with all that it inherits from its task."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from composer.language import tree as t
from composer.language.diagnostics import quote
from composer.language.expression import Expression
from composer.losses.base import Loss, Reduction
from composer.spec import Spec, Task

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Part:
    """One expression of a term.

    Attributes:
        expression: as it is written.
        path: where it stands in the spec.
        bare: what `y_true` and `y_pred` by themselves mean in it.
        tree: with those put in their place, so that it reads nothing but the batch.
    """

    expression: Expression
    path: Path
    bare: Mapping[t.Side, Part] = field(repr=False)
    tree: t.Tree = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tree", _resolve(self.expression.tree, self.bare))

    @functools.cached_property
    def size(self) -> int:
        """The number of nodes of the tree, written out; one at several places counts at each."""
        known: dict[int, int] = {}

        def count(node: t.Tree) -> int:
            if id(node) not in known:
                known[id(node)] = 1 + sum(map(count, node.children))
            return known[id(node)]

        return count(self.tree)

    @property
    def source(self) -> str:
        """What it reads, for messages: a tensor by its name in the batch, or the expression."""
        if isinstance(self.tree, t.Tensor):
            return ".".join((self.tree.side, *self.tree.path))
        return f"`{self.expression.text.strip()}`"

    def text(self, node: t.Tree) -> str:
        """A part of the expression as it is written, for messages."""
        return quote(self.written(node))

    def written(self, node: t.Tree) -> str:
        """A part of the expression as it is written."""
        return self.expression.text[node.start : node.end]

    def resolved(self, tree: t.Tree) -> t.Tree:
        """A part of the expression, reading nothing but the batch."""
        return _resolve(tree, self.bare)

    def split(self, ranks: Mapping[str, int]) -> tuple[list[tuple[t.Tree, bool]], t.Tree | None]:
        """The scalar factors of the product as it is written, and the rest of it.

        Args:
            ranks: the ranks of the constants.

        Returns:
            Each scalar factor with whether it divides; and the product without them, None where it
            has no other.
        """
        scalars, rest = split(self.expression.tree, ranks)
        resolved = None if rest is None else self.resolved(rest)
        return [(self.resolved(tree), divides) for tree, divides in scalars], resolved


@dataclass(frozen=True)
class Term:
    """One addend of the total.

    Attributes:
        name: `task/loss`, its row in the breakdown.
        path: where the loss stands in the spec.
        loss: its parameters and mathematics.
        roles: the tensors that the loss reads, by role.
        masks: all of them must hold, the task's first.
        weights: all of them multiply, the task's first.
        reduction: what its sum is divided by.
    """

    name: str
    path: Path
    loss: Loss
    roles: Mapping[str, Part]
    masks: tuple[Part, ...]
    weights: tuple[Part, ...]
    reduction: Reduction

    @property
    def places(self) -> list[tuple[t.Side, tuple[str, ...]]]:
        """The tensors that it reads, by side and path, in the order they are met."""
        parts = (*self.roles.values(), *self.masks, *self.weights)
        nodes = [node for part in parts for node in t.walk(part.tree)]
        return [(node.side, node.path) for node in nodes if isinstance(node, t.Tensor)]

    def reads(self, path: Path) -> bool:
        """Whether a place of the spec is in its loss, or is a field of its task."""
        return path[:4] == self.path or (path[:2] == self.path[:2] and path[2:3] != ("loss",))


def terms_of(spec: Spec) -> list[Term]:
    """The terms of a spec in its order."""
    return [
        _term(spec, name, task, place) for name, task in spec.tasks.items()
        for place in range(len(task.loss))
    ]  # fmt: skip


def task_parts(spec: Spec) -> Iterator[Part]:
    """The tensors that tasks name themselves, also where every loss of theirs reads others."""
    for name, task in spec.tasks.items():
        tensors = _task_tensors(name, task)
        yield from (tensors[side] for side in tensors if getattr(task, side) is not None)


def _term(spec: Spec, name: str, task: Task, place: int) -> Term:
    loss = task.loss[place]
    path: Path = ("tasks", name, "loss", place)
    outer = _task_tensors(name, task)
    inner: dict[t.Side, Part] = {
        side: _own(getattr(loss, side), (*path, side), outer) or outer[side] for side in outer
    }
    roles = {
        role: _own(given, (*path, role), outer) or inner[role]  # type: ignore[index]  # see Spec
        for role, given in loss.reads().items()
    }
    return Term(
        name=f"{name}/{loss.label}",
        path=path,
        loss=loss,
        roles=roles,
        masks=tuple(_both(task.mask, loss.mask, path, "mask", outer, inner)),
        weights=tuple(_both(task.weight, loss.weight, path, "weight", outer, inner)),
        reduction=loss.reduction or spec.reduction,
    )


def _task_tensors(name: str, task: Task) -> dict[t.Side, Part]:
    """A task's `y_true` and `y_pred`: its own expressions, or the tensors of its name."""
    path: Path = ("tasks", name)
    sides: tuple[t.Side, ...] = ("y_true", "y_pred")
    default = {side: _default(side, name, path) for side in sides}
    return {
        side: _own(getattr(task, side), (*path, side), default) or default[side] for side in sides
    }


def _default(side: t.Side, name: str, path: Path) -> Part:
    return Part(Expression(t.Tensor(0, 0, side, (name,)), f"{side}.{name}"), path, {})


def _own(given: Expression | None, path: Path, bare: Mapping[t.Side, Part]) -> Part | None:
    return None if given is None else Part(given, path, bare)


def _both(
    of_task: Expression | None,
    of_loss: Expression | None,
    path: Path,
    field: str,
    outer: Mapping[t.Side, Part],
    inner: Mapping[t.Side, Part],
) -> Iterator[Part]:
    if of_task is not None:
        yield Part(of_task, (*path[:2], field), outer)
    if of_loss is not None:
        yield Part(of_loss, (*path, field), inner)


def _resolve(tree: t.Tree, bare: Mapping[t.Side, Part]) -> t.Tree:
    """The tree with bare `y_true` and `y_pred` replaced by what they mean."""
    match tree:
        case t.Tensor(path=()):
            return bare[tree.side].tree if tree.side in bare else tree
        case t.Unary() | t.Index():
            return replace(tree, operand=_resolve(tree.operand, bare))
        case t.Binary():
            return replace(tree, left=_resolve(tree.left, bare), right=_resolve(tree.right, bare))
        case t.Compare() | t.Logic():
            return replace(tree, operands=tuple(_resolve(each, bare) for each in tree.operands))
        case t.Member():
            return replace(tree, operand=_resolve(tree.operand, bare))
        case t.Call():
            return replace(
                tree,
                args=tuple(_resolve(each, bare) for each in tree.args),
                lists=tuple(tuple(_resolve(x, bare) for x in items) for items in tree.lists),
            )
    return tree


def split(
    tree: t.Tree, ranks: Mapping[str, int]
) -> tuple[list[tuple[t.Tree, bool]], t.Tree | None]:
    """The scalar factors of a product, each with whether it divides, and what is left of it.

    The rest keeps its order: `w * (v * u)` aligns v with u before it aligns w.
    """
    if is_scalar(tree, ranks):
        return [(tree, False)], None
    match tree:
        case t.Unary(op="-"):
            scalars, rest = split(tree.operand, ranks)
            return [(t.Number(tree.start, tree.end, -1), False), *scalars], rest
        case t.Binary(op="*" | "/"):
            return _split_binary(tree, ranks)
    return [], tree


def _split_binary(
    tree: t.Binary, ranks: Mapping[str, int]
) -> tuple[list[tuple[t.Tree, bool]], t.Tree | None]:
    divides = tree.op == "/"
    scalars, left = split(tree.left, ranks)
    others, right = split(tree.right, ranks)
    scalars += [(factor, divided != divides) for factor, divided in others]
    if right is None:
        return scalars, left
    if left is None and not divides:
        return scalars, right
    one = t.Number(tree.start, tree.end, 1.0)
    return scalars, t.Binary(tree.start, tree.end, tree.op, left or one, right)


def is_scalar(tree: t.Tree, ranks: Mapping[str, int]) -> bool:
    """Whether it reads nothing but `step` and constants of rank 0; `ranks` are the constants'."""
    return not any(
        isinstance(node, t.Tensor) or (isinstance(node, t.Constant) and ranks[node.name] > 0)
        for node in t.walk(tree)
    )


def tensors_read(spec: Spec) -> dict[t.Side, list[tuple[str, ...]]]:
    """The paths of the tensors that a spec reads, each once, in the order they are met."""
    found: dict[t.Side, dict[tuple[str, ...], None]] = {"y_true": {}, "y_pred": {}}
    for side, path in (place for term in terms_of(spec) for place in term.places):
        found[side][path] = None
    return {side: list(paths) for side, paths in found.items()}


def reads_step(spec: Spec) -> bool:
    """Whether any expression of the spec reads the step."""
    parts = [
        part.tree
        for term in terms_of(spec)
        for part in (*term.roles.values(), *term.masks, *term.weights)
    ]
    if spec.regularization is not None:
        parts.append(spec.regularization.weight.tree)
    return any(isinstance(node, t.Step) for tree in parts for node in t.walk(tree))
