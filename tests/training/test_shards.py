"""Shards may be uneven or empty, from the first batch on: `fit` gives what one device gives."""

from __future__ import annotations

import numpy as np
import pytest

from tests.training.linear import column, compiled, linear_model, weights_of
from tests.training.shared_out import (
    EVERY_ROW,
    MEAN,
    ROW,
    X,
    Y,
    batches,
    fit,
    in_scope,
    keras_batches,
    of_keras,
)

KERAS_ADDS = "Inputs to operation AddN of type AddN must have the same size and shape"


def shards_of(strategy, sizes, x=X, y=Y):
    """A dataset of one batch, of which each replica reads so many samples."""
    import tensorflow as tf

    pieces = np.split(np.arange(len(x)), np.cumsum(sizes)[:-1])
    signature = tf.nest.map_structure(
        lambda array: tf.TensorSpec([None, *array.shape[1:]], array.dtype), (x, y)
    )

    def each():
        for piece in pieces:
            yield tf.nest.map_structure(lambda array, piece=piece: array[piece], (x, y))

    return strategy.distribute_datasets_from_function(
        lambda _: tf.data.Dataset.from_generator(each, output_signature=signature)
    )


class TestFirstBatch:
    """It need not divide evenly, nor reach every replica."""

    @pytest.mark.parametrize(
        ("count", "shards"), [(5, (3, 2)), pytest.param(1, (1, 0), marks=pytest.mark.full)], ids=str
    )
    def test_it_trains_as_on_one_device(self, strategy, count, shards):
        two, one = in_scope(strategy, lambda: compiled(linear_model(MEAN), rate=0.25))
        (first,) = strategy.experimental_distribute_dataset(batches(count, of=8))
        local = strategy.experimental_local_results(first[0])
        assert tuple(map(len, local)) == shards
        logs, wanted = (fit(m, batches(count, of=8)) for m in (two, one))
        loss = {5: 25 / 3, 1: 1}[count]
        np.testing.assert_allclose([logs["loss"], wanted["loss"]], loss, rtol=1e-6)
        # The gradient of |w·x| is x: the loss again.
        np.testing.assert_allclose([weights_of(two), weights_of(one)], 1 - loss / 4, rtol=1e-6)

    @pytest.mark.parametrize("count", [5, 1])
    def test_keras_alone_fails(self, strategy, count):
        import tensorflow as tf

        with strategy.scope():
            model = of_keras(0.25)
        with pytest.raises(tf.errors.InvalidArgumentError, match=KERAS_ADDS):
            fit(model, keras_batches(count, of=8))

    @pytest.mark.parametrize(
        "sizes", [(1, 4), pytest.param((0, 5), marks=pytest.mark.full)], ids=str
    )
    def test_the_replicas_may_read_shards_of_their_own(self, strategy, sizes):
        with strategy.scope():
            model = compiled(linear_model(MEAN), rate=0.25)
        data = shards_of(strategy, sizes)
        logs = fit(model, data, steps_per_epoch=1)
        np.testing.assert_allclose(logs["loss"], [25 / 3], rtol=1e-6)
        np.testing.assert_allclose(weights_of(model), 1 - 25 / 12, rtol=1e-6)

    @pytest.mark.full
    def test_a_model_without_shapes_is_built_by_it(self, strategy):
        import keras

        from composer import training

        class Head(keras.Model):
            def __init__(self):
                super().__init__()
                self.depth = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")

            def call(self, x):
                return {"depth": self.depth(x)}

        with strategy.scope():
            model = compiled(
                training.attach(Head(), MEAN), rate=0.25, metrics={"depth": ["mean_absolute_error"]}
            )
        logs = fit(model, batches(of=8))
        np.testing.assert_allclose(logs["loss"], [25 / 3], rtol=1e-6)
        np.testing.assert_allclose(weights_of(model), 1 - 25 / 12, rtol=1e-6)


class TestEpoch:
    """Batches of 2 + 2 and 1 + 0, then validation on the same."""

    @pytest.mark.parametrize(
        ("spec", "rows"), [(MEAN, 1), pytest.param(EVERY_ROW, 5, marks=pytest.mark.full)]
    )
    def test_history_is_that_of_one_device(self, strategy, spec, rows):
        two, one = in_scope(strategy, lambda: compiled(linear_model(spec), rate=0.01))
        logs, wanted = (
            fit(model, batches(), validation_data=batches(), epochs=3) for model in (two, one)
        )
        assert list(logs) == list(wanted)
        assert len(logs) == 2 * (1 + 2 * rows)
        for name, numbers in wanted.items():
            np.testing.assert_allclose(logs[name], numbers, rtol=1e-5, atol=1e-7, err_msg=name)
        np.testing.assert_allclose(weights_of(two), weights_of(one), rtol=1e-6)
        assert two.rows.table().keys() == one.rows.table().keys()
        for name, row in one.rows.table().items():
            assert two.rows.table()[name].kept == row.kept, name

    @pytest.mark.full
    def test_what_counts_weighs_in_history_where_keras_weighs_samples(self, strategy):
        x = column(1, 3, 100, 4, 16)
        valid = np.array([[True], [True], [False], [True], [True]])
        y = {"depth": 0 * x, "valid": valid}
        two, one = in_scope(strategy, lambda: compiled(linear_model(MEAN)))
        ours = [fit(m, batches(x=x, y=y))["loss"][0] for m in (one, two)]
        np.testing.assert_allclose(ours, 6, rtol=1e-6)  # (1 + 3 + 4 + 16) / 4
        two, one = in_scope(strategy, lambda: of_keras(0.0))
        keras = [fit(m, keras_batches(x=x, valid=valid))["loss"][0] for m in (one, two)]
        # One device: 8/3 for four samples and 16 for one. Two: 2 for two, 4 for two, 16 for one.
        np.testing.assert_allclose(
            keras, [(4 * 8 / 3 + 16) / 5, (2 * 2 + 2 * 4 + 16) / 5], rtol=1e-6
        )

    @pytest.mark.full
    def test_the_tracker_of_keras_takes_shares_for_means(self, strategy):
        """What the rows stand in for: in a `compute_loss` of one's own, 0.167 is told as −0.667."""
        import keras

        from composer import build_total_loss

        spec = {"tasks": {"depth": {"loss": "precomputed"}}}
        x = column(1, 2, -2.5)
        y = {"depth": 0 * x}

        class Naive(keras.Model):
            def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
                return self.total_loss(y, {"depth": y_pred})[0]

        def naive():
            inputs = keras.Input([1])
            model = Naive(
                inputs, keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")(inputs)
            )
            model.total_loss = build_total_loss(spec)
            model.compile(keras.optimizers.SGD(0.0))
            return model

        told = [
            fit(model, batches(of=2, x=x, y=y))["loss"][0]
            for build in (lambda: compiled(linear_model(spec)), naive)
            for model in in_scope(strategy, build)
        ]
        # Batches of 1 + 1 and 1 + 0: (1 + 2 − 2.5) / 3, and (1 + 2 − 2·2.5) / 3.
        np.testing.assert_allclose(told, [1 / 6, 1 / 6, -2 / 3, 1 / 6], rtol=1e-6)

    def test_evaluate_gives_the_numbers_of_one_device(self, strategy):
        with strategy.scope():
            model = compiled(linear_model(MEAN))
        found = model.evaluate(batches(), verbose=0, return_dict=True)
        np.testing.assert_allclose(list(found.values()), 25 / 3, rtol=1e-6)
        assert set(found) == {"loss", ROW, f"{ROW}/weighted"}
        assert model.rows.table()[ROW].kept == 3 / 5
