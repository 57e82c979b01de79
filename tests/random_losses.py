"""Random losses: those of the table of contents, and losses of one's own of any signature."""

from __future__ import annotations

import functools
from typing import Any, ClassVar, Literal

from hypothesis import strategies as st

from composer import Loss, Signature
from composer.fields import Read
from composer.language.errors import SignatureError
from composer.language.signature import Axis
from composer.losses import CATALOGUE, find
from tests.matrix import PARAMETERS

ROLES = ("y_true", "y_pred", "other", "more")
K = 2
"""The one parameter of a loss of one's own that names a size."""

read_signature = functools.cache(Signature)


class Own(Loss):
    """The sum of its roles over the axes that the values lack, whatever its signature is."""

    type: Literal["own"] = "own"
    text: str
    k: int = K
    other: Read | None = None
    more: Read | None = None
    signature: ClassVar[Signature] = Signature("y_true=number[...], y_pred=number[...] -> float[]")

    def bound_signature(self) -> Signature:
        return read_signature(self.text)

    def values(self, **roles):
        import tensorflow as tf

        signature = self.bound_signature()
        middle = _middle(signature, roles)
        wanted = _labels(signature.values, middle)
        floats = [x.dtype for x in roles.values() if x.dtype.is_floating]
        dtype = max(floats, default=tf.float32, key=lambda each: each.size)
        parts = [
            _summed(tf.cast(tensor, dtype), _labels(signature.roles[name].axes, middle), wanted)
            for name, tensor in roles.items()
        ]
        sizes = [self.k if label == "k" else 1 for label in wanted]
        return functools.reduce(tf.add, parts, tf.zeros(sizes, dtype))


def _middle(signature: Signature, roles: dict[str, Any]) -> int:
    """How many axes `...` stands for."""
    counts = [
        tensor.shape.rank - len(signature.roles[name].axes) + 1
        for name, tensor in roles.items()
        if "..." in signature.roles[name].axes
    ]
    return max(counts, default=0)


def _labels(axes: tuple[Axis, ...], middle: int) -> list[str | None]:
    """The name of every axis; None for those that have none."""
    labels: list[str | None] = []
    for axis in axes:
        if axis == "...":
            labels += [f"...{place}" for place in range(middle)]
        else:
            labels.append(axis if isinstance(axis, str) else None)
    return labels


def _summed(tensor, labels, wanted):
    """The tensor over the wanted axes, those that it lacks with size 1."""
    import tensorflow as tf

    gone = [place for place, label in enumerate(labels) if label not in wanted or label is None]
    tensor = tf.reduce_sum(tensor, gone)
    kept = [label for place, label in enumerate(labels) if place not in gone]
    there = [label for label in wanted if label in kept and label is not None]
    tensor = tf.transpose(tensor, [kept.index(label) for label in there])
    for place, label in enumerate(wanted):
        if label is None or label not in kept:
            tensor = tf.expand_dims(tensor, place)
    return tensor


@st.composite
def own_signatures(draw: st.DrawFn) -> str:
    """The text of a signature that `Signature` takes, of two to four roles."""
    first = draw(st.sampled_from(["batch", "batch", "batch", "...", "n"]))
    others = [axis for axis in ("...", "n", "m", "k") if axis != first]
    base = [first, *draw(st.lists(st.sampled_from(others), max_size=3, unique=True))]
    count = draw(st.integers(1, len(ROLES)))
    roles = {"y_pred": base, **{name: draw(_some_of(base)) for name in ROLES[:count]}}
    texts = [f"{name}={draw(_role(name, axes))}" for name, axes in roles.items()]
    if draw(st.integers(0, 3)) == 3:
        texts.append(f"keep=bool[{_written(draw(_some_of(base)))}]")
    named = [axis for axis in base if isinstance(axis, str)]
    values = draw(st.permutations(named) if draw(st.integers(0, 9)) == 9 else st.just(named))
    values = [axis for axis in values if draw(st.integers(0, 3))]
    if draw(st.integers(0, 4)) == 4:
        values.insert(draw(st.integers(0, len(values))), 1)
    return f"{', '.join(texts)} -> float[{_written(values)}]"


@st.composite
def _some_of(draw: st.DrawFn, base: list[str]) -> list[Any]:
    """Most of the axes, seldom in another order, and now and then some without a name."""
    axes: list[Any] = [axis for axis in base if draw(st.integers(0, 4))]
    for extra in draw(st.lists(st.sampled_from([1, 2, 3, "?", "n"]), max_size=1)):
        axes.insert(draw(st.integers(0, len(axes))), extra)
    return draw(st.permutations(axes)) if draw(st.integers(0, 9)) == 9 else axes


@st.composite
def _role(draw: st.DrawFn, name: str, axes: list[Any]) -> str:
    words = ["float"] if name == "y_pred" else ["number", "float", "int", "bool"]
    word = draw(st.sampled_from(words))
    domain = ""
    if word == "int":
        domain = draw(st.sampled_from(["", " in labels(3)", " in labels(k)"]))
    return f"{word}[{_written(axes)}]{domain}"


def _written(axes: list[Any]) -> str:
    return ", ".join(map(str, axes))


def _is_signature(text: str) -> bool:
    try:
        read_signature(text)
    except SignatureError:
        return False
    return True


_TEXTS = own_signatures().filter(_is_signature)


def entries() -> st.SearchStrategy[dict[str, Any]]:
    """A loss as a spec has it, without the tensors that it reads."""
    listed = [
        {"type": type_, **parameters}
        for type_ in CATALOGUE
        for parameters in PARAMETERS.get(type_, [{}])
    ]
    return st.sampled_from(listed) | st.builds(lambda text: {"type": "own", "text": text}, _TEXTS)


def loss_of(entry: dict[str, Any]) -> Loss:
    """The loss of an entry whose tensors are not told yet."""
    cls = Own if entry["type"] == "own" else find(entry["type"])
    needed = set(cls.signature.inputs) - {"y_true", "y_pred"}
    return cls.model_validate({**dict.fromkeys(needed, "y_pred.unknown"), **entry})
