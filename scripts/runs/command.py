"""The course of a script: train with the spec, then in plain Keras, print both, and write files."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from runs import ours, plain, tables
from runs.comparison import Beside, compare, weights_in_effect
from runs.curves import Courses, draw_curves
from runs.job import Job


@dataclass(frozen=True)
class Options:
    """What a script was called with.

    Attributes:
        epochs: how many.
        output: the folder for curves, pictures and `results.json`.
        quick: whether a smaller run is asked for, as for a test.
    """

    epochs: int
    output: Path
    quick: bool


def read_options(about: str | None, name: str, epochs: int, quick_epochs: int) -> Options:
    """The options of the command line.

    Args:
        about: what the script is for.
        name: of the folder in `build` that is written into by default.
        epochs: as many as there are by default.
        quick_epochs: as many as there are under `--quick`.
    """
    parser = argparse.ArgumentParser(
        description=about, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--epochs", type=int, help=f"how many (default: {epochs})")
    parser.add_argument("--output", type=Path, default=Path("build", name), metavar="DIR")
    parser.add_argument("--quick", action="store_true", help="a smaller run, as for a test")
    given = parser.parse_args()
    chosen = given.epochs or (quick_epochs if given.quick else epochs)
    given.output.mkdir(parents=True, exist_ok=True)
    return Options(chosen, given.output, given.quick)


@dataclass(frozen=True)
class Trained:
    """What a run leaves behind.

    Attributes:
        model: the model that was trained with the spec.
        spoilt: that of plain Keras with NaN left in the targets.
        results: the numbers, as they go into `results.json`.
    """

    model: keras.Model
    spoilt: keras.Model
    results: dict[str, Any]


def run(job: Job, options: Options, title: str) -> Trained:
    """Trains with the spec and in plain Keras, prints tables and draws the curves."""
    tf.config.experimental.enable_op_determinism()
    model = ours.model_of(job)
    before = model.get_weights()
    print(tables.head(job), flush=True)
    course = ours.train(model, job)
    print(tables.rows(course), flush=True)
    print("(a) Plain Keras, masks as sample_weight", flush=True)
    with_nan = plain.train(job, before, with_nan=True)
    print("\n(b) Plain Keras, such targets replaced, and our divisor", flush=True)
    replaced = plain.train(job, before, with_nan=False)
    by_all = plain.by_all(job, model.get_weights())
    found = Beside(
        plain.first_nan(job, with_nan),
        compare(job, course, replaced),
        weights_in_effect(job, course.validation[-1], by_all),
        plain.kept_by_batch(job),
    )
    print("", tables.beside(job, found), sep="\n", flush=True)
    draw_curves(options.output / "curves.png", title, job, Courses(course, replaced))
    results = {
        "history": course.history,
        "train": [_plain(table) for table in course.train],
        "validation": [_plain(table) for table in course.validation],
        "beside": asdict(found),
    }
    return Trained(model, with_nan.model, results)


def _plain(table: ours.Table) -> dict[str, Any]:
    return {name: asdict(row) for name, row in table.items()}


def finish(options: Options, results: dict[str, Any], metrics: Sequence[tables.Metric]) -> None:
    """Prints the metrics and writes `results.json`."""
    print(tables.metrics(metrics))
    found = {**results, "metrics": {each.key: each.value for each in metrics}}
    (options.output / "results.json").write_text(json.dumps(found, indent=1) + "\n")
    print(f"written to {options.output}: " + ", ".join(sorted(_files(options.output))))


def _files(folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir()]
