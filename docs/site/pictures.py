"""The pictures: of the losses, and those that a page tells its reader to draw."""

from __future__ import annotations

import contextlib
import re
import shlex
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import yaml
from typer.testing import CliRunner

from composer import parse_spec
from composer.cli import app
from composer.losses import find
from composer.pages.example import minimal
from composer.plots.figure import draw, drawing, encode, sections_of

_FENCE = re.compile(r"^```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"# ([\w./-]+)$", re.MULTILINE)
_PLOT = re.compile(r"\$ losscomp (plot .*)")


def of_losses(title: str, losses: Iterable[str]) -> bytes:
    """The penalty of each loss over its error, as SVG."""
    tasks = {loss: {"loss": minimal(find(loss))} for loss in losses}
    spec = parse_spec(yaml.safe_dump({"tasks": tasks}))
    with drawing():
        _, *penalties = sections_of(spec)  # without the weights, which are all 1
        return encode(draw(title, penalties).figure, "svg", title)


def of_page(text: str, configs: Path) -> Iterator[tuple[str, bytes]]:
    """Name and content of each picture that a page draws with `losscomp plot`."""
    fences = [found[1] for found in _FENCE.finditer(text)]
    if not any(map(_PLOT.match, fences)):
        return
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        shutil.copytree(configs, "configs")
        for fence in fences:
            _follow(fence)
        for picture in sorted((*Path().glob("*.svg"), *Path().glob("*.png"))):
            yield picture.name, picture.read_bytes()


def _follow(fence: str) -> None:
    """Writes the file that it is, or draws what it says."""
    if file := _FILE.match(fence):
        Path(file[1]).write_text(fence, encoding="utf-8")
    elif plot := _PLOT.match(fence):
        done = CliRunner().invoke(app, shlex.split(plot[1]))
        if done.exit_code:
            raise RuntimeError(f"losscomp {plot[1]}") from done.exception
