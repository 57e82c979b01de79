"""Losses that there are not: which there are, and which one is meant."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic_core import PydanticCustomError

from composer.fields import fault, shown
from composer.language.diagnostics import quote
from composer.language.nearness import Nearest, nearest
from composer.losses import CATALOGUE
from composer.losses.base import Loss
from composer.losses.names import ELSEWHERE

NO_PYTHON = (
    "a spec never names Python objects; give a loss of your own with `losses=` or `--losses`"
)

_DIFFERENT = re.compile(
    "crossentropy|categorical_cross|^binary_cross_entropy$|^bce$|nll|likelihood|smoothing|activity"
    "|^add_|^compute_|cosine|triplet_?margin|focal_?loss$|^focal$|^l2|^si_rmse$|^sum_of_pair"
    "|coefficient$"
)
"""From probabilities, with other parameters by default, or another sum."""

_Own = Mapping[str, type[Loss]]


def unknown_loss(name: Any, own: _Own) -> PydanticCustomError:
    """The fault of a `type` that is none."""
    if not isinstance(name, str):
        message = f"the `type` of a loss is its name, found {shown(name)}"
        return fault("unknown-loss", message, at="type")
    near, message = _near(name, own), f"there is no loss {shown(name)}"
    return fault("unknown-loss", message, at="type", help=near.help, replacement=near.meant)


def without_type(value: Mapping[str, Any], own: _Own) -> PydanticCustomError:
    """The fault of a loss that does not say its `type`, or misspells it."""
    known = {name for name in value.values() if isinstance(name, str) and _is_known(name, own)}
    for field, name in value.items():
        is_type = field != "name" and isinstance(name, str) and name in known
        if is_type or nearest(str(field), ["type"]).near:
            return fault(
                "unknown-field", f"there is no field {quote(field)} in a loss", at=field, key=True,
                help="did you mean `type`?", replacement="type",
            )  # fmt: skip
    example = next(iter(known), "huber")
    meant = " instead of `name:`" if example == value.get("name") else ", for example"
    help = f"write `type: {example}`{meant}"
    return fault("missing-field", "a loss has a `type`", help=help)


def _is_known(name: str, own: _Own) -> bool:
    return name in own or name in CATALOGUE


def _near(name: str, own: _Own) -> Nearest:
    word = name.lower().rpartition(".")[2]
    elsewhere = {other.lower(): ours for other, ours in ELSEWHERE.items()}
    if word in elsewhere:
        return _elsewhere(name, word, elsewhere[word])
    if any(mark in name for mark in (":", ".", "$", "/")):
        return Nearest(NO_PYTHON)
    known = [*own, *CATALOGUE]
    near = nearest(name, [*known, *ELSEWHERE], means=ELSEWHERE)
    if near.near in ELSEWHERE:
        found = _elsewhere(near.near, near.near, ELSEWHERE[near.near])
        return found._replace(meant=near.meant and found.meant)
    return near if near.near else nearest(name, known, noun="losses")


def _elsewhere(name: str, word: str, ours: str) -> Nearest:
    """What a loss of another library is here; some take probabilities there, or more of a spec."""
    help = f"what {quote(name)} is elsewhere is {quote(ours)} here"
    return Nearest(help, None if _DIFFERENT.search(word) else ours)
