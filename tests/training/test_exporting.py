"""A SavedModel of model and loss gives the model's numbers where there is nothing but TensorFlow."""

from __future__ import annotations

import json
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

STEP = 3
SPEC = {
    "tasks": {
        "depth": {"weight": "step / 2", "mask": "isfinite(y_true)", "loss": "huber"},
        "scene": {
            "loss": [
                "sparse_softmax_cross_entropy",
                {"type": "center", "num_classes": 3, "embedding_size": 3},
            ]
        },
    },
    "regularization": {"weight": 0.5},
}
TENSORS = {
    "y_true": {"depth": "float32[batch, 2]", "scene": "int32[batch]"},
    "y_pred": {"depth": "float32[batch, 2]", "scene": "float32[batch, 3]"},
}

# Run where the project cannot be imported; TensorFlow loads Keras where it finds it, so it finds none.
FRESH = """
import json, sys
sys.modules["keras"] = None
import numpy as np
import tensorflow as tf

def plain(value):
    return {key: plain(each) for key, each in value.items()} if isinstance(value, dict) else value.numpy().tolist()

found = {}
for directory in sys.argv[1:]:
    loaded = tf.saved_model.load(directory + "/model")
    arrays = {name: tf.constant(array) for name, array in np.load(directory + "/batch.npz").items()}
    step = arrays.pop("step")
    x, y_true = arrays.pop("x"), {name.removeprefix("y_true_"): array for name, array in arrays.items()}
    total, breakdown = loaded.total_loss(x, y_true, step)
    again, _ = loaded.total_loss(x, y_true, step)
    flat = loaded.signatures["total_loss"](x=x, step=step, **arrays)
    shapes = {
        name: {key: [spec.dtype.name, spec.shape.as_list()] for key, spec in signature.structured_input_signature[1].items()}
        for name, signature in loaded.signatures.items()
    }
    found[directory] = {
        "total": plain(total), "again": plain(again), "breakdown": plain(breakdown), "flat": plain(flat),
        "predictions": plain(loaded.predict(x)),
        "served": plain(loaded.signatures["serving_default"](x=x)),
        "shapes": shapes,
    }
wrong = sorted(name for name in sys.modules if name.split(".")[0] == "composer")
print(json.dumps(found | {"wrong": wrong}))
"""


def export(*arguments, **options):
    from composer.training import export

    export(*arguments, **options)


def data(count=5):
    """Inputs and targets; a depth is NaN."""
    rng = np.random.default_rng(0)
    depth = rng.normal(size=(count, 2)).astype("float32")
    depth[1, 0] = np.nan
    scene = rng.integers(0, 3, count).astype("int32")
    return rng.normal(size=(count, 4)).astype("float32"), {"depth": depth, "scene": scene}


def trunk():
    import keras

    return keras.layers.Dense(4, kernel_regularizer=keras.regularizers.L2(0.25))


def functional():
    """A functional model; `tensors:` declares the targets, so that it needs no batch."""
    import keras

    from composer.training import MultiTaskModel

    x = keras.Input((4,))
    hidden = keras.layers.Dropout(0.5)(trunk()(x))
    outputs = {
        "depth": keras.layers.Dense(2)(hidden),
        "scene": keras.layers.Dense(3)(hidden),
    }
    return MultiTaskModel(x, outputs, total_loss={**SPEC, "tensors": TENSORS}), None


def subclass():
    """A subclass, attached, with a loss of its own; its layers are made when it is first called."""
    import keras

    from composer.training import attach

    class Heads(keras.Model):
        def __init__(self):
            super().__init__()
            self.trunk, self.dropout = trunk(), keras.layers.Dropout(0.5)
            self.depth, self.scene = keras.layers.Dense(2), keras.layers.Dense(3)

        def call(self, x, training=None):
            hidden = self.dropout(self.trunk(x), training=training)
            self.add_loss(keras.ops.mean(keras.ops.square(hidden)))
            return {"depth": self.depth(hidden), "scene": self.scene(hidden)}

    return attach(Heads(), SPEC), data()


def mixed():
    """The functional model in half precision, which `tensors:` does not mind."""
    import keras

    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        return functional()
    finally:
        keras.config.set_dtype_policy(policy)


MODELS = {make.__name__: make for make in (functional, subclass, mixed)}


def evaluated(model, x, y_true):
    """What the model itself says of a batch: predictions, total and breakdown."""
    y_pred = model(x, training=False)
    total, breakdown = model.total_loss(
        y_true, y_pred, step=STEP, regularization=model.losses, training=False
    )
    return SimpleNamespace(y_pred=y_pred, total=total, breakdown=breakdown)


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """By name of a model, what it says of a batch and what its SavedModel says, in a fresh process."""
    x, y_true = data()
    own, directories = {}, {}
    for name, make in MODELS.items():
        model, batch = make()
        directory = directories[name] = tmp_path_factory.mktemp(name)
        model(x)
        # Centers that are not where they began.
        model.total_loss(y_true, model(x), step=STEP, regularization=model.losses)
        export(model, directory / "model", batch=batch)
        own[name] = evaluated(model, x, y_true)
        arrays = {f"y_true_{side}": array for side, array in y_true.items()}
        np.savez(directory / "batch.npz", x=x, step=np.int64(STEP), **arrays)
    there = run(*directories.values())
    return {
        name: SimpleNamespace(own=own[name], there=there[str(path)])
        for name, path in directories.items()
    }


def run(*directories):
    """What FRESH prints of SavedModels."""
    command = [sys.executable, "-I", "-c", FRESH, *map(str, directories)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found.pop("wrong") == []
    return found


@pytest.mark.parametrize("name", MODELS)
class TestFreshProcess:
    def test_it_gives_the_total_and_the_breakdown_of_the_model(self, name, exported):
        own, there = exported[name].own, exported[name].there
        assert there["total"] == pytest.approx(float(own.total), rel=1e-6)
        assert set(there["breakdown"]) == {
            "depth/huber", "scene/sparse_softmax_cross_entropy", "scene/center", "regularization",
        }  # fmt: skip
        for row, numbers in own.breakdown.items():
            wanted = {field: float(number) for field, number in numbers._asdict().items()}
            assert there["breakdown"][row] == pytest.approx(wanted, rel=1e-6), row
        assert own.breakdown["depth/huber"].weight == 1.5
        assert own.breakdown["depth/huber"].denominator == 9
        assert own.breakdown["regularization"].weighted > 0

    def test_a_call_moves_no_state(self, name, exported):
        assert exported[name].there["again"] == exported[name].there["total"]

    def test_the_flat_signature_gives_the_same(self, name, exported):
        there = exported[name].there
        rows = {
            f"{row}/{field}": number
            for row, numbers in there["breakdown"].items()
            for field, number in numbers.items()
        }
        assert there["flat"] == {"total": there["total"], **rows}

    def test_it_predicts_as_the_model_does_in_inference(self, name, exported):
        own, there = exported[name].own, exported[name].there
        assert there["served"] == there["predictions"]
        for output, tensor in own.y_pred.items():
            np.testing.assert_allclose(there["predictions"][output], tensor, rtol=1e-6)

    def test_the_batch_axis_is_unknown(self, name, exported):
        x = ["float32", [None, 4]]
        # A batch tells no sizes, since those of the next may be others; `tensors:` does.
        depth = [None, 2] if name != "subclass" else [None, None]
        assert exported[name].there["shapes"] == {
            "serving_default": {"x": x},
            "total_loss": {
                "x": x,
                "y_true_depth": ["float32", depth],
                "y_true_scene": ["int32", [None]],
                "step": ["int64", []],
            },
        }


def test_inputs_and_outputs_that_nest_have_flat_names_in_the_signatures(tmp_path):
    import keras
    import tensorflow as tf

    from composer.training import MultiTaskModel

    inputs = {
        "left": keras.Input((2,), name="left"),
        "more": [keras.Input((2,)), keras.Input((2,))],
    }
    summed = inputs["left"] + 10 * inputs["more"][0] + 100 * inputs["more"][1]
    task = {"y_true": "y_true.p.a", "y_pred": "y_pred.p.a", "loss": "absolute_difference"}
    model = MultiTaskModel(inputs, {"p": {"a": summed}}, total_loss={"tasks": {"a": task}})
    one, zeros = tf.ones([1, 2]), tf.zeros([1, 2])
    export(model, tmp_path, batch=(None, {"p": {"a": zeros}}))
    loaded = tf.saved_model.load(tmp_path)
    x = {"left": one, "more": [2 * one, 3 * one]}
    step = tf.constant(0, tf.int64)
    assert loaded.total_loss(x, {"p": {"a": zeros}}, step)[0] == 321
    np.testing.assert_array_equal(loaded.predict(x)["p"]["a"], [[321, 321]])
    flat = {"x_left": one, "x_more_0": 2 * one, "x_more_1": 3 * one}
    served = loaded.signatures["serving_default"](**flat)
    np.testing.assert_array_equal(served["p.a"], [[321, 321]])
    total_loss = loaded.signatures["total_loss"]
    assert total_loss(**flat, y_true_p_a=zeros, step=step)["total"] == 321


def test_keras_masks_come_from_the_model_and_sample_weights_with_the_targets(tmp_path):
    import keras
    import tensorflow as tf

    from composer.training import attach

    model = keras.Sequential([keras.Input((3, 1)), keras.layers.Masking(0.0)])
    task = {"weight": "y_true.sample_weight", "mask": "y_true.keras_mask.a", "loss": "l2"}
    x = tf.constant([[[2.0], [2.0], [0.0]], [[4.0], [0.0], [0.0]]])
    weight = tf.constant([3.0, 1.0])
    export(attach(model, {"tasks": {"a": task}}), tmp_path, batch=(x, {}, weight))
    loaded = tf.saved_model.load(tmp_path)
    total, _ = loaded.total_loss(x, {"sample_weight": weight}, tf.constant(0, tf.int64))
    assert total == 20 / 3  # (3·2 + 3·2 + 1·8) / 3 of the values 2, 2 and 8


def test_what_tensors_declares_comes_before_the_dtype_of_a_batch(tmp_path):
    import tensorflow as tf

    model, _ = functional()
    x, y_true = data()
    wide = {"depth": y_true["depth"].astype("float64"), "scene": y_true["scene"].astype("int64")}
    export(model, tmp_path, batch=(x, wide))
    loaded = tf.saved_model.load(tmp_path)
    _, arguments = loaded.signatures["total_loss"].structured_input_signature
    assert arguments["y_true_depth"].dtype == tf.float32
    assert arguments["y_true_scene"].dtype == tf.int32


@pytest.mark.full
def test_the_tables_of_a_lookup_go_along(tmp_path):
    import keras
    import tensorflow as tf

    from composer.training import attach

    lookup = keras.layers.StringLookup(vocabulary=["b", "c"], output_mode="one_hot")
    model = keras.Sequential([lookup, keras.layers.Rescaling(2.0)])
    words = tf.constant([["c"], ["x"]])
    export(attach(model, {"tasks": {"a": {"loss": "l2"}}}), tmp_path, batch=(words, None))
    loaded = tf.saved_model.load(tmp_path)
    np.testing.assert_array_equal(loaded.predict(words)["a"], [[0, 0, 2], [2, 0, 0]])


def test_a_model_of_two_replicas_is_exported_as_one(strategy, tmp_path):
    import tensorflow as tf

    x, y_true = data()
    with strategy.scope():
        model, _ = functional()
    export(model, tmp_path)
    loaded = tf.saved_model.load(tmp_path)
    total, _ = loaded.total_loss(x, y_true, tf.constant(STEP, tf.int64))
    assert float(total) == pytest.approx(float(evaluated(model, x, y_true).total), rel=1e-6)


class TestRefusals:
    def refused(self, *arguments, **options):
        with pytest.raises(ValueError, match="should") as error:
            export(*arguments, **options)
        return str(error.value)

    def test_a_model_without_a_total_loss(self, tmp_path):
        import keras

        message = self.refused(keras.Sequential([keras.layers.Dense(1)]), tmp_path)
        assert message == (
            "model should have a total loss, found Sequential; `training.attach(model, spec)` gives it one"
        )

    def test_inputs_that_nothing_tells(self, tmp_path):
        model, _ = subclass()
        assert self.refused(model, tmp_path) == (
            f"the dtypes and ranks of what {model.name} takes should be known; give a batch, "
            "`training.export(model, directory, batch=(x, y_true))`"
        )

    @pytest.mark.parametrize(
        ("more", "unknown"),
        [
            ({}, "`y_true.depth`, `y_true.scene`"),
            (
                {"tensors": {**TENSORS, "y_true": {"depth": "float32[batch, ...]", "scene": "int32[batch]"}}},
                "`y_true.depth`",
            ),
        ],
        ids=["nothing", "no rank"],
    )  # fmt: skip
    def test_targets_that_nothing_tells(self, more, unknown, tmp_path):
        import keras

        from composer.training import MultiTaskModel

        x = keras.Input((4,))
        outputs = {"depth": keras.layers.Dense(2)(x), "scene": keras.layers.Dense(3)(x)}
        model = MultiTaskModel(x, outputs, total_loss={**SPEC, **more})
        assert self.refused(model, tmp_path) == (
            f"the dtypes and ranks of {unknown} should be known; declare them under `tensors:` of "
            "the spec, or give a batch, `training.export(model, directory, batch=(x, y_true))`"
        )

    def test_a_batch_that_is_not_what_the_spec_declares(self, tmp_path):
        from composer import SpecError

        model, _ = functional()
        x, y_true = data()
        with pytest.raises(SpecError) as error:
            export(model, tmp_path, batch=(x, {**y_true, "depth": y_true["depth"][:, 0]}))
        assert str(error.value) == (
            "<mapping>:16:12: error[tensor-mismatch]: y_true.depth is declared as float32[batch, 2], found float32[?]\n"
            "16 |     depth: float32[batch, 2]\n"
            "   |            ^^^^^^^^^^^^^^^^^"
        )
