"""Turned digits with three tasks: what is written, how far every pixel is, how far it is turned.

The digits are those of scikit-learn; depths and angles are drawn.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers
from scipy import ndimage  # type: ignore[import-untyped]  # ships no types
from sklearn.datasets import load_digits  # type: ignore[import-untyped]  # likewise

from runs.job import CONFIGS, Arrays, Job, Samples, decaying_adam

SIDE = 12
MOST = 45.0
"""The largest angle in degrees: a 6 turned by 180° would be a 9."""
PARTS = {"train": slice(0, 1200), "validation": slice(1200, 1497), "test": slice(1497, 1797)}


def parts(turns: int) -> dict[str, Samples]:
    """The samples for training, validation and test, of different digits.

    Args:
        turns: how often each digit for training is there, turned and placed anew.
    """
    digits = load_digits()
    random = np.random.default_rng(0)
    found = {}
    for name, part in PARTS.items():
        times = turns if name == "train" else 1
        ink = np.repeat(digits.images[part] / 16, times, axis=0)
        found[name] = _samples(ink, np.repeat(digits.target[part], times), random)
    return found


def _samples(ink: np.ndarray, scene: np.ndarray, random: np.random.Generator) -> Samples:
    count = len(ink)
    angles = random.uniform(-MOST, MOST, count)
    turned = np.stack([_turned(*each) for each in zip(ink, angles, strict=True)])[..., None]
    depth = _planes(count, random) - turned
    # As lit by a lamp beside the camera: brightness falls with the square of the distance.
    image = (0.3 + 0.7 * turned) * (3.5 / depth) ** 2
    image += random.normal(0, 0.01, image.shape)
    has_pose = random.uniform(size=count) < 0.7
    pose = np.where(has_pose[:, None], quaternions(angles), 0)
    y = {
        "scene": scene.astype("int32"),
        "depth": _measured(depth, random).astype("float32"),
        "pose": pose.astype("float32"),
        "has_pose": has_pose,
    }
    return Samples({"image": image.astype("float32")}, y)


def _turned(ink: np.ndarray, angle: float) -> np.ndarray:
    margin = (SIDE - len(ink)) // 2
    turned = ndimage.rotate(np.pad(ink, margin), angle, reshape=False, order=1)
    return np.asarray(turned)


def _planes(count: int, random: np.random.Generator) -> np.ndarray:
    """Depths in metres: planes 3 to 4 m away, tilted by up to half a metre from side to side."""
    along = np.linspace(-0.5, 0.5, SIDE)
    middle = random.uniform(3, 4, [count, 1, 1])
    down, right = random.uniform(-0.5, 0.5, [2, count, 1, 1])
    return np.asarray(middle + down * along[:, None] + right * along)[..., None]


def _measured(depth: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """30 % of the pixels are 0, 2 % are NaN, and of 10 % of the samples nothing is known."""
    chance = random.uniform(size=depth.shape)
    measured = np.where(chance < 0.30, 0, np.where(chance < 0.32, np.nan, depth))
    return np.where(random.uniform(size=len(depth))[:, None, None, None] < 0.1, 0, measured)


def quaternions(angles: np.ndarray) -> np.ndarray:
    """Rotations about the optical axis by degrees, as (w, x, y, z)."""
    half, none = np.radians(angles) / 2, np.zeros_like(angles)
    return np.stack([np.cos(half), none, none, np.sin(half)], axis=-1)


def ends() -> tuple[Any, Any]:
    """A small convolutional network with three heads."""
    conv = {"kernel_size": 3, "padding": "same", "activation": "swish"}
    image = keras.Input([SIDE, SIDE, 1], name="image")
    fine = layers.Conv2D(16, **conv)(image)
    middle = layers.Conv2D(32, strides=2, **conv)(fine)
    coarse = layers.Conv2D(64, strides=2, **conv)(middle)
    trunk = layers.Dense(128, activation="swish", kernel_regularizer=keras.regularizers.L2(1e-4))(
        layers.Flatten()(coarse)
    )
    around = layers.Concatenate()([fine, layers.UpSampling2D(2)(middle)])
    near = layers.Conv2D(16, **conv)(around)
    outputs = {
        "scene": layers.Dense(10, name="scene")(trunk),
        "depth": layers.Conv2D(1, 1, activation="softplus", name="depth")(near),
        "pose": layers.UnitNormalization(name="pose")(layers.Dense(4)(trunk)),
    }
    return {"image": image}, outputs


def loss(reduction: str) -> dict[str, Any]:
    """The losses of plain Keras."""
    return {
        "scene": keras.losses.SparseCategoricalCrossentropy(True, reduction=reduction),
        "depth": keras.losses.Huber(0.5, reduction=reduction),
        "pose": keras.losses.MeanSquaredError(reduction=reduction),
    }


def by_hand(y: Arrays) -> tuple[Arrays, Arrays]:
    """Targets by output, and masks as sample weights, of which every output needs one."""
    targets = {name: y[name] for name in ("scene", "depth", "pose")}
    weights = {
        "scene": np.ones(len(y["scene"]), "float32"),
        "depth": (y["depth"] > 0).astype("float32"),
        "pose": y["has_pose"].astype("float32"),
    }
    return targets, weights


def without_nan(y: Arrays) -> Arrays:
    """Depths with 0 for NaN."""
    return {**y, "depth": np.nan_to_num(y["depth"])}


def job(found: dict[str, Samples], epochs: int) -> Job:
    """What `scripts/train_digits.py` trains."""
    return Job(
        spec=CONFIGS / "digits.yaml",
        train=found["train"],
        validation=found["validation"],
        batch_size=64,
        epochs=epochs,
        optimizer=decaying_adam(3e-3, epsilon=1e-5),
        ends=ends,
        loss=loss,
        loss_weights={"scene": 1.0, "depth": 2.0, "pose": 20.0},
        by_hand=by_hand,
        without_nan=without_nan,
    )
