"""A value of the wrong type, or out of bounds: what its field takes, and what is meant."""

from __future__ import annotations

import re
from typing import Any

from pydantic_core import ErrorDetails

from composer.faults import Path, boolean_meant, number_meant, number_wanted, spelled
from composer.fields import LARGE, shown
from composer.language.diagnostics import Problem, quote
from composer.language.nearness import Nearest, nearest
from composer.language.yaml.document import Document, Node
from composer.language.yaml.scalars import resolve
from composer.missing_fields import TASKS

_BOUNDS = {
    "greater_than": ("above", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("below", "lt"),
    "less_than_equal": ("at most", "le"),
}
_WANTED = {
    "float_type": "a number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "bool_type": "`true` or `false`",
    "string_type": "text",
    "finite_number": "a finite number",
    "dict_type": "a mapping",
    "mapping_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "list_type": "a list",
    "tuple_type": "a list",
}
_MAPPINGS = ("dict_type", "mapping_type", "model_type", "model_attributes_type")
_NUMBERS = ("float_type", "int_type", "int_from_float")
_DECIMAL_COMMA = re.compile(r"([+-]?\d+),(\d+)", re.ASCII)
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}", re.ASCII)
_REDUCTIONS_ELSEWHERE = {
    "mean": ("`weighted_mean` divides by the sum of the weights, `sum_over_batch_size` by the "
             "number of elements", None),
    "none": ("`total_loss.values(y_true, y_pred)` gives the values unreduced", None),
    "sum_over_nonzero_weights": (
        "its other name is `sum_by_nonzero_weights`", "sum_by_nonzero_weights"
    ),
    "mean_with_sample_weight": (
        "`weighted_mean` divides by the sum of the weights", "weighted_mean"
    ),
    "weighted_sum": ("write `sum`", "sum"),
}  # fmt: skip


def wrong_value(
    fault: ErrorDetails, path: Path, document: Document, context: dict[str, Any]
) -> Problem:
    """The problem of a value that its field does not take."""
    node = document.find(path)
    name = _field_name(path)
    kind, found = fault["type"], shown(fault["input"])
    if node.style in ("'", '"'):
        found = f"the text {found}"
    near = Nearest(None)
    if kind in _BOUNDS:
        word, bound = _BOUNDS[kind]
        limit = context[bound]
        if kind == "greater_than_equal" and limit == 1 / LARGE and fault["input"] <= 0:
            word, limit = "above", 0
        message = f"{name} is {word} {limit:g}, found {found}"
    elif kind in _WANTED:
        message = f"{name} takes {_WANTED[kind]}, found {found}"
        near = _instead(kind, node, path)
    elif kind == "literal_error":
        options = [option.strip().strip("'") for option in _options(context["expected"])]
        message = f"{name} is one of {', '.join(map(quote, options))}, found {found}"
        near = _option(str(fault["input"]), options)
    elif kind == "too_short":
        message = f"{name} holds at least one entry, found none"
    else:
        message = f"{name} cannot be {found}"
    code = "invalid-type" if kind in _WANTED and kind != "finite_number" else "invalid-value"
    meant = spelled(document, node, None, near.meant)
    return document.problem(code, message, node, path=path, help=near.help, replacement=meant)


def _option(word: str, options: list[str]) -> Nearest:
    """The option that a word means; all of them stand in the message."""
    if word.lower() in _REDUCTIONS_ELSEWHERE:
        help, meant = _REDUCTIONS_ELSEWHERE[word.lower()]
        return Nearest(help, meant if meant in options else None)
    near = nearest(word, options)
    return near if near.near else Nearest(None)


def _instead(kind: str, node: Node, path: Path) -> Nearest:
    """What to write for a value of the wrong type."""
    if kind == "bool_type":
        return _boolean(node)
    if caution := number_wanted(node.caution):
        return Nearest(caution, number_meant(node))
    if path == ("tasks",):
        return Nearest(_names_of_tasks(node))
    if kind in _MAPPINGS and len(path) == 2 and path[0] == "tasks":
        name = str(node.value).removeprefix("loss:") if isinstance(node.value, str) else ""
        return Nearest(f"write {quote(f'loss: {name}'.rstrip())} below it")
    return _number(kind, node.value)


def _boolean(node: Node) -> Nearest:
    """`yes`, `"true"` and 1 for true."""
    word = boolean_meant(node) or {"1": "true", "0": "false"}.get(node.text)
    return Nearest(word and (node.caution or f"write `{word}`"), word)


def _number(kind: str, value: object) -> Nearest:
    """A number in quotes is text, one with a point is not whole, one with a comma is none."""
    is_whole = kind in ("int_type", "int_from_float")
    if is_whole and isinstance(value, float) and value.is_integer():
        return Nearest(f"write `{value:.0f}`", f"{value:.0f}")
    if not isinstance(value, str) or kind not in _NUMBERS:
        return Nearest(None)
    if _THOUSANDS.fullmatch(value):
        return Nearest(f"write `{value.replace(',', '.')}`, or `{value.replace(',', '')}`")
    if decimal := _DECIMAL_COMMA.fullmatch(value):
        return Nearest(f"write `{decimal[1]}.{decimal[2]}`", f"{decimal[1]}.{decimal[2]}")
    number = resolve(value.strip() or "~").value
    if isinstance(number, bool) or not isinstance(number, int if is_whole else int | float):
        return Nearest(None)
    return Nearest(f"remove the quotes: `{value.strip()}`", value.strip())


def _options(expected: str) -> list[str]:
    return expected.replace(" or ", ", ").split(", ")


def _names_of_tasks(node: Node) -> str:
    """Each task stands below its name, and not in a list with it."""
    first = node.value[0] if node.kind == "sequence" and node.value else node
    if first.kind != "mapping" or not first.value:
        return TASKS
    name = first.value["name"].text if "name" in first.value else next(iter(first.value))
    return f"write the names as keys, such as {quote(name + ':')}"


def _field_name(path: Path) -> str:
    names = [segment for segment in path if isinstance(segment, str)]
    return quote(names[-1]) if names else "the spec"
