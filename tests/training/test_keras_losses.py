"""Plain Keras, compiled with what a spec says, computes and learns what the total loss says."""

from __future__ import annotations

import numpy as np
import pytest

SPEC = {
    "tasks": {
        "depth": {"weight": "0.25 * 2", "mask": "isfinite(y_true)", "loss": "huber"},
        "scene": {
            "loss": [
                "sparse_softmax_cross_entropy",
                {"type": "softmax_focal", "y_true": "one_hot(y_true.scene, 3)", "weight": 0.5},
            ]
        },
        "logits": {"y_true": "y_true.scene", "y_pred": "y_pred.scene", "loss": "l2"},
    }
}


def as_keras_losses(spec):
    from composer.training import as_keras_losses

    return as_keras_losses(spec)


def data(count=8):
    """Inputs and targets; the depth of the second sample has a NaN."""
    rng = np.random.default_rng(0)
    depth = rng.normal(size=(count, 2)).astype("float32")
    depth[1, 0] = np.nan
    scene = rng.integers(0, 3, count).astype("int32")
    return rng.normal(size=(count, 4)).astype("float32"), {"depth": depth, "scene": scene}


def two_heads(cls=None, **options):
    """A small model with two outputs and a regularizer; the same numbers each time."""
    import keras

    keras.utils.set_random_seed(3)
    x = keras.Input((4,))
    trunk = keras.layers.Dense(5, kernel_regularizer=keras.regularizers.L2(0.25))(x)
    outputs = {"depth": keras.layers.Dense(2)(trunk), "scene": keras.layers.Dense(3)(trunk)}
    return (cls or keras.Model)(x, outputs, **options)


def identity(*names):
    """A model that gives its inputs, by name."""
    import keras

    inputs = {name: keras.Input((None,), name=name) for name in names}
    return keras.Model(inputs, {name: keras.layers.Identity()(x) for name, x in inputs.items()})


def one(spec, output="a"):
    """The Keras loss of an output, and its weight outside."""
    found = as_keras_losses({"tasks": spec})
    return found["loss"][output], found["loss_weights"][output]


@pytest.mark.parametrize("jit_compile", [False, pytest.param(True, marks=pytest.mark.full)])
def test_fit_learns_what_a_multi_task_model_learns_bit_for_bit(jit_compile):
    import keras

    from composer.training import MultiTaskModel

    x, y_true = data()
    plain = two_heads()
    plain.compile(keras.optimizers.Adam(0.1), jit_compile=jit_compile, **as_keras_losses(SPEC))
    ours = two_heads(MultiTaskModel, total_loss={**SPEC, "regularization": {"weight": 1}})
    ours.compile(keras.optimizers.Adam(0.1), jit_compile=jit_compile)
    for model in (plain, ours):
        before = [each.numpy() for each in model.trainable_variables]
        model.fit(x, y_true, batch_size=4, epochs=2, shuffle=False, verbose=0)
        after = [each.numpy() for each in model.trainable_variables]
        assert all(np.any(a != b) for a, b in zip(before, after, strict=True))
    for mine, theirs in zip(plain.weights, ours.weights, strict=True):
        np.testing.assert_array_equal(mine.numpy(), theirs.numpy())


def test_without_masks_the_numbers_are_those_of_the_losses_of_keras():
    import keras

    spec = {
        "tasks": {
            "depth": {"weight": 0.5, "loss": "mean_squared_error"},
            "scene": {"loss": "sparse_softmax_cross_entropy"},
        }
    }
    y_pred = {"depth": np.float32([[1, 2], [3, 4]]), "scene": np.zeros((2, 3), "float32")}
    y_true = {"depth": np.float32([[2, 2], [0, 8]]), "scene": np.int32([0, 2])}
    model = identity("depth", "scene")
    theirs = {
        "loss": {
            "depth": keras.losses.MeanSquaredError(),
            "scene": keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        },
        "loss_weights": {"depth": 0.5, "scene": 1.0},
    }
    logs = []
    for arguments in (as_keras_losses(spec), theirs):
        model.compile("sgd", **arguments)
        logs.append(model.evaluate(y_pred, y_true, verbose=0, return_dict=True))
    assert logs[0] == pytest.approx(logs[1], rel=1e-6)
    # (1 + 0 + 9 + 16) / 4 without its weight, and log 3
    wanted = {"depth_loss": 6.5, "scene_loss": np.log(3), "loss": 3.25 + np.log(3)}
    assert logs[0] == pytest.approx(wanted, rel=1e-6)


class TestWeights:
    def test_a_constant_weight_of_one_term_stands_outside(self):
        loss, weight = one({"a": {"weight": "-2 / 8", "loss": {"type": "l2", "weight": 2}}})
        assert weight == -0.5
        assert loss(np.zeros(1), np.float32([4])) == 8  # 4² / 2

    def test_constants_of_the_spec_are_numbers_too(self):
        spec = {"constants": {"c": 0.1}, "tasks": {"a": {"weight": "c", "loss": "l2"}}}
        assert as_keras_losses(spec)["loss_weights"] == {"a": 0.1}

    def test_the_weights_of_several_terms_stay_inside(self):
        huber = {"type": "absolute_difference", "weight": 10}
        loss, weight = one({"a": {"weight": 0.5, "loss": [huber, "mean_squared_error"]}})
        assert weight == 1.0
        assert loss(np.float32([0]), np.float32([4])) == 28  # (10 · 4 + 16) / 2

    def test_a_weight_that_reads_the_target_stays_inside(self):
        loss, weight = one({"a": {"weight": "3 * y_true.a", "loss": "absolute_difference"}})
        assert weight == 1.0
        assert loss(np.float32([1, 2, 0]), np.float32([2, 4, 9])) == 7.5  # 3 · (1·1 + 2·2) / 2

    def test_the_weight_0_stays_inside_where_it_is_an_exact_zero(self):
        loss, weight = one({"a": {"weight": 0, "loss": "absolute_difference"}})
        assert weight == 1.0
        assert loss(np.float32([1]), np.float32([np.nan])) == 0


def test_a_nan_under_the_mask_reaches_neither_the_loss_nor_the_gradient():
    import tensorflow as tf

    loss, _ = one({"a": {"mask": "isfinite(y_true)", "loss": "absolute_difference"}})
    y_true, y_pred = tf.constant([1.0, np.nan, 1.0]), tf.constant([2.0, 5.0, 4.0])
    with tf.GradientTape() as tape:
        tape.watch(y_pred)
        value = loss(y_true, y_pred)
    assert value.shape == ()
    assert value == 2  # (1 + 3) / 2
    np.testing.assert_array_equal(tape.gradient(value, y_pred), [0.5, 0, 0.5])


@pytest.mark.parametrize("jit_compile", [False, True])
def test_in_a_function_it_gives_the_same(jit_compile):
    import tensorflow as tf

    loss, _ = one({"a": {"mask": "isfinite(y_true)", "loss": "absolute_difference"}})
    compiled = tf.function(loss, jit_compile=jit_compile)
    value = compiled(tf.constant([1.0, np.nan, 1.0]), tf.constant([2.0, 5.0, 4.0]))
    assert value.shape == ()
    assert value == 2


class TestModels:
    """Of the shapes that models come in; the loss is (1 + 9) / 2 each time, its half the total."""

    SPEC = {"tasks": {"a": {"weight": 0.5, "loss": "mean_squared_error"}}}
    X, Y = np.float32([[1], [3]]), np.zeros((2, 1), "float32")

    def test_one_output_that_a_layer_names(self):
        import keras

        x = keras.Input((1,))
        model = keras.Model(x, keras.layers.Identity(name="a")(x))
        model.compile("sgd", **as_keras_losses(self.SPEC))
        assert model.evaluate(self.X, self.Y, verbose=0) == 2.5

    def test_a_sequential_model_takes_the_one_loss_by_itself(self):
        import keras

        model = keras.Sequential([keras.Input((1,)), keras.layers.Identity()])
        found = as_keras_losses(self.SPEC)
        model.compile("sgd", loss=found["loss"]["a"], loss_weights=found["loss_weights"]["a"])
        assert model.evaluate(self.X, self.Y, verbose=0) == 2.5

    def test_a_subclass_that_returns_a_mapping(self):
        import keras

        class Both(keras.Model):
            def call(self, x):
                return {"a": x, "b": 2 * x}

        model = Both()
        model.compile("sgd", **as_keras_losses(self.SPEC))
        assert model.evaluate(self.X, {"a": self.Y, "b": self.Y}, verbose=0) == 2.5

    def test_outputs_that_nest(self):
        import keras

        x = keras.Input((1,))
        model = keras.Model(x, {"x": {"a": keras.layers.Identity()(x), "b": 2 * x}})
        task = {"y_true": "y_true.x.a", "y_pred": "y_pred.x.a", **self.SPEC["tasks"]["a"]}
        found = as_keras_losses({"tasks": {"a": task}})
        assert found["loss_weights"] == {"x": {"a": 0.5}}
        model.compile("sgd", **found)
        y_true = {"x": {"a": self.Y, "b": self.Y}}
        assert model.evaluate(self.X, y_true, verbose=0) == 2.5

    def test_a_task_of_two_outputs_is_parted(self):
        terms = ["l2", {"type": "l2", "name": "other", "y_pred": "y_pred.b"}]
        found = as_keras_losses({"tasks": {"a": {"weight": 0.5, "loss": terms}}})
        assert found["loss_weights"] == {"a": 0.5, "b": 0.5}
        assert found["loss"]["a"].total_loss.names == ("a/l2",)
        assert found["loss"]["b"].total_loss.names == ("a/other",)
        assert found["loss"]["b"](np.zeros(1), np.float32([4])) == 8

    def test_a_problem_of_a_parted_task_is_shown_at_its_own_loss(self):
        from composer import SpecError

        terms = ["huber", {"type": "l2", "y_pred": "y_pred.b"}]
        loss = as_keras_losses({"tasks": {"a": {"loss": terms}}})["loss"]["b"]
        with pytest.raises(SpecError) as error:
            loss(np.zeros(1), np.int32([4]))
        assert str(error.value) == (
            "<mapping>:5:15: error[dtype-mismatch]: `y_pred` of `l2` takes floats, found int32[1]\n"
            "5 |       y_pred: y_pred.b\n"
            "  |               ^^^^^^^^"
        )


def test_half_precision_is_computed_in_float32():
    import tensorflow as tf

    loss, _ = one({"a": {"loss": {"type": "absolute_difference", "reduction": "sum"}}})
    value = loss(tf.zeros(2), tf.constant([60_000.0, 60_000.0], tf.float16))
    assert (value.dtype, float(value)) == (tf.float32, 120_000)  # above the 65,504 of float16


class TestSaving:
    # Keras saves variables by way of NumPy, which says of it what NumPy 2 asks for.
    @pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
    def test_a_file_of_the_compiled_model_trains_on(self, tmp_path):
        import keras

        x, y_true = data()
        model = two_heads()
        model.compile(keras.optimizers.Adam(0.1), **as_keras_losses(SPEC))
        model.fit(x, y_true, batch_size=4, verbose=0)
        model.save(tmp_path / "model.keras")
        loaded = keras.saving.load_model(tmp_path / "model.keras")
        assert loaded.get_compile_config() == model.get_compile_config()
        for each in (model, loaded):
            each.fit(x, y_true, batch_size=4, shuffle=False, verbose=0)
        for mine, theirs in zip(model.weights, loaded.weights, strict=True):
            np.testing.assert_array_equal(mine.numpy(), theirs.numpy())

    def test_the_numbers_of_a_file_go_along(self, tmp_path):
        np.save(tmp_path / "w.npy", np.float32([1, 5]))
        spec = "constants: {w: w.npy}\ntasks: {a: {weight: 'take(w, y_true)', loss: sparse_softmax_cross_entropy}}\n"
        (tmp_path / "a.yaml").write_text(spec)
        loss = as_keras_losses(tmp_path / "a.yaml")["loss"]["a"]
        (tmp_path / "w.npy").unlink()
        y_true, y_pred = np.int32([1]), np.zeros((1, 2), "float32")
        for _ in range(3):
            assert loss(y_true, y_pred) == np.float32(5) * np.log(np.float32(2))
            assert loss.name == "a"
            loss = type(loss).from_config(loss.get_config())

    def test_a_loss_of_ones_own_is_given_when_it_is_loaded(self):
        from typing import ClassVar, Literal

        import keras

        from composer import Loss, Signature, build_total_loss

        class Cubed(Loss):
            """|e|³"""

            type: Literal["cubed"] = "cubed"
            signature: ClassVar = Signature("y_true=float[...], y_pred=float[...] -> float[...]")

            def values(self, y_true, y_pred):
                return abs(y_pred - y_true) ** 3

        total_loss = build_total_loss({"tasks": {"a": {"loss": "cubed"}}}, losses=[Cubed])
        loss = as_keras_losses(total_loss)["loss"]["a"]
        saved = keras.saving.serialize_keras_object(loss)
        again = keras.saving.deserialize_keras_object(saved, custom_objects={"Cubed": Cubed})
        assert again(np.float32([0]), np.float32([2])) == 8
        with pytest.raises(ValueError, match="losses of its own, `Cubed`; load it with"):
            keras.saving.deserialize_keras_object(saved)


CANNOT = "`compile(loss=…, loss_weights=…)` cannot express this spec; `training.MultiTaskModel` and `training.attach` can:"
OWN = "and a Keras loss gets `y_true.a` and `y_pred.a` alone"


class TestRefusals:
    @pytest.mark.parametrize(
        ("spec", "reason"),
        [
            (
                {"tasks": {"a": {"mask": "y_true.valid", "loss": "huber"}}},
                f"`a/huber` reads `y_true.valid`, {OWN}",
            ),
            (
                {"tasks": {"a": {"weight": "y_true.w", "loss": ["l2", "huber"]}}},
                f"`a/l2` reads `y_true.w`, {OWN}\n- `a/huber` reads `y_true.w`, {OWN}",
            ),
            (
                {"tasks": {"a": {"y_true": "y_true.a - y_pred.b", "mask": "y_pred.b > y_true.c", "loss": "huber"}}},
                f"`a/huber` reads `y_pred.b`, `y_true.c`, {OWN}",
            ),
            (
                {"tasks": {"b": {"y_true": "y_true.b", "y_pred": "y_pred.a", "loss": "huber"}}},
                f"`b/huber` reads `y_true.b`, {OWN}",
            ),
            (
                {"tasks": {"a": {"y_pred": "y_true.a * 2", "loss": "huber"}}},
                "`a/huber` reads no prediction, and Keras has losses of outputs alone",
            ),
            (
                {"tasks": {"a": {"weight": "1 / (1 + step)", "loss": "huber"}}},
                "`a/huber` reads `step`, which a Keras loss does not get",
            ),
            (
                {"tasks": {"a": {"loss": {"type": "center", "num_classes": 3, "embedding_size": 2}}}},
                "`a/center` has state, which Keras neither saves with a loss nor keeps from `evaluate`",
            ),
            (
                {"tasks": {"a": {"loss": "l2"}}, "regularization": {"weight": "0.5"}},
                "`regularization` has the weight `0.5`, and Keras adds the losses of a model with the weight 1",
            ),
            (
                {"tasks": {"a": {"loss": "l2"}}, "regularization": {"weight": "1 + 0 * step"}},
                "`regularization` has the weight `1 + 0 * step`, and Keras adds the losses of a model with the weight 1",
            ),
        ],
    )  # fmt: skip
    def test_what_keras_cannot_express_is_named_with_the_reason(self, spec, reason):
        with pytest.raises(ValueError, match="cannot express") as error:
            as_keras_losses(spec)
        assert str(error.value) == f"{CANNOT}\n- {reason}"

    def test_all_reasons_of_all_terms_are_told_at_once(self):
        spec = {
            "tasks": {
                "a": {"mask": "y_true.valid", "weight": "1 / (1 + step)", "loss": "huber"},
                "b": {"loss": ["l2", {"type": "center", "num_classes": 3, "embedding_size": 2}]},
            },
            "regularization": {"weight": 2},
        }
        with pytest.raises(ValueError, match="cannot express") as error:
            as_keras_losses(spec)
        assert str(error.value).splitlines() == [
            CANNOT,
            f"- `a/huber` reads `y_true.valid`, {OWN}",
            "- `a/huber` reads `step`, which a Keras loss does not get",
            "- `b/center` has state, which Keras neither saves with a loss nor keeps from `evaluate`",
            "- `regularization` has the weight `2`, and Keras adds the losses of a model with the weight 1",
        ]

    @pytest.mark.parametrize("weight", [1, "1.0", "2 / 2", "c"])
    def test_a_regularization_of_weight_1_is_what_keras_does(self, weight):
        spec = {
            "tasks": {"a": {"loss": "l2"}},
            "regularization": {"weight": weight},
            "constants": {"c": 1},
        }
        assert list(as_keras_losses(spec)["loss"]) == ["a"]

    def test_a_wrong_spec_is_told_as_ever(self):
        from composer import SpecError

        with pytest.raises(SpecError, match="unknown-loss"):
            as_keras_losses({"tasks": {"a": {"loss": "no_such"}}})

    def test_tensors_that_do_not_fit_are_told_by_the_spec(self):
        from composer import SpecError

        model = identity("a")
        model.compile("sgd", **as_keras_losses({"tasks": {"a": {"loss": "huber"}}}))
        with pytest.raises(SpecError, match="shape-mismatch"):
            model.evaluate({"a": np.zeros((2, 3))}, {"a": np.zeros((2, 4))}, verbose=0)

    @pytest.mark.parametrize(
        "more",
        [{"sample_weight": np.float32([1, 2])}, {"class_weight": {0: 1.0, 1: 5.0}}],
        ids=list,
    )
    def test_no_weight_comes_in_past_the_spec(self, more):
        import keras

        x = keras.Input((2,))
        model = keras.Model(x, keras.layers.Dense(2, name="a")(x))
        found = as_keras_losses({"tasks": {"a": {"loss": "sparse_softmax_cross_entropy"}}})
        model.compile("sgd", **found)
        with pytest.raises(ValueError, match="sample_weight") as error:
            model.fit(np.zeros((2, 2)), np.int32([0, 1]), verbose=0, **more)
        assert str(error.value) == (
            "the loss of `y_pred.a` takes no `sample_weight` and no `class_weight`: the spec says all "
            "that scales a loss; write `weight:` there. One that is a tensor of the batch needs a "
            "`training.MultiTaskModel`"
        )

    def test_a_keras_mask_is_not_passed_over(self):
        import keras

        x = keras.Input((3, 1))
        model = keras.Model(x, {"x": {"a": keras.layers.Masking()(x)}})
        task = {"y_true": "y_true.x.a", "y_pred": "y_pred.x.a", "loss": "huber"}
        model.compile("sgd", **as_keras_losses({"tasks": {"a": task}}))
        zeros = np.zeros((2, 3, 1), "float32")
        with pytest.raises(ValueError, match="Keras mask") as error:
            model.evaluate(zeros, {"x": {"a": zeros}}, verbose=0)
        assert str(error.value) == (
            "`y_pred.x.a` carries a Keras mask, which no plain Keras loss can read for the spec; "
            "train a `training.MultiTaskModel` with `mask: y_true.keras_mask.x.a`"
        )


class TestReplicas:
    """One weight, 1 at first, times the inputs; what counts lies unevenly on the replicas."""

    SPEC = {"tasks": {"a": {"mask": "y_true >= 0", "loss": "absolute_difference"}}}
    X = np.float32([[1], [2], [4], [8], [16]])
    Y = np.float32([[0], [-1], [-1], [0], [0]])  # below 0: does not count

    def fitted(self, x, y_true):
        """The weight after one epoch of batches of 4, and the logged loss."""
        import keras

        inputs = keras.Input((1,))
        dense = keras.layers.Dense(
            1,
            use_bias=False,
            kernel_initializer="ones",
            kernel_regularizer=keras.regularizers.L2(0.25),
        )
        model = keras.Model(inputs, {"a": dense(inputs)})
        model.compile(keras.optimizers.SGD(0.125), **as_keras_losses(self.SPEC))
        logs = model.fit(x, {"a": y_true}, batch_size=4, shuffle=False, verbose=0).history
        return float(dense.kernel.numpy()[0, 0]), logs["loss"][0]

    def test_the_gradients_of_two_replicas_are_those_of_one_device(self, strategy):
        y_true = np.float32([[0], [0], [-1], [0]])  # 1 and 2 count here, 8 there
        one_device = self.fitted(self.X[:4], y_true)
        with strategy.scope():
            two = self.fitted(self.X[:4], y_true)
        # And 0.5 of the regularizer. The mean of the means of the replicas would be (1.5 + 8) / 2.
        gradient = (1 + 2 + 8) / 3 + 0.5
        assert one_device[0] == pytest.approx(1 - 0.125 * gradient, rel=1e-6)
        assert two[0] == pytest.approx(one_device[0], rel=1e-6)
        # Even shards: Keras logs the loss that it is.
        assert one_device[1] == pytest.approx(11 / 3 + 0.25, rel=1e-6)
        assert two[1] == pytest.approx(one_device[1], rel=1e-6)

    def test_keras_logs_twice_the_loss_of_a_batch_that_only_one_replica_has(self, strategy):
        one_device = self.fitted(self.X, self.Y)
        with strategy.scope():
            two = self.fitted(self.X, self.Y)
        assert two[0] == pytest.approx(one_device[0], rel=1e-6)
        first, weight = 4.5 + 0.25, 1 - 0.125 * (4.5 + 0.5)
        last, penalty = 16 * weight, 0.25 * weight**2
        assert one_device[1] == pytest.approx((4 * first + last + penalty) / 5, rel=1e-6)
        # Keras weighs by samples what it has multiplied by the number of replicas; each replica
        # has half of the penalty.
        assert two[1] == pytest.approx((4 * first + 2 * last + penalty) / 5, rel=1e-6)
