"""What pydantic finds wrong, in our own words and at its place in the file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from composer.language.diagnostics import OVERRIDE, Problem, quote, with_places
from composer.language.yaml.document import Document, Node
from composer.language.yaml.scalars import meant, resolve
from composer.losses.base import Loss

Path = tuple[str | int, ...]


def problems_of(
    error: ValidationError, document: Document, own: Mapping[str, type[Loss]]
) -> list[Problem]:
    """One problem for each fault, in the order of the file."""
    faults = error.errors(include_url=False)
    told = [(fault["loc"], _problem(fault, document, own)) for fault in faults if not _lacks(fault)]
    missing = [fault["loc"] for fault in faults if _lacks(fault)]
    problems = [problem for path, problem in told if not _follows(path, problem, document, own)]
    if missing:
        from composer.missing_fields import missing_fields  # only problems need it

        problems += missing_fields(missing, told, document)
    return in_order(problems)


def _follows(path: Path, problem: Problem, document: Document, own: Mapping[str, Any]) -> bool:
    """Whether a parameter stands in a task because its loss does, which is told at its `type`."""
    if problem.code != "unknown-field" or path[-1] == "type":
        return False
    from composer.unknown_fields import is_of_flat_loss  # only problems need it

    return is_of_flat_loss(path, document, own)


def _lacks(fault: ErrorDetails) -> bool:
    return fault["type"] == "missing"


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
    from composer.wrong_values import wrong_value  # only problems need it

    return wrong_value(fault, path, document, context)


def _own_problem(
    fault: ErrorDetails, path: Path, document: Document, context: dict[str, Any]
) -> Problem:
    """A fault that a field of ours raised, with its words and offsets."""
    at = context.get("at", ())
    path = (*path, *(at if isinstance(at, tuple) else (at,)))
    is_key = fault["loc"][-1:] == ("[key]",) or "key" in context
    node = document.find_key(path) if is_key else document.find(path)
    span = (context["start"], context["end"]) if "start" in context else None
    message = context["message"]
    if node.kind != "scalar":
        span = None
    elif node.caution and span is not None:  # which speaks of the whole text
        span, message = None, f"a number or an expression is required, found {quote(node.text)}"
    elif node.caution and fault["type"] == "invalid-path":
        message = f"a constant holds numbers, or names a `.npy` file, found {quote(node.text)}"
    help = number_wanted(node.caution) or context.get("help") or _comment_behind(node, span)
    meant = number_meant(node) if node.caution else context.get("replacement")
    return document.problem(
        fault["type"], message, node, path=path, span=span, help=help,
        replacement=spelled(document, node, span, meant, is_key=is_key),
    )  # fmt: skip


def _comment_behind(node: Node, span: tuple[int, int] | None) -> str | None:
    """Where an expression ends too early, the rest may stand behind a ` #`."""
    source = node.source
    behind = source.text[node.end : source.line_end(node.end)].lstrip()
    if span is None or span[0] < len(node.text.rstrip()) or not behind.startswith("#"):
        return None
    return "what follows ` #` is a comment of YAML, and no part of the expression"


def spelled(
    document: Document,
    node: Node,
    span: tuple[int, int] | None,
    text: str | None,
    *,
    is_key: bool = False,
) -> str | None:
    """What is meant in the place of a scalar, or of a part of it, as YAML has to spell it.

    What is meant as text keeps its quotes, a number loses them.
    """
    if text is None or (span is None and node.style in ("|", ">")):
        return None
    from composer.language.yaml.replacing import replacement  # only problems need it

    is_text = resolve(text).value == text
    if span is not None or (not is_key and not (is_text and node.style)):
        return replacement(document.root, node, span, text)
    if not (is_text or node.style):
        return None
    inside = replacement(document.root, node, (0, len(node.text)), text)
    return inside and f"{node.style}{inside}{node.style}"


def number_wanted(caution: str | None) -> str | None:
    """What YAML 1.1 would have read, where a number is due: neither a boolean nor NaN is one."""
    if caution is None or any(word in caution for word in ("`true`", "`false`", ".nan", ".inf")):
        return caution and caution.partition(",")[0] + "; a finite number is required"
    return caution


def boolean_meant(node: Node) -> str | None:
    """The boolean that YAML 1.1 would have read where one is due."""
    word = meant(node.text)
    return word if word in ("true", "false") else None


def number_meant(node: Node) -> str | None:
    """The number that YAML 1.1 would have read where one is due."""
    word = meant(node.text) if node.caution else None
    is_number = word is not None and word[-1].isdigit()
    return word if is_number else None
