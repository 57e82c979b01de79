"""losscomp: one YAML file for the loss of a multi-task TensorFlow model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from composer.api import check_spec as check_spec
    from composer.compose import TotalLoss as TotalLoss
    from composer.compose import build_total_loss as build_total_loss
    from composer.engine.total import Term as Term
    from composer.language.diagnostics import Problem as Problem
    from composer.language.diagnostics import SpecError as SpecError
    from composer.language.signature import Signature as Signature
    from composer.losses.base import Loss as Loss
    from composer.reading import load_spec as load_spec
    from composer.reading import parse_spec as parse_spec
    from composer.spec import Spec as Spec

__version__ = "0.1.0"

# Loaded on first use: `losscomp --version` needs none of them, and `check` no TensorFlow.
_HOMES = {
    "Loss": "composer.losses.base",
    "Problem": "composer.language.diagnostics",
    "Signature": "composer.language.signature",
    "Spec": "composer.spec",
    "SpecError": "composer.language.diagnostics",
    "Term": "composer.engine.total",
    "TotalLoss": "composer.compose",
    "build_total_loss": "composer.compose",
    "check_spec": "composer.api",
    "load_spec": "composer.reading",
    "parse_spec": "composer.reading",
}

__all__ = [*_HOMES, "__version__"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
