"""Gradient accumulation: every micro-batch brings the denominators of its whole window along."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from composer.compose import TotalLoss
from composer.engine.batch_tensors import collect
from composer.language.diagnostics import listing
from composer.terms import terms_of
from composer.training.batches import with_sample_weight
from composer.training.window_limits import NO_SUM, Window, refuse

do_not_convert = tf.autograph.experimental.do_not_convert

# The key under which a target holds its window; the number of micro-batches has to be known while
# tracing, which a key is.
WINDOW = "losscomp.window_of_"


def with_denominators(
    dataset: tf.data.Dataset, total_loss: TotalLoss, k: int, *, drop_remainder: bool = False
) -> tf.data.Dataset:
    """A dataset for an optimizer with `gradient_accumulation_steps=k`.

    Each window of k batches goes through `fit` with its denominators, added up: the update is that
    of one batch k times as large. k batches are held in memory.

    Args:
        dataset: batches `(x, y_true)` or `(x, y_true, sample_weight)`, y_true a mapping by name.
        total_loss: the loss that the model trains with.
        k: the micro-batches of one update.
        drop_remainder: leaves out the batches at the end that make no whole window; they raise
            otherwise.

    Raises:
        ValueError: k is below 2; the batches are no whole windows; or terms, which are named, are
            no sum over micro-batches: their denominators read predictions or the step, they read a
            Keras mask, couple the samples of a batch, or move centers.
    """
    if not isinstance(k, int) or k < 2:
        raise ValueError(f"k should be an integer of at least 2, found {k!r}")
    if not isinstance(total_loss, TotalLoss):
        raise ValueError(
            "total_loss should be a TotalLoss, such as `model.total_loss`, "
            f"found {type(total_loss).__name__}"
        )
    refuse(total_loss)
    count = int(dataset.cardinality())
    if count > 0 and count % k and not drop_remainder:
        raise ValueError(
            f"the dataset should be whole windows of {k} batches, found {count} batches; "
            "`drop_remainder=True` leaves the last out, `dataset.repeat()` goes on with the first"
        )
    windows = dataset.window(k, drop_remainder=drop_remainder)
    # Errors of ours stay as they are, without the frames of AutoGraph.
    found = windows.flat_map(do_not_convert(lambda *parts: _expanded(parts, total_loss, k)))
    options = tf.data.Options()
    # A worker that reads files of its own would add up its own windows alone.
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    found = found.with_options(options)
    if count < 0:  # endless, or not known
        return found
    return found.apply(tf.data.experimental.assert_cardinality(count - count % k))


def read_window(y_true: Any) -> tuple[Window | None, Any]:
    """The window that a target brings along, if any, and the target itself."""
    if not isinstance(y_true, Mapping):
        return None, y_true
    key = next((key for key in y_true if str(key).startswith(WINDOW)), None)
    if key is None:
        return None, y_true
    held = y_true[key]
    denominators = {name: _first(each) for name, each in held["denominators"].items()}
    # A replica that gets no sample of this batch has no share in it.
    share = tf.reduce_sum(tf.math.reciprocal_no_nan(held["samples"]))
    return Window(int(key.removeprefix(WINDOW)), denominators, share), y_true["y_true"]


def _first(vector: tf.Tensor) -> tf.Tensor:
    return tf.concat([vector, tf.zeros([1], vector.dtype)], axis=0)[0]


def _expanded(parts: Any, total_loss: TotalLoss, k: int) -> tf.data.Dataset:
    """The micro-batches of one window, each with the denominators of all."""
    if len(parts) not in (2, 3):
        raise ValueError(
            "the dataset should give (x, y_true) or (x, y_true, sample_weight), "
            f"found a tuple of {len(parts)}"
        )
    window = tf.data.Dataset.zip(tuple(tf.nest.flatten(parts)))
    sums = _whole(_sums(window, parts, total_loss), k)

    def attached(*batch: tf.Tensor) -> Any:
        x, y_true, *more = tf.nest.pack_sequence_as(parts, batch)
        # A strategy splits all that a batch holds along its first axis: so a copy for each sample.
        rows = {name: tf.fill([tf.shape(batch[0])[0]], each) for name, each in sums.items()}
        held = {"samples": rows.pop(_SAMPLES), "denominators": rows}
        return (x, {f"{WINDOW}{k}": held, "y_true": y_true}, *more)

    return window.map(attached)


def _sums(window: tf.data.Dataset, parts: Any, total_loss: TotalLoss) -> dict[str, tf.Tensor]:
    """The denominators of a window by term, its samples and its batches; float64 scalars."""

    def counted(batch: tuple[tf.Tensor, ...]) -> dict[str, tf.Tensor]:
        _, *rest = tf.nest.pack_sequence_as(parts, batch)
        return {**_denominators(total_loss, *rest), _SAMPLES: _length(batch), _BATCHES: _one()}

    zeros = {name: tf.zeros([], tf.float64) for name in [*_divided(total_loss), _SAMPLES, _BATCHES]}
    sums: dict[str, tf.Tensor] = window.reduce(
        zeros,
        lambda sums, batch: {name: sums[name] + each for name, each in counted(batch).items()},
    )
    return sums


def _whole(sums: dict[str, tf.Tensor], k: int) -> dict[str, tf.Tensor]:
    """The sums of a window, which raise where it has fewer than k batches."""
    batches = sums.pop(_BATCHES)
    whole = tf.debugging.assert_equal(
        batches,
        tf.constant(float(k), tf.float64),
        f"the dataset should be whole windows of {k} batches; `drop_remainder=True` leaves "
        "the last batches out",
    )
    with tf.control_dependencies([whole]):
        return {name: tf.identity(each) for name, each in sums.items()}


# No term is called so: their names have a stroke in them.
_SAMPLES = "samples"
_BATCHES = "batches"


def _one() -> tf.Tensor:
    return tf.ones([], tf.float64)


def _length(batch: tuple[tf.Tensor, ...]) -> tf.Tensor:
    return tf.cast(tf.shape(batch[0])[0], tf.float64)


def _divided(total_loss: TotalLoss) -> list[str]:
    """The terms that have a denominator."""
    return [term.name for term in terms_of(total_loss.spec) if term.reduction != "sum"]


def _denominators(
    total_loss: TotalLoss, y_true: Any, sample_weight: Any = None
) -> dict[str, tf.Tensor]:
    """D of one micro-batch by term, float64."""
    if not isinstance(y_true, Mapping):
        raise ValueError(f"y_true should be a mapping by name, found {type(y_true).__name__}")
    targets = with_sample_weight(dict(y_true), sample_weight, total_loss.paths)
    # Only for the scalar weights, which are no part of a denominator.
    step = tf.zeros([], tf.int64)
    terms = total_loss.terms_on_batch(collect(total_loss.paths, targets, None), step)
    unknown = [term.name for term in terms if not term.has_divisor]
    if unknown:
        raise ValueError(f"{NO_SUM}: the denominators of {listing(unknown)} read y_pred")
    return {
        term.name: tf.cast(term.divisor(), tf.float64) for term in terms if term.reduction != "sum"
    }
