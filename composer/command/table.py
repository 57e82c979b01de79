"""The report of a batch as a table for people, or as JSON for programs."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

from composer.language.diagnostics import escape, width
from composer.language.frames import Paint, Style, plain

if TYPE_CHECKING:
    from composer.report import Report, Row

_HEAD = ("term", "loss", "weight", "weighted", "share", "counted", "gradient")


def render_table(report: Report, regularization: str | None, paint: Paint = plain) -> str:
    """Aligned columns, then the total, then a line for anything not finite."""
    rows = [_HEAD, *(_cells(row) for row in report.rows)]
    if regularization is not None:
        rows.append(("regularization", "as given by the trainer", regularization, "", "", "", ""))
    head, *lines = map(escape, _aligned(rows))
    rule = paint("─" * max(width(line) for line in (head, *lines)), "dim")
    styles = [*map(_style, report.rows), None][: len(lines)]
    painted = [
        paint(line, style) if style else line for line, style in zip(lines, styles, strict=True)
    ]
    total = f"total {_number(report.total)} at step {report.step}"
    closing = [paint(total, "bold" if math.isfinite(report.total) else "error")]
    if any(row.weight == 0 for row in report.rows):
        closing.append(f"(off) the weight is 0 at step {report.step}")
    closing += [f"{paint('not finite', 'error')}: {escape(finding)}" for finding in report.findings]
    return "\n".join([paint(head, "bold"), rule, *painted, rule, *closing])


def _style(row: Row) -> Style | None:
    """What is not finite stands out, what is off stands back."""
    if not (math.isfinite(row.weighted) and math.isfinite(row.gradient)):
        return "error"
    return "dim" if row.weight == 0 else None


def _cells(row: Row) -> tuple[str, ...]:
    off = " (off)" if row.weight == 0 else ""
    return (
        row.name,
        _number(row.loss),
        _number(row.weight) + off,
        _number(row.weighted),
        _percent(row.share),
        _percent(row.counted),
        _number(row.gradient),
    )


def _aligned(rows: list[tuple[str, ...]]) -> list[str]:
    """Names to the left, numbers to the right; a long cell of words takes the room it needs."""
    widths = [
        max(width(row[place]) for row in rows if not row[place].startswith("as given"))
        for place in range(len(_HEAD))
    ]
    lines = []
    for row in rows:
        cells = zip(row, widths, strict=True)
        lines.append("  ".join(_padded(cell, size, i) for i, (cell, size) in enumerate(cells)))
    return [line.rstrip() for line in lines]


def _padded(cell: str, size: int, place: int) -> str:
    room = " " * max(0, size - width(cell))
    return cell + room if place == 0 else room + cell


def _number(value: float) -> str:
    return f"{value:.6g}"


def _percent(part: float) -> str:
    if math.isnan(part):
        return "nan"
    return f"{100 * part:.1f} %"


def render_json(report: Report, source: str) -> str:
    """The same as JSON; what is not finite is null there and told in `findings`."""
    data = {
        "batch": source,
        "step": report.step,
        "total": _finite(report.total),
        "terms": {
            row.name: {
                "loss": _finite(row.loss),
                "weight": _finite(row.weight),
                "weighted": _finite(row.weighted),
                "denominator": _finite(row.denominator),
                "share": _finite(row.share),
                "counted": _finite(row.counted),
                "gradient": _finite(row.gradient),
            }
            for row in report.rows
        },
        "findings": list(report.findings),
    }
    return json.dumps(data, indent=2, allow_nan=False)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
