"""The aloe pair: disparity from patches of its two pictures, with ground truth that has holes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from runs.job import CONFIGS, Arrays, Job, Samples, decaying_adam

PATCH = 32
LEAST, MOST = 8, 55
"""The disparities that the network knows, in pixels."""


def scene() -> dict[str, np.ndarray]:
    """`left` and `right` in 0 to 1, `disparity` and that of StereoSGBM; [height, width]."""
    images = np.load(CONFIGS / "data" / "aloe_images.npz")
    batch = np.load(CONFIGS / "data" / "aloe_stereo.npz")
    return {
        **{side: images[side].astype("float32") / 255 for side in ("left", "right")},
        "disparity": batch["y_true.disparity"][0, ..., 0],
        "matched": batch["y_pred.disparity"][0, ..., 0],
    }


def withheld(shape: tuple[int, ...]) -> np.ndarray:
    """Where the ground truth is kept for the test: every second tile of every second row.

    A tile has the size of a patch.
    """
    row, column = np.indices(shape) // PATCH
    return np.asarray((row % 2 == 0) & (column % 2 == 0))


def whole(of: dict[str, np.ndarray], disparity: np.ndarray) -> Samples:
    """The pair as one sample, with any ground truth."""
    x = {"left": of["left"], "right": _strip(of["right"])}
    return Samples(
        {name: array[None, ..., None] for name, array in x.items()},
        {"disparity": disparity[None, ..., None].astype("float32")},
    )


def _strip(right: np.ndarray) -> np.ndarray:
    """The right picture from `MOST` pixels before the left one to `LEAST` before its end."""
    return np.pad(right, ((0, 0), (MOST, 0)), mode="edge")[:, : right.shape[1] + MOST - LEAST]


def patches(of: Samples, count: int) -> Samples:
    """Patches at random places, some of them upside down."""
    random = np.random.default_rng(0)
    height, width = of.x["left"].shape[1:3]
    tops = random.integers(0, height - PATCH + 1, count)
    starts = random.integers(0, width - PATCH + 1, count)
    flips = random.choice([1, -1], count)
    return _cut(of, list(zip(tops, starts, flips, strict=True)))


def tiles(of: Samples) -> Samples:
    """The patches side by side that hold any ground truth."""
    height, width = of.x["left"].shape[1:3]
    tops = [min(top, height - PATCH) for top in range(0, height, PATCH)]
    places = [(top, start, 1) for top in tops for start in range(0, width, PATCH)]
    found = _cut(of, places)
    known = (found.y["disparity"] > 0).any(axis=(1, 2, 3))
    return Samples(*({name: a[known] for name, a in side.items()} for side in (found.x, found.y)))


def _cut(of: Samples, places: Sequence[tuple[int, int, int]]) -> Samples:
    """Patches by their top, their start, and 1 or -1 for upside down."""

    def cut(array: np.ndarray, wide: int = PATCH) -> np.ndarray:
        found = [
            array[0, top : top + PATCH, start : start + wide][::flip] for top, start, flip in places
        ]
        return np.stack(found)

    x = {"left": cut(of.x["left"]), "right": cut(of.x["right"], PATCH + MOST - LEAST)}
    return Samples(x, {"disparity": cut(of.y["disparity"])})


class Differences(layers.Layer):  # type: ignore[misc]  # Keras ships no types
    """10 · |left − right| at every disparity: [batch, height, width, disparities]."""

    def call(self, left: Any, right: Any) -> Any:
        width, count = left.shape[2], MOST - LEAST + 1
        shifted = [right[:, :, start : start + width, 0] for start in reversed(range(count))]
        return 10 * ops.abs(left - ops.stack(shifted, axis=-1))


class Expected(layers.Layer):  # type: ignore[misc]  # likewise
    """The mean disparity under a softmax of the scores: [batch, height, width, 1]."""

    def call(self, scores: Any) -> Any:
        disparities = ops.arange(LEAST, MOST + 1, dtype=scores.dtype)
        return ops.sum(ops.softmax(scores) * disparities, axis=-1, keepdims=True)


def ends(height: int = PATCH, width: int = PATCH) -> tuple[Any, Any]:
    """Block matching, and three convolutions that correct its scores."""
    conv = {"kernel_size": 3, "padding": "same"}
    left = keras.Input([height, width, 1], name="left")
    right = keras.Input([height, width + MOST - LEAST, 1], name="right")
    differences = Differences()(left, right)
    matching = layers.AveragePooling2D(5, strides=1, padding="same")(differences)
    hidden = layers.Concatenate()([differences, matching])
    for _ in range(2):
        hidden = layers.Conv2D(32, activation="swish", **conv)(hidden)
    correction = layers.Conv2D(MOST - LEAST + 1, **conv)(hidden)
    scores = layers.Subtract()([correction, layers.Rescaling(10.0)(matching)])
    return {"left": left, "right": right}, {"disparity": Expected(name="disparity")(scores)}


class HuberAndRelative(keras.losses.Loss):  # type: ignore[misc]  # likewise
    """Both losses in one, since plain Keras takes one for each output."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        relative = keras.losses.huber(ops.log(y_true), ops.log(y_pred), delta=0.1)
        return keras.losses.huber(y_true, y_pred) + 50.0 * relative


def loss(reduction: str) -> dict[str, Any]:
    """The loss of plain Keras."""
    return {"disparity": HuberAndRelative(reduction=reduction)}


def by_hand(y: Arrays) -> tuple[Arrays, Arrays]:
    """Targets, and the mask as sample weight."""
    return y, {"disparity": (y["disparity"] > 0).astype("float32")}


def without_nan(y: Arrays) -> Arrays:
    """Disparities with 1 for what is unknown, of which there is a logarithm."""
    return {"disparity": np.where(y["disparity"] > 0, y["disparity"], 1)}


def job(of: dict[str, np.ndarray], count: int, epochs: int) -> Job:
    """What `scripts/train_stereo.py` trains, with so many patches."""
    disparity = of["disparity"]
    held = withheld(disparity.shape)
    return Job(
        spec=CONFIGS / "stereo_patches.yaml",
        train=patches(whole(of, np.where(held, 0, disparity)), count),
        validation=tiles(whole(of, np.where(held, disparity, 0))),
        batch_size=16,
        epochs=epochs,
        optimizer=decaying_adam(5e-3, epsilon=1e-2),
        ends=ends,
        loss=loss,
        loss_weights={"disparity": 1.0},
        by_hand=by_hand,
        without_nan=without_nan,
    )


def disparity_of(model: keras.Model, of: dict[str, np.ndarray]) -> np.ndarray:
    """The disparities of the whole picture, by a model of its size with the same weights."""
    shape = of["disparity"].shape
    large = keras.Model(*ends(*shape))
    large.set_weights(model.get_weights())
    answer = large.predict(dict(whole(of, of["disparity"]).x), verbose=0)
    return np.asarray(answer["disparity"][0, ..., 0])
