"""Models in `.keras` files: the types of their outputs. Nothing of the file is run or unpickled."""

from __future__ import annotations

import contextlib
import io
import re
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

from composer.command.building import native_log_hidden
from composer.command.model_archive import RefusedError, read_config
from composer.command.model_config import checked
from composer.language.diagnostics import escape, quote
from composer.language.dtypes import DTYPES
from composer.language.shape import Shape
from composer.language.tensor_type import MAX_RANK, TensorType

LOADING = "reading the model with TensorFlow, which takes some seconds to load"

_NAMED = 'name them with `keras.Model(inputs, {"name": output})`'
_KNOWN = f"an output is {', '.join(DTYPES[:-1])} or {DTYPES[-1]}"
_BEFORE = re.compile(r"(?:Exception|Error) encountered(?::| when calling .*)")
_BOLD = re.compile(r"\x1b\[\d*m")
_SHOWN_LENGTH = 200

Outputs = Mapping[str, "TensorType | Outputs"]
"""The types of the outputs of a model, nested as the model nests them."""


class ModelError(ValueError):
    """A model cannot be read, or has outputs that no spec has."""


def read_model(path: str) -> Outputs:
    """What `y_pred` holds while a model is trained; raises ModelError.

    Outputs in a mapping go by its keys, others by the names of the layers they come from, which
    are the model's `output_names`. The first axis is called `batch` where its size is open.
    """
    try:
        return _rebuilt(read_config(path))
    except RefusedError as error:
        raise ModelError(f"{quote(path)} {error}") from None


def _rebuilt(config: Any) -> Outputs:
    with _silence():
        import keras
        import tensorflow as tf

        if keras.config.backend() != "tensorflow":
            raise RefusedError("is read with TensorFlow alone; unset `KERAS_BACKEND`")
        harmless = checked(config)
        try:
            # In a graph TensorFlow computes nothing, and weights take no memory.
            with tf.Graph().as_default():
                model = keras.saving.deserialize_keras_object(harmless, safe_mode=True)
                return _outputs(*_structure(model))
        except RefusedError:
            raise
        except Exception as error:
            reason = _reason(error)
            raise RefusedError(f"cannot be read by Keras {keras.__version__}: {reason}") from None


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Whatever is worth telling about a model file is told by an error."""
    said = io.StringIO()
    with native_log_hidden(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            yield


def _structure(model: Any) -> tuple[Any, Any]:
    """The outputs of a model, and in the same structure the names of their layers."""
    import keras

    if not isinstance(model, keras.Model):
        raise RefusedError(f"holds a {quote(type(model).__name__)}, which is no model")
    if isinstance(model, keras.Sequential):
        if not model.layers or not model.built:
            raise RefusedError("has no shapes; begin the model with `keras.Input(shape)`")
        outputs = model.compute_output_spec(model.inputs[0])
        names = [model.layers[-1].name] * len(keras.tree.flatten(outputs))
    else:
        outputs, names = model.output, model.output_names
    return outputs, keras.tree.pack_sequence_as(outputs, names)


def _outputs(outputs: Any, names: Any) -> Outputs:
    if isinstance(outputs, dict):
        return {key: _output(outputs[key], names[key], key) for key in outputs}
    if isinstance(names, str):
        return {names: _type(outputs, names)}
    named: dict[str, TensorType] = {}
    for output, name in zip(outputs, names, strict=True):
        if not isinstance(name, str):
            raise RefusedError(f"has outputs in a list that have no names; {_NAMED}")
        if name in named:
            raise RefusedError(f"has several outputs of the layer {quote(name)}; {_NAMED}")
        named[name] = _type(output, name)
    return named


def _output(output: Any, names: Any, key: str) -> TensorType | Outputs:
    return _type(output, key) if isinstance(names, str) else _outputs(output, names)


def _type(tensor: Any, name: str) -> TensorType:
    """The type of one output, as `tensors:` would declare it. Keras has no unknown ranks."""
    # Whether it is sparse is not asked: Keras says so of every `x * 2`.
    if tensor.dtype not in DTYPES:
        raise RefusedError(f"has the output {quote(name)}, which is {tensor.dtype}; {_KNOWN}")
    if len(tensor.shape) > MAX_RANK:
        raise RefusedError(f"has the output {quote(name)}, which has more than {MAX_RANK} axes")
    dims = [None if size is None else int(size) for size in tensor.shape]
    first = ["batch" if size is None else size for size in dims[:1]]
    return TensorType(tensor.dtype, Shape((*first, *dims[1:])))


def _reason(error: Exception) -> str:
    """The line of Keras's message that says what happened; around it stands the configuration."""
    told = _BOLD.sub("", _BEFORE.split(str(error))[-1])
    lines = [line.strip() for line in told.splitlines() if line.strip()]
    line = lines[0] if lines else type(error).__name__
    if isinstance(error, LookupError):
        line = f"{type(error).__name__}: {line}"
    return escape(line if len(line) <= _SHOWN_LENGTH else f"{line[:_SHOWN_LENGTH]}…")
