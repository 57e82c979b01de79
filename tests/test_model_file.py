"""Models in `.keras` files: what is read of their outputs, and what Keras says of others."""

from __future__ import annotations

import warnings

import keras
import numpy as np
import pytest
from keras import layers, ops

from composer.command.model_file import LOADING, read_model
from composer.language.shape import Shape
from composer.language.tensor_type import TensorType, parse_tensor
from tests.model_files import archive, entry, layer, model, serialized, told, with_dense
from tests.saved_models import MODELS, of, save, sequence, words


@pytest.fixture
def path(tmp_path, monkeypatch):
    """`m.keras` in the working directory, so that messages name it as it is."""
    monkeypatch.chdir(tmp_path)
    return "m.keras"


def parsed(types):
    """`float32[batch, 4]` as a type, in nested mappings."""
    if isinstance(types, str):
        return parse_tensor(types)
    return {name: parsed(each) for name, each in types.items()}


@pytest.mark.parametrize("name", MODELS)
def test_models_as_keras_saves_them(name, path, capfd):
    make, types = MODELS[name]
    save(make, path)
    capfd.readouterr()
    assert read_model(path) == parsed(types)
    assert list(read_model(path)) == list(types)
    assert capfd.readouterr() == ("", "")


def test_quantized(path):
    net = of(lambda x: layers.Dense(4, name="a")(layers.Dense(8)(x)), sequence)()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        net.quantize("int8")
    save(lambda: net, path)
    assert read_model(path) == parsed({"a": "float32[batch, 5, 4]"})


@pytest.mark.full
@pytest.mark.parametrize("name", ["ConvNeXtTiny", "EfficientNetB0", "InceptionResNetV2"])
def test_applications(name, path):
    save(lambda: getattr(keras.applications, name)(weights=None, classes=9, name="m"), path)
    (found,) = read_model(path).values()
    assert found == parse_tensor("float32[batch, 9]")


def test_what_a_model_is_trained_with_is_not_looked_at(path):
    config = with_dense()
    for place in (config, config["config"]["layers"][1]):
        place["compile_config"] = place["build_config"] = serialized(
            "os", "system", {"x": "touch pwned"}
        )
    archive(path, config)
    assert read_model(path) == parsed({"x": "float32[batch, 2]"})


@pytest.mark.parametrize("around", ["functional", "any other"])
def test_models_that_train_with_a_total_loss_are_read_as_the_models_they_are(around, path):
    from composer import training

    inputs = keras.Input([4])
    outputs = {"depth": layers.Dense(1)(inputs)}
    spec = {"tasks": {"depth": {"loss": "huber"}}}

    def make():
        if around == "functional":
            return training.MultiTaskModel(inputs, outputs, total_loss=spec)
        return training.attach(keras.Model(inputs, outputs), spec)

    save(make, path)
    assert read_model(path) == parsed({"depth": "float32[batch, 1]"})


def test_the_loss_of_such_a_model_is_not_looked_at(path):
    bad = serialized("os", "system", {"x": "touch pwned"})
    config = with_dense()["config"] | {"total_loss": bad, "on_nonfinite": bad}
    ours = serialized("os", "system", config, registered_name="losscomp>MultiTaskModel")
    archive(path, ours)
    assert read_model(path) == parsed({"x": "float32[batch, 2]"})


def test_weights_take_no_memory(path):
    """Four terabytes, which no machine that runs this test would give."""
    wide = layer("Dense", "w", "in", units=10**12)
    archive(path, model(entry(4), wide, layer("Normalization", "x", "w", mean=0.0, variance=1.0)))
    assert read_model(path) == {"x": TensorType("float32", Shape(("batch", 10**12)))}


def test_nothing_is_left_behind(path):
    """A layer that is made afterwards is made as ever."""
    archive(path, with_dense(dtype="float64"))
    read_model(path)
    made = layers.Dense(2)
    assert made(np.ones((1, 3), "float32")).numpy().shape == (1, 2)
    assert (made.kernel.dtype, keras.config.dtype_policy().name) == ("float32", "float32")


NAME = 'name them with `keras.Model(inputs, {"name": output})`'
KINDS = "an output is bool, int8, int16, int32, int64, uint8, uint16, uint32, uint64, float16, bfloat16, float32 or float64"  # fmt: skip


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (of(lambda x: [y := layers.ReLU(name="a")(x), y], sequence),
         f"`m.keras` has several outputs of the layer `a`; {NAME}"),
        (of(lambda x: [{"b": x + 1}, x + 2], sequence), f"`m.keras` has outputs in a list that have no names; {NAME}"),
        (lambda: keras.Model(x := words(), {"a\n": layers.Identity()(x)}), f"`m.keras` has the output `a\\u{{a}}`, which is string; {KINDS}"),
        (of(lambda x: {"a": ops.cast(x, "complex64")}, sequence),
         f"`m.keras` has the output `a`, which is complex64; {KINDS}"),
        (lambda: keras.Model(x := keras.Input((1,) * 32), {"a": layers.Identity()(x)}),
         "`m.keras` has the output `a`, which has more than 32 axes"),
        (lambda: keras.Sequential([layers.Dense(3)]), "`m.keras` has no shapes; begin the model with `keras.Input(shape)`"),
    ],
    ids=["twice", "mapping-in-list", "string", "complex", "rank", "no-input"],
)  # fmt: skip
def test_outputs_that_no_spec_has(make, message, path):
    save(make, path)
    assert told(path) == message


def within(class_name, **config):
    """A layer in a pipeline, which is traced as a whole."""
    part = serialized("keras.layers", class_name, {"name": "y"} | config)
    return model(entry(4, 3), layer("Pipeline", "x", "in", layers=[part]))


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (with_dense(activation="nope"), "Could not interpret activation function identifier: nope"),
        (with_dense(activation="\x1b[2J\nx"), "Could not interpret activation function identifier: \\u{1b}[2J"),
        (model(entry(4), layer("Dense", "x", "in")), "Dense.__init__() missing 1 required positional argument: 'units'"),
        (model(entry(4), layer("Add", "x", "nobody", module="keras.src.ops.numpy")), "Unknown layer: nobody"),
        (model(entry(4), layer("Rescaling", "x", "in", scale=2.0)), "KeyError: 'offset'"),
        (within("Reshape", target_shape=[5]),
         "The total size of the tensor must be unchanged. Received: input_shape=(4, 3), target_shape=(5,)"),
    ],
    ids=["activation", "escape", "argument", "source", "key", "traced"],
)  # fmt: skip
def test_what_keras_says(config, message, path):
    archive(path, config)
    assert told(path) == f"`m.keras` cannot be read by Keras {keras.__version__}: {message}"


def test_what_keras_says_at_length(path):
    archive(path, with_dense(activation="n" * 1000))
    line = "Could not interpret activation function identifier: "  # 52 characters
    assert (
        told(path) == f"`m.keras` cannot be read by Keras {keras.__version__}: {line}{'n' * 148}…"
    )


def test_another_backend(path, monkeypatch):
    archive(path, with_dense())
    monkeypatch.setattr(keras.config, "backend", lambda: "torch")
    assert told(path) == "`m.keras` is read with TensorFlow alone; unset `KERAS_BACKEND`"


def test_what_is_told_before(path):
    assert LOADING == "reading the model with TensorFlow, which takes some seconds to load"
