"""Gradient accumulation: every micro-batch brings the denominators of its whole window along."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from composer.compose import TotalLoss
from composer.engine.batch_tensors import collect
from composer.language import tree as t
from composer.language.diagnostics import listing
from composer.terms import Term, terms_of
from composer.training.batches import KERAS_MASK, with_sample_weight

do_not_convert = tf.autograph.experimental.do_not_convert

# The key under which a target holds its window; the number of micro-batches has to be known while
# tracing, which a key is.
WINDOW = "losscomp.window_of_"


class Window(NamedTuple):
    """What a micro-batch knows of its window, on one replica.

    Attributes:
        size: k, the number of micro-batches.
        denominators: D of the whole window, by term.
        share: the part of the window's samples that are here.
    """

    size: int
    denominators: dict[str, tf.Tensor]
    share: tf.Tensor


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
        ValueError: a denominator reads predictions or the step, or a loss couples the samples of a
            batch: no sum over micro-batches gives what one batch gives. The terms are named.
    """
    if not isinstance(k, int) or k < 2:
        raise ValueError(f"k should be an integer of at least 2, found {k!r}")
    _refuse(total_loss)
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
    return (
        found
        if count < 0
        else found.apply(tf.data.experimental.assert_cardinality(_whole(count, k)))
    )


def _whole(count: int, k: int) -> int:
    return count - count % k


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
    flat = tf.nest.flatten(parts)
    window = tf.data.Dataset.zip(tuple(flat))

    def counted(batch: tuple[tf.Tensor, ...]) -> dict[str, tf.Tensor]:
        _, *rest = tf.nest.pack_sequence_as(parts, batch)
        return {**_denominators(total_loss, *rest), _SAMPLES: _length(batch), _BATCHES: _one()}

    zeros = {name: tf.zeros([], tf.float64) for name in [*_divided(total_loss), _SAMPLES, _BATCHES]}
    sums = window.reduce(
        zeros,
        lambda sums, batch: {name: sums[name] + each for name, each in counted(batch).items()},
    )
    whole = tf.debugging.assert_equal(
        sums[_BATCHES],
        tf.constant(float(k), tf.float64),
        f"the dataset should be whole windows of {k} batches; `drop_remainder=True` leaves "
        "the last batches out",
    )
    with tf.control_dependencies([whole]):
        sums = {name: tf.identity(each) for name, each in sums.items()}

    def attached(*batch: tf.Tensor) -> Any:
        x, y_true, *more = tf.nest.pack_sequence_as(parts, batch)
        # A strategy splits all that a batch holds along its first axis: so a copy for each sample.
        rows = {
            name: tf.fill([tf.shape(batch[0])[0]], each)
            for name, each in sums.items()
            if name != _BATCHES
        }
        samples = rows.pop(_SAMPLES)
        held = {"denominators": rows, "samples": samples}
        return (x, {f"{WINDOW}{k}": held, "y_true": y_true}, *more)

    return window.map(attached)


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
        raise ValueError(f"{_REFUSED}: the denominators of {listing(unknown)} read y_pred")
    return {
        term.name: tf.cast(term.divisor(), tf.float64) for term in terms if term.reduction != "sum"
    }


_REFUSED = "no sum over micro-batches is what one batch gives"


def _refuse(total_loss: TotalLoss) -> None:
    """Raises ValueError for the terms that are no sum over micro-batches, with the reason."""
    terms = terms_of(total_loss.spec)
    ranks = {name: len(each.shape) for name, each in total_loss.spec.constants.items()}
    coupled = [term.name for term in terms if term.loss.coupling == "batch"]
    if coupled:
        raise ValueError(f"{_REFUSED}: {listing(coupled)} couple the samples of a batch")
    masked = [term.name for term in terms if _reads_keras_mask(term)]
    if masked:
        raise ValueError(
            f"the dataset does not know the Keras masks of the model, which {listing(masked)} "
            "read; put the masks into the targets, or accumulate in a loop of your own"
        )
    moving = [term.name for term in terms if any(_has(t.Step, x) for x in _counted(term, ranks))]
    if moving:
        raise ValueError(
            f"the dataset does not know the step, which the denominators of {listing(moving)} "
            "read; add them up in a loop of your own"
        )


def _counted(term: Term, ranks: Mapping[str, int]) -> list[t.Tree]:
    """The expressions that decide on a term's denominator: its masks and its tensor weights."""
    if term.reduction == "sum":
        return []
    rests = [part.split(ranks)[1] for part in term.weights]
    return [*(part.tree for part in term.masks), *(rest for rest in rests if rest is not None)]


def _has(kind: type[t.Tree], tree: t.Tree) -> bool:
    return any(isinstance(node, kind) for node in t.walk(tree))


def _reads_keras_mask(term: Term) -> bool:
    return any(
        isinstance(node, t.Tensor) and node.side == "y_true" and node.path[:1] == (KERAS_MASK,)
        for part in (*term.roles.values(), *term.masks, *term.weights)
        for node in t.walk(part.tree)
    )


def accumulation_steps(optimizer: Any) -> int:
    """k of `gradient_accumulation_steps=k`, the wrapped optimizer's too; 1 where there is none."""
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    return getattr(inner, "gradient_accumulation_steps", None) or 1


def require_start(optimizer: Any) -> None:
    """Raises ValueError where an optimizer stands in the middle of a window as a dataset begins."""
    k = accumulation_steps(optimizer)
    behind = 0 if k == 1 else int(optimizer.variables[0]) % k
    if behind:
        raise ValueError(
            f"a dataset begins with a whole window, and the optimizer has {behind} of {k} batches "
            "behind it: a training before ended, or a checkpoint was written, within a window; "
            "compile with a new optimizer"
        )


def require_windows(optimizer: Any, window: Window | None) -> None:
    """Raises ValueError where an optimizer and its batches do not go together."""
    k = accumulation_steps(optimizer)
    size = 1 if window is None else window.size
    strategy = tf.distribute.get_strategy()
    if k > 1 and strategy.num_replicas_in_sync > 1:
        raise ValueError(
            "Keras accumulates gradients on one device alone, found "
            f"{strategy.num_replicas_in_sync} replicas; accumulate in a loop of your own, with "
            "`denominators=`"
        )
    if k > 1 and isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        raise ValueError(
            "a LossScaleOptimizer leaves out micro-batches whose gradients overflow, and windows "
            "would shift; accumulate in mixed_bfloat16 or float32, or in a loop of your own"
        )
    if k > 1 and window is None:
        raise ValueError(
            f"the optimizer accumulates over {k} batches, so each should bring the denominators of "
            f"its window; write `training.with_denominators(dataset, total_loss, {k})`"
        )
    if size != k:
        raise ValueError(
            f"the dataset has windows of {size} batches and the optimizer "
            f"`gradient_accumulation_steps={k if k > 1 else None}`; they should be the same"
        )
