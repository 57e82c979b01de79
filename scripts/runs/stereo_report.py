"""What the model of the aloe pair learnt: its metrics, and a picture of its disparities."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from composer.plots.style import BODY, RULE, drawing
from runs.stereo import withheld
from runs.tables import Metric


def metrics(scene: dict[str, np.ndarray], answer: np.ndarray) -> list[Metric]:
    """Of the ground truth that was withheld, beside simpler answers."""
    truth, matched = scene["disparity"], scene["matched"]
    held = withheld(truth.shape) & (truth > 0)
    median = np.median(truth[~withheld(truth.shape) & (truth > 0)])
    found = held & (matched > 3)

    def error(of: np.ndarray, where: np.ndarray) -> float:
        return float(np.mean(np.abs(of - truth)[where]))

    constant = np.full_like(truth, median)
    words = "mean absolute error"
    return [
        Metric("model", f"{words}, model", error(answer, held), "px"),
        Metric("median", f"{words}, the median everywhere", error(constant, held), "px"),
        Metric("matched", f"{words}, StereoSGBM, 3 px for no match", error(matched, held), "px"),
        Metric("model_found", f"{words}, model, matched pixels", error(answer, found), "px"),
        Metric(
            "matched_found", f"{words}, StereoSGBM, matched pixels", error(matched, found), "px"
        ),
    ]


def draw(path: Path, scene: dict[str, np.ndarray], answer: np.ndarray) -> None:
    """The picture, its ground truth, the answer, and how far it is off where truth was withheld."""
    truth = scene["disparity"]
    held = withheld(truth.shape)
    known = np.where(truth > 0, truth, np.nan)
    error = np.where(held, np.abs(answer - known), np.nan)
    with drawing():
        figure = Figure(figsize=(9, 7.6), facecolor="white", layout="constrained")
        panels = figure.subplots(2, 2)
        _show(panels[0, 0], scene["left"], "left picture", cmap="gray")
        _show(panels[0, 1], known, "ground truth; the outlined tiles were withheld", **_PIXELS)
        panels[0, 1].contour(held, levels=[0.5], colors="white", linewidths=1)
        disparities = _show(panels[1, 0], answer, "answer", **_PIXELS)
        errors = _show(panels[1, 1], error, "error where withheld", cmap="magma_r", vmin=0, vmax=8)
        figure.colorbar(disparities, ax=panels[0, :], label="disparity, px", aspect=30)
        figure.colorbar(errors, ax=panels[1, :], label="error, px", aspect=30, extend="max")
        figure.savefig(path, dpi=110, metadata={"Software": "losscomp"})


_PIXELS: dict[str, Any] = {"cmap": "viridis", "vmin": 8, "vmax": 55}


def _show(panel: Axes, values: np.ndarray, title: str, **look: Any) -> Any:
    panel.set(xticks=[], yticks=[], facecolor=RULE)
    panel.spines[:].set_visible(False)
    panel.set_title(title, loc="left", fontsize=BODY, weight="bold")
    return panel.imshow(values, **look)
