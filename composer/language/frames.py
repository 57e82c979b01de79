"""How a problem is shown: its headline, the lines that take part in it, and the help."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

from composer.language.diagnostics import Place, Problem, escape, width

Style = Literal["error", "warning", "place", "gutter", "help", "bold", "dim"]
Paint = Callable[[str, Style], str]

_WIDTH = 100


def plain(text: str, _: Style) -> str:
    """Text without colours."""
    return text


def show(problem: Problem, paint: Paint = plain) -> str:
    """The headline, every line that takes part with a mark under the place, and the help."""
    parts = [headline(problem, paint), *_frames(problem, paint)]
    if problem.help:
        first, *rest = problem.help.splitlines()
        parts.append(f"{paint('help', 'help')}: {escape(first)}")
        parts += [f"      {escape(line)}" for line in rest]
    return "\n".join(parts)


def headline(problem: Problem, paint: Paint = plain) -> str:
    """`file:line:col: error[code]: message`, safe to print."""
    place = escape(problem.file)
    if problem.line:
        place += f":{problem.line}:{problem.column}"
    kind = f"{problem.severity}[{problem.code}]"
    return f"{paint(place, 'bold')}: {paint(kind, problem.severity)}: {escape(problem.message)}"


def _frames(problem: Problem, paint: Paint) -> Iterator[str]:
    """The marked lines, those of the problem's own file first and in their order."""
    if not problem.line:
        return
    own = Place(problem.file, problem.line, problem.column, problem.end_column, "", problem.excerpt)
    places = sorted([own, *problem.places], key=lambda each: (each.file != own.file, each.line))
    gutter = max(len(str(each.line)) for each in places)
    file, line = own.file, 0
    for place in places:
        if place.file != file:
            yield f"{' ' * gutter} {paint('at', 'gutter')} {escape(place.file)}"
        is_new = (place.file, place.line) != (file, line) or len(place.excerpt) > _WIDTH
        style: Style = problem.severity if place is own else "place"
        text, mark = frame(place, "^" if place is own else "-")
        if is_new:
            bar = paint(f"{place.line:>{gutter}} |", "gutter")
            yield f"{bar} {text}".rstrip()
        yield f"{paint(' ' * gutter + ' |', 'gutter')} {_marked(mark, place, style, paint)}"
        file, line = place.file, place.line


def _marked(mark: str, place: Place, style: Style, paint: Paint) -> str:
    blank = len(mark) - len(mark.lstrip(" "))
    label = f" {escape(place.text)}" if place.text else ""
    return mark[:blank] + paint(mark[blank:] + label, style)


def frame(place: Place, mark: str) -> tuple[str, str]:
    """The line and the marks below it; a long line is cut to a window around them."""
    line = place.excerpt
    start = min(place.column - 1, len(line))
    end = max(start + 1, min(place.end_column - 1, len(line)))
    left = max(0, start - _WIDTH // 2) if len(line) > _WIDTH else 0
    right = min(len(line), left + _WIDTH)
    before, marked, after = line[left:start], line[start : min(end, right)], line[end:right]
    cut_left, cut_right = "…" * (left > 0), "…" * (right < len(line))
    text = cut_left + _flat(before) + _flat(marked) + _flat(after) + cut_right
    indent = " " * width(cut_left + _flat(before))
    return text, indent + mark * max(1, width(_flat(marked)))


def _flat(text: str) -> str:
    return escape(text.replace("\t", "    "))
