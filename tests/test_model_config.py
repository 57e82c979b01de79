"""The configuration of a model: what is not Keras's is refused, and nothing of it is run."""

from __future__ import annotations

import copy
import json
import os
import pickle
import zipfile

import keras
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers

from composer.command.model_config import checked
from composer.command.model_file import ModelError, read_model
from tests.model_files import (
    archive,
    array,
    call,
    chain,
    entry,
    function,
    layer,
    model,
    models_within_models,
    recorded,
    sequential,
    serialized,
    tensor,
    told,
    with_dense,
)
from tests.saved_models import MODELS, of, save, sequence


@pytest.fixture
def path(tmp_path, monkeypatch):
    """`m.keras` in the working directory, so that messages name it as it is."""
    monkeypatch.chdir(tmp_path)
    return "m.keras"


@pytest.fixture
def events(path):
    """What happens once Keras has loaded what it loads for itself."""
    archive(path, with_dense(units=3))
    read_model(path)
    with recorded() as events:
        yield events


INSTEAD = "; describe its outputs under `tensors:` instead"
CODE = "`m.keras` holds a {}, which runs code that is not Keras's" + INSTEAD
FOREIGN = "`m.keras` holds a {}, which is no layer of Keras nor a part of one" + INSTEAD
FUNCTION = "`m.keras` holds the function {}, which is no activation of Keras" + INSTEAD
FILE = "`m.keras` holds `x`, which reads the file {}" + INSTEAD
TENSORLESS = "`m.keras` is damaged: `x` is called without a tensor" + INSTEAD
WORK = "`m.keras` takes more than 100,000 calls of layers to build" + INSTEAD


def called_with(item, *args, **kwargs):
    """An object in the place of a layer, called with what it would be dangerous to call it with."""
    return model(entry(4), item | {"name": "x", "inbound_nodes": [call(*args, **kwargs)]})


def with_layer(class_name, **config):
    return model(entry(4), layer(class_name, "x", "in", **config))


MARSHALLED = serialized(None, "__lambda__", {"code": "4wEAAAA=", "defaults": None, "closure": None})
TOUCH = "touch pwned"
ATTACKS = {
    # CVE-2024-3660: the marshalled code of a lambda.
    "lambda": (with_layer("Lambda", function=MARSHALLED), CODE.format("`keras.layers.Lambda` called `x`")),
    "lambda-of-a-function": (
        with_layer("Lambda", function=function("keras.activations", "relu")),
        CODE.format("`keras.layers.Lambda` called `x`"),
    ),
    "lambda-as-activation": (with_dense(activation=MARSHALLED), CODE.format("`__lambda__` in `x`")),
    "lambda-of-old": (
        sequential(entry(4), {"class_name": "Lambda", "config": {"name": "x", "function": ["4wEAAAA=", None, None]}}),
        CODE.format("`Lambda` called `x`"),
    ),
    "lambda-in-a-layer": (
        with_layer("TimeDistributed", layer=serialized("keras.layers", "Lambda", {"name": "y", "function": MARSHALLED})),
        CODE.format("`keras.layers.Lambda` called `y`"),
    ),
    # CVE-2025-1550: any function of any module.
    "os.system": (called_with(function("os", "system"), TOUCH), FUNCTION.format("`os.system` in `m`")),
    "eval": (called_with(function("builtins", "eval"), "open('pwned', 'w')"), FUNCTION.format("`builtins.eval` in `m`")),
    "numpy.load": (with_dense(activation=function("numpy", "load")), FUNCTION.format("`numpy.load` in `x`")),
    "Popen": (
        called_with(serialized("subprocess", "Popen", {"args": ["touch", "pwned"]}), tensor("in")),
        FOREIGN.format("`subprocess.Popen` in `m`"),
    ),
    # CVE-2025-8747 and CVE-2025-9906: functions of Keras that do more than compute.
    "get_file": (
        with_dense(activation=function("keras.utils", "get_file")), FUNCTION.format("`keras.utils.get_file` in `x`"),
    ),
    "unsafe": (
        called_with(function("keras.config", "enable_unsafe_deserialization")),
        FUNCTION.format("`keras.config.enable_unsafe_deserialization` in `m`"),
    ),
    "load_model": (
        called_with(function("keras.models", "load_model"), "other.keras", safe_mode=False),
        FUNCTION.format("`keras.models.load_model` in `m`"),
    ),
    "global_state": (
        with_dense(activation=function("keras.src.backend.common.global_state", "set_global_attribute")),
        FUNCTION.format("`keras.src.backend.common.global_state.set_global_attribute` in `x`"),
    ),
    "deserialize": (
        with_dense(activation=function("keras.activations", "deserialize")),
        FUNCTION.format("`keras.activations.deserialize` in `x`"),
    ),
    "activation-of-others": (with_dense(activation=function("os", "relu")), FUNCTION.format("`os.relu` in `x`")),
    "function-of-no-name": (with_dense(activation=function("os", ["system"])), FUNCTION.format("`os.['system']` in `x`")),
    # CVE-2025-12058: files and addresses as vocabularies.
    "passwd": (with_layer("StringLookup", vocabulary="/etc/passwd"), FILE.format("`/etc/passwd`")),
    "address": (with_layer("IntegerLookup", vocabulary="http://127.0.0.1:9/a"), FILE.format("`http://127.0.0.1:9/a`")),
    "text": (with_layer("TextVectorization", vocabulary="gs://a/b"), FILE.format("`gs://a/b`")),
    # CVE-2026-1462 and its like: layers that are programs.
    "TFSMLayer": (with_layer("TFSMLayer", filepath="other"), CODE.format("`keras.layers.TFSMLayer` called `x`")),
    "TorchModuleWrapper": (
        sequential(entry(4), serialized("keras.layers", "TorchModuleWrapper", {"name": "x", "module": "gASVAA=="})), CODE.format("`keras.layers.TorchModuleWrapper` called `x`"),
    ),
    "JaxLayer": (with_layer("JaxLayer", call_fn=MARSHALLED), CODE.format("`keras.layers.JaxLayer` called `x`")),
    "FlaxLayer": (sequential(entry(4), serialized("keras.layers", "FlaxLayer", {"name": "x", "module": MARSHALLED})), CODE.format("`keras.layers.FlaxLayer` called `x`")),
    # Classes of other packages, under whatever name.
    "own-layer": (
        model(entry(4), layer("Mine", "x", "in", module=None) | {"registered_name": "mine>Mine"}), FOREIGN.format("`Mine` called `x`"),
    ),
    "own-model": (serialized("evil", "Net", {"name": "net"}), FOREIGN.format("`evil.Net` called `net`")),
    "import": (model(entry(4), layer("Layer", "x", "in", module="evil")), FOREIGN.format("`evil.Layer` called `x`")),
    "import-below-keras": (
        model(entry(4), layer("Layer", "x", "in", module="keras.src.ops.evil")), FOREIGN.format("`keras.src.ops.evil.Layer` called `x`"),
    ),
    "keras_hub": (model(entry(4), layer("Layer", "x", "in", module="keras_hub.models")), FOREIGN.format("`keras_hub.models.Layer` called `x`")),
    "own-name-of-a-layer": (
        model(entry(4), layer("Dense", "x", "in", units=2) | {"registered_name": "mine>Dense"}), FOREIGN.format("`keras.layers.Dense` called `x`"),
    ),
    "no-module": (sequential(entry(4), {"class_name": "Dense", "config": {"name": "x", "units": 2}}), FOREIGN.format("`Dense` called `x`")),
    "module-in-a-module": (model(entry(4), layer("np", "x", "in", module="keras.src.ops.numpy")), FOREIGN.format("`keras.src.ops.numpy.np` called `x`")),
    "class-of-no-model": (model(entry(4), layer("Variable", "x", "in", module="keras")), FOREIGN.format("`keras.Variable` called `x`")),
    "FeatureSpace": (model(entry(4), layer("FeatureSpace", "x", "in", module="keras.utils")), FOREIGN.format("`keras.utils.FeatureSpace` called `x`")),
    "optimizer": (with_dense(kernel_initializer=serialized("keras.optimizers", "Adam", {})), FOREIGN.format("`keras.optimizers.Adam` in `x`")),
    "typespec": (
        with_dense(units=serialized("os", "__typespec__", {}, spec_name="system")), FOREIGN.format("`os.__typespec__` in `x`"),
    ),
    "class-of-no-name": (with_dense(units=serialized("keras", ["Model"], {})), FOREIGN.format("`keras.['Model']` in `x`")),
    # What would be computed while it is read, or takes memory or time without end.
    "call-without-tensor": (called_with(layer("Dense", "x", units=2), [[1.0] * 4]), TENSORLESS),
    "tensor-in-a-slice": (
        called_with(
            layer("GetItem", "x", module="keras.src.ops.numpy"),
            [[1.0]], {"class_name": "__slice__", "config": {"start": tensor("in"), "stop": None, "step": None}},
        ), TENSORLESS,
    ),
    "objects": (with_dense(units=array(["a"], "O")), "`m.keras` holds an array of `O` in `x`" + INSTEAD),
    "wide-text": (with_dense(units=array(["a"], "U999999999")), "`m.keras` holds an array of `U999999999` in `x`" + INSTEAD),
    "depth": (with_dense(units=json.loads("[" * 101 + "]" * 101)), "`m.keras` is nested more than 100 deep" + INSTEAD),
    "depth-of-a-call": (called_with(layer("ReLU", "x"), json.loads("[" * 900 + "]" * 900)), "`m.keras` is nested more than 100 deep" + INSTEAD),
    "doubling": (models_within_models(16), WORK),
    "backwards": (model(*chain(400)[::-1]), WORK),
    "long-sequential": (sequential(entry(4), *(layer("ReLU", f"x{i}") for i in range(450))), WORK),
    "ngrams": (with_layer("TextVectorization", ngrams=10**9), "`m.keras` holds `x`, whose `ngrams` is more than 10,000" + INSTEAD),
    "no-model": ([], "`m.keras` describes no model"),
    "layer-alone": (layer("Dense", "x", units=2), "`m.keras` holds a `Dense`, which is no model"),
}  # fmt: skip


@pytest.mark.parametrize("name", ATTACKS)
def test_what_is_refused(name, path, events, tmp_path, monkeypatch):
    (tmp_path / "evil.py").write_text("open('pwned', 'w')")
    monkeypatch.syspath_prepend(tmp_path)
    config, message = ATTACKS[name]
    archive(path, config)
    events.clear()
    assert told(path) == message
    assert events == []
    assert not os.path.exists("pwned")


@pytest.mark.parametrize("unsafe", [False, True], ids=["safe", "unsafe"])
def test_a_lambda_as_keras_saves_it(unsafe, path, events, monkeypatch):
    """Also where Keras is told to run everything."""
    net = of(
        lambda x: layers.Lambda(lambda x: (os.makedirs("pwned", exist_ok=True), x)[1], name="f")(x),
        sequence,
    )
    save(net, path)
    os.rmdir("pwned")
    monkeypatch.setattr(keras.src.saving.serialization_lib, "in_safe_mode", lambda: not unsafe)
    events.clear()
    assert told(path) == CODE.format("`keras.layers.Lambda` called `f`")
    assert events == []
    assert not os.path.exists("pwned")


def test_the_hook_sees_what_it_is_there_to_see(path, events):
    """Otherwise that it saw nothing would say nothing."""
    os.system("true")  # noqa: S605
    pickle.loads(pickle.dumps(os.getcwd))  # noqa: S301
    assert {event for event, _ in events} == {"os.system", "pickle.find_class"}


def test_a_class_that_somebody_has_registered(path, monkeypatch):
    @keras.saving.register_keras_serializable("mine")
    class Mine(layers.ReLU):
        pass

    save(of(lambda x: Mine(name="x")(x), sequence), path)
    assert told(path) == FOREIGN.format(f"`{__name__}.Mine` called `x`")


def test_a_class_that_somebody_has_put_into_keras(path, monkeypatch):
    class Mine(layers.ReLU):
        pass

    monkeypatch.setattr(layers, "Mine", Mine, raising=False)
    archive(path, model(entry(4), layer("Mine", "x", "in")))
    assert told(path) == FOREIGN.format("`keras.layers.Mine` called `x`")


def test_all_layers_of_keras_but_these_are_read():
    refused = set()
    for name, each in vars(layers).items():
        if isinstance(each, type) and issubclass(each, layers.Layer):
            try:
                checked(sequential(serialized("keras.layers", name, {"name": "x"})))
            except ValueError:
                refused.add(name)
    assert refused == {"FlaxLayer", "JaxLayer", "Lambda", "TFSMLayer", "TorchModuleWrapper"}


def test_keras_finds_the_class_that_was_looked_at():
    """The two look in different places."""
    modules = (
        "constraints",
        "dtype_policies",
        "initializers",
        "layers",
        "quantizers",
        "regularizers",
    )
    for module in [keras, *(getattr(keras, name) for name in modules)]:
        for name, each in vars(module).items():
            public = keras.src.api_export.get_symbol_from_name(f"{module.__name__}.{name}")
            assert public is None or public is each


HOW_MANY = st.integers(1, 3)
ODD = st.sampled_from([
    None, True, -1, 0, 10**30, 2**63, float("nan"), "", "x", "Lambda", "keras.layers", "os", "system", "function",
    "__lambda__", "__numpy__", "\ud800", [], {}, [None], [[1]], {"class_name": "x"}, serialized("os", "system", "touch pwned"),
])  # fmt: skip


def places(value, found):
    for key, item in value.items() if isinstance(value, dict) else enumerate(value):
        found.append((value, key))
        if isinstance(item, dict | list):
            places(item, found)
    return found


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """A file, and configurations as Keras writes them."""
    path = str(tmp_path_factory.mktemp("fuzz") / "m.keras")
    configs = []
    for name in ("list-in-mapping", "recurrent", "parts", "sequential"):
        save(MODELS[name][0], path)
        with zipfile.ZipFile(path) as file:
            configs.append(json.loads(file.read("config.json")))
    return path, configs


@given(st.randoms(use_true_random=False), HOW_MANY, ODD)
@settings(max_examples=30, deadline=None)
def test_whatever_stands_in_the_file_is_read_or_refused(sound, chance, count, odd):
    path, configs = sound
    config = copy.deepcopy(chance.choice(configs))
    for _ in range(count):
        value, key = chance.choice(places(config, [(config, "module")]))
        value[key] = copy.deepcopy(odd)
    archive(path, config)
    try:
        read_model(path)
        message = f"`{path}` "
    except ModelError as error:
        message = str(error)
    assert message.startswith(f"`{path}` ")
    assert message.isprintable()
