"""The generalized IoU loss of boxes [y_min, x_min, y_max, x_max], written as one expression."""

from __future__ import annotations

_THEIRS = [f"y_true.labels[..., {edge}]" for edge in range(4)]
_OURS = [f"y_pred.predictions[..., {edge}]" for edge in range(4)]


def _area(edges: list[str]) -> str:
    top, left, bottom, right = edges
    return f"(maximum({bottom} - {top}, 0) * maximum({right} - {left}, 0))"


def _edges(first: str, last: str) -> list[str]:
    """The box between the outer or the inner of each two edges."""
    functions = (first, first, last, last)
    return [f"{f}({a}, {b})" for f, a, b in zip(functions, _THEIRS, _OURS, strict=True)]


_BOTH = _area(_edges("maximum", "minimum"))
_HULL = _area(_edges("minimum", "maximum"))
_UNION = f"({_area(_THEIRS)} + {_area(_OURS)} - {_BOTH})"

GIOU_LOSS = f"1 - {_BOTH} / {_UNION} + ({_HULL} - {_UNION}) / {_HULL}"
