"""`.keras` files written by hand: what Keras writes, and what it never would."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import sys
import zipfile

import pytest

from composer.command.model_file import ModelError, read_model


def archive(path, config, method=zipfile.ZIP_STORED):
    """The archive that Keras writes; the weights are none, for nobody reads them."""
    text = config if isinstance(config, str | bytes) else json.dumps(config)
    with zipfile.ZipFile(path, "w", method) as file:
        file.writestr("metadata.json", '{"keras_version": "3.15.1"}')
        file.writestr("config.json", text)
        file.writestr("model.weights.h5", b"no HDF5")


def serialized(module, class_name, config=None, **more):
    return {
        "module": module,
        "class_name": class_name,
        "config": config,
        "registered_name": None,
    } | more


def tensor(name, node=0):
    history = [name, node, 0]
    config = {"shape": [None, 4], "dtype": "float32", "keras_history": history}
    return {"class_name": "__keras_tensor__", "config": config}


def call(*args, **kwargs):
    return {"args": list(args), "kwargs": kwargs}


def layer(class_name, name, *sources, module="keras.layers", **config):
    """A layer that is called once on every source."""
    nodes = [call(tensor(source)) for source in sources]
    return serialized(module, class_name, {"name": name, **config}, name=name, inbound_nodes=nodes)


def entry(*shape, name="in", dtype="float32"):
    return layer("InputLayer", name, batch_shape=[None, *shape], dtype=dtype)


def model(*layers, output=None, name="m"):
    """A functional model of one input and, unless told otherwise, one output: the last layer's."""
    config = {
        "name": name, "trainable": True, "layers": list(layers),
        "input_layers": [[layers[0]["name"], 0, 0]],
        "output_layers": output or [layers[-1]["name"], 0, 0],
    }  # fmt: skip
    return serialized(
        "keras.src.models.functional", "Functional", config, name=name, inbound_nodes=[]
    )


def sequential(*layers):
    return serialized("keras", "Sequential", {"name": "s", "layers": list(layers)})


def with_dense(**config):
    """A model of one dense layer, with something in its configuration."""
    return model(entry(4), layer("Dense", "x", "in", **({"units": 2} | config)))


def function(module, name):
    return serialized(module, "function", name, registered_name=name)


def array(value, dtype):
    return {"class_name": "__numpy__", "config": {"value": value, "dtype": dtype}}


def chain(count):
    """Layers one behind the other."""
    names = ["in", *(f"x{place}" for place in range(count))]
    return [entry(4), *(layer("Identity", b, a) for a, b in itertools.pairwise(names))]


def models_within_models(depth):
    """Each calls the one within it twice, on shapes that it was not made for."""
    inner = model(entry(None, name="i"), layer("Identity", "x", "i"))
    for _ in range(depth):
        inner["inbound_nodes"] = [call(tensor("i")), call(tensor("m"))]
        inner = model(entry(None, name="i"), inner, output=[["m", 2, 0]])
    return inner


def told(path):
    with pytest.raises(ModelError) as error:
        read_model(path)
    return str(error.value)


WATCHED = {
    "compile", "exec", "import", "marshal.loads", "open", "os.exec", "os.fork", "os.listdir", "os.mkdir",
    "os.posix_spawn", "os.remove", "os.system", "pickle.find_class", "socket.connect", "socket.getaddrinfo",
    "subprocess.Popen", "urllib.Request",
}  # fmt: skip
_seen = []


def _watch(event, args):
    is_known = event == "open" and (args[0] in (os.devnull, "m.keras") or isinstance(args[0], int))
    if _seen and event in WATCHED and not is_known:
        _seen[-1].append((event, str(args)))


@contextlib.contextmanager
def recorded():
    """What is opened, imported, run or asked of the network, apart from `m.keras` itself."""
    _seen.append([])
    try:
        yield _seen[-1]
    finally:
        _seen.pop()


sys.addaudithook(_watch)  # it stays as long as the process
