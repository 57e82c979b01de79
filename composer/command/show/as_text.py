"""A resolved spec as YAML, with where each value comes from in comments at the right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from composer.command.show.resolved import Resolved, Section, Value
from composer.command.show.yaml_text import yaml_text
from composer.language.diagnostics import escape, width
from composer.language.frames import Paint, plain

_WIDEST = 64
"""Comments are aligned behind values of at most this width."""


class Line(NamedTuple):
    """A line of YAML, and what is said of it."""

    text: str
    comment: str = ""


def yaml_lines(resolved: Resolved, paint: Paint = plain) -> list[str]:
    """The lines, values at the left, comments in a column."""
    lines = list(_lines(resolved))
    widths = [width(line.text) for line in lines]
    column = max((size for size in widths if size <= _WIDEST), default=0) + 2
    return [_shown(line, column - size, paint) for line, size in zip(lines, widths, strict=True)]


def _shown(line: Line, room: int, paint: Paint) -> str:
    is_told = line.text.lstrip().startswith("#")
    text = paint(line.text, "dim") if is_told else line.text
    if not line.comment:
        return text
    return text + " " * max(2, room) + paint(f"# {escape(line.comment)}", "dim")


def _lines(resolved: Resolved) -> Iterator[Line]:
    for name, section in resolved.above.items():
        yield from (*_section(name, section, 0), Line(""))
    yield Line("tasks:")
    for name, task in resolved.tasks.items():
        yield from _section(name, task.fields, 2)
        yield Line("    loss:")
        for loss in task.losses:
            yield from _item(loss, 6)
    yield Line("")
    yield from _section("regularization", resolved.regularization, 0)


def _section(key: str, section: Section, indent: int) -> Iterator[Line]:
    """`key: value`, or the key and what is below it."""
    if isinstance(section, Value):
        yield _line(key, section, indent)
        return
    yield Line(f"{' ' * indent}{yaml_text(key)}:{'' if section else ' {}'}")
    for name, each in section.items():
        yield from _section(name, each, indent + 2)


def _line(key: str, value: Value, indent: int) -> Line:
    data = "none" if value.data is None else yaml_text(value.data)
    text = f"{yaml_text(key)}: {data}"
    comment = ", ".join(filter(None, [str(value.origin), value.note]))
    return Line(f"{' ' * indent}{'# ' * value.is_told}{text}", comment)


def _item(fields: Mapping[str, Value], indent: int) -> Iterator[Line]:
    """An entry of a list: its first line begins with a dash."""
    first, *others = [_line(name, value, indent + 2) for name, value in fields.items()]
    yield Line(f"{' ' * indent}- {first.text[indent + 2 :]}", first.comment)
    yield from others
