"""Restoring a checkpoint of TensorFlow whole, or not at all."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from composer.language.diagnostics import listing, quote

# TensorFlow's own count of the checkpoints that were written, which is there or not.
_COUNTER = "save_counter"
_ATTRIBUTES = "/.ATTRIBUTES/"


class _Saved(NamedTuple):
    """What a checkpoint file holds of one variable: the number of the object, and its tensor."""

    node: int
    dtype: tf.DType
    shape: list[int]

    def __str__(self) -> str:
        return f"{self.dtype.name}{self.shape}"


def restore(checkpoint: tf.train.Checkpoint, path: str | os.PathLike[str]) -> str:
    """Restores a checkpoint whole, or raises before anything has changed.

    `tf.train.Checkpoint.restore` takes what it finds and is silent about the rest: training would
    go on with centers at 0, or with an optimizer that has forgotten its moments.

    Args:
        checkpoint: what to restore, built: `tf.train.Checkpoint(model=model)`, which holds the
            total loss and the optimizer of a MultiTaskModel; in a loop of one's own
            `tf.train.Checkpoint(model=…, optimizer=…, total_loss=…)`.
        path: a checkpoint, such as `run/ckpt-3`, or a directory, whose latest is taken.

    Returns:
        The path of the checkpoint.

    Raises:
        FileNotFoundError: there is no checkpoint.
        ValueError: the file lacks variables, holds some that nothing takes up, or has them in other
            shapes; they are named.
    """
    found = _find(os.fspath(path))
    _require_fit(checkpoint, found, _saved(found))
    checkpoint.restore(found).expect_partial()  # but for nothing that is missed
    return found


def restore_parts(path: str, **parts: Any) -> None:
    """Restores some of the objects that a checkpoint was made of; raises as `restore`."""
    checkpoint = tf.train.Checkpoint(**parts)
    saved = {name: each for name, each in _saved(path).items() if name.split("/")[0] in parts}
    _require_fit(checkpoint, path, saved)
    checkpoint.read(path).expect_partial()


def is_whole(path: str) -> bool:
    """Whether every tensor of a checkpoint can be read, checksums included."""
    try:
        reader = tf.train.load_checkpoint(path)
        for name in reader.get_variable_to_shape_map():
            reader.get_tensor(name)
    except Exception:  # the reader has one of its own for every way in which a file can be broken
        return False
    return True


def _find(path: str) -> str:
    if tf.io.gfile.isdir(path):
        latest = tf.train.latest_checkpoint(path)
        if latest is None:
            raise FileNotFoundError(f"{quote(path)} should hold a checkpoint, found none")
        return str(latest)
    if not tf.io.gfile.exists(f"{path}.index"):
        raise FileNotFoundError(
            f"there should be a checkpoint {quote(path)}, found no file {quote(path + '.index')}"
        )
    return path


def _saved(path: str) -> dict[str, _Saved]:
    """What a checkpoint holds, by the names that lead there from what was saved."""
    view = tf.train.CheckpointView(path)
    reader = tf.train.load_checkpoint(path)
    dtypes = reader.get_variable_to_dtype_map()
    found = {}
    for key, shape in reader.get_variable_to_shape_map().items():
        escaped, attribute, _ = key.partition(_ATTRIBUTES)
        if not attribute or escaped == _COUNTER:
            continue  # the graph of the objects has no attribute
        names = [_unescaped(name) for name in escaped.split("/")]
        node = 0
        for name in names:
            node = view.children(node)[name]
        found["/".join(names)] = _Saved(node, dtypes[key], shape)
    return found


def _unescaped(name: str) -> str:
    """A name as it was before TensorFlow wrote `.S` for a stroke in it, and two points for one."""
    return re.sub(r"\.([.S])", lambda match: "/" if match[1] == "S" else ".", name)


def _require_fit(checkpoint: tf.train.Checkpoint, path: str, saved: Mapping[str, _Saved]) -> None:
    """Raises ValueError where a file and what is to be restored are not of the same variables."""
    view = tf.train.CheckpointView(path)
    matched = view.match(checkpoint)
    if any(each.node not in matched for each in saved.values()):
        _build_optimizers(checkpoint)
        matched = view.match(checkpoint)
    taken = {id(each) for each in matched.values()}
    variables = _variables(checkpoint)
    _require_shown(checkpoint, variables)
    missing = [name for name, each in variables if id(each) not in taken]
    if missing:
        raise ValueError(
            f"the checkpoint {quote(path)} should hold all that is restored, and lacks "
            f"{listing(missing)}: it was saved without these, or from another model"
        )
    unknown = [name for name, each in saved.items() if each.node not in matched]
    if unknown:
        raise ValueError(
            f"the checkpoint {quote(path)} holds {listing(sorted(unknown))}, which nothing here "
            "takes up; restore the objects that were saved, all of them built"
        )
    others = [
        f"{quote(name)} is {each} there and {_type(matched[each.node])} here"
        for name, each in saved.items()
        if not _fits(each, matched[each.node])
    ]
    if others:
        raise ValueError(f"the checkpoint {quote(path)} is of another model: {'; '.join(others)}")


def _require_shown(checkpoint: tf.train.Checkpoint, variables: list[tuple[str, Any]]) -> None:
    """Raises ValueError where a Keras model has variables that TensorFlow does not see."""
    seen = {id(each) for _, each in variables}
    models = [each for each in _descendants(checkpoint) if isinstance(each, keras.Model)]
    hidden = [each.path for model in models for each in model.variables if id(each) not in seen]
    if hidden:
        raise ValueError(
            f"the checkpoint should hold {listing(hidden)}: Keras shows TensorFlow neither random "
            "seeds nor layers in lists; save and restore "
            "`tf.train.Checkpoint(…, variables=model.variables)`"
        )


def _build_optimizers(checkpoint: tf.train.Checkpoint) -> None:
    """Makes the variables of optimizers, which come into being with the first step."""
    for model in _descendants(checkpoint):
        optimizer = getattr(model, "optimizer", None) if isinstance(model, keras.Model) else None
        if optimizer is not None and model.built and not optimizer.built:
            with model.distribute_strategy.scope():
                optimizer.build(model.trainable_variables)


def _descendants(checkpoint: tf.train.Checkpoint) -> list[Any]:
    found: list[Any] = tf.train.TrackableView(checkpoint).descendants()
    return found


def _variables(checkpoint: tf.train.Checkpoint) -> list[tuple[str, Any]]:
    """The variables that are to be restored: by Keras's own names, others by what leads there."""
    view = tf.train.TrackableView(checkpoint)
    seen: dict[int, Any] = {id(checkpoint): checkpoint}
    reached, found = [("", checkpoint)], []
    for place, trackable in reached:
        for name, child in view.children(trackable).items():
            if id(child) in seen or name == _COUNTER:
                continue
            seen[id(child)] = child
            reached.append((f"{place}{name}/", child))
            if isinstance(child, tf.Variable | keras.Variable):
                found.append((getattr(child, "path", f"{place}{name}"), child))
    return found


def _type(variable: Any) -> str:
    return f"{tf.as_dtype(variable.dtype).name}{list(variable.shape)}"


def _fits(saved: _Saved, variable: Any) -> bool:
    """Whether a tensor fits what takes it up; what is no variable looks after itself."""
    if not isinstance(variable, tf.Variable | keras.Variable):
        return True
    is_one_dtype = tf.as_dtype(variable.dtype) == saved.dtype
    return is_one_dtype and bool(tf.TensorShape(variable.shape).is_compatible_with(saved.shape))
