"""Replicas share what a training keeps: numbers, centers, flags, the steps of the optimizer."""

from __future__ import annotations

import logging

import numpy as np
import pytest

from tests.matrix import in_mode, per_replica
from tests.training.linear import linear_model, weights_of
from tests.training.shared_out import (
    EVERY_ROW,
    FEATURES,
    MEAN,
    PEOPLE,
    ROW,
    WITH_A_NAN,
    X,
    Y,
    batches,
    faces,
    fit,
    in_scope,
)


class TestReduce:
    """`training.reduce` in a loop of one's own."""

    @pytest.mark.parametrize("mode", ["eager", "graph"])
    @pytest.mark.parametrize("sizes", [(3, 2), (0, 5)], ids=str)
    def test_it_gives_the_breakdown_of_one_device(self, strategy, mode, sizes):
        from composer import build_total_loss, training

        total_loss = build_total_loss(EVERY_ROW)

        def replica(target, valid, pred, penalty):
            return total_loss(
                {"depth": target, "valid": valid},
                {"depth": pred},
                step=2,
                regularization=[penalty[0]],
            )

        def step(*shards):
            total, breakdown = strategy.run(replica, args=shards)
            return strategy.reduce("SUM", total, axis=None), training.reduce(strategy, breakdown)

        shards = [per_replica(strategy, array, sizes) for array in (Y["depth"], Y["valid"], X)]
        penalty = per_replica(strategy, np.array([3, 3], "float32"), (1, 1))
        total, breakdown = in_mode(step, mode)(*shards, penalty)
        # 1 + 8 + 16 = 25, of three that count; the penalty of 3 is divided by the calls and added.
        wanted = {
            "depth/mean": (25 / 3, 0.25, 25 / 12, 3),
            "depth/sum": (25, 0.25, 6.25, 1),
            "depth/weighted": (25 / 3, 0.25, 25 / 12, 3),
            "depth/none": (0, 0.25, 0, 0),
            "regularization": (3, 2, 6, 2),
        }
        assert list(breakdown) == list(wanted)
        for name, row in breakdown.items():
            np.testing.assert_allclose(row, wanted[name], rtol=1e-6, err_msg=name)
        np.testing.assert_allclose(total, 25 / 6 + 6.25 + 6, rtol=1e-6)

    def test_under_one_device_it_changes_nothing(self):
        import tensorflow as tf

        from composer import build_total_loss, training

        _, breakdown = build_total_loss(MEAN)({"depth": X, "valid": Y["valid"]}, {"depth": X + 3})
        assert training.reduce(tf.distribute.get_strategy(), breakdown) == breakdown


def on_every_replica(strategy, variable):
    """The numbers of a variable on each replica."""
    local = strategy.experimental_local_results(variable)
    assert len(local) == 2
    return [each.numpy() for each in local]


@pytest.fixture(scope="module")
def trained(strategy):
    """A model over replicas and one on one device, after epochs of 2 + 2 and 1 + 0 samples."""
    models = in_scope(strategy, faces)
    for model in models:
        fit(model, batches(x=FEATURES, y=PEOPLE), epochs=2)
    return models


class TestKept:
    """What a training keeps is the same on every replica."""

    def test_centers(self, strategy, trained):
        two, one = trained
        (centers,) = two.total_loss.variables
        (wanted,) = one.total_loss.variables
        first, second = on_every_replica(strategy, centers)
        assert np.abs(first).min() > 0
        np.testing.assert_array_equal(first, second)
        np.testing.assert_allclose(first, wanted.numpy(), rtol=1e-6)

    def test_rows_and_weights(self, strategy, trained):
        two, one = trained
        for name in ("sums", "last", "first_nonfinite"):
            first, second = on_every_replica(strategy, getattr(two.rows, name).value)
            np.testing.assert_array_equal(first, second)
            wanted = getattr(one.rows, name).numpy()
            np.testing.assert_allclose(first, wanted, rtol=1e-6, err_msg=name)
        (kernel,) = two.trainable_variables
        first, second = on_every_replica(strategy, kernel.value)
        np.testing.assert_array_equal(first, second)
        np.testing.assert_allclose(first, one.trainable_variables[0].numpy(), rtol=1e-6)


class TestNotFinite:
    """One replica sees the NaN, and all leave the term out."""

    def test_flags_are_equal_on_every_replica(self, strategy):
        import tensorflow as tf

        from composer.compose import Term
        from composer.training.nonfinite import nonfinite_flags

        losses = per_replica(strategy, np.array([1, np.nan], "float32"), (1, 1))

        @tf.function
        def flags():
            def replica(loss):
                one = tf.ones([])
                rows = {"a": Term(loss[0], one, loss[0], one), "b": Term(one, one, one, one)}
                return nonfinite_flags(rows)

            return strategy.run(replica, args=(losses,))

        found = {name: strategy.experimental_local_results(each) for name, each in flags().items()}
        assert found == {"a": (True, True), "b": (False, False)}

    def test_a_skipped_term_leaves_what_one_device_leaves(self, strategy, caplog):
        caplog.set_level(logging.WARNING, logger="losscomp")
        two, one = in_scope(strategy, lambda: faces("skip_term"))
        for model in (two, one):
            fit(model, batches(x=FEATURES, y=WITH_A_NAN), epochs=2)
        said = "step 0: depth/absolute_difference is not finite; its gradient is left out"
        assert [record.getMessage() for record in caplog.records] == [said] * 2
        assert np.isfinite(weights_of(two)).all()
        np.testing.assert_allclose(weights_of(two), weights_of(one), rtol=1e-6)
        # Of two steps an epoch the first is left out.
        assert two.rows.table()[ROW].skipped == one.rows.table()[ROW].skipped == 1
        first, second = on_every_replica(strategy, two.total_loss.variables[0])
        np.testing.assert_array_equal(first, second)
        np.testing.assert_allclose(first, one.total_loss.variables[0].numpy(), rtol=1e-6)

    @pytest.mark.full
    def test_raise_names_the_term_and_the_step(self, strategy):
        from composer.training import NonFiniteError

        with strategy.scope():
            model = faces("raise")
        with pytest.raises(NonFiniteError) as caught:
            fit(model, batches(x=FEATURES, y=WITH_A_NAN))
        assert caught.value.steps == {ROW: 0}
        assert np.isfinite(weights_of(model)).all()


class TestScope:
    def test_an_optimizer_is_made_in_it(self, strategy):
        import keras

        with strategy.scope():
            model = linear_model(MEAN)
        with pytest.raises(ValueError) as caught:  # noqa: PT011  # the whole text is below
            model.compile(keras.optimizers.SGD(0.1))
        assert str(caught.value) == (
            "the optimizer should be made in the scope of the model's strategy: each replica would count its "
            "steps once; write `with strategy.scope(): model.compile(…)`"
        )

    def test_an_optimizer_of_a_name_is_made_there(self, strategy):
        with strategy.scope():
            model = linear_model(MEAN)
        model.compile("sgd")
        fit(model, batches(), epochs=2)
        assert on_every_replica(strategy, model.optimizer.iterations.value) == [4, 4]


@pytest.mark.parametrize("call", ["train_on_batch", "test_on_batch"])
def test_a_batch_that_every_replica_would_get_whole_is_refused(strategy, call):
    with strategy.scope():
        model = linear_model(MEAN)
        model.compile("sgd")
    with pytest.raises(ValueError) as caught:  # noqa: PT011  # the whole text is below
        getattr(model, call)(X, Y)
    assert str(caught.value) == (
        "`train_on_batch` and `test_on_batch` give every replica the whole batch, and sums would "
        "count it as often; use `fit` and `evaluate`, which share it out"
    )
