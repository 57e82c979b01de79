"""The measurements of one bench: every subject in every mode, side by side in the same rounds."""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf

from composer import __version__
from composer.command.bench.measured import (
    TOTAL,
    Arity,
    Bench,
    Machine,
    Measurement,
    Subject,
    Times,
    Traffic,
    Wanted,
)
from composer.command.bench.rounds import Call, Clock, measure
from composer.command.bench.subjects import Prepared, Subjects, accelerator, copy_of
from composer.command.exits import PROBLEMS, StopError

Tell = Callable[[str], None]
_COPY, _EMPTY = "copy", "empty copy"


class Measuring:
    """The subjects of one bench, ready to be called in every mode."""

    def __init__(self, subjects: Subjects, wanted: Wanted, tell: Tell) -> None:
        """Prepares everything; raises StopError where no mode computes the total."""
        self.subjects = subjects
        self.wanted = wanted
        self.names = subjects.names
        self.prepared: dict[tuple[str, str], Prepared] = {}
        for mode, (number, name) in itertools.product(wanted.modes, enumerate(self.names)):
            tell(f"{mode}: {number} of {len(self.names)} prepared")
            self.prepared[mode, name] = subjects.prepare(name, mode)
        self.whole = self._first(TOTAL)
        if self.whole.run is None:
            reason = self.prepared[wanted.modes[0], TOTAL].failure
            raise StopError(f"the loss cannot be computed on this batch: {reason}", PROBLEMS)
        self.arities = {name: self._arity(name) for name in self.names}

    def measure(self, clock: Clock, tell: Tell) -> Bench:
        """Runs all rounds."""
        runs = self._runs()
        found = measure(list(runs.values()), self.wanted.rounds, clock, tell)
        times = dict(zip(runs, found, strict=True))
        total, *terms = (self._subject(name, times) for name in [TOTAL, *self._terms])
        calls = {
            mode: {each: times[mode, each] for each in self.arities.values()}
            for mode in self.wanted.modes
        }
        return Bench(
            wanted=self.wanted,
            machine=_machine(),
            samples=self.subjects.samples,
            terms=terms,
            total=total,
            calls=calls,
            copy=times[_COPY].above(times[_EMPTY].least),
            is_finite=self.whole.is_finite,
            has_regularization=self.subjects.specs[TOTAL].regularization is not None,
        )

    @property
    def _terms(self) -> list[str]:
        return [name for name in self.names if name != TOTAL]

    def _first(self, name: str) -> Prepared:
        """A subject in the first mode that computes it; in the first of all where none does."""
        found = [self.prepared[mode, name] for mode in self.wanted.modes]
        return next((each for each in found if each.run is not None), found[0])

    def _arity(self, name: str) -> Arity:
        return len(self.subjects.read_by(name)), self._first(name).results

    def _traffic(self, name: str) -> Traffic:
        targets, predictions = (self.subjects.bytes_read(name, s) for s in ("y_true", "y_pred"))
        return Traffic(targets, predictions, self._first(name).written)

    def _runs(self) -> dict[Any, Call]:
        """Everything to be called: subjects, calls by themselves, and the copy."""
        runs: dict[Any, Call] = {
            key: each.run for key, each in self.prepared.items() if each.run is not None
        }
        examples = {arity: name for name, arity in self.arities.items()}
        for mode, (arity, name) in itertools.product(self.wanted.modes, examples.items()):
            runs[mode, arity] = self.subjects.nothing(name, arity[1], mode)
        runs[_COPY] = copy_of(self._traffic(TOTAL).total // 2)
        runs[_EMPTY] = copy_of(0)
        return runs

    def _subject(self, name: str, times: Mapping[Any, Times]) -> Subject:
        modes = {}
        for mode in self.wanted.modes:
            found = self.prepared[mode, name]
            modes[mode] = Measurement(times.get((mode, name)), found.failure, found.is_compiled)
        weight = self.whole.weights.get(name, math.nan)
        return Subject(name, weight, self.arities[name], self._traffic(name), modes)


def _machine() -> Machine:
    """What TensorFlow computes on."""
    threads = tf.config.threading.get_intra_op_parallelism_threads() or _processors()
    return Machine(accelerator() or "CPU", threads, tf.__version__, __version__)


def _processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
