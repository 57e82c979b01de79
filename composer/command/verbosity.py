"""What `-v` tells on standard error: the versions, and every file with its time."""

from __future__ import annotations

import importlib.metadata
import platform
import sys
import time
from collections.abc import Iterable, Iterator

import yaml

from composer import __version__
from composer.command.checked import Checked, counted
from composer.language.diagnostics import escape


def told(files: Iterable[Checked]) -> Iterator[Checked]:
    """The files as they come, each told with the time that it took."""
    _tell(_versions())
    start = time.perf_counter()
    for checked in files:
        took = 1000 * (time.perf_counter() - start)
        found = counted(len(checked.problems), "problem") if checked.problems else "sound"
        _tell(f"{checked.file}: {found}, {took:.1f} ms")
        yield checked
        start = time.perf_counter()


def _versions() -> str:
    parser = "with" if getattr(yaml, "__with_libyaml__", False) else "without"
    return (
        f"losscomp {__version__}, Python {platform.python_version()}, "
        f"pydantic {importlib.metadata.version('pydantic')}, "
        f"PyYAML {yaml.__version__} {parser} libyaml"
    )


def _tell(text: str) -> None:
    print(escape(text), file=sys.stderr, flush=True)
