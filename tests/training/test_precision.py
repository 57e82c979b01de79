"""Mixed precision: the loss in float32, overflow that skips a step, and a training that goes on."""

from __future__ import annotations

import numpy as np
import pytest

from tests.training.linear import MODES, column, compiled, weights_of

SPEC = {
    "tasks": {
        "depth": {
            "mask": "isfinite(y_true)",
            "loss": [
                {"type": "mean_squared_error", "name": "mse"},
                {"type": "absolute_difference", "name": "sum", "reduction": "sum"},
            ],
        }
    }
}
POLICIES = ("mixed_float16", "mixed_bfloat16")
in_two_modes = pytest.mark.parametrize(
    "mode", ["eager", "graph", pytest.param("xla", marks=pytest.mark.full)]
)


@pytest.fixture(params=POLICIES)
def policy(request):
    """The policy of the moment, for this test alone."""
    import keras

    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(request.param)
    yield request.param
    keras.config.set_dtype_policy(before)


@pytest.fixture
def float16():
    import keras

    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    yield
    keras.config.set_dtype_policy(before)


def model_of(spec=SPEC):
    """One weight of 1: predicts x."""
    import keras

    from composer import training

    inputs = keras.Input([1])
    output = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones", name="depth")(inputs)
    return training.MultiTaskModel(inputs, {"depth": output}, total_loss=spec)


@in_two_modes
def test_the_loss_is_computed_in_float32(policy, mode):
    """300² is beyond float16, and 10,000 ones add up to 9984 in bfloat16."""
    model = compiled(model_of(), mode=mode)
    assert model.output["depth"].dtype == policy.removeprefix("mixed_")
    x = np.zeros([10_000, 1], "float32")
    y = np.ones([10_000, 1], "float32")
    y[0], y[1] = 300, np.nan
    logs = model.train_on_batch(x, {"depth": y}, return_dict=True)
    assert logs["depth/mse"] == pytest.approx((90_000 + 9_998) / 9_999, rel=1e-6)
    assert logs["depth/sum"] == 300 + 9_998
    assert logs["loss"] == pytest.approx(logs["depth/mse"] + 10_298, rel=1e-6)


def test_weights_and_rows_are_wide(policy):
    model = compiled(model_of(), mode="eager")
    assert [each.dtype for each in model.trainable_variables] == ["float32"]
    assert {each.dtype for each in model.rows.variables} == {"float64", "int64"}
    total, breakdown = model.total_loss({"depth": column(0)}, model(column(3)))
    assert {total.dtype.name} | {x.dtype.name for row in breakdown.values() for x in row} == {
        "float32"
    }


def test_compile_scales_the_loss_in_float16_alone(policy):
    import keras

    model = compiled(model_of())
    wrapped = isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)
    assert wrapped == (policy == "mixed_float16")


def scaled(scale, rate=0.1, growth=2000, **options):
    import keras

    return keras.optimizers.LossScaleOptimizer(
        keras.optimizers.SGD(rate, **options), initial_scale=scale, dynamic_growth_steps=growth
    )


@in_two_modes
def test_the_scale_of_a_loss_is_in_no_row_and_in_no_update(float16, mode):
    model = compiled(model_of(), scaled(1024.0), mode)
    history = model.fit(column(2), {"depth": column(1)}, verbose=0).history
    # (2 − 1)² + |2 − 1|; the slope is 2 · 1 · 2 + 1 · 2 = 6.
    assert history["loss"] == [2]
    assert weights_of(model) == pytest.approx(1 - 0.6)
    assert float(model.optimizer.dynamic_scale) == 1024


@in_two_modes
def test_overflow_skips_steps_until_the_scale_fits_and_training_goes_on(float16, mode):
    """The slope is 6, and 6 · 2^15 is beyond float16's 65504; 6 · 2^13 is not."""
    import keras

    model = compiled(model_of(), scaled(2.0**15), mode)
    seen = []

    class Looks(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            optimizer = self.model.optimizer
            seen.append(
                (
                    logs["loss"],
                    float(optimizer.dynamic_scale),
                    int(optimizer.iterations),
                    weights_of(self.model).item(),
                )
            )

    x = column(*[2] * 4)
    model.fit(x, {"depth": x - 1}, batch_size=1, verbose=0, callbacks=[Looks()])
    assert seen[:2] == [(2, 2.0**14, 0, 1), (2, 2.0**13, 0, 1)]
    assert seen[2] == (2, 2.0**13, 1, pytest.approx(0.4))
    # Now it predicts 0.8 of 1: in float16, so with three digits.
    assert seen[3][1:3] == (2.0**13, 2)
    assert seen[3][0] == pytest.approx((6 + 0.24) / 4, rel=1e-3)
    assert seen[3][3] == pytest.approx(0.4 + 0.1 * (2 * 0.2 * 2 + 2), rel=1e-2)


def test_the_scale_grows_again(float16):
    model = compiled(model_of(), scaled(2.0, rate=0.0, growth=2), mode="eager")
    x = column(*[2] * 5)
    model.fit(x, {"depth": x - 1}, batch_size=1, verbose=0)
    assert float(model.optimizer.dynamic_scale) == 8


def test_the_step_of_a_schedule_waits_while_steps_are_skipped(float16):
    spec = {"tasks": {"depth": {"weight": "1 + step", "loss": "absolute_difference"}}}
    model = compiled(model_of(spec), scaled(2.0**16, rate=0.0), mode="eager")
    x = column(*[2] * 3)
    model.fit(x, {"depth": x - 1}, batch_size=1, verbose=0)
    # The slope 2 · 2^16 overflows, 2 · 2^15 too, 2 · 2^14 does not: three steps at 1 + 0.
    assert int(model.optimizer.iterations) == 1
    assert model.rows.table()["depth/absolute_difference"].weight == 1


def test_a_fixed_scale_is_undone_as_well():
    """`loss_scale_factor` of a plain optimizer."""
    import keras

    model = model_of()
    compiled(model, keras.optimizers.SGD(0.1, loss_scale_factor=256.0), mode="eager")
    logs = model.train_on_batch(column(2), {"depth": column(1)}, return_dict=True)
    assert logs["loss"] == 2
    assert weights_of(model) == pytest.approx(0.4)


@pytest.mark.parametrize("mode", ["eager", pytest.param("xla", marks=pytest.mark.full)])
def test_a_term_that_overflows_by_itself_is_named(float16, mode, caplog):
    """A prediction beyond float16 is infinite before any loss sees it."""
    model = model_of()
    model.compile("sgd", **MODES[mode])
    model.fit(column(1e5), {"depth": column(1)}, verbose=0)
    assert [r.message for r in caplog.records if r.name == "losscomp"] == [
        "step 0: depth/mse is not finite",
        "step 0: depth/sum is not finite",
    ]
    assert weights_of(model) == 1  # the optimizer skipped the step


@pytest.mark.full
def test_training_in_mixed_precision_ends_where_float32_does(policy):
    import keras

    random = np.random.default_rng(0)
    x = random.normal(size=(64, 1)).astype("float32")
    y = {"depth": 3 * x}
    model = compiled(model_of({"tasks": {"depth": {"loss": "huber"}}}), keras.optimizers.SGD(0.5))
    model.fit(x, y, batch_size=16, epochs=20, verbose=0)
    assert weights_of(model) == pytest.approx(3, rel=2e-2)


def test_a_gradient_that_no_scale_makes_finite_is_told(float16, caplog):
    """A scale of 1 has nothing left to lower; Keras would leave out every step in silence."""
    import keras

    inputs = keras.Input([1])
    hidden = keras.layers.Dense(1, kernel_initializer="ones", use_bias=False)(inputs)
    root = keras.ops.sqrt(keras.ops.relu(0 * hidden))
    outputs = {"depth": keras.layers.Dense(1, dtype="float32")(root)}
    from composer import training

    model = training.MultiTaskModel(inputs, outputs, total_loss=SPEC)
    scaling = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.1), initial_scale=4.0)
    model.compile(scaling)
    x = np.ones([4, 1], "float32")
    model.fit(x, {"depth": x}, batch_size=1, verbose=0)
    assert [record.message for record in caplog.records] == [
        "step 0: the gradient is not finite, though the losses are"
    ]
    assert int(model.optimizer.iterations) == 0
