"""What faults have to know of a spec: its tasks, its tensors, and where everything hangs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tests.locations.tree import INLINE, PLAIN, Alias, Map, Scalar, Seq, Tree

# Words of the language, of YAML and of Python, and what no keyboard has.
TASK_NAMES = (
    "huber", "type", "loss", "tasks", "weight", "mask", "name", "y_true", "y_pred", "tensors",
    "step", "depth", "scene", "class", "lambda", "no", "on", "true", "null", "left eye", "a.b",
    "x-1", "reduction", "delta", "constants", "sum", "mean", "l2", "float32", "batch", "embedding",
)  # fmt: skip
TENSOR_NAMES = (
    *TASK_NAMES, "深度", "e\u0301cran", "🙂 face", 'say "hi"', "it's", "back\\slash", "0", "1e3",
    "a: b", "#1", "{x}", "* star", "None", "ünïcode", "has_pose", "valid", "boxes", "pixels",
)  # fmt: skip
CONSTANT_NAMES = (
    "huber", "type", "loss", "tasks", "weight", "name", "tensors", "delta", "table", "no", "on",
    "null", "class_weights", "limit", "scale", "batch", "mask_", "float32", "l2",
)  # fmt: skip
REDUCTIONS = ("sum_by_nonzero_weights", "weighted_mean", "sum_over_batch_size", "sum")


@dataclass
class Declared:
    """A tensor of `tensors:`; its type is written from its dtype and axes."""

    side: str
    names: tuple[str, ...]
    dtype: str
    axes: list[str]
    node: Scalar

    def rewrite(self) -> None:
        self.node.text = f"{self.dtype}[{', '.join(self.axes)}]"


@dataclass
class Head:
    """A task of the spec: what of it faults have to know.

    Attributes:
        name: its name.
        node: its mapping.
        loss: the mapping of its first loss, or its name alone.
        type: the type of that loss.
        entries: how many losses it has.
        tensors: the tensors of its roles, by role.
        is_plain: whether nothing but its default tensors is read, so that it can be merged.
    """

    name: str
    node: Map
    loss: Map | Scalar
    type: str
    entries: int
    tensors: dict[str, Declared]
    is_plain: bool = True


@dataclass
class Subject:
    """A right spec."""

    root: Map
    heads: list[Head]
    declared: list[Declared]
    constants: dict[str, Tree]

    def values(self) -> Iterator[tuple[tuple[str, ...], Scalar | Map | Seq]]:
        """Every value with the keys that lead to it; those that are aliased come once."""
        yield from _walk(self.root, ())


def _walk(
    node: Tree, path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Scalar | Map | Seq]]:
    if isinstance(node, Alias):
        return
    yield path, node
    if isinstance(node, Map):
        for key, value in node.entries:
            yield from _walk(value, (*path, key.text))
    elif isinstance(node, Seq):
        for item in node.items:
            yield from _walk(item, (*path, "-"))


def key(text: str) -> Scalar:
    return Scalar(text, INLINE)


def number(text: str) -> Scalar:
    return Scalar(text, PLAIN)


def numbers(*texts: str) -> Seq:
    return Seq([number(text) for text in texts])
