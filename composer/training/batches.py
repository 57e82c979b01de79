"""From what Keras hands a model to what a spec reads: names, sample weights, Keras masks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from composer.engine.batch_tensors import Paths, dotted
from composer.language.diagnostics import listing

SAMPLE_WEIGHT = "sample_weight"
KERAS_MASK = "keras_mask"


def by_name(side: str, given: Any, names: Sequence[str] | None, paths: Paths) -> dict[str, Any]:
    """One side of a batch as a mapping; raises ValueError where names are missing.

    Args:
        side: `y_true` or `y_pred`.
        given: a mapping, which stays as it is; a list in the order of the outputs; a tensor; None.
        names: the model's outputs in order, None where it has no names for them.
        paths: the tensors that the spec reads.
    """
    if given is None:
        return {}
    if isinstance(given, Mapping):
        return dict(given)
    several = list(given) if isinstance(given, list | tuple) else [given]
    if names is None:
        names = _only_name(side, len(several), paths)
    if len(set(names)) < len(names):
        raise ValueError(
            f"{side} should be a mapping by name, since several outputs share one "
            f"({listing(names)}); let the model return a mapping"
        )
    if len(names) != len(several):
        raise ValueError(
            f"{side} should be a mapping by name, or one tensor for each output "
            f"({listing(names)}), found {len(several)}"
        )
    return dict(zip(names, several, strict=True))


def target_names(y_true: Any, y_pred: Any, names: Sequence[str] | None) -> Sequence[str] | None:
    """The names of targets that come without: those of the outputs, or the key of the only one.

    Raises ValueError where the outputs are a mapping, whose order says nothing.
    """
    if y_true is None or isinstance(y_true, Mapping) or not isinstance(y_pred, Mapping):
        return names
    if len(y_pred) > 1:
        raise ValueError(
            f"y_true should be a mapping by name, as the outputs are ({listing(y_pred)}), "
            f"found {type(y_true).__name__}"
        )
    return [str(name) for name in y_pred]


def _only_name(side: str, count: int, paths: Paths) -> list[str]:
    """The one name that the spec reads, for the one output of a model that has no names."""
    read = [".".join(path) for path in paths[side]]  # type: ignore[index]  # see by_name
    if count != 1 or len(read) != 1:
        raise ValueError(
            f"{side} should be a mapping by name, since the spec reads {listing(read)}; "
            f"let the model return one, such as {{{read[0] if read else 'depth'!r}: …}}"
        )
    return read


def with_sample_weight(y_true: dict[str, Any], sample_weight: Any, paths: Paths) -> dict[str, Any]:
    """The targets with Keras's `sample_weight` as `y_true.sample_weight`, which the spec must read.

    The spec says all that scales a loss; a weight that came in past it would be told nowhere.
    """
    if sample_weight is None:
        return y_true
    if SAMPLE_WEIGHT in y_true:
        raise ValueError("y_true has `sample_weight` already; leave the argument of Keras out")
    places = _places(sample_weight, paths)
    read = {path[: len(places[0])] for path in paths["y_true"]}
    if read.isdisjoint(places):
        raise ValueError(
            "the spec should read the `sample_weight` that Keras gets; "
            f"write `weight: {dotted('y_true', places[0])}` where it applies"
        )
    return {**y_true, SAMPLE_WEIGHT: sample_weight}


def _places(sample_weight: Any, paths: Paths) -> list[tuple[str, ...]]:
    """Where in the targets weights come to stand: in one place, or in one for each of a mapping.

    `fit` makes of one weight as many as there are targets in a mapping, so that not all need be
    read. Those of predictions stand first.
    """
    if not isinstance(sample_weight, Mapping):
        return [(SAMPLE_WEIGHT,)]
    predicted = {path[0] for path in paths["y_pred"]}
    names = sorted(map(str, sample_weight), key=lambda name: name not in predicted)
    return [(SAMPLE_WEIGHT, name) for name in names]


def with_keras_masks(
    y_true: dict[str, Any], y_pred: Mapping[str, Any], paths: Paths
) -> dict[str, Any]:
    """The targets with the masks that outputs carry as `y_true.keras_mask.<output>`.

    Raises ValueError where the spec reads an output that carries one, and not its mask: the padding
    would count in silence.
    """
    masks: dict[str, Any] = {}
    for path in paths["y_pred"]:
        mask = getattr(_at(y_pred, path), "_keras_mask", None)
        if mask is None:
            continue
        if (KERAS_MASK, *path) not in paths["y_true"]:
            raise ValueError(
                f"the output {dotted('y_pred', path)} carries a Keras mask, which the spec should "
                f"read; write `mask: {dotted('y_true', (KERAS_MASK, *path))}`"
            )
        level = masks
        for name in path[:-1]:
            level = level.setdefault(name, {})
        level[path[-1]] = mask
    return {**y_true, KERAS_MASK: masks} if masks else y_true


def _at(batch: Any, path: Sequence[str]) -> Any:
    """What stands at a path, or None."""
    for name in path:
        if not isinstance(batch, Mapping) or name not in batch:
            return None
        batch = batch[name]
    return batch


def in_place(given: Any, y_pred: Any, names: Sequence[str]) -> Any:
    """Targets, or their weights, in the structure of the predictions, where Keras's metrics look.

    None stands where there is none. Without this, a metric would take another target for its own.

    Args:
        given: what a batch has; taken apart only where it is a mapping.
        y_pred: the predictions as the model returns them.
        names: those of the outputs in order.
    """
    if not isinstance(given, Mapping):
        return given
    if isinstance(y_pred, Mapping):
        return {name: in_place(given.get(name), each, [str(name)]) for name, each in y_pred.items()}
    if isinstance(y_pred, list | tuple):
        return [given.get(name) for name in names]
    return given.get(names[0])
