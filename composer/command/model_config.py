"""The configuration of a Keras model: taken apart and checked before Keras sees any of it."""

from __future__ import annotations

import sys
from typing import Any

from composer.command.model_archive import RefusedError
from composer.command.model_work import demand_bounded_parts, demand_bounded_work, sources
from composer.language.diagnostics import quote
from composer.language.dtypes import DTYPES

MAX_DEPTH = 100

Config = dict[str, Any]

_MODULES = frozenset(
    f"keras{name}"
    for name in (
        "", ".constraints", ".dtype_policies", ".initializers", ".layers", ".models",
        ".quantizers", ".random", ".regularizers",
    )
)  # fmt: skip
_PRIVATE = ("keras.src.activations.", "keras.src.applications.", "keras.src.models.",
            "keras.src.ops.")  # fmt: skip
_ACTIVATIONS = ("builtins", "keras.activations")
_FOREIGN = ("__lambda__", "FlaxLayer", "JaxLayer", "Lambda", "TFSMLayer", "TorchModuleWrapper")
_VALUES = ("__bytes__", "__ellipsis__", "__keras_tensor__", "__slice__")
_ARRAYS = ("__numpy__", "__tensor__")


def checked(config: object) -> Config:
    """A copy of a model's configuration that names nothing but classes of Keras.

    What says how the model is trained and built is left out, and so are vocabularies. Keras has
    to be imported already. Raises RefusedError.
    """
    config = _without_total_loss(config)
    if not isinstance(config, dict) or "class_name" not in config:
        raise RefusedError("describes no model")
    try:
        model: Config = _copied(config, "the model", 0)
        demand_bounded_work(model)
    except RefusedError as error:
        raise RefusedError(f"{error}; describe its outputs under `tensors:` instead") from None
    return model


def _without_total_loss(config: Any) -> Any:
    """A model of composer.training as the Keras model that it is; its loss is not read."""
    inner = config.get("config") if isinstance(config, dict) else None
    if not isinstance(inner, dict):
        return config
    if config.get("registered_name") == "losscomp>AttachedModel":
        return inner.get("model")
    if config.get("registered_name") == "losscomp>MultiTaskModel":
        rest = {key: inner[key] for key in inner if key not in ("total_loss", "on_nonfinite")}
        return {"module": "keras.src.models.functional", "class_name": "Functional", "config": rest}
    return config


def _copied(value: Any, owner: str, depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise RefusedError(f"is nested more than {MAX_DEPTH} deep")
    if isinstance(value, list):
        return [_copied(item, owner, depth + 1) for item in value]
    if not isinstance(value, dict):
        return value
    if "class_name" in value:
        return _object(value, owner, depth)
    return {key: _copied(item, owner, depth + 1) for key, item in value.items()}


def _object(value: Config, owner: str, depth: int) -> Config:
    """One serialized object; Keras would import, build or call what these dicts name."""
    name, config = value["class_name"], value.get("config")
    if name in _VALUES:
        return {"class_name": name, "config": _copied(config, owner, depth + 1)}
    if name in _ARRAYS:
        return _array(name, config, owner)
    module = value.get("module")
    if name == "function":
        return _function(module, config, owner)
    config = {} if config is None else config
    if not isinstance(config, dict):
        raise RefusedError(f"is damaged: the configuration of {quote(name)} is no mapping")
    is_named = isinstance(config.get("name"), str)
    owner = quote(config["name"]) if is_named else owner
    where = f"called {owner}" if is_named else f"in {owner}"
    _demand_class_of_keras(module, name, value.get("registered_name"), where)
    demand_bounded_parts(config, owner)
    inner = _copied(_without_vocabulary(config, owner), owner, depth + 1)
    copied = {"module": module, "class_name": name, "config": inner, "registered_name": None}
    if "inbound_nodes" in value:
        copied["name"] = str(value.get("name"))
        copied["inbound_nodes"] = _nodes(value["inbound_nodes"], owner, depth + 1)
    return copied


def _demand_class_of_keras(module: object, name: object, registered: object, where: str) -> None:
    found = _class(module, name) if registered in (None, name) else None
    names = [base.__name__ for base in found.__mro__] if found else [name]
    if found is not None and not any(each in _FOREIGN for each in names):
        return
    shown = quote(f"{module}.{name}" if module else name)
    if any(each in _FOREIGN for each in names):
        raise RefusedError(f"holds a {shown} {where}, which runs code that is not Keras's")
    raise RefusedError(f"holds a {shown} {where}, which is no layer of Keras nor a part of one")


def _class(module: object, name: object) -> type | None:
    """The class that Keras finds by these names; nothing is imported for it."""
    import keras

    bases = (
        keras.Operation, keras.Initializer, keras.Regularizer, keras.Quantizer,
        keras.constraints.Constraint, keras.dtype_policies.DTypePolicy, keras.random.SeedGenerator,
        *filter(None, [getattr(keras.quantizers, "QuantizationConfig", None)]),  # since Keras 3.13
    )  # fmt: skip
    if not isinstance(module, str) or not isinstance(name, str):
        return None
    if module not in sys.modules or not (module in _MODULES or module.startswith(_PRIVATE)):
        return None
    found = vars(sys.modules[module]).get(name)
    # Names in Keras's modules may be of other packages, or of what has no place in a model.
    if not isinstance(found, type) or not found.__module__.startswith("keras.src."):
        return None
    return found if issubclass(found, bases) else None


def _function(module: object, name: object, owner: str) -> Config:
    """A function, which may be an activation and nothing else."""
    import keras

    known = vars(keras.activations).keys() - {"deserialize", "get", "serialize"}
    if module not in _ACTIVATIONS or not isinstance(name, str) or name not in known:
        shown = quote(f"{module}.{name}" if module else name)
        raise RefusedError(
            f"holds the function {shown} in {owner}, which is no activation of Keras"
        )
    return {"module": module, "class_name": "function", "config": name, "registered_name": name}


def _array(name: str, config: object, owner: str) -> Config:
    """Numbers; the other dtypes of NumPy hold objects, or a gigabyte in one element."""
    config = config if isinstance(config, dict) else {}
    if config.get("dtype") not in DTYPES:
        raise RefusedError(f"holds an array of {quote(config.get('dtype'))} in {owner}")
    return {"class_name": name, "config": {key: config.get(key) for key in ("value", "dtype")}}


def _without_vocabulary(config: Config, owner: str) -> Config:
    """A vocabulary may be the name of a file; shapes need only its size, which stands beside it."""
    vocabulary = config.get("vocabulary")
    if isinstance(vocabulary, str):
        raise RefusedError(f"holds {owner}, which reads the file {quote(vocabulary)}")
    return config | {key: None for key in ("vocabulary", "idf_weights") if key in config}


def _nodes(nodes: object, owner: str, depth: int) -> list[Any]:
    """The calls of a layer; one without a tensor of the model would be computed while reading."""
    copied = _copied(nodes, owner, depth)
    if not isinstance(copied, list):
        raise RefusedError(f"is damaged: the calls of {owner} are no list")
    for node in copied:
        if not isinstance(node, dict) or not any(True for _ in sources(node)):
            raise RefusedError(f"is damaged: {owner} is called without a tensor")
    return copied
