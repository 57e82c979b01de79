"""The parts that run in processes of their own, by name; their answers go into JSON."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from bench import machine, measure, memory, scaling
from bench.timing import Effort

tf.get_logger().setLevel(logging.ERROR)  # tf.losses and TF-Slim say that they are deprecated


def case(
    name: str, modes: list[str], rivals: list[str], effort: dict[str, Any], options: dict[str, Any]
) -> dict[str, Any]:
    """One case in all modes."""
    return measure.measure(name, modes, rivals, Effort(**effort), options)


PARTS: dict[str, Callable[..., Any]] = {
    "case": case,
    "evidence": measure.look_into,
    "memory": memory.peak,
    "scaling": scaling.measure,
    "machine": machine.described,
}
