"""A term that is not finite is named, with its step, in every mode; what is left of it is told."""

from __future__ import annotations

import logging
import math

import numpy as np
import pytest

from tests.training.linear import MODES, column, compiled, linear_model, weights_of

SPEC = {
    "tasks": {
        "good": {"loss": "mean_squared_error"},
        "bad": {"loss": [{"type": "absolute_difference", "name": "mae"}]},
    }
}
GOOD = "good/mean_squared_error"
BAD = "bad/mae"
WAYS = {
    **MODES,
    "three at once": {"steps_per_execution": 3},
    "XLA, four at once": {"jit_compile": True, "steps_per_execution": 4},
}
SLOW = ("xla", "three at once", "XLA, four at once")
in_every_way = pytest.mark.parametrize(
    "way",
    [pytest.param(way, marks=pytest.mark.full) if way in SLOW else way for way in WAYS],
)

compiled_alone = pytest.mark.parametrize(
    "way", ["graph", *(pytest.param(way, marks=pytest.mark.full) for way in ("eager", "xla"))]
)


def batches(*numbers):
    """A sample a step, whose target `bad` is a number of these."""
    zeros = column(*(0 for _ in numbers))
    return zeros + 1, {"good": zeros, "bad": column(*numbers)}


def model_of(policy, way="eager", spec=SPEC, rate=0.1, optimizer=None, **options):
    import keras

    model = linear_model(spec, ["good", "bad"], on_nonfinite=policy, **options)
    model.compile(optimizer or keras.optimizers.SGD(rate), **WAYS[way])
    return model


def fit(model, *numbers, **options):
    return model.fit(
        *batches(*numbers), **{"batch_size": 1, "shuffle": False, "verbose": 0} | options
    ).history


@pytest.fixture
def told(caplog):
    """What the logger `losscomp` has said."""
    caplog.set_level(logging.WARNING, logger="losscomp")
    return lambda: [record.message for record in caplog.records if record.name == "losscomp"]


@in_every_way
@pytest.mark.parametrize(
    "number", [math.nan, *(pytest.param(x, marks=pytest.mark.full) for x in (math.inf, -math.inf))]
)
def test_report_names_a_term_at_the_step_where_it_is_first_not_finite(way, number, told):
    model = model_of("report", way, rate=0.0)
    history = fit(model, 0, 0, number, 0, number)
    assert told() == [f"step 2: {BAD} is not finite"]
    assert model.watch.told == {BAD: 2}
    assert history[GOOD] == [1]
    assert not math.isfinite(history[BAD][0])
    assert not math.isfinite(history["loss"][0])


@in_every_way
def test_skip_term_leaves_it_out_of_that_step(way, told):
    model = model_of("skip_term", way, rate=0.0)
    history = fit(model, 0, 2, math.nan, 4, math.nan)
    assert told() == [f"step 2: {BAD} is not finite; its gradient is left out"]
    # |1 − 0|, |1 − 2| and |1 − 4|, and none of two.
    assert history[BAD] == [5 / 3]
    assert history["loss"] == [1 + 5 / 3]
    assert model.rows.table()[BAD].skipped == 2
    assert model.rows.table()[GOOD].skipped == 0
    assert np.isfinite(weights_of(model)).all()


@in_every_way
def test_raise_stops_the_training_after_the_step(way, told):
    from composer import training

    model = model_of("raise", way)
    with pytest.raises(training.NonFiniteError) as error:
        fit(model, 0, math.nan, 0, 0)
    assert str(error.value) == (
        f"not finite: `{BAD}` at step 1; no gradient of theirs reached the model. "
        "`losscomp check --batch` and `losscomp build --batch` show where in a batch"
    )
    assert error.value.steps == {BAD: 1}
    assert isinstance(error.value, ArithmeticError)
    assert told() == [f"step 1: {BAD} is not finite; its gradient is left out"]
    executed = WAYS[way].get("steps_per_execution", 2)
    assert int(model.optimizer.iterations) == executed
    assert np.isfinite(weights_of(model)).all()


@pytest.mark.filterwarnings("ignore:Gradients do not exist")
@compiled_alone
def test_the_rest_trains_bit_for_bit_as_without_the_term(way):
    """Three steps of three with NaN; the heads share a layer, so that nothing else may differ."""
    import keras

    from composer import training

    random = np.random.default_rng(0)
    x = random.normal(size=(6, 3)).astype("float32")
    y = {name: random.normal(size=(6, 2)).astype("float32") for name in ("good", "bad")}
    y["bad"][::2, 1] = np.nan

    def trained(tasks):
        keras.utils.set_random_seed(2)
        inputs = keras.Input([3])
        hidden = keras.layers.Dense(4, "tanh")(inputs)
        outputs = {name: keras.layers.Dense(2, name=name)(hidden) for name in ("good", "bad")}
        spec = {"tasks": {name: SPEC["tasks"][name] for name in tasks}}
        model = training.MultiTaskModel(inputs, outputs, total_loss=spec, on_nonfinite="skip_term")
        model.compile(keras.optimizers.Adam(0.1), **MODES[way])
        model.fit(x, y, batch_size=2, shuffle=False, verbose=0)
        return model

    with_it, without = trained(["good", "bad"]), trained(["good"])
    for one, other in zip(with_it.weights, without.weights, strict=True):
        np.testing.assert_array_equal(one, other)
    assert with_it.rows.table()[BAD].skipped == 3


@compiled_alone
def test_the_flags_change_no_bit_of_what_is_finite(way):
    x = np.random.default_rng(0).normal(size=(6, 3)).astype("float32")
    y = {"good": x[:, :1], "bad": x[:, 1:2]}
    models = [model_of(policy, way, features=3) for policy in ("report", "skip_term", "raise")]
    for model in models:
        model.fit(x, y, batch_size=2, epochs=2, shuffle=False, verbose=0)
        np.testing.assert_array_equal(weights_of(model), weights_of(models[0]))


@pytest.mark.parametrize("way", ["eager", pytest.param("xla", marks=pytest.mark.full)])
def test_centers_stay_where_they_are_in_a_step_that_is_left_out(way):
    center = {"type": "center", "num_classes": 2, "embedding_size": 1}
    spec = {"tasks": {"good": {"y_true": "y_true.label", "loss": center}, "bad": SPEC["tasks"]["bad"]}}  # fmt: skip
    model = model_of("skip_term", way, spec, rate=0.0)
    x = column(1, math.nan)
    y = {"label": np.array([0, 0]), "bad": column(0, 0)}
    model.fit(x, y, batch_size=1, shuffle=False, verbose=0)
    (centers,) = model.total_loss.state.by_term["good/center"].values()
    # From 0, half of what is missing to 1; and not moved by NaN.
    np.testing.assert_array_equal(centers.numpy(), [[0.25], [0]])


@pytest.mark.parametrize("policy", ["report", "skip_term"])
def test_a_weight_that_is_not_finite_makes_its_term_so(policy, told):
    spec = {"tasks": {"bad": {"weight": "y_true.weight", "loss": [{"type": "absolute_difference", "name": "mae"}]}, "good": SPEC["tasks"]["good"]}}  # fmt: skip
    model = model_of(policy, spec=spec)
    x, y = batches(0, 0, 0)
    y["weight"] = np.array([1, math.nan, 1], "float32")
    model.fit(x, y, batch_size=1, shuffle=False, verbose=0)
    assert told()[0].startswith(f"step 1: {BAD} is not finite")
    assert np.isfinite(weights_of(model)).all() == (policy == "skip_term")


def test_a_scalar_weight_that_is_infinite_makes_its_term_so(told):
    spec = {"tasks": {"bad": {"weight": "1 / (step - 2)", "loss": [{"type": "absolute_difference", "name": "mae"}]}, "good": SPEC["tasks"]["good"]}}  # fmt: skip
    model = model_of("skip_term", spec=spec)
    fit(model, 0, 0, 0, 0)
    assert told() == [f"step 2: {BAD} is not finite; its gradient is left out"]
    assert np.isfinite(weights_of(model)).all()


def test_a_regularization_that_is_not_finite_is_left_out_too(told):
    import keras

    from composer import training

    class Penalty(keras.layers.Layer):
        def call(self, x):
            self.add_loss(keras.ops.mean(keras.ops.log(x)))
            return x

    inputs = keras.Input([1])
    output = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")(inputs)
    spec = {"tasks": {"good": SPEC["tasks"]["good"]}, "regularization": {"weight": 1}}
    model = training.MultiTaskModel(
        inputs, {"good": Penalty()(output)}, total_loss=spec, on_nonfinite="skip_term"
    )
    compiled(model, mode="eager", rate=0.1)
    model.fit(column(0), {"good": column(5)}, verbose=0)
    # The slope of the logarithm at 0 is infinite, and 0 · ∞ behind what was left out is NaN.
    assert told() == [
        "step 0: regularization is not finite; its gradient is left out",
        "step 0: the gradient is not finite; 0 takes its place",
    ]
    assert weights_of(model) == 1


@pytest.mark.parametrize("policy", ["report", "skip_term", "raise"])
def test_a_name_is_told_once_until_the_model_is_compiled_anew(policy, told):
    from composer import training

    model = model_of(policy, rate=0.0)

    def attempt():
        if policy == "raise":
            with pytest.raises(training.NonFiniteError):
                fit(model, math.nan)
        else:
            fit(model, math.nan)
        return len(told())

    # What was raised raises again: to go on in silence is not what was asked for.
    assert [attempt(), attempt()] == ([1, 2] if policy == "raise" else [1, 1])
    before = len(told())
    model.compile("sgd", run_eagerly=True)
    assert attempt() == before + 1
    assert told()[-1].startswith(f"step 0: {BAD}")


def test_a_training_without_anything_to_tell_says_nothing(told):
    for policy in ("report", "skip_term", "raise"):
        fit(model_of(policy), 0, 1, 2)
    assert told() == []


@pytest.mark.parametrize("way", ["eager", "graph"])
@pytest.mark.parametrize("policy", ["report", "skip_term"])
def test_evaluation_is_told_apart_from_training(policy, way, told):
    model = model_of(policy, way, rate=0.0)
    x, y = batches(0, math.nan)
    for _ in range(2):
        found = model.evaluate(x, y, batch_size=1, verbose=0, return_dict=True)
        assert math.isnan(found[BAD])
        assert found[GOOD] == 1
    assert told() == [f"step 0: {BAD} is not finite in evaluation"]
    fit(model, 0, math.nan, validation_data=(x, y))
    left_out = "" if policy == "report" else "; its gradient is left out"
    assert told()[1:] == [f"step 1: {BAD} is not finite{left_out}"]


def test_evaluation_raises_as_training_does(told):
    from composer import training

    model = model_of("raise")
    with pytest.raises(training.NonFiniteError) as error:
        model.evaluate(*batches(math.nan), verbose=0)
    assert str(error.value) == (
        f"not finite in evaluation: `{BAD}` at step 0. "
        "`losscomp check --batch` and `losscomp build --batch` show where in a batch"
    )


def test_several_names_are_told_in_the_order_of_their_steps(told):
    model = model_of("skip_term", "graph", rate=0.0)
    model.compile("sgd", steps_per_execution=3)
    x, y = batches(0, math.nan, 0)
    y["good"][2] = np.inf
    model.fit(x, y, batch_size=1, shuffle=False, verbose=0)
    assert told() == [
        f"step 1: {BAD} is not finite; its gradient is left out",
        f"step 2: {GOOD} is not finite; its gradient is left out",
    ]


# A model whose slope alone is infinite: sqrt(0 · x) + x.
def model_with_a_slope(policy, way="eager", optimizer=None):
    import keras
    import tensorflow as tf

    from composer import training

    class Root(keras.layers.Layer):
        def call(self, x):
            return tf.sqrt(0.0 * x) + x

    inputs = keras.Input([1])
    outputs = {
        name: keras.layers.Dense(1, use_bias=False, kernel_initializer="ones", name=name)(inputs)
        for name in ("good", "bad")
    }
    outputs["bad"] = Root()(outputs["bad"])
    model = training.MultiTaskModel(inputs, outputs, total_loss=SPEC, on_nonfinite=policy)
    model.compile(optimizer or keras.optimizers.SGD(0.1), **WAYS[way])
    return model


@in_every_way
@pytest.mark.parametrize("policy", ["report", "skip_term"])
def test_a_gradient_that_is_not_finite_while_its_losses_are_is_told(policy, way, told):
    model = model_with_a_slope(policy, way)
    x, y = batches(0, 0)
    history = model.fit(x, y, batch_size=1, shuffle=False, verbose=0).history
    if policy == "report":
        assert told()[0] == "step 0: the gradient is not finite, though the losses are"
        assert told()[1:] == [f"step 1: {BAD} is not finite"]  # in the same step, a weight is NaN
        assert not np.isfinite(weights_of(model)).all()
    else:
        assert told() == ["step 0: the gradient is not finite; 0 takes its place"]
        assert history[GOOD] == [1]
        np.testing.assert_array_equal(weights_of(model), [1, 1])


def test_a_gradient_that_is_not_finite_raises(told):
    from composer import training

    model = model_with_a_slope("raise")
    with pytest.raises(training.NonFiniteError) as error:
        model.fit(*batches(0), verbose=0)
    assert error.value.steps == {"gradient": 0}
    assert str(error.value).startswith("not finite: `gradient` at step 0; no gradient of theirs")
    np.testing.assert_array_equal(weights_of(model), [1, 1])


def test_a_gradient_is_not_told_beside_the_term_that_explains_it(told):
    fit(model_of("report"), math.nan)
    assert told() == [f"step 0: {BAD} is not finite"]


def test_a_sparse_gradient_is_looked_at_as_well(told):
    import keras
    import tensorflow as tf

    from composer import training

    class Root(keras.layers.Layer):
        def call(self, x):
            return tf.sqrt(0.0 * x) + x

    inputs = keras.Input([1], dtype="int32")
    words = keras.layers.Embedding(3, 1, embeddings_initializer="ones")(inputs)
    model = training.MultiTaskModel(
        inputs, {"good": Root()(words)}, total_loss={"tasks": {"good": SPEC["tasks"]["good"]}},
        on_nonfinite="skip_term",
    )  # fmt: skip
    compiled(model, rate=0.1)
    model.fit(np.array([[1]]), {"good": np.zeros([1, 1, 1])}, verbose=0)
    assert told() == ["step 0: the gradient is not finite; 0 takes its place"]
    np.testing.assert_array_equal(weights_of(model), [1, 1, 1])


def test_a_loss_scale_optimizer_looks_itself(told):
    """Overflow is its way to find a scale, and nothing to report."""
    import keras

    optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.1), initial_scale=8.0)
    model = model_with_a_slope("skip_term", optimizer=optimizer)
    model.fit(*batches(0), verbose=0)
    assert told() == []
    assert float(optimizer.dynamic_scale) == 4
    np.testing.assert_array_equal(weights_of(model), [1, 1])


def test_a_listener_hears_of_a_term_before_it_raises(told):
    from composer import training

    model, heard = model_of("raise"), []
    model.make_train_function()
    model.watch.listeners.add(lambda *news: heard.append(news))
    with pytest.raises(training.NonFiniteError):
        model.train_function(iter([batches(math.nan)]))
    assert heard == [(BAD, 0)]


def test_another_policy_holds_from_the_next_fit_on():
    from composer import training

    x, y = batches(0, math.nan)
    model = compiled(linear_model(SPEC, heads=("good", "bad")), rate=0.1)
    model.fit(x[:1], {name: each[:1] for name, each in y.items()}, verbose=0)
    model.on_nonfinite = "raise"
    assert model.on_nonfinite == "raise"
    with pytest.raises(training.NonFiniteError):
        model.fit(x, y, batch_size=1, shuffle=False, verbose=0)
    assert np.isfinite(weights_of(model)).all()
    with pytest.raises(ValueError, match="on_nonfinite should be one of"):
        model.on_nonfinite = "ignore"
