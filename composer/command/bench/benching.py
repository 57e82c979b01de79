"""What `losscomp bench` does: a spec, a batch, rounds of measurements, and a text of them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from composer.command.batches import batch_of
from composer.command.bench.as_json import json_of
from composer.command.bench.as_text import text_of
from composer.command.bench.measured import Bench, Peaks, Wanted
from composer.command.bench.meters import DeviceMeter, MeterError
from composer.command.bench.peaks import peaks_by, peaks_of
from composer.command.bench.rounds import Clock
from composer.command.bench.sentences import faults
from composer.command.building import faults_told, native_log_hidden
from composer.command.specs import safe_name, sound_spec
from composer.language.frames import Paint

if TYPE_CHECKING:
    from composer.command.bench.measuring import Tell
    from composer.command.bench.subjects import Subjects
    from composer.losses.base import Loss
    from composer.spec import Spec


def bench(
    wanted: Wanted,
    losses: Sequence[type[Loss]] = (),
    clock: Clock = time.perf_counter,
    tell: Tell = lambda _: None,
) -> Bench:
    """Measures every term of a spec alone, and all at once.

    Args:
        wanted: what to measure.
        losses: the classes of `wanted.losses`.
        clock: gives seconds.
        tell: hears how far it is.

    Raises:
        SpecError: the spec has problems, or the batch does not fit it.
        StopError: there is no batch, or the losses cannot be computed on it.
    """
    wanted = replace(wanted, config=safe_name(wanted.config))
    spec = sound_spec(wanted.config, losses, wanted.overrides)
    y_true, y_pred = batch_of(spec, wanted.batch)
    # Everything above answers without TensorFlow, which takes seconds to load.
    with native_log_hidden():
        from composer.command.bench.measuring import Measuring
        from composer.command.bench.subjects import Subjects
    with faults_told(is_own=bool(losses)):
        subjects = Subjects(spec, y_true, y_pred, wanted.step)
        found = Measuring(subjects, wanted, tell).measure(clock, tell)
    if not wanted.has_memory:
        return replace(found, no_memory="`--no-memory` leaves it out")
    tell("memory")
    try:
        return replace(found, peaks=_peaks(subjects, wanted, spec))
    except MeterError as error:
        return replace(found, no_memory=str(error))


def _peaks(subjects: Subjects, wanted: Wanted, spec: Spec) -> Peaks:
    """The memory of whatever computes."""
    from composer.command.bench.subjects import accelerator

    device = accelerator()
    if device is not None:
        return peaks_by(DeviceMeter(device), subjects, wanted.modes)
    return peaks_of(wanted, spec.document.text if wanted.config == "-" else None)


def bench_and_show(
    wanted: Wanted, losses: Sequence[type[Loss]], as_json: bool, paint: Paint, tell: Tell
) -> tuple[str, bool]:
    """The text to print, and whether everything was computed and is finite; raises as `bench`."""
    found = bench(wanted, losses, tell=tell)
    return (json_of(found) if as_json else text_of(found, paint)), not faults(found)
