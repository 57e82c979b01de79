"""The ways to a loss that are timed, by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import tensorflow as tf

from bench import by_hand, in_keras, tf_losses
from bench.case import Case, Loss, Row, Tensors
from composer import build_total_loss

OURS = "losscomp"
REFERENCE = "by hand"
COMPILED = "by hand, compiled"

JitCompile = Literal["auto"] | bool | None
"""What losscomp is built with; with None nothing is said of it."""


def ours(case: Case, jit_compile: JitCompile = None) -> Loss:
    """What losscomp builds from the spec of a case."""
    said: dict[str, Any] = {} if jit_compile is None else {"jit_compile": jit_compile}
    total_loss = build_total_loss(case.spec, **said)

    def loss(y_true: Tensors, y_pred: Tensors) -> tuple[tf.Tensor, dict[str, Row]]:
        total, breakdown = total_loss(y_true, y_pred)
        return total, {name: Row(*row) for name, row in breakdown.items()}

    return loss


@dataclass(frozen=True)
class Rival:
    """A way to a loss.

    Attributes:
        build: makes it for a case.
        modes: those in which it is timed.
        is_goal: whether the goals are set against it.
        most_heads: cases of more tasks are left out, since tracing alone would take minutes.
    """

    build: Callable[[Case], Loss]
    modes: tuple[str, ...] = ("eager", "graph", "xla")
    is_goal: bool = True
    most_heads: int = 100


RIVALS: dict[str, Rival] = {
    REFERENCE: Rival(by_hand.by_hand, most_heads=10**9),
    # A step that is compiled as a whole compiles it anyway.
    COMPILED: Rival(by_hand.by_hand_compiled, ("eager", "graph"), is_goal=False),
    "Keras": Rival(in_keras.losses),
    "Keras, selected first": Rival(in_keras.selected_losses),
    "Keras, CompileLoss": Rival(in_keras.compile_loss),
    "tf.losses": Rival(tf_losses.losses),
    "TF-Slim": Rival(tf_losses.slim),
}
"""All but losscomp."""


def builders(jit_compile: JitCompile) -> dict[str, Rival]:
    """losscomp first, then the others."""

    def build(case: Case) -> Loss:
        return ours(case, jit_compile)

    return {OURS: Rival(build, most_heads=10**9), **RIVALS}
