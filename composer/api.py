"""check_spec: the problems of a spec as a list, without raising."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from composer.language.diagnostics import Problem
from composer.losses.base import Loss
from composer.reading import examine


def check_spec(cfg: Any, *, losses: Sequence[type[Loss]] = ()) -> list[Problem]:
    """Every problem of a spec, in the order of the file; none where it is sound.

    Args:
        cfg: a path, a mapping or a Spec.
        losses: loss classes of one's own that it names.
    """
    return examine(cfg, losses)[1]
