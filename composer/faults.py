"""What pydantic finds wrong, in our own words and at its place in the file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from composer.fields import LARGE, shown
from composer.language.diagnostics import OVERRIDE, Problem, did_you_mean, quote, with_places
from composer.language.yaml.document import Document, Node
from composer.losses.base import Loss

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
_TASKS = "write `tasks:` and below it a name for every head of the model"
_REDUCTIONS_ELSEWHERE = {
    "mean": "`weighted_mean` divides by the sum of the weights, `sum_over_batch_size` by the "
    "number of elements",
    "none": "`total_loss.values(y_true, y_pred)` gives the values unreduced",
    "sum_over_nonzero_weights": "its other name is `sum_by_nonzero_weights`",
    "mean_with_sample_weight": "`weighted_mean` divides by the sum of the weights",
    "weighted_sum": "write `sum`",
}


def problems_of(
    error: ValidationError, document: Document, own: Mapping[str, type[Loss]]
) -> list[Problem]:
    """One problem for each fault, in the order of the file."""
    found = [_problem(fault, document, own) for fault in error.errors(include_url=False)]
    return in_order(found)


def empty_values(document: Document) -> list[Problem]:
    """Keys without a value: whether the default is meant, or a line was lost, nobody can tell."""
    found = []
    level: list[tuple[Node, Node | None]] = [(document.root, None)]
    for node, key in level:
        if node.kind == "mapping":
            level += [(value, node.keys[name]) for name, value in node.value.items()]
        elif node.kind == "sequence":
            level += [(value, None) for value in node.value]
        elif node.value is None and node is not document.root:
            name = quote(key.text) if key else "an entry"
            message, help = f"{name} has no value", "write one, or remove the key"
            found.append(document.problem("empty-value", message, key or node, help=help))
    return in_order(found)


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """Each problem once, with all its places, in the order of the file."""
    found: dict[tuple[str, str, str, int, int], Problem] = {}
    for each in problems:
        key = (each.code, each.message, each.file, each.line, each.column)
        found[key] = with_places(found[key], *each.places) if key in found else each
    return sorted(
        found.values(),
        key=lambda each: (each.file == OVERRIDE, each.line, each.column, each.code),
    )


def _problem(fault: ErrorDetails, document: Document, own: Mapping[str, type[Loss]]) -> Problem:
    path = tuple(segment for segment in fault["loc"] if segment != "[key]")
    context = fault.get("ctx", {})
    if "message" in context:
        return _own_problem(fault, path, document, context)
    if fault["type"] == "extra_forbidden":
        from composer.unknown_fields import unknown_field  # only problems need it

        return unknown_field(path, document, own)
    if fault["type"] == "missing":
        return _missing_field(path, document)
    return _wrong_value(fault, path, document, context)


def _own_problem(
    fault: ErrorDetails, path: tuple[str | int, ...], document: Document, context: dict[str, Any]
) -> Problem:
    """A fault that a field of ours raised, with its words and offsets."""
    if "at" in context:
        path = (*path, context["at"])
    is_key = fault["loc"][-1:] == ("[key]",) or context.get("key")
    node = document.find_key(path) if is_key else document.find(path)
    span = (context["start"], context["end"]) if "start" in context else None
    if span is not None and node.kind != "scalar":
        span = None
    help = number_wanted(node.caution) or context.get("help")
    return document.problem(
        fault["type"], context["message"], node, path=path, span=span, help=help,
        replacement=context.get("replacement"),
    )  # fmt: skip


def _missing_field(path: tuple[str | int, ...], document: Document) -> Problem:
    name = str(path[-1])
    examples = {
        "tasks": _TASKS,
        "loss": "write `loss: huber`, for example",
    }
    parent = document.find_key(path[:-1]) if path[:-1] else document.root
    return document.problem(
        "missing-field",
        f"the field {quote(name)} is required",
        parent,
        path=path[:-1],
        help=examples.get(name),
    )


def _wrong_value(
    fault: ErrorDetails, path: tuple[str | int, ...], document: Document, context: dict[str, Any]
) -> Problem:
    node = document.find(path)
    name = _field_name(path)
    kind, found = fault["type"], shown(fault["input"])
    help = number_wanted(node.caution) if kind != "bool_type" else node.caution
    if kind in _BOUNDS:
        word, bound = _BOUNDS[kind]
        limit = context[bound]
        if kind == "greater_than_equal" and limit == 1 / LARGE and fault["input"] <= 0:
            word, limit = "above", 0
        message = f"{name} is {word} {limit:g}, found {found}"
    elif kind in _WANTED:
        message = f"{name} takes {_WANTED[kind]}, found {found}"
        help = help or (
            _names_of_tasks(node) if path == ("tasks",) else _type_help(kind, node.value)
        )
    elif kind == "literal_error":
        options = [option.strip().strip("'") for option in _options(context["expected"])]
        message = f"{name} is one of {', '.join(map(quote, options))}, found {found}"
        help = help or did_you_mean(str(fault["input"]), options, noun="options")
        help = help if help and help.startswith("did") else None
        help = _REDUCTIONS_ELSEWHERE.get(str(fault["input"]).lower()) or help
    elif kind == "too_short":
        message = f"{name} holds at least one entry, found none"
    else:
        message = f"{name} cannot be {found}"
    code = "invalid-type" if kind in _WANTED and kind != "finite_number" else "invalid-value"
    return document.problem(code, message, node, path=path, help=help)


def number_wanted(caution: str | None) -> str | None:
    """What YAML 1.1 would have read, where a number is due: neither a boolean nor NaN is one."""
    if caution is None or any(word in caution for word in ("`true`", "`false`", ".nan", ".inf")):
        return caution and caution.partition(",")[0] + "; a finite number is required"
    return caution


def _options(expected: str) -> list[str]:
    return expected.replace(" or ", ", ").split(", ")


def _names_of_tasks(node: Node) -> str:
    """Each task stands below its name, and not in a list with it."""
    first = node.value[0] if node.kind == "sequence" and node.value else node
    if first.kind != "mapping" or not first.value:
        return _TASKS
    name = first.value["name"].text if "name" in first.value else next(iter(first.value))
    return f"write the names as keys, such as {quote(name + ':')}"


def _type_help(kind: str, value: object) -> str | None:
    """A number in quotes is text, one with a point is not whole."""
    if kind in ("int_type", "int_from_float") and isinstance(value, float) and value.is_integer():
        return f"write `{value:.0f}`"
    if isinstance(value, str):
        try:
            float(value)
        except ValueError:
            return None
        return f"remove the quotes: `{value}`"
    return None


def _field_name(path: tuple[str | int, ...]) -> str:
    names = [segment for segment in path if isinstance(segment, str)]
    return quote(names[-1]) if names else "the spec"
