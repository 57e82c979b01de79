"""What the model of digits learnt: its metrics, and a picture of its answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from composer.plots.style import BODY, HEADING, INK, SMALL, drawing
from runs.job import Arrays, Samples
from runs.tables import Metric


def metrics(parts: dict[str, Samples], answers: Arrays, spoilt: Arrays) -> list[Metric]:
    """Of digits that were not trained with, where there is a target.

    Args:
        parts: the samples for training, validation and test.
        answers: the predictions for those of the test.
        spoilt: likewise, of plain Keras with NaN left in the targets.
    """
    train, test = parts["train"].y, parts["test"].y
    accuracy, by_plain = (_accuracy(each["scene"], test["scene"]) for each in (answers, spoilt))
    known = test["depth"] > 0
    mean = train["depth"][train["depth"] > 0].mean()
    unturned = np.broadcast_to([1.0, 0, 0, 0], answers["pose"].shape)
    return [
        Metric(
            "accuracy", "accuracy of the class", accuracy, "", f"plain Keras (a) {by_plain:.3f}"
        ),
        Metric(
            "depth_rmse",
            "root mean squared error of known depths",
            _rmse(answers["depth"][known], test["depth"][known]),
            "m",
            f"their mean {_rmse(mean, test['depth'][known]):.3f}",
        ),
        Metric(
            "angle",
            "median error of the angle",
            _median_angle(answers["pose"], test),
            "°",
            f"unturned {_median_angle(unturned, test):.1f}",
        ),
    ]


def _accuracy(logits: np.ndarray, labels: np.ndarray) -> float:
    return float(np.mean(logits.argmax(axis=-1) == labels))


def _rmse(answer: np.ndarray, truth: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(np.float64(answer) - truth))))


def _median_angle(answer: np.ndarray, y: Arrays) -> float:
    """In degrees, of the rotation from one unit quaternion to the other."""
    cosine = np.abs(np.sum(np.float64(answer) * y["pose"], axis=-1))[y["has_pose"]]
    return float(np.degrees(2 * np.median(np.arccos(np.minimum(cosine, 1)))))


def draw(path: Path, test: Samples, answers: Arrays) -> None:
    """A few digits: the picture, what was measured of the depth, and the answer."""
    depth = test.y["depth"][..., 0]
    # The last one has no depth at all.
    is_known = (depth > 0).any(axis=(1, 2))
    chosen = [*np.flatnonzero(is_known)[:6], np.argmin(is_known)]
    with drawing():
        figure = Figure(figsize=(9, 4.25), facecolor="white", layout="constrained")
        panels = figure.subplots(3, len(chosen))
        for column, place in zip(panels.T, chosen, strict=True):
            column[0].imshow(test.x["image"][place, ..., 0], cmap="gray", vmin=0, vmax=2.2)
            column[0].set_title(_classes(place, test, answers), fontsize=BODY, weight="bold")
            _measured(column[1], depth[place])
            drawn = column[2].imshow(answers["depth"][place, ..., 0], **_DEPTHS)
            column[2].set_xlabel(_angles(place, test, answers), fontsize=SMALL)
        rows = ("image", "depth, measured", "depth, answer")
        for panel, words in zip(panels[:, 0], rows, strict=True):
            panel.set_ylabel(words, fontsize=BODY, color=INK)
        for panel in panels.flat:
            panel.set(xticks=[], yticks=[])
            panel.spines[:].set_visible(False)
        figure.colorbar(drawn, ax=panels[1:], label="m", shrink=0.8, aspect=25)
        figure.suptitle(
            "Digits of the test: class and angle, true → answered", x=0.01, ha="left",
            fontsize=HEADING, weight="bold",
        )  # fmt: skip
        figure.savefig(path, metadata={"Software": "losscomp"})


_DEPTHS: dict[str, Any] = {"cmap": "viridis_r", "vmin": 1.75, "vmax": 4.25}


def _measured(panel: Axes, depth: np.ndarray) -> None:
    """Known depths; white for 0, and a cross for NaN."""
    panel.imshow(np.where(depth > 0, depth, np.nan), **_DEPTHS)
    rows, columns = np.nonzero(np.isnan(depth))
    panel.plot(columns, rows, "x", color=INK, markersize=3, markeredgewidth=0.8)


def _classes(place: int, test: Samples, answers: Arrays) -> str:
    return f"{test.y['scene'][place]} → {answers['scene'][place].argmax()}"


def _angles(place: int, test: Samples, answers: Arrays) -> str:
    true, answer = (_angle(pose[place]) for pose in (test.y["pose"], answers["pose"]))
    return f"{true if test.y['has_pose'][place] else 'not known'} → {answer}"


def _angle(quaternion: np.ndarray) -> str:
    degrees = np.degrees(2 * np.arctan2(quaternion[3], quaternion[0]))
    return f"{degrees:.0f}°".replace("-", "−")
