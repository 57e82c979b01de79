"""Parameters of losses with which labels, or all of a loss, count for nothing."""

from __future__ import annotations

from collections.abc import Iterator

from composer.finding import Finding
from composer.lint.scope import Sight


def parameter_findings(sight: Sight) -> Iterator[Finding]:
    """Parameters that take all weight from what they weigh."""
    for name, value in sight.term.loss.parameters().items():
        numbers = set(value) if isinstance(value, tuple) else {value}
        outcome = _outcome(sight.term.loss.type, name, numbers)
        if outcome is not None:
            message = f"`{name}` is {min(numbers):g}: {outcome}"
            path = (*sight.term.path, name)
            yield Finding("zero-weight", message, path, None, None, "warning")


def _outcome(loss: str, name: str, numbers: set[object]) -> str | None:
    """What comes of a parameter that is 0 or 1, and nothing else."""
    if name in ("alpha", "pos_weight") and numbers == {0}:
        is_whole = name == "alpha" and loss != "sigmoid_focal"
        return "the loss is shown and trains nothing" if is_whole else _no_labels(1)
    if name == "alpha" and loss == "sigmoid_focal" and numbers == {1}:
        return _no_labels(0)
    return "the labels count for nothing" if name == "label_smoothing" and numbers == {1} else None


def _no_labels(label: int) -> str:
    return f"labels of {label} count for nothing"
