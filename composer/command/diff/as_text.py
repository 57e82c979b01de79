"""The differences between two specs as text: each changed term, then a table of the batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from composer.command.diff.batch_changes import BatchChange, RowChange
from composer.command.diff.differences import ConstantChange, Differences, Names, TermChange
from composer.language.diagnostics import escape, quote, width
from composer.language.frames import Paint, Style

_MARKS: dict[str, tuple[str, Style]] = {
    "added": ("+", "help"), "removed": ("-", "error"), "changed": ("~", "warning"),
    "renamed": ("=", "place"),
}  # fmt: skip
_WIDEST = 72


def text(
    names: Sequence[str],
    found: Differences,
    batch: str | None,
    measured: BatchChange | None,
    paint: Paint,
) -> str:
    """The whole answer."""
    lines = [paint(escape(" → ".join(names)), "bold"), ""]
    for term in found.terms:
        lines += [*_term(term, paint), ""]
    lines += [*(_constant(each, paint) for each in found.constants), *[""][: len(found.constants)]]
    if measured is not None:
        lines += [escape(f"on {batch} at step {measured.step}"), "", *_table(measured), ""]
    return "\n".join([*lines, *_summary(found)])


def _term(term: TermChange, paint: Paint) -> Iterator[str]:
    mark, style = _MARKS[term.kind]
    yield paint(f"{mark} {escape(_name((term.old, term.new)))}", style)
    if term.formula:
        yield f"    {escape(term.formula)}"
    size = max((len(field.name) for field in term.fields), default=0)
    for field in term.fields:
        change = field.old if field.old == field.new else f"{field.old} → {field.new}"
        by = f": {', '.join(map(quote, field.constants))} changed" if field.constants else ""
        line = f"    {field.name:{size}}  {escape(change + by)}"
        origins = " → ".join(dict.fromkeys([field.old_origin, field.new_origin]))
        yield line + " " * max(2, _WIDEST - width(line)) + paint(escape(origins), "dim")


def _constant(change: ConstantChange, paint: Paint) -> str:
    mark, style = _MARKS["changed"]
    return paint(f"{mark} constant {quote(change.name)}", style) + f": {escape(change.text)}"


def _name(names: Names) -> str:
    return " → ".join(dict.fromkeys(name for name in names if name))


def _summary(found: Differences) -> Iterator[str]:
    """How many terms of each kind; and what is said where nothing changed."""
    counts = [
        (sum(term.kind == kind for term in found.terms), kind)
        for kind in ("changed", "added", "removed", "renamed")
    ]
    named = {name for term in found.terms for name in (term.old, term.new)}
    same = sum(not named & set(pair) for pair in found.pairs)
    if found.is_empty:
        yield f"the same formula, {_counted(same)}"
    else:
        told = ", ".join(f"{number} {kind}" for number, kind in counts if number)
        yield f"{told}, {same} the same"
    if found.is_reordered:
        yield "the terms stand in another order: the last digits of the total may differ"


def _counted(number: int) -> str:
    return f"{number} term{'s' * (number != 1)}"


def _table(measured: BatchChange) -> list[str]:
    """What each term adds to the total, names at the left, numbers at the right."""
    head = ("term", "before", "after", "difference")
    rows = [head, *map(_cells, measured.rows), _cells(measured.total)]
    widths = [max(width(row[place]) for row in rows) for place in range(len(head))]
    lines = [_aligned(row, widths) for row in rows]
    rule = "─" * max(map(width, lines))
    return [escape(line) for line in (lines[0], rule, *lines[1:-1], rule, lines[-1])]


def _cells(row: RowChange) -> tuple[str, ...]:
    shown = ["" if number is None else f"{number:.6g}" for number in (row.old, row.new)]
    difference = f"{row.difference:+.6g}" if row.difference else "0"
    return (_name(row.names), *shown, difference.replace("+nan", "nan"))


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    rooms = [" " * (size - width(cell)) for cell, size in zip(row, widths, strict=True)]
    numbers = [room + cell for room, cell in zip(rooms[1:], row[1:], strict=True)]
    return "  ".join([row[0] + rooms[0], *numbers]).rstrip()
