"""Where the expected outputs of `losscomp show` are."""

from __future__ import annotations

from pathlib import Path

NAMES = ("scene_depth_pose", "stereo")
FORMATS = {"text": "yaml", "markdown": "md", "latex": "tex", "json": "json"}


def file_of(name: str, style: str) -> Path:
    return Path(__file__).parent / f"{name}.{FORMATS[style]}"
