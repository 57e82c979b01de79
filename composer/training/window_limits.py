"""What accumulates gradients exactly, and what does not: windows, losses, optimizers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from composer.compose import TotalLoss
from composer.language import tree as t
from composer.language.diagnostics import listing
from composer.terms import Term, terms_of
from composer.training.batches import KERAS_MASK

_REPLICATED = (tf.distribute.MirroredStrategy, tf.distribute.MultiWorkerMirroredStrategy)
NO_SUM = "no sum over micro-batches is what one batch gives"


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


def refuse(total_loss: TotalLoss) -> None:
    """Raises ValueError for the terms that are no sum over micro-batches, with the reason."""
    terms = terms_of(total_loss.spec)
    ranks = {name: len(each.shape) for name, each in total_loss.spec.constants.items()}
    for is_refused, sentence in _REFUSALS:
        names = [term.name for term in terms if is_refused(term, ranks)]
        if names:
            raise ValueError(sentence.format(listing(names)))


def _counted(term: Term, ranks: Mapping[str, int]) -> list[t.Tree]:
    """The expressions that decide on a term's denominator: its masks and its tensor weights."""
    if term.reduction == "sum":
        return []
    rests = [part.split(ranks)[1] for part in term.weights]
    return [*(part.tree for part in term.masks), *(rest for rest in rests if rest is not None)]


def _couples_the_batch(term: Term, _: Mapping[str, int]) -> bool:
    return term.loss.coupling == "batch"


def _reads_keras_mask(term: Term, _: Mapping[str, int]) -> bool:
    return any(
        isinstance(node, t.Tensor) and node.side == "y_true" and node.path[:1] == (KERAS_MASK,)
        for part in (*term.roles.values(), *term.masks, *term.weights)
        for node in t.walk(part.tree)
    )


def _moves(term: Term, _: Mapping[str, int]) -> bool:
    # Of our own losses `center` has state, and stands still with `alpha: 0`.
    return bool(term.loss.state()) and getattr(term.loss, "alpha", None) != 0


def _counts_by_step(term: Term, ranks: Mapping[str, int]) -> bool:
    return any(isinstance(node, t.Step) for tree in _counted(term, ranks) for node in t.walk(tree))


_REFUSALS = (
    (_couples_the_batch, f"{NO_SUM}: {{}} couple the samples of a batch"),
    (
        _reads_keras_mask,
        "the dataset does not know the Keras masks of the model, which {} read; put the masks into "
        "the targets, or accumulate in a loop of your own",
    ),
    (
        _moves,
        f"{NO_SUM}: the variables of {{}} move with every micro-batch, and the next one finds them "
        "elsewhere; `alpha: 0` holds centers",
    ),
    (
        _counts_by_step,
        "the dataset does not know the step, which the denominators of {} read; add them up in a "
        "loop of your own",
    ),
)


def accumulation_steps(optimizer: Any) -> int:
    """k of `gradient_accumulation_steps=k`, the wrapped optimizer's too; 1 where there is none.

    Raises ValueError for several optimizers of which one accumulates.
    """
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    if any(accumulation_steps(each) > 1 for each in getattr(inner, "optimizers", ())):
        raise ValueError(
            "one optimizer of a MultiOptimizer has `gradient_accumulation_steps`, and the steps of "
            "all others would count its micro-batches; accumulate with a single optimizer"
        )
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
    if k > 1 and isinstance(strategy, _REPLICATED):
        raise ValueError(
            f"Keras accumulates gradients without replicas alone, found {type(strategy).__name__}; "
            "accumulate in a loop of your own, with `denominators=`"
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
