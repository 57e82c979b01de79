"""A bench for programs: seconds and bytes, unrounded."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from composer.command.bench.attribution import Line, attribute, bandwidth
from composer.command.bench.measured import Bench, Subject, Times
from composer.command.bench.sentences import faults
from composer.command.specs import shown_name


def json_of(bench: Bench) -> str:
    """Everything that was measured; what is not known is null."""
    wanted = bench.wanted
    data = {
        "version": 1,
        "config": shown_name(wanted.config),
        "overrides": list(wanted.overrides),
        "batch": wanted.batch,
        "step": wanted.step,
        "rounds": wanted.rounds,
        "samples": bench.samples,
        "machine": asdict(bench.machine),
        "copy": {
            "bytes": bench.total.traffic.total,
            "seconds": _seconds(bench.copy),
            "bytes_per_second": bandwidth(bench),
        },
        "terms": {term.name: _described(term) for term in bench.terms},
        "total": _described(bench.total),
        "modes": {mode: _of_mode(bench, mode) for mode in wanted.modes},
        "no_memory": bench.no_memory,
        "findings": faults(bench),
    }
    return json.dumps(data, indent=2, allow_nan=False)


def _described(subject: Subject) -> dict[str, Any]:
    """What is the same in every mode."""
    weight = subject.weight if math.isfinite(subject.weight) else None
    return {"weight": weight, "bytes": asdict(subject.traffic)}


def _of_mode(bench: Bench, mode: str) -> dict[str, Any]:
    found = attribute(bench, mode)
    rows = zip(bench.terms, found.terms, strict=True)
    return {
        "terms": {subject.name: _row(line, subject, mode) for subject, line in rows},
        "call": {"seconds": _seconds(found.call.times), "share": found.call.share},
        "together": {"seconds": found.together, "share": found.share},
        "total": _row(found.total, bench.total, mode),
    }


def _row(line: Line, subject: Subject, mode: str) -> dict[str, Any]:
    measured = subject.modes[mode]
    return {
        "seconds": _seconds(line.times),
        "share": line.share,
        "least_seconds": line.least,
        "peak_bytes": line.peak,
        "has_xla": mode == "xla" or measured.is_compiled,
        "failure": measured.failure,
    }


def _seconds(times: Times | None) -> Mapping[str, float] | None:
    if times is None:
        return None
    return {
        "fastest": times.least,
        "lower_quartile": times.low,
        "median": times.median,
        "upper_quartile": times.high,
    }
