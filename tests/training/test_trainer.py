"""`fit` and its relatives with a total loss: every row is shown, and every kind of data is taken."""

from __future__ import annotations

import contextlib
import io
import re

import numpy as np
import pytest

from tests.training.linear import (
    batches_of,
    column,
    compiled,
    in_two_modes,
    known_batches_of,
    linear_model,
)

SPEC = {
    "tasks": {
        "depth": {
            "mask": "y_true.valid",
            "loss": [
                {"type": "mean_squared_error", "name": "mse"},
                {"type": "absolute_difference", "name": "mae", "weight": 0.5},
            ],
        }
    }
}
ROWS = ["depth/mse", "depth/mse/weighted", "depth/mae", "depth/mae/weighted"]
# The model predicts x and the target is 0; of the samples 1, 2, 3, 4, 5 the last does not count.
X = column(1, 2, 3, 4, 5)
Y = {"depth": column(0, 0, 0, 0, 0), "valid": np.array([True, True, True, True, False])}
# (1 + 4 + 9 + 16) / 4 and (1 + 2 + 3 + 4) / 4
LOGS = {"depth/mse": 7.5, "depth/mse/weighted": 7.5, "depth/mae": 2.5, "depth/mae/weighted": 1.25}
LOGS["loss"] = 8.75


def fit(model, x=X, y=Y, **options):
    return model.fit(x, y, **{"batch_size": 2, "shuffle": False, "verbose": 0} | options)


@in_two_modes
def test_fit_shows_every_row_in_history(mode):
    history = fit(compiled(linear_model(SPEC), mode=mode), validation_data=(X, Y), epochs=2).history
    assert history == {
        name: [number] * 2
        for prefix in ("", "val_")
        for name, number in ((prefix + name, number) for name, number in LOGS.items())
    }


@pytest.mark.parametrize("options", [{}, pytest.param({"jit_compile": True}, marks=pytest.mark.full)], ids=str)  # fmt: skip
@pytest.mark.parametrize("steps", [2, 7])
def test_several_steps_may_be_executed_at_once(steps, options):
    model = compiled(linear_model(SPEC), rate=0.01, steps_per_execution=steps, **options)
    one_by_one = compiled(linear_model(SPEC), rate=0.01, mode="eager")
    wanted = fit(one_by_one, epochs=2).history
    found = fit(model, epochs=2).history
    for name, numbers in wanted.items():
        np.testing.assert_allclose(found[name], numbers, 1e-6)
    np.testing.assert_allclose(model.get_weights()[0], one_by_one.get_weights()[0], 1e-6)


def test_evaluate_gives_every_row():
    model = compiled(linear_model(SPEC), mode="eager")
    assert model.evaluate(X, Y, batch_size=2, verbose=0, return_dict=True) == LOGS
    # The order of a list is Keras's: the loss, and the rest by name.
    names = ["loss", *sorted(ROWS)]
    assert model.evaluate(X, Y, batch_size=2, verbose=0) == [LOGS[name] for name in names]


def test_a_batch_alone_gives_every_row():
    model = compiled(linear_model(SPEC), rate=0.1, mode="eager")
    first = {**LOGS}
    assert model.test_on_batch(X, Y, return_dict=True) == first
    assert model.train_on_batch(X, Y, return_dict=True) == first
    # The gradient was 2 · 30 / 4 + 0.5 · 10 / 4 = 16.25.
    assert model.get_weights()[0].item() == pytest.approx(1 - 1.625)
    # A batch begins anew.
    again = model.test_on_batch(X, Y, return_dict=True)
    assert again["depth/mse"] == pytest.approx(7.5 * 0.625**2)


def test_predict_gives_what_the_model_returns():
    model = compiled(linear_model(SPEC))
    np.testing.assert_array_equal(model.predict(X, verbose=0)["depth"], X)


def test_the_progress_bar_shows_every_row():
    model = compiled(linear_model(SPEC), mode="eager")
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        fit(model, verbose=2, validation_data=(X, Y))
    last = out.getvalue().strip().splitlines()[-1]
    shown = dict(re.findall(r" - ([\w/]+): ([\d.]+)", last))
    assert shown == {f"{prefix}{n}": f"{v:.4f}" for n, v in LOGS.items() for prefix in ("", "val_")}


def test_a_loss_of_compile_is_refused():
    model = linear_model(SPEC)
    for options in ({"loss": "mse"}, {"loss_weights": {"depth": 1}}):
        with pytest.raises(ValueError, match=r".") as error:
            model.compile("sgd", **options)
        assert str(error.value) == (
            "`compile` should get no `loss` and no `loss_weights`: the total loss has them; "
            "`training.as_keras_losses(spec)` is for a plain keras.Model"
        )


def datasets(kind):
    """The samples in batches of two, as Keras takes them."""
    import keras
    import tensorflow as tf

    class Batches(keras.utils.PyDataset):
        def __len__(self):
            return 3

        def __getitem__(self, place):
            part = slice(2 * place, 2 * place + 2)
            return X[part], {name: array[part] for name, array in Y.items()}

    def generator():
        while True:
            yield from Batches()

    return {
        "tf.data": lambda: {"x": tf.data.Dataset.from_tensor_slices((X, Y)).batch(2)},
        "of unknown length": lambda: {"x": batches_of(X, Y, [2, 2, 1]), "steps_per_epoch": None},
        "PyDataset": lambda: {"x": Batches(), "shuffle": False},
        "generator": lambda: {"x": generator(), "steps_per_epoch": 3},
        "tensors": lambda: {"x": tf.constant(X), "y": tf.nest.map_structure(tf.constant, Y), "batch_size": 2},
    }[kind]()  # fmt: skip


@pytest.mark.filterwarnings("ignore:Your input ran out of data")
@pytest.mark.parametrize("kind", ["tf.data", "of unknown length", "PyDataset", "generator", "tensors"])  # fmt: skip
def test_data_may_come_in_every_form(kind):
    model = compiled(linear_model(SPEC), mode="eager")
    given = {"shuffle": False, "verbose": 0} | datasets(kind)
    history = model.fit(**given, epochs=2).history
    assert history == {name: [number] * 2 for name, number in LOGS.items()}


@pytest.mark.filterwarnings("ignore:Your input ran out of data")
@pytest.mark.parametrize("mode", ["eager", "graph"])
def test_the_end_of_data_of_unknown_length_is_no_step(mode):
    """In Keras alone the optimizer counts 8: it counts before it knows that a batch is missing."""
    model = compiled(linear_model(SPEC), mode=mode)
    model.fit(batches_of(X, Y, [2, 2, 1]), epochs=2, shuffle=False, verbose=0)
    assert int(model.optimizer.iterations) == 6


def test_a_part_may_be_kept_for_validation():
    model = compiled(linear_model(SPEC), mode="eager")
    history = fit(model, validation_split=0.4).history
    assert history["depth/mse"] == [(1 + 4 + 9) / 3]
    assert history["val_depth/mse"] == [16]  # of 4 and 5 the last does not count


@pytest.mark.filterwarnings("ignore:Your input ran out of data")
def test_an_epoch_without_batches_has_no_rows():
    model = compiled(linear_model(SPEC), mode="eager")
    history = model.fit(known_batches_of(X, Y, []), shuffle=False, verbose=0).history
    assert history == {}


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # of Keras
def test_callbacks_watch_a_row(tmp_path):
    import keras

    # From step 0 on the weight grows by itself: away from the target.
    model = compiled(linear_model(SPEC), rate=-0.01, mode="eager")
    stopping = keras.callbacks.EarlyStopping("val_depth/mse", mode="min", patience=2)
    path = str(tmp_path / "best.weights.h5")
    checkpoint = keras.callbacks.ModelCheckpoint(
        path, "val_depth/mse", mode="min", save_best_only=True, save_weights_only=True
    )
    seen = []
    watching = keras.callbacks.LambdaCallback(on_batch_end=lambda batch, logs: seen.append(logs))
    history = fit(
        model, epochs=9, validation_data=(X, Y), callbacks=[stopping, checkpoint, watching]
    ).history
    assert len(history["loss"]) == 3
    assert len(seen) == 3 * 3
    assert set(seen[0]) == set(LOGS)
    best = model.get_weights()[0].copy()
    model.load_weights(path)
    assert model.get_weights()[0] < best


def test_the_best_of_a_row_is_not_guessed():
    """As for every metric of which Keras knows no direction; `mode="min"` says it."""
    import keras

    model = compiled(linear_model(SPEC), mode="eager")
    with pytest.raises(ValueError, match="Pass `mode='max'`"):
        fit(model, callbacks=[keras.callbacks.EarlyStopping("depth/mse")])


# Sample weights: 0 + 4 · 1 + 9 · 1 + 0 · 16 by their sum 2.
WEIGHTED = {
    "tasks": {
        "depth": {
            "weight": "y_true.sample_weight",
            "loss": {"type": "mean_squared_error", "reduction": "weighted_mean"},
        }
    }
}


@pytest.mark.parametrize("mode", ["eager", "graph"])
def test_a_sample_weight_is_read_by_the_spec(mode):
    import tensorflow as tf

    model = compiled(linear_model(WEIGHTED), mode=mode)
    weight = np.array([0, 1, 1, 0, 0], "float32")
    history = fit(model, y=Y["depth"], sample_weight=weight).history
    assert history["loss"] == [(4 + 9) / 2]
    # As the third part of a batch, too.
    batches = tf.data.Dataset.from_tensor_slices((X, {"depth": Y["depth"]}, weight)).batch(2)
    assert model.evaluate(batches, verbose=0)[0] == 6.5


def test_of_one_sample_weight_keras_makes_one_for_every_target_of_a_mapping():
    spec = {"tasks": {"depth": WEIGHTED["tasks"]["depth"] | {"weight": "y_true.sample_weight.depth"}}}  # fmt: skip
    model = compiled(linear_model(spec), mode="eager")
    weight = np.array([0, 1, 1, 0, 0], "float32")
    assert fit(model, sample_weight=weight).history["loss"] == [(4 + 9) / 2]


def test_sample_weights_may_come_by_name_or_in_the_order_of_the_outputs():
    import keras

    from composer import training

    spec = {
        "tasks": {
            name: {"weight": f"y_true.sample_weight.{name}", "loss": "mean_squared_error"}
            for name in ("a", "b")
        }
    }
    one, other = np.array([1, 0], "float32"), np.array([0, 1], "float32")
    x, y = column(1, 2), column(0, 0)
    by_name = compiled(linear_model(spec, ["a", "b"]), mode="eager")
    logs = by_name.test_on_batch(x, {"a": y, "b": y}, {"a": one, "b": other}, return_dict=True)
    assert (logs["a/mean_squared_error"], logs["b/mean_squared_error"]) == (1, 4)
    inputs = keras.Input([1])
    outputs = [keras.layers.Dense(1, use_bias=False, kernel_initializer="ones", name=n)(inputs) for n in ("a", "b")]  # fmt: skip
    in_order = compiled(training.MultiTaskModel(inputs, outputs, total_loss=spec), mode="eager")
    assert in_order.test_on_batch(x, [y, y], [one, other], return_dict=True) == logs


def test_class_weights_are_sample_weights():
    import keras

    from composer import training

    inputs = keras.Input([1])
    output = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones", name="depth")(inputs)
    model = compiled(training.MultiTaskModel(inputs, output, total_loss=WEIGHTED), mode="eager")
    # The errors are 1 − 0 and 2 − 1, of the weights 3 and 1, and a target of another class.
    history = model.fit(column(1, 2), column(0, 1), class_weight={0: 3.0, 1: 1.0}, verbose=0)
    assert history.history["loss"] == [(3 * 1 + 1 * 1) / 4]


def test_a_sample_weight_that_the_spec_does_not_read_is_refused():
    model = compiled(linear_model(SPEC))
    with pytest.raises(ValueError, match=r".") as error:
        fit(model, y=Y["depth"], sample_weight=np.ones(5))
    assert str(error.value) == (
        "the spec should read the `sample_weight` that Keras gets; "
        "write `weight: y_true.sample_weight` where it applies"
    )


def regularized(spec):
    """A model with the losses of its own 0.01 · 1² and 3 · mean(x)."""
    import keras

    from composer import training

    class Own(keras.layers.Layer):
        def call(self, x):
            self.add_loss(3 * keras.ops.mean(x))
            return x

    inputs = keras.Input([1])
    kernel = {"kernel_initializer": "ones", "kernel_regularizer": keras.regularizers.L2(0.01)}
    output = keras.layers.Dense(1, use_bias=False, **kernel)(Own()(inputs))
    return training.MultiTaskModel(inputs, {"depth": output}, total_loss=spec)


@in_two_modes
def test_the_losses_of_the_model_are_the_row_regularization(mode):
    model = compiled(regularized(SPEC | {"regularization": {"weight": 2}}), mode=mode)
    logs = model.train_on_batch(X, Y, return_dict=True)
    assert logs["regularization"] == pytest.approx(0.01 + 9)
    assert logs["regularization/weighted"] == pytest.approx(2 * 9.01)
    assert logs["loss"] == pytest.approx(8.75 + 18.02)


def test_the_losses_of_the_model_should_be_in_the_spec():
    model = compiled(regularized(SPEC))
    with pytest.raises(ValueError, match=r".") as error:
        fit(model)
    assert str(error.value) == (
        "the spec should declare `regularization:` where total_loss gets it; "
        "write `regularization: {weight: 1}`"
    )


def test_a_spec_may_declare_a_regularization_that_the_model_has_not():
    model = compiled(linear_model(SPEC | {"regularization": {"weight": 2}}), mode="eager")
    assert model.test_on_batch(X, Y, return_dict=True)["regularization"] == 0


@pytest.mark.parametrize("outputs", ["mapping", "list", "tensor"])
def test_metrics_of_compile_see_the_targets_of_their_output(outputs):
    """`aaa` stands before `depth`: Keras takes what comes first."""
    import keras

    from composer import training

    spec = {"tasks": {"depth": {"mask": "y_true.aaa > 0", "loss": "absolute_difference"}}}
    inputs = keras.Input([1])
    output = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones", name="depth")(inputs)
    shaped = {"mapping": {"depth": output}, "list": [output], "tensor": output}[outputs]
    model = training.MultiTaskModel(inputs, shaped, total_loss=spec)
    compiled(model, mode="eager", metrics=["mae"])
    logs = model.test_on_batch(X, {"aaa": X * 100, "depth": Y["depth"]}, return_dict=True)
    assert logs["mae"] == 3
    assert logs["depth/absolute_difference"] == 3


@pytest.mark.parametrize("mode", ["eager", "graph"])
def test_an_output_without_a_target_may_stand_beside_one_with_a_metric(mode):
    model = compiled(
        linear_model(SPEC, ["depth", "unread"]), mode=mode,
        metrics={"depth": ["mae"]}, weighted_metrics={"depth": ["mse"]},
    )  # fmt: skip
    logs = model.test_on_batch(X, Y, return_dict=True)
    assert logs["depth_mae"] == 3
    assert logs["depth_mse"] == 11
    assert logs["depth/mse"] == 7.5


def test_a_weighted_metric_gets_the_weights_of_its_output():
    spec = {"tasks": {"depth": WEIGHTED["tasks"]["depth"] | {"weight": "y_true.sample_weight.depth"}}}  # fmt: skip
    model = compiled(
        linear_model(spec, ["depth", "unread"]), mode="eager", weighted_metrics={"depth": ["mae"]}
    )
    weight = {"depth": np.array([0, 1, 1, 0, 0], "float32")}
    logs = model.test_on_batch(X, {"depth": Y["depth"]}, weight, return_dict=True)
    assert logs["depth_mae"] == (2 + 3) / 2


@pytest.mark.parametrize("options", [{}, pytest.param({"jit_compile": True}, marks=pytest.mark.full)], ids=str)  # fmt: skip
@pytest.mark.parametrize("wrong", ["name", "shape"])
def test_a_fit_that_fails_may_be_repeated(wrong, options):
    """The model and the optimizer make their variables in the first trace, and may not in a second."""
    import keras

    from composer import SpecError, training

    inner = keras.Sequential([keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")])
    model = compiled(training.attach(inner, SPEC), "adam", **options)
    y = {"name": {"dept": X, "valid": Y["valid"]}, "shape": Y | {"depth": np.zeros([5, 2], "f")}}
    with pytest.raises((ValueError, SpecError)) as error:
        fit(model, y=y[wrong])
    if wrong == "name":
        assert str(error.value) == (
            "y_true should have `depth`; it has `dept`, `valid`; did you mean `dept`?"
        )
    assert fit(model).history["depth/mse"][0] == pytest.approx(7.5, rel=0.01)


def test_a_model_without_trainable_variables_shows_its_rows_and_warns():
    model = linear_model(SPEC)
    model.trainable = False
    compiled(model, mode="eager")
    with pytest.warns(UserWarning, match="^the model has no trainable variables$"):
        assert model.train_on_batch(X, Y, return_dict=True) == LOGS
    assert model.get_weights()[0] == 1


def test_the_metrics_begin_with_the_rows_and_leave_out_the_tracker_of_keras():
    model = compiled(linear_model(SPEC), metrics=["mae"])
    assert [metric.name for metric in model.metrics] == ["loss", "compile_metrics"]
    assert model.metrics[0] is model.rows
