"""A bench for people: what was measured, a table for each mode, and where the time goes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from composer.command.bench.attribution import LEAST_BYTES, Line, attribute
from composer.command.bench.measured import Bench, Subject
from composer.command.bench.numbers import megabytes, milliseconds, percent, three_digits
from composer.command.bench.sentences import faults, told
from composer.command.checked import counted
from composer.command.specs import shown_name
from composer.language.diagnostics import escape, width
from composer.language.frames import Paint, Style, plain

Cells = tuple[str, ...]

_HEAD = ("ms", "quartiles", "share", "at least", "times", "MB", "of y_pred")
_NONE = "-"


def text_of(bench: Bench, paint: Paint = plain) -> str:
    """What was measured, a table for each mode, sentences."""
    parts = ["\n".join(map(escape, _heading(bench)))]
    parts += [_table(bench, mode, paint) for mode in bench.wanted.modes]
    wrong = [f"{paint('fault', 'error')}: {escape(line)}" for line in faults(bench)]
    parts.append("\n".join([*map(escape, told(bench)), *wrong]))
    return "\n\n".join(parts)


def source_of(bench: Bench) -> str:
    """The spec, and what was put in the place of what it says."""
    return " with ".join([shown_name(bench.wanted.config), *bench.wanted.overrides])


def _heading(bench: Bench) -> list[str]:
    wanted, machine, traffic = bench.wanted, bench.machine, bench.total.traffic
    batch = "a batch drawn from `tensors:`" if wanted.batch is None else wanted.batch
    samples = "" if bench.samples is None else f"{counted(bench.samples, 'sample')}, "
    rounds = "1 round" if wanted.rounds == 1 else f"medians of {wanted.rounds} rounds"
    return [
        f"{source_of(bench)} on {batch} at step {wanted.step}",
        f"{samples}predictions {megabytes(traffic.predictions)} MB, targets "
        f"{megabytes(traffic.targets)} MB; {machine.device}, {counted(machine.threads, 'thread')}; "
        f"TensorFlow {machine.tensorflow}, losscomp {machine.losscomp}",
        f"value and gradients, {rounds}; each term alone, without what a call by itself takes",
    ]


def _table(bench: Bench, mode: str, paint: Paint) -> str:
    found = attribute(bench, mode)
    terms = [
        (_label(subject, mode), *_cells(line))
        for subject, line in zip(bench.terms, found.terms, strict=True)
    ]
    others = [("a call by itself", *_cells(found.call)), _together(found.together, found.share)]
    total = ("total", *_cells(found.total))
    head, *lines = _aligned([(mode, *_HEAD), *terms, *others, total])
    rule = paint("─" * max(map(width, (head, *lines))), "dim")
    styles: list[Style | None] = ["dim" if term.weight == 0 else None for term in bench.terms]
    styles += [None, None, "bold"]
    *painted, last = (paint(line, s) if s else line for line, s in zip(lines, styles, strict=True))
    return "\n".join([paint(head, "bold"), rule, *painted, rule, last])


def _label(subject: Subject, mode: str) -> str:
    off = " (off)" if subject.weight == 0 else ""
    compiled = " (xla)" if subject.modes[mode].is_compiled else ""
    return escape(subject.name) + off + compiled


def _cells(line: Line) -> Cells:
    times = line.times
    return (
        _NONE if times is None else milliseconds(times.median),
        _NONE if times is None else f"{milliseconds(times.low)} to {milliseconds(times.high)}",
        _NONE if line.share is None else percent(line.share),
        _NONE if line.least is None else milliseconds(line.least),
        _NONE if line.factor is None else three_digits(line.factor),
        _NONE if line.peak is None else _peak(line.peak),
        _NONE if line.multiple is None else three_digits(line.multiple),
    )


def _peak(size: int) -> str:
    return megabytes(size) if size >= LEAST_BYTES else f"<{LEAST_BYTES / 1e6}"


def _together(seconds: float | None, share: float | None) -> Cells:
    """What the whole takes beyond its parts: they share work and run at the same time, or not."""
    name = "all at once, less the sum"
    if seconds is None or share is None:
        return (name, *[_NONE] * len(_HEAD))
    return (name, milliseconds(seconds), _NONE, percent(share), *[_NONE] * 4)


def _aligned(rows: Sequence[Cells]) -> Iterator[str]:
    """Names to the left, numbers to the right."""
    widths = [max(map(width, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        room = [" " * (size - width(cell)) for cell, size in zip(row, widths, strict=True)]
        numbers = [space + cell for space, cell in zip(room[1:], row[1:], strict=True)]
        yield "  ".join([row[0] + room[0], *numbers])
