"""A resolved spec as Markdown: a table for each task and loss, and the total as mathematics."""

from __future__ import annotations

import re
from collections.abc import Iterator

from composer.command.show.resolved import ResolvedTask, Section, Value
from composer.command.show.resolving import resolve
from composer.command.show.yaml_text import yaml_text
from composer.formula.as_latex import latex_of_total
from composer.formula.as_text import LEGEND, definitions
from composer.language.diagnostics import escape
from composer.pages.markdown import fence, prose
from composer.spec import Spec

_HEAD = "| | value | from |\n|---|---|---|"
_LONGEST = 120


def markdown(spec: Spec, name: str) -> str:
    """The page of a spec."""
    return "\n\n".join(_blocks(spec, name)) + "\n"


def math(latex: str) -> str:
    r"""A block of mathematics; GitHub refuses `\operatorname`."""
    return fence("math", latex.replace(r"\operatorname{", r"\mathrm{").splitlines())


def code(text: str) -> str:
    """A text between backticks, whatever it holds, in a cell of a table."""
    shown = escape(text).replace("|", r"\|")
    marks = "`" * (1 + max((len(run) for run in re.findall("`+", shown)), default=0))
    blank = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{marks}{blank}{shown}{blank}{marks}"


def _blocks(spec: Spec, name: str) -> Iterator[str]:
    yield f"# {code(name)}"
    yield "## The total"
    yield math(latex_of_total(spec))
    yield prose(" ".join(LEGEND))
    lines = list(definitions(spec))
    if lines:
        yield fence("text", lines)
    resolved = resolve(spec)
    for title, section in resolved.above.items():
        yield from _section(title, section)
    for name_of_task, task in resolved.tasks.items():
        yield from _task(name_of_task, task)
    yield from _section("regularization", resolved.regularization)


def _section(title: str, section: Section) -> Iterator[str]:
    yield f"## {title.capitalize()}"
    yield _table(_rows(section, title if isinstance(section, Value) else ""))


def _task(name: str, task: ResolvedTask) -> Iterator[str]:
    """The task's own fields, then each of its losses under the name of its term."""
    yield f"## Task {code(name)}"
    yield _table(_rows(task.fields))
    for loss in task.losses:
        yield "### " + code(f"{name}/{loss['name'].data}")
        yield _table(_rows(loss))


def _rows(section: Section, path: str = "") -> Iterator[str]:
    if isinstance(section, Value):
        yield _row(path, section)
        return
    for key, each in section.items():
        yield from _rows(each, f"{path}.{key}" if path else key)


def _row(name: str, value: Value) -> str:
    text = "none" if value.data is None else _value(value.data)
    notes = ", ".join(filter(None, [str(value.origin), value.note]))
    return f"| {code(name)} | {text} | {prose(notes)} |"


def _value(data: object) -> str:
    text = yaml_text(data)
    return code(text if len(text) <= _LONGEST or isinstance(data, str) else text[:_LONGEST] + "…")


def _table(rows: Iterator[str]) -> str:
    return "\n".join([_HEAD, *rows])
