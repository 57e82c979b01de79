"""Clipping over replicas: of the sum of their gradients, where Keras clips each share by itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from composer.engine.replicas import sum_over_replicas

_OPTIONS = ("clipnorm", "global_clipnorm", "clipvalue")


def clipped(optimizer: Any, gradients: Sequence[Any]) -> Sequence[Any]:
    """Equal shares of the clipped sum of the gradients; as they are where Keras clips that itself.

    What Keras clips of such a share is nothing: it is within the bounds already.

    Raises:
        ValueError: a LossScaleOptimizer clips after it has undone its scale, which is too late.
    """
    replicas = tf.distribute.get_strategy().num_replicas_in_sync
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    options = [name for name in _OPTIONS if getattr(inner, name, None) is not None]
    if replicas == 1 or not options:
        return gradients
    if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        raise ValueError(
            f"Keras clips the share of every replica, and `{options[0]}` of a LossScaleOptimizer "
            "cannot be had of their sum; train in mixed_bfloat16 or float32, or clip in a loop of "
            "your own"
        )
    places = [place for place, each in enumerate(gradients) if each is not None]
    sums = sum_over_replicas([tf.convert_to_tensor(gradients[place]) for place in places])
    found = list(gradients)
    for place, each in zip(places, _clip(inner, sums), strict=True):
        found[place] = each / replicas
    return found


def _clip(optimizer: Any, gradients: list[tf.Tensor]) -> list[tf.Tensor]:
    if optimizer.clipnorm is not None:
        return [tf.clip_by_norm(each, optimizer.clipnorm) for each in gradients]
    if optimizer.global_clipnorm is not None:
        return list(tf.clip_by_global_norm(gradients, optimizer.global_clipnorm)[0])
    bound = optimizer.clipvalue
    return [tf.clip_by_value(each, -bound, bound) for each in gradients]
