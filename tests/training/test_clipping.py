"""Clipping bounds the gradient of the whole batch, also where replicas have a share of it each."""

from __future__ import annotations

import numpy as np
import pytest

from tests.training.linear import linear_model, weights_of
from tests.training.shared_out import MEAN, batches, fit, in_scope

OPTIONS = ({"clipnorm": 0.5}, {"global_clipnorm": 0.5}, {"clipvalue": 0.5})


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: next(iter(option)))
def test_replicas_clip_what_one_device_clips(strategy, option):
    import keras

    def make():
        model = linear_model(MEAN)
        model.compile(keras.optimizers.SGD(0.25, **option))
        return model

    # The gradient of the first batch is 13/3, of which the replicas have 1/3 and 4.
    two, one = in_scope(strategy, make)
    for model in (two, one):
        fit(model, batches(4))
        np.testing.assert_allclose(weights_of(model), 1 - 0.5 / 4, rtol=1e-6)


def test_what_is_within_the_bound_is_not_touched(strategy):
    import keras

    def make():
        model = linear_model(MEAN)
        model.compile(keras.optimizers.SGD(0.25, clipnorm=100.0))
        return model

    two, _ = in_scope(strategy, make)
    fit(two, batches(4))
    np.testing.assert_allclose(weights_of(two), 1 - 4.5 / 4, rtol=1e-6)


def test_a_scaled_loss_is_not_clipped_over_replicas(strategy):
    import keras

    def make():
        model = linear_model(MEAN)
        inner = keras.optimizers.SGD(0.25, clipnorm=0.5)
        model.compile(keras.optimizers.LossScaleOptimizer(inner))
        return model

    two, _ = in_scope(strategy, make)
    with pytest.raises(ValueError, match=r"Keras clips the share of every replica, and `clipnorm`"):
        fit(two, batches(4))
