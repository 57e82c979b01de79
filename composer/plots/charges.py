"""What every term charges where on a batch of images, beside the images themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from composer.compose import TotalLoss
from composer.data.operands import Array
from composer.engine.batch_tensors import collect
from composer.engine.term import TermOnBatch
from composer.plots.pixels import states
from composer.terms import Part

SAMPLES = 3
_LONGEST = 8
"""Times the shorter side: boxes and sequences are no images."""


@dataclass(frozen=True)
class Charge:
    """The map of one term: weight·K·W·v of the first samples.

    Attributes:
        name: of the term.
        values: [samples, h, w].
        states: of each pixel; see `pixels`.
    """

    name: str
    values: Array
    states: Array


@dataclass(frozen=True)
class Image:
    """A target or a prediction.

    Attributes:
        name: what it is in the batch.
        values: [samples, h, w].
        classes: how many there are, where the values are class numbers.
        kind: images of one kind have one scale.
    """

    name: str
    values: Array
    classes: int | None
    kind: str


@dataclass(frozen=True)
class Block:
    """The terms of one task that read the same tensors.

    Attributes:
        task: its name.
        images: what they read, as far as it can be shown.
        charges: a map for each.
        samples: which samples of the batch the arrays hold, the most telling first.
        size: how many samples the batch has.
    """

    task: str
    images: tuple[Image, ...]
    charges: tuple[Charge, ...]
    samples: tuple[int, ...]
    size: int


@dataclass(frozen=True)
class Charges:
    """All maps of a batch.

    Attributes:
        blocks: the maps.
        without: the terms whose values are no images.
        off: the terms whose scalar weight is 0 at this step: nothing but 0 to show.
    """

    blocks: tuple[Block, ...]
    without: tuple[str, ...] = ()
    off: tuple[str, ...] = ()


def charges(
    total_loss: TotalLoss, y_true: Mapping[str, Any], y_pred: Mapping[str, Any], step: int
) -> Charges:
    """What `TotalLoss.values` gives, with what the masks and weights do to each pixel."""
    values = total_loss.values(y_true, y_pred, step=step)
    terms = total_loss.terms_on_batch(collect(total_loss.paths, y_true, y_pred), step)
    alike: dict[Any, list[Measured]] = {}
    without: list[str] = []
    off: list[str] = []
    for term in terms:
        found = _squeezed(values[term.name])
        if found is None:
            without.append(term.name)
        elif float(term.weight) == 0:
            off.append(term.name)
        else:
            key = (term.term.path[1], found.shape, *(part.tree for part in _sides(term).values()))
            alike.setdefault(key, []).append((term, found))
    blocks = tuple(_block(each) for each in alike.values())
    return Charges(blocks, tuple(without), tuple(off))


Measured = tuple[TermOnBatch, tf.Tensor]


def _sides(term: TermOnBatch) -> dict[str, Part]:
    """What it reads as target and as prediction, as far as it has these roles."""
    roles = term.term.roles
    return {name: roles[name] for name in ("y_true", "y_pred") if name in roles}


def _block(terms: Sequence[Measured]) -> Block:
    first, values = terms[0]
    samples = _telling([found for _, found in terms])
    images = (
        _image(first, name, part, values.shape, samples) for name, part in _sides(first).items()
    )
    return Block(
        str(first.term.path[1]),
        tuple(image for image in images if image is not None),
        tuple(_charge(term, found, samples) for term, found in terms),
        tuple(samples),
        int(values.shape[0]),
    )


def _telling(values: Sequence[tf.Tensor]) -> list[int]:
    """The samples to show: those with something not finite, then the first."""
    finite = np.ones(int(values[0].shape[0]), bool)
    for each in values:
        finite &= np.asarray(tf.reduce_all(tf.math.is_finite(each), [1, 2]))
    return [int(place) for place in np.argsort(finite, kind="stable")[:SAMPLES]]


def _squeezed(values: tf.Tensor) -> tf.Tensor | None:
    """[batch, h, w] of [batch, h, w] or [batch, h, w, 1]; None for what is no image."""
    if values.shape.rank == 4 and values.shape[-1] == 1:
        values = values[..., 0]
    if values.shape.rank != 3:
        return None
    samples, height, width = values.shape
    short, long = sorted((height, width))
    return values if samples and short >= 2 and long <= _LONGEST * short else None


def _charge(term: TermOnBatch, values: tf.Tensor, samples: list[int]) -> Charge:
    selection = term.selection
    shown = _chosen(values, samples)
    mask, weight = (
        None if each is None else _chosen(tf.reshape(each, values.shape), samples)
        for each in (selection.mask, selection.weight)
    )
    return Charge(term.name, shown, states(shown, mask, weight))


def _chosen(tensor: tf.Tensor, samples: list[int]) -> Array:
    return np.asarray(tf.gather(tensor, samples))


def _image(
    term: TermOnBatch, name: str, part: Part, shape: tf.TensorShape, samples: list[int]
) -> Image | None:
    """A role as an image of the shape of the values; the classes of a row become one number."""
    role, tensor = term.signature.roles[name], term.axes.tensors[name]
    words, domain = part.source.strip("`"), role.domain or "value"
    if tensor.shape == [*shape, 1]:
        tensor = tensor[..., 0]
    if tensor.shape == shape:
        classes = int(term.axes.shape([role.limit])[0]) if domain == "labels" else None
        kind = "value" if domain == "positive" else domain
        return Image(words, _chosen(tensor, samples), classes, kind)
    if tensor.shape[:-1] == shape and domain in ("logits", "distribution", "one_hot"):
        rows = tf.argmax(tf.gather(tensor, samples), -1)
        return Image(f"argmax of {words}", np.asarray(rows), int(tensor.shape[-1]), "labels")
    return None
