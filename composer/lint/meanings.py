"""One tensor that two losses take for different things."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from composer.finding import Finding
from composer.fitting import is_default, role_path
from composer.language import tree as t
from composer.language.diagnostics import quote
from composer.lint.scope import Sight
from composer.terms import Part

_CHANCES = frozenset({"probabilities", "distribution", "one_hot"})
_WORDS = {"labels": "class numbers", "logits": "logits", "signed": "labels of -1 and 1"}


class _Reading(NamedTuple):
    """What a loss takes a tensor for: the role's domain, the number of classes, and who reads."""

    domain: str
    limit: object
    sight: Sight
    role: str


def meaning_findings(sights: Iterable[Sight]) -> Iterator[Finding]:
    """One tensor that two losses take for different things."""
    first: dict[t.Tree, _Reading] = {}
    for sight in sights:
        for name, role in sight.term.loss.bound_signature().roles.items():
            part = sight.term.roles.get(name)
            if part is None or role.domain is None or not isinstance(part.tree, t.Tensor):
                continue
            limit = sight.types.binding.dims.get(str(role.limit), role.limit)
            reading = _Reading(role.domain, limit, sight, name)
            before = first.setdefault(part.tree, reading)
            if _conflict(before, reading):
                yield _two_meanings(part.tree, before, reading)


def _conflict(one: _Reading, other: _Reading) -> bool:
    domains = {one.domain, other.domain}
    if domains == {"labels"}:
        return _differ(one, other)
    if "labels" in domains and len(domains) == 2:
        labels = one if one.domain == "labels" else other
        # Two classes, 0 and 1, may be read as probabilities too.
        return bool(domains & (_CHANCES | {"signed"}) or labels.limit not in (2, None)) and bool(
            domains & (_CHANCES | {"signed", "zero_one"})
        )
    if "logits" in domains:
        return bool(domains & _CHANCES)
    return "signed" in domains and bool(domains & (_CHANCES | {"zero_one"}))


def _differ(one: _Reading, other: _Reading) -> bool:
    """Whether there are fewer classes for one, which nothing tells apart from the further ones."""
    if not (isinstance(one.limit, int) and isinstance(other.limit, int)):
        return False
    fewer = one if one.limit < other.limit else other
    term = fewer.sight.term
    chooses = term.masks or any(
        part.path[-1] == "weight" and _has_tensor(part) for part in term.weights
    )
    return one.limit != other.limit and not chooses


def _has_tensor(part: Part) -> bool:
    return any(isinstance(node, t.Tensor) for node in t.walk(part.tree))


def _two_meanings(tensor: t.Tensor, before: _Reading, now: _Reading) -> Finding:
    name, (there, here) = ".".join((tensor.side, *tensor.path)), _words(before, now)
    message = f"{name} is taken for {here} here, and for {there} by {quote(before.sight.term.name)}"
    path = role_path(now.sight.term, now.role)
    own = before.sight.term.roles[before.role]
    other = (*before.sight.term.path, "type") if is_default(own) else own.path
    also = ((other, f"for {there} here"),)
    help = _meaning_help(before, now)
    return Finding("mixed-meaning", message, path, None, help, "warning", also=also)


def _words(*readings: _Reading) -> list[str]:
    """What a tensor is taken for, in words."""
    if all(reading.domain == "labels" for reading in readings):
        return [f"labels of {reading.limit} classes" for reading in readings]
    domains = [reading.domain for reading in readings]
    return [
        _WORDS.get(domain, "probabilities" if domain in _CHANCES else "labels of 0 and 1")
        for domain in domains
    ]


def _meaning_help(before: _Reading, now: _Reading) -> str | None:
    if "logits" not in (before.domain, now.domain):
        return None
    return "logits become probabilities by `softmax(…)` or `sigmoid(…)`"
