"""What is measured, as functions to call: each term alone, everything at once, and nothing."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import tensorflow as tf

from composer.command.bench.measured import TOTAL
from composer.command.bench.one_term import only
from composer.command.bench.rounds import Call
from composer.compose import REGULARIZATION, Term, TotalLoss
from composer.engine.batch_tensors import Batch, Tensors, collect, nested
from composer.engine.paying import JitCompile
from composer.spec import Spec
from composer.terms import tensors_read, terms_of

Flat = Sequence[tf.Tensor]
Function = Callable[[Flat, tf.Tensor], Any]


class Result(NamedTuple):
    """What a training step asks of a loss."""

    total: tf.Tensor
    breakdown: Mapping[str, Term]
    gradients: list[tf.Tensor]


@dataclass(frozen=True)
class Prepared:
    """A function in one mode, traced, compiled and called once.

    Attributes:
        run: calls it once more and waits for it; None where this mode cannot compute it.
        failure: why it cannot.
        is_compiled: whether XLA compiles the loss by itself, within a graph.
        results: how many tensors it gives.
        written: bytes of its gradients.
        weights: by row, the scalar weights.
        is_finite: whether its value is.
    """

    run: Call | None
    failure: str | None = None
    is_compiled: bool = False
    results: int = 0
    written: int = 0
    weights: Mapping[str, float] = field(default_factory=dict)
    is_finite: bool = True


class Subjects:
    """The terms of a spec on one batch, each as a function of the tensors that it reads."""

    def __init__(self, spec: Spec, y_true: Batch, y_pred: Batch, step: int) -> None:
        """Raises ValueError where the batch lacks a tensor."""
        self.specs = {TOTAL: spec, **{term.name: only(spec, term) for term in terms_of(spec)}}
        self.tensors = collect(tensors_read(spec), y_true, y_pred)
        self._step = tf.constant(step, tf.int64)
        self._jit_compile: JitCompile = "auto"

    @property
    def names(self) -> list[str]:
        """`total`, which has to be prepared first in every mode, and the terms."""
        return list(self.specs)

    def read_by(self, name: str) -> Tensors:
        """The tensors that a term, or `total`, reads."""
        paths = tensors_read(self.specs[name])
        return {(side, path): self.tensors[side, path] for side in paths for path in paths[side]}

    def bytes_read(self, name: str, side: str) -> int:
        """Bytes of the targets or predictions that a term, or `total`, reads."""
        return sum(size(tensor) for place, tensor in self.read_by(name).items() if place[0] == side)

    @property
    def samples(self) -> int | None:
        """The size of the first axis of all predictions; None where they have none in common."""
        sizes = {
            tuple(tensor.shape[:1])
            for (side, _), tensor in self.tensors.items()
            if side == "y_pred"
        }
        return int(*sizes.pop()) if len(sizes) == 1 and () not in sizes else None

    def prepare(self, name: str, mode: str) -> Prepared:
        """A term, or `total`: its value, breakdown and gradients.

        Where XLA compiles the whole by itself it compiles every term, however small that is alone.

        Raises:
            SpecError, ValueError: the loss cannot be built, or the batch does not fit it.
        """
        tensors = self.read_by(name)
        loss = TotalLoss(self.specs[name], "auto" if name == TOTAL else self._jit_compile)
        function = _value_and_gradients(loss, list(tensors))
        prepared, result = self._prepare(function, tensors, mode)
        if name == TOTAL:
            self._jit_compile = prepared.is_compiled
        if result is None:
            return prepared
        return replace(
            prepared,
            results=len(tf.nest.flatten(result)),
            written=sum(map(size, result.gradients)),
            weights={row: float(each.weight) for row, each in result.breakdown.items()},
            is_finite=bool(tf.math.is_finite(result.total)),
        )

    def nothing(self, name: str, results: int, mode: str) -> Call:
        """Takes the tensors of a term, or of `total`, and gives so many; computes nothing."""
        tensors = self.read_by(name)
        prepared, _ = self._prepare(lambda flat, step: [step + len(flat)] * results, tensors, mode)
        assert prepared.run is not None  # there is nothing in it that a mode could refuse
        return prepared.run

    def _prepare(self, function: Function, tensors: Tensors, mode: str) -> tuple[Prepared, Any]:
        """The function ready to be called, and what its first call gave."""
        flat = list(tensors.values())
        compiled: Any = function
        if mode != "eager":
            whole = tf.function(function, autograph=False, jit_compile=mode == "xla" or None)
            # Called by itself: a tf.function warns of many functions that are traced once each.
            compiled = whole.get_concrete_function(flat, self._step)

        def run() -> Any:
            return waited(compiled(flat, self._step))

        try:
            result = run()
        except tf.errors.OpError as error:
            return Prepared(None, _reason(error)), None
        return Prepared(run, None, mode == "graph" and _has_xla(compiled)), result


def _value_and_gradients(loss: TotalLoss, places: Sequence[Any]) -> Function:
    """The step of a loss, from its tensors in the order of their places."""
    regularization: list[tf.Tensor] | None = [] if REGULARIZATION in loss.names else None

    def function(flat: Flat, step: tf.Tensor) -> Result:
        tensors = dict(zip(places, flat, strict=True))
        watched = [
            tensor
            for (side, _), tensor in tensors.items()
            if side == "y_pred" and tensor.dtype.is_floating
        ]
        with tf.GradientTape() as tape:
            tape.watch(watched)
            total, breakdown = loss(
                nested(tensors, "y_true"), nested(tensors, "y_pred"),
                step=step, regularization=regularization, training=False,
            )  # fmt: skip
        found = [each for each in tape.gradient(total, watched) if each is not None]
        return Result(total, breakdown, [tf.convert_to_tensor(each) for each in found])

    return function


def copy_of(count: int) -> Call:
    """Reads so many bytes and writes as many, in all threads that TensorFlow has."""
    numbers = tf.zeros([count // 4], tf.float32)
    negative = tf.function(tf.negative, autograph=False)
    waited(negative(numbers))
    return lambda: waited(negative(numbers))


def size(tensor: tf.Tensor) -> int:
    """Bytes of a tensor."""
    return int(tf.size(tensor)) * int(tensor.dtype.size)


def waited(result: Any) -> Any:
    """The result once it is there; an accelerator computes on while Python goes ahead."""
    if accelerator() is not None:
        tf.test.experimental.sync_devices()
    return result


@functools.cache
def accelerator() -> str | None:
    """The device that computes, such as `GPU:0`; None where processors do."""
    names = (each.name for each in tf.config.list_logical_devices() if each.device_type != "CPU")
    return next((name.removeprefix("/device:") for name in names), None)


def _has_xla(function: Any) -> bool:
    definition = function.graph.as_graph_def()
    inner = [each.node_def for each in definition.library.function]
    return any("_XlaMustCompile" in node.attr for node in itertools.chain(definition.node, *inner))


def _reason(error: tf.errors.OpError) -> str:
    """The first sentence of an error of TensorFlow's."""
    lines = [line.strip() for line in str(error.message).splitlines() if line.strip()]
    return lines[0][:_MOST_OF_A_REASON] if lines else type(error).__name__


_MOST_OF_A_REASON = 300
