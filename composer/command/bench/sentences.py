"""Where the time goes and what would help, in a few sentences."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from composer.command.bench.attribution import LEAST_TRAFFIC, Line, attribute, bandwidth
from composer.command.bench.measured import Bench, Subject
from composer.command.bench.numbers import megabytes, milliseconds, percent, three_digits
from composer.language.diagnostics import quote

_MOST = 0.5
_NAMED = 3
_NEAR = 1.5
"""A term that takes so many times what its bytes take has little left to gain."""
_MUCH = 0.05
_WORTH = 0.9


def told(bench: Bench) -> list[str]:
    """What the tables come to, and what should be known of them."""
    modes = bench.wanted.modes
    return [
        *itertools.chain.from_iterable(_largest(bench, mode) for mode in modes),
        *_faster(bench),
        *_idle(bench),
        *_notes(bench),
    ]


def faults(bench: Bench) -> list[str]:
    """What could not be computed, and what is not finite."""
    found = [
        f"{mode} cannot compute {_named(subject)}: {reason}"
        for mode in bench.wanted.modes
        for subject in (*bench.terms, bench.total)
        if (reason := subject.modes[mode].failure) is not None
    ]
    if not bench.is_finite:
        found.append("the total is not finite on this batch; `losscomp build` names the place")
    return found


def _largest(bench: Bench, mode: str) -> Iterator[str]:
    """The term that takes most, against what its bytes take; or that no term takes much."""
    found = attribute(bench, mode)
    rows = zip(bench.terms, found.terms, strict=True)
    ranked = sorted(((line.share or 0.0, subject, line) for subject, line in rows), key=_by_share)
    share, subject, line = ranked[0]
    call = found.call.share
    if call is None:
        return
    if call > _MOST:
        yield (
            f"{mode}: a call by itself takes {percent(call)} of the time; so small a batch tells "
            "little more"
        )
    elif share > _MOST or len(ranked) == 1:
        yield (
            f"{mode}: {_named(subject)} takes {percent(share)} of the time"
            f"{_floor(bench, subject, line)}"
        )
    else:
        largest = [f"{_named(each)} ({percent(part)})" for part, each, _ in ranked[:_NAMED]]
        yield f"{mode}: no term takes more than half; the largest: {', '.join(largest)}"


def _by_share(row: tuple[float, Subject, Line]) -> float:
    return -row[0]


def _floor(bench: Bench, subject: Subject, line: Line) -> str:
    speed = bandwidth(bench)
    if speed is None or line.least is None or line.factor is None:
        return ""
    traffic = subject.traffic
    near = ", so there is little left to gain" if line.factor < _NEAR else ""
    return (
        f". It reads {megabytes(traffic.reads)} MB and writes {megabytes(traffic.gradients)} MB, "
        f"which a copy moves in {milliseconds(line.least)} ms at best ({three_digits(speed / 1e9)} "
        f"GB/s here); this is {three_digits(line.factor)} times that{near}"
    )


def _faster(bench: Bench) -> Iterator[str]:
    """The fastest mode against the others, where the quartiles lie apart."""
    found = {mode: bench.total.modes[mode].times for mode in bench.wanted.modes}
    times = {mode: each for mode, each in found.items() if each is not None}
    best = min(times, key=lambda mode: times[mode].median)
    fastest = times.pop(best)
    apart = {mode: each for mode, each in times.items() if fastest.high < each.low}
    for mode in times:
        if mode in apart:
            ratio = three_digits(fastest.median / apart[mode].median)
            yield f"{best} takes {ratio} of the time that {mode} takes for everything"
        else:
            yield f"{best} and {mode} take the same, as far as these rounds can tell"
    if best == "xla" and any(fastest.median < _WORTH * each.median for each in apart.values()):
        yield "`jit_compile=True` has XLA compile a whole step"


def _idle(bench: Bench) -> Iterator[str]:
    """Terms that weigh nothing and still cost."""
    found = [(mode, attribute(bench, mode).terms) for mode in bench.wanted.modes]
    for place, subject in enumerate(bench.terms):
        shares = [(mode, lines[place].share or 0.0) for mode, lines in found]
        if subject.weight == 0 and max(share for _, share in shares) > _MUCH:
            takes = ", ".join(f"{percent(share)} in {mode}" for mode, share in shares)
            yield f"{_named(subject)} has the weight 0 and takes {takes}, for its row alone"


def _notes(bench: Bench) -> Iterator[str]:
    if any(term.weight == 0 for term in bench.terms):
        yield f"(off) the weight is 0 at step {bench.wanted.step}"
    if any(each.is_compiled for term in bench.terms for each in term.modes.values()):
        yield "(xla) the loss is compiled by XLA by itself, within the graph"
    if bench.has_regularization:
        yield "`regularization` is what the trainer gives, and is not measured"
    if bench.no_memory is not None:
        yield f"memory is not known: {bench.no_memory}"
    if bench.wanted.batch is None and bench.total.traffic.total < LEAST_TRAFFIC:
        yield "the batch is drawn, and small: `--batch FILE.npz` measures what you train with"


def _named(subject: Subject) -> str:
    return quote(subject.name)
