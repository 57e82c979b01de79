"""What the numbers of a role look like, against the domain that its loss is defined on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from composer.language.diagnostics import Severity

Array = np.ndarray[Any, Any]
_FEWEST_NUMBERS = 16
"""That all lie between 0 and 1, before it is no accident."""
_CLOSE = 1e-3


class Look(NamedTuple):
    """What is odd, and where; `message` has places for the name, the place and the number there.

    `right` is a condition that holds where nothing is odd.
    """

    code: str
    message: str
    bad: Array
    numbers: Array
    severity: Severity = "error"
    help: str | None = None
    right: str | None = None


class Role(NamedTuple):
    """The numbers of a role, and which of them count.

    Attributes:
        name: the role.
        source: what fills it, by its name in the batch.
        loss: the type of the loss.
        domain: what the loss is defined on.
        limit: of labels, how many classes there are.
        has_rows: whether the numbers on the last axis belong together.
        array: the numbers.
        counts: true where they count, in the shape of the numbers.
    """

    name: str
    source: str
    loss: str
    domain: str | None
    limit: int | None
    has_rows: bool
    array: Array
    counts: Array

    @property
    def is_target(self) -> bool:
        """Whether a mask may be made of it: a mask made of predictions hides their faults."""
        return self.name == "y_true"


AT = "{name} is {number} at {place}"


def looks(role: Role) -> Iterator[Look]:
    """What is odd about the numbers that count, the worst first."""
    x = role.array.astype(np.float32) if role.array.dtype == np.float16 else role.array
    if x.dtype.kind == "f":
        # An infinite logit rules a class out.
        bad = np.isnan(x) if role.domain == "logits" else ~np.isfinite(x)
        yield Look("not-finite", AT, bad & role.counts, x, right=f"isfinite({role.name})")
    if role.domain in _DOMAINS:
        yield from _DOMAINS[role.domain](role, x)


def _labels(role: Role, x: Array) -> Iterator[Look]:
    if role.limit is not None:
        bad = ((x < 0) | (x >= role.limit)) & role.counts
        message = f"{AT}, no label from 0 to {role.limit - 1}"
        help, right = _label_help(role, x, np.unique(x[bad]))
        yield Look("label-out-of-range", message, bad, x, help=help, right=right)


def _label_help(role: Role, x: Array, wrong: Array) -> tuple[str | None, str | None]:
    """What to write where classes begin with 1, or one number stands for a missing label."""
    if len(wrong) != 1:
        return None, None
    if wrong[0] != role.limit:
        return None, f"{role.name} != {wrong[0]}"
    if (x == 0).any():
        return None, None
    return f"classes are numbered from 0; `{role.name}: {_bare(role)} - 1` does that", None


def _zero_one(role: Role, x: Array) -> Iterator[Look]:
    bad = _outside(x, _CLOSE) & role.counts
    help = _zero_one_help(role, np.unique(x[role.counts]) if bad.any() else x)
    yield Look("label-out-of-range", f"{AT}, where labels are from 0 to 1", bad, x, help=help)


def _zero_one_help(role: Role, there: Array) -> str | None:
    if role.loss == "hinge" and set(there.flat) <= {-1, 1}:
        return "labels of -1 and 1 need `labels: signed`"
    if role.is_target and set(there.flat) <= {0, 255}:
        return f"`{role.name}: {_bare(role)} / 255` makes 0 and 1 of them"
    return None


def _signed(role: Role, x: Array) -> Iterator[Look]:
    bad = (np.abs(x.astype(np.float64)) != 1) & role.counts
    help = "labels of 0 and 1 are the default; leave `labels: signed` out"
    yield Look("label-out-of-range", f"{AT}, where labels are -1 and 1", bad, x, help=help)


def _probabilities(role: Role, x: Array) -> Iterator[Look]:
    message = f"{AT}, where `{role.loss}` takes probabilities"
    help = "`sigmoid(…)` or `softmax(…)` makes probabilities of logits"
    yield Look("not-probabilities", message, _outside(x) & role.counts, x, help=help)


def _distribution(role: Role, x: Array) -> Iterator[Look]:
    message = f"{AT}, where rows are one-hot or a distribution"
    yield Look("not-probabilities", message, _outside(x, _CLOSE) & role.counts, x)
    if x.ndim:
        sums = x.sum(-1, dtype=np.float64)
        bad = (np.abs(sums - 1) > _CLOSE) & role.counts.any(-1)
        message = "the row at {place} of {name} sums to {number}, not to 1"
        help, right = _sums_help(role, x, sums[bad])
        yield Look("not-a-distribution", message, bad, sums, "warning", help, right)


def _sums_help(role: Role, x: Array, wrong: Array) -> tuple[str | None, str | None]:
    """What to write where rows have no class at all, or several."""
    if role.is_target and wrong.size and not wrong.any():
        return None, f"sum({role.name}, axis=-1) > 0"
    if role.is_target and (wrong > 1).any() and set(np.unique(x[role.counts]).flat) <= {0, 1}:
        return "`sigmoid_cross_entropy` and `sigmoid_focal` take several classes at once", None
    return None, None


def _positive(role: Role, x: Array) -> Iterator[Look]:
    message = f"{AT}, where `{role.loss}` takes numbers above 0"
    yield Look("not-positive", message, (x <= 0) & role.counts, x, right=f"{role.name} > 0")


def _unit(role: Role, x: Array) -> Iterator[Look]:
    if x.ndim:
        lengths = np.sqrt(np.square(x.astype(np.float64)).sum(-1))
        bad = (np.abs(lengths - 1) > 10 * _CLOSE) & role.counts.any(-1)
        message = "the vector at {place} of {name} has length {number}, not 1"
        help = "write `normalize: true`"
        yield Look("not-unit-length", message, bad, lengths, "warning", help)


def _logits(role: Role, x: Array) -> Iterator[Look]:
    """Probabilities all lie between 0 and 1, and where classes exclude each other sum to 1."""
    if not role.counts.any() or (_outside(x) & role.counts).any():
        return
    if np.ptp(x[role.counts]) < _CLOSE:  # a head that begins with zeros
        return
    rows = role.counts.any(-1) if role.has_rows and x.ndim else None
    if rows is None:
        is_odd, words = int(role.counts.sum()) >= _FEWEST_NUMBERS, ""
    else:
        sums = x.sum(-1, dtype=np.float64)[rows]
        is_odd, words = bool((np.abs(sums - 1) <= _CLOSE).all()), ", and its rows sum to 1"
    if is_odd:
        message = f"{{name}} looks like probabilities: its numbers are from 0 to 1{words}"
        function, logits = ("sigmoid", None) if rows is None else ("softmax", f"log({_bare(role)})")
        help = f"`{role.loss}` takes logits; leave the model's {function} out"
        help += f", or write `{role.name}: {logits}`" if logits else ""
        yield Look("looks-like-probabilities", message, role.counts, x, "warning", help)


def _bare(role: Role) -> str:
    """What fills the role, as it is written."""
    return role.source.strip("`")


def _outside(x: Array, room: float = 0) -> Array:
    """What is not from 0 to 1; sums of rounded numbers may need a little room."""
    outside: Array = (x < -room) | (x > 1 + room)
    return outside


_DOMAINS: dict[str | None, Callable[[Role, Array], Iterator[Look]]] = {
    "labels": _labels,
    "zero_one": _zero_one,
    "signed": _signed,
    "probabilities": _probabilities,
    "distribution": _distribution,
    "one_hot": _distribution,
    "positive": _positive,
    "unit": _unit,
    "logits": _logits,
}
