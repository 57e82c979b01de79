"""check_spec: the problems of a spec as a list, without raising."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from composer.ignoring import ELSEWHERE, without_ignored
from composer.language.diagnostics import Problem
from composer.losses.base import Loss
from composer.overrides import Overrides
from composer.reading import examine


def check_spec(
    cfg: Any, *, losses: Sequence[type[Loss]] = (), overrides: Overrides = ()
) -> list[Problem]:
    """Every problem of a spec, in the order of the file; none where it is sound.

    Args:
        cfg: a path, a mapping or a Spec.
        losses: loss classes of one's own that it names.
        overrides: `tasks.depth.weight=0.3` and the like, or a mapping of such paths to values, in
            the place of what the spec says.
    """
    spec, problems, _ = examine(cfg, losses, overrides)
    if spec is None:
        return problems
    return without_ignored(spec.document, problems, lambda code: code not in ELSEWHERE)
