"""All losses at a glance: as text, as Markdown and as JSON."""

from __future__ import annotations

import dataclasses
import itertools
import json
from collections.abc import Iterator, Sequence

from composer.language.diagnostics import escape
from composer.losses.base import Loss
from composer.pages.facts import LossFacts, Parameter, as_yaml, facts_of
from composer.pages.markdown import prose
from composer.pages.text import hanging, paragraph

_USUAL = ("y_true", "y_pred", "values")
_LEGEND = (
    "A parameter without a value has to be given; one with `?` may be left out. `losscomp explain "
    "TYPE` tells all about one."
)


def losses_text(classes: Sequence[type[Loss]]) -> str:
    """Two lines or more a loss, by family."""
    facts = [facts_of(cls) for cls in classes]
    width = max(len("type"), *(len(each.type) for each in facts))
    kinds = max(len("y_pred"), *(len(each.y_pred) for each in facts))
    lines = [f"{'type':{width}}  {'y_pred':{kinds}}  parameters"]
    for family, members in itertools.groupby(facts, key=lambda each: each.family):
        lines += ["", *paragraph(family, "")]
        for each in members:
            lines += _entry(each, width, kinds)
    return "\n".join([*lines, "", *paragraph(_LEGEND, "")]) + "\n"


def losses_markdown(classes: Sequence[type[Loss]]) -> str:
    """A table."""
    rows = [
        f"| `{each.type}` | {prose(each.summary)} | {each.y_pred} | {_in_code(each)} |"
        for each in map(facts_of, classes)
    ]
    head = ["| type | what it is | `y_pred` | parameters |", "|---|---|---|---|"]
    return "\n".join([*head, *rows]) + "\n"


def losses_json(classes: Sequence[type[Loss]]) -> str:
    """All that a page tells of each loss, in one list."""
    facts = [dataclasses.asdict(facts_of(cls)) for cls in classes]
    return json.dumps(facts, indent=2) + "\n"


def _entry(facts: LossFacts, width: int, kinds: int) -> Iterator[str]:
    head = f"{facts.type:{width}}  {facts.y_pred:{kinds}}  "
    yield from hanging(head, ", ".join(_takes(facts)))
    yield from paragraph(facts.summary, "    ")


def _short(parameter: Parameter) -> str:
    """`name=default`; the bare name where one has to be given, `name?` where there is none."""
    if parameter.is_required:
        return parameter.name
    if parameter.default is None:
        return f"{parameter.name}?"
    return f"{parameter.name}={as_yaml(parameter.default)}"


def _in_code(facts: LossFacts) -> str:
    return ", ".join(f"`{escape(text)}`" for text in _takes(facts)).replace("|", "\\|")


def _takes(facts: LossFacts) -> list[str]:
    """The roles that are no task's, and the parameters."""
    roles = [each.name for each in facts.tensors if each.name not in _USUAL]
    return [*roles, *map(_short, facts.parameters)]
