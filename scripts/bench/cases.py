"""The cases that are timed, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import tensorflow as tf
import yaml

from bench import batches, specs
from bench.case import Case, Head, Tensors


def _labelled(y_true: Tensors) -> tf.Tensor:
    return tf.not_equal(y_true["scene"], batches.IGNORED)


def _measured(y_true: Tensors) -> tf.Tensor:
    return y_true["depth"] > 0


def _valid(y_true: Tensors) -> tf.Tensor:
    return y_true["valid"]


def _finite(name: str) -> Callable[[Tensors], tf.Tensor]:
    return lambda y_true: tf.math.is_finite(y_true[name])


_SCENE_HEAD = Head("scene", "sparse_softmax_cross_entropy", mask=_labelled, is_unusable=True)
_DENSE_HEADS = (
    _SCENE_HEAD,
    Head("depth", "huber", mask=_measured, weight=0.5),
    Head("normals", "cosine_distance", mask=_valid, weight=2.0),
)


def dense(quick: bool) -> Case:
    """Segmentation, depth and normals of images."""
    size = (2, 8, 8) if quick else (8, 256, 256)
    about = f"{_times(size)}: 19 classes with a label to ignore, depth with 30 % missing, normals"
    return _case("dense", about, specs.DENSE, _DENSE_HEADS, batches.dense(size))


def dense_float16(quick: bool) -> Case:
    """The same from predictions in float16, with the scale of the loss that float16 needs."""
    of = dense(quick)
    y_pred = {name: array.astype(np.float16) for name, array in of.y_pred.items()}
    about = "the same with predictions in float16, the loss scaled by 32,768"
    return Case("float16", about, of.spec, of.heads, of.y_true, y_pred, loss_scale=32768.0)


def dense150(quick: bool) -> Case:
    """Segmentation alone, with many classes."""
    size = (2, 8, 8) if quick else (4, 256, 256)
    batch = batches.segmentation(size, 7 if quick else 150)
    return _case("dense150", f"{_times(size)}: 150 classes", specs.SCENE, (_SCENE_HEAD,), batch)


def sigmoid(quick: bool) -> Case:
    """Yes or no for every class of every pixel."""
    return _tags("sigmoid", specs.SIGMOID, "sigmoid_cross_entropy", quick)


def focal(quick: bool) -> Case:
    """The same with the focal loss."""
    return _tags("focal", specs.SIGMOID_FOCAL, "sigmoid_focal", quick)


def _tags(name: str, spec: str, loss: str, quick: bool) -> Case:
    size = (2, 8, 8) if quick else (8, 128, 128)
    about = f"{_times(size)}: 20 labels a pixel, 10 % masked"
    return _case(name, about, spec, (Head("tags", loss, mask=_valid),), batches.tags(size))


def classes1024(quick: bool) -> Case:
    """Rows of so many classes."""
    return _classes("classes1024", *((16, 20) if quick else (8192, 1024)))


def huge(quick: bool) -> Case:
    """Few rows of very many classes."""
    return _classes("huge", *((8, 50) if quick else (64, 250_000)))


def _classes(name: str, rows: int, classes: int) -> Case:
    heads = (Head("word", "sparse_softmax_cross_entropy"),)
    about = f"{rows:,} rows of {classes:,} classes"
    return _case(name, about, specs.CLASSES, heads, batches.classes(rows, classes))


def embeddings1024(quick: bool) -> Case:
    """The angle between long vectors."""
    rows, length = (16, 20) if quick else (8192, 1024)
    heads = (Head("face", "cosine_distance", normalize=True),)
    about = f"{rows:,} rows of {length:,}: the cosine distance"
    return _case("embeddings1024", about, specs.EMBEDDINGS, heads, batches.vectors(rows, length))


def triplet(quick: bool) -> Case:
    """Anchors, positives and negatives."""
    rows, length = (16, 20) if quick else (4096, 128)
    heads = (Head("face", "triplet", ("anchor", "positive", "negative")),)
    about = f"{rows:,} rows of {length}"
    return _case("triplet", about, specs.TRIPLET, heads, batches.triplets(rows, length))


def heads(name: str, count: int) -> Callable[[bool], Case]:
    """So many numbers for each sample, half of them by `huber`, half by squares."""

    def make(quick: bool) -> Case:
        number = min(count, 3) if quick else count
        return of_heads(name, number, 200 if quick else 256)

    return make


def of_heads(name: str, count: int, rows: int) -> Case:
    """A case of so many tasks."""
    losses = {f"t{n}": ("huber", "mean_squared_error")[n % 2] for n in range(count)}
    spec = {t: {"mask": "isfinite(y_true)", "loss": loss} for t, loss in losses.items()}
    found = tuple(
        Head(task, loss, mask=_finite(task), is_unusable=True) for task, loss in losses.items()
    )
    y_true, y_pred = batches.numbers(list(losses), rows)
    return Case(name, f"{count:,} tasks of {rows} × 1", {"tasks": spec}, found, y_true, y_pred)


def weights(name: str, missing: float) -> Callable[[bool], Case]:
    """Depth with a weight for every element."""

    def make(quick: bool) -> Case:
        size = (2, 16, 16) if quick else (8, 512, 512)
        about = f"{_times(size)}: depth with a weight for each pixel, {missing:.0%} missing"
        found = (Head("depth", "huber", mask=_measured, factor="importance"),)
        # The small case is what is looked into for selection, and should have what to select.
        part = max(missing, 0.3) if quick else missing
        return _case(name, about, specs.WEIGHTS, found, batches.weighted_depth(size, part))

    return make


def _case(name: str, about: str, spec: str, found: tuple[Head, ...], batch: batches.Batch) -> Case:
    return Case(name, about, yaml.safe_load(spec), found, *batch)


def _times(sizes: Iterable[int]) -> str:
    return " × ".join(map(str, sizes))


CASES: dict[str, Callable[[bool], Case]] = {
    "dense": dense,
    "dense150": dense150,
    "float16": dense_float16,
    "sigmoid": sigmoid,
    "focal": focal,
    "classes1024": classes1024,
    "huge": huge,
    "embeddings1024": embeddings1024,
    "triplet": triplet,
    "weights0": weights("weights0", 0.0),
    "weights30": weights("weights30", 0.3),
    "weights99": weights("weights99", 0.99),
    "heads10": heads("heads10", 10),
    "heads100": heads("heads100", 100),
    "heads1000": heads("heads1000", 1000),
}
"""From a name to what makes the case, small where it is asked to be quick."""
